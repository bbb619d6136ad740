import type { Engine, Moments } from '../../ports/engine.js';
import { CompensatedSum } from './compensated-sum.js';
import type { Condensed } from './condensed.js';
import { findRoot } from './powell-hybrid.js';
import { rootOf } from './root.js';

/** A distribution fitted to a sample: its location and scale, and the logarithms of F and 1 − F of the standard one. */
export interface Fit {
  readonly location: number;
  readonly scale: number;
  readonly logCdf: (w: number) => number;
  readonly logSf: (w: number) => number;
}

/** Critical values of A² and the levels, in percent, that they belong to. */
export interface Table {
  readonly critical: readonly number[];
  readonly levels: readonly number[];
}

interface Family {
  readonly fit: (sample: Condensed, moments: Moments, engine: Engine) => Fit;
  /** Whether ln F has a pole at 0, so that it is smooth only as far as values are away from it. */
  readonly pole: boolean;
  readonly table: (n: number) => Table;
}

const FIVE = [15, 10, 5, 2.5, 1];
/** NumPy's `around(x, 3)`. */
const rounded = (values: readonly number[], factor: number): number[] =>
  values.map((value) => Math.round((value / factor) * 1000) / 1000);
/** Stephens 1977. */
const ofGumbel = (n: number): Table => ({
  critical: rounded([0.474, 0.637, 0.757, 0.877, 1.038], 1 + 0.2 / Math.sqrt(n)),
  levels: [25, 10, 5, 2.5, 1],
});

/** Under SciPy's names. Critical values: Stephens 1974, 1977, 1979. */
export const FITS = {
  norm: {
    pole: false,
    fit: (_, { count, mean, m2 }, { distributions }) => {
      const normal = distributions.normal();
      return {
        location: mean,
        scale: Math.sqrt(m2 / (count - 1)),
        logCdf: (w) => normal.log10Cdf(w) * Math.LN10,
        logSf: (w) => normal.log10Sf(w) * Math.LN10,
      };
    },
    table: (n) => ({
      critical: rounded([0.576, 0.656, 0.787, 0.918, 1.092], 1 + 4 / n - 25 / n / n),
      levels: FIVE,
    }),
  },
  expon: {
    pole: true,
    fit: (_, { mean }) => ({
      location: 0,
      scale: mean,
      logCdf: (w) => (w > 0 ? Math.log(-Math.expm1(-w)) : -Infinity),
      logSf: (w) => (w > 0 ? -w : 0),
    }),
    table: (n) => ({ critical: rounded([0.922, 1.078, 1.341, 1.606, 1.957], 1 + 0.6 / n), levels: FIVE }),
  },
  logistic: {
    pole: false,
    fit: (sample, moments) => {
      const [location, scale] = fitLogistic(sample, moments);
      return { location, scale, logCdf: logLogistic, logSf: (w) => logLogistic(-w) };
    },
    table: (n) => ({
      critical: rounded([0.426, 0.563, 0.66, 0.769, 0.906, 1.01], 1 + 0.25 / n),
      levels: [25, 10, 5, 2.5, 1, 0.5],
    }),
  },
  gumbel_l: {
    pole: false,
    fit: (sample, moments) => {
      const { location, scale } = fitGumbel(
        { ...sample, points: sample.points.map((x) => -x) },
        { ...moments, mean: -moments.mean, min: -moments.max },
      );
      return {
        location: -location,
        scale,
        logCdf: (w) => logGumbelTail(-w),
        logSf: (w) => -Math.exp(w),
      };
    },
    table: ofGumbel,
  },
  gumbel_r: {
    pole: false,
    fit: (sample, moments) => ({
      ...fitGumbel(sample, moments),
      logCdf: (w) => -Math.exp(-w),
      logSf: logGumbelTail,
    }),
    table: ofGumbel,
  },
} satisfies Readonly<Record<string, Family>>;

/** ln(1 / (1 + e^−w)). */
function logLogistic(w: number): number {
  return w >= 0 ? -Math.log1p(Math.exp(-w)) : w - Math.log1p(Math.exp(w));
}

/** ln(1 − exp(−e^−w)). */
function logGumbelTail(w: number): number {
  const u = Math.exp(-w);
  return u > Math.LN2 ? Math.log1p(-Math.exp(-u)) : Math.log(-Math.expm1(-u));
}

/** Where the derivatives of the likelihood vanish, as far as SciPy's `fsolve(xtol=1e-5)` goes from mean and deviation. */
function fitLogistic(
  { points, weights }: Condensed,
  { count, mean, m2 }: Moments,
): readonly [number, number] {
  const equations = ([a, b]: readonly [number, number]): readonly [number, number] => {
    let above = 0;
    let along = 0;
    for (let i = 0; i < points.length; i++) {
      const t = (points[i]! - a) / b;
      const weight = weights[i]!;
      const share = 1 / (1 + Math.exp(t));
      above += weight * share;
      // (1 − e)/(1 + e), which is −1 where e overflows.
      along += weight * t * (2 * share - 1);
    }
    return [above - 0.5 * count, along + count];
  };
  return findRoot(equations, [mean, Math.sqrt(m2 / (count - 1))], 1e-5);
}

/** Maximum likelihood: the scale is mean − (mean weighted by e^(−x/scale)); the difference falls with it. */
function fitGumbel(
  { points, weights }: Condensed,
  { count, mean, m2, min }: Moments,
): { location: number; scale: number } {
  const weighted = (scale: number): { total: number; centre: number } => {
    const [total, first] = [new CompensatedSum(), new CompensatedSum()];
    for (let i = 0; i < points.length; i++) {
      const above = points[i]! - min;
      const weight = weights[i]! * Math.exp(-above / scale);
      total.add(weight);
      first.add(weight * above);
    }
    return { total: total.value, centre: first.value / total.value };
  };
  const byMoments = Math.sqrt((6 * m2) / count) / Math.PI;
  const scale = rootOf(
    (tried) => mean - min - weighted(tried).centre - tried,
    byMoments,
    byMoments / 2,
    byMoments * 1e-9,
  );
  return { location: min - scale * Math.log(weighted(scale).total / count), scale };
}
