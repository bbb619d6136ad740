import type { Engine, Moments } from '../../ports/engine.js';
import { CompensatedSum } from './compensated-sum.js';
import { findRoot } from './powell-hybrid.js';

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
  readonly fit: (sorted: Float64Array, moments: Moments, engine: Engine) => Fit;
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
    fit: (_, { mean }) => ({
      location: 0,
      scale: mean,
      logCdf: (w) => (w > 0 ? Math.log(-Math.expm1(-w)) : -Infinity),
      logSf: (w) => (w > 0 ? -w : 0),
    }),
    table: (n) => ({ critical: rounded([0.922, 1.078, 1.341, 1.606, 1.957], 1 + 0.6 / n), levels: FIVE }),
  },
  logistic: {
    fit: (sorted, moments) => {
      const [location, scale] = fitLogistic(sorted, moments);
      return { location, scale, logCdf: logLogistic, logSf: (w) => logLogistic(-w) };
    },
    table: (n) => ({
      critical: rounded([0.426, 0.563, 0.66, 0.769, 0.906, 1.01], 1 + 0.25 / n),
      levels: [25, 10, 5, 2.5, 1, 0.5],
    }),
  },
  gumbel_l: {
    fit: (sorted, moments) => {
      const { location, scale } = fitGumbel(
        sorted.map((x) => -x),
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
    fit: (sorted, moments) => ({
      ...fitGumbel(sorted, moments),
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
function fitLogistic(values: Float64Array, { count, mean, m2 }: Moments): readonly [number, number] {
  const equations = ([a, b]: readonly [number, number]): readonly [number, number] => {
    let above = 0;
    let along = 0;
    for (const value of values) {
      const t = (value - a) / b;
      const e = Math.exp(t);
      const share = 1 / (1 + e);
      above += share;
      // (1 − e)/(1 + e), which is −1 where e overflows.
      along += t * (2 * share - 1);
    }
    return [above - 0.5 * count, along + count];
  };
  return findRoot(equations, [mean, Math.sqrt(m2 / (count - 1))], 1e-5);
}

/** Maximum likelihood: the scale is mean − (mean weighted by e^(−x/scale)), found by Newton's method. */
function fitGumbel(
  values: Float64Array,
  { count, mean, m2, min }: Moments,
): { location: number; scale: number } {
  const weights = (scale: number) => {
    const [total, first, second] = [new CompensatedSum(), new CompensatedSum(), new CompensatedSum()];
    for (const value of values) {
      const above = value - min;
      const weight = Math.exp(-above / scale);
      total.add(weight);
      first.add(weight * above);
      second.add(weight * above * above);
    }
    const centre = first.value / total.value;
    return { total: total.value, centre, variance: second.value / total.value - centre * centre };
  };
  let scale = Math.sqrt((6 * m2) / count) / Math.PI;
  for (let i = 0; i < MOST_STEPS && scale > 0; i++) {
    const { centre, variance } = weights(scale);
    const step = (mean - min - centre - scale) / (1 + variance / (scale * scale));
    // The function falls: a step that would leave the positive numbers is halved.
    const next = scale + step > 0 ? scale + step : scale / 2;
    const settled = Math.abs(next - scale) <= 4e-16 * scale;
    scale = next;
    if (settled || Math.abs(step) <= 1e-9 * scale) break;
  }
  const { total } = weights(scale);
  return { location: min - scale * Math.log(total / count), scale };
}

const MOST_STEPS = 100;
