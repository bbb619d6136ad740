import type { Engine } from '../../ports/engine.js';
import { noncentralChi2Limits, noncentralFLimits, noncentralTLimits } from './noncentral.js';
import type { EffectSize, Interval } from './test.js';

/**
 * Cohen's d = t / scale: a difference of means in standard deviations. Its interval is exact for normal samples: that of the
 * noncentrality of t, in the same scale. Two-sided whatever the alternative.
 */
export function cohenD(t: number, df: number, scale: number, level: number, engine: Engine): EffectSize {
  const [low, high] = noncentralTLimits(t, df, level, engine.distributions);
  return {
    name: 'cohen_d',
    value: t / scale,
    confidenceInterval: Number.isFinite(t) ? [low / scale, high / scale] : null,
  };
}

/**
 * η², the share of the sum of squares that lies between samples, with the interval λ / (λ + n) of its noncentrality
 * (Steiger 2004).
 */
export function etaSquared(
  value: number,
  f: number,
  dfn: number,
  dfd: number,
  level: number,
  engine: Engine,
): EffectSize {
  const n = dfn + dfd + 1;
  const share = (nc: number): number => (nc === Infinity ? 1 : nc / (nc + n));
  const ends = noncentralFLimits(f, dfn, dfd, level, engine.distributions);
  return { name: 'eta_squared', value, confidenceInterval: Number.isFinite(f) ? map(ends, share) : null };
}

/**
 * √(χ² / (n · width)): Cohen's w with width 1, Cramér's V with the smaller side of the table less one. The interval is that
 * of the noncentrality of χ², at most `most`.
 */
export function chiSquareEffect(
  name: 'cohen_w' | 'cramers_v',
  chi2: number,
  df: number,
  n: number,
  width: number,
  level: number,
  engine: Engine,
): EffectSize {
  const most = name === 'cramers_v' ? 1 : Infinity;
  const size = (x: number): number => Math.min(Math.sqrt(x / (n * width)), most);
  const ends = noncentralChi2Limits(chi2, df, level, engine.distributions);
  const known = Number.isFinite(chi2) && df > 0;
  return { name, value: size(chi2), confidenceInterval: known ? map(ends, size) : null };
}

const map = ([low, high]: Interval, of: (end: number) => number): Interval => [of(low), of(high)];
