import type { DistributionsKernel } from '../../ports/distributions.js';
import { poissonDensity } from './poisson.js';
import { rootOf } from './root.js';
import type { Interval } from './test.js';

/**
 * Noncentralities that a statistic agrees with at a level, by inverting its test (Steiger and Fouladi 1997): with the low
 * one it is the 1 − α/2 quantile of its distribution, with the high one the α/2 quantile, α = 1 − level. At level 1 the
 * interval is everything. NaN where the statistic or its degrees of freedom are none.
 */
export function noncentralTLimits(
  t: number,
  df: number,
  level: number,
  distributions: DistributionsKernel,
): Interval {
  if (!Number.isFinite(t) || !(df > 0)) return [NaN, NaN];
  const alpha = (1 - level) / 2;
  if (alpha === 0) return [-Infinity, Infinity];
  const spread = Math.sqrt(1 + (t * t) / (2 * df));
  const reach = Math.max(distributions.normal().upperQuantile(alpha), 0) * spread;
  const at = (nc: number): ReturnType<DistributionsKernel['noncentralT']> =>
    distributions.noncentralT(df, nc);
  const probit = probitOf(distributions);
  const goal = probit(alpha);
  return [
    rootOf((nc) => probit(at(nc).sf(t)) - goal, t - reach, spread / 8),
    rootOf((nc) => probit(at(nc).cdf(t)) - goal, t + reach, spread / 8),
  ];
}

/** Normal quantile, at most 38: of probabilities it makes what is nearly straight, and its root is found in a few steps. */
function probitOf(distributions: DistributionsKernel): (p: number) => number {
  const { quantile } = distributions.normal();
  return (p) => Math.min(Math.max(quantile(p), -38), 38);
}

/** The same of F; 0 where even no noncentrality leaves the statistic that small. */
export function noncentralFLimits(
  f: number,
  dfn: number,
  dfd: number,
  level: number,
  distributions: DistributionsKernel,
): Interval {
  if (!Number.isFinite(f) || !(dfn > 0) || !(dfd > 0)) return [NaN, NaN];
  const central = distributions.f(dfn, dfd);
  const cdf = (nc: number): number =>
    nc === 0 ? central.cdf(f) : distributions.noncentralF(dfn, dfd, nc).cdf(f);
  return limits(f * dfn, dfn, level, cdf, probitOf(distributions));
}

/** The same of χ². */
export function noncentralChi2Limits(
  x: number,
  df: number,
  level: number,
  distributions: DistributionsKernel,
): Interval {
  if (!Number.isFinite(x) || !(df > 0)) return [NaN, NaN];
  if (x > NORMAL_FROM) {
    const z = distributions.normal().upperQuantile((1 - level) / 2);
    return [Math.max((Math.sqrt(x) - z) ** 2 - df + 1, 0), (Math.sqrt(x) + z) ** 2 - df + 1];
  }
  const cdf = (nc: number): number => noncentralChi2(x, df, nc, distributions);
  return limits(x, df, level, cdf, probitOf(distributions));
}

/** √χ² is normal to nine digits from here on. */
const NORMAL_FROM = 1e8;

/** `x` lies about at df + nc; `cdf` falls with nc. */
function limits(
  x: number,
  df: number,
  level: number,
  cdf: (nc: number) => number,
  probit: (p: number) => number,
): Interval {
  const alpha = (1 - level) / 2;
  if (alpha === 0) return [0, Infinity];
  const none = cdf(0);
  const start = Math.max(x - df, 0);
  const step = Math.sqrt(x + df);
  const root = (goal: number): number =>
    none <= goal
      ? Number.isNaN(none)
        ? NaN
        : 0
      : rootOf((nc) => probit(cdf(nc)) - probit(goal), start, step, 0);
  return [root(1 - alpha), root(alpha)];
}

/** Weights below this share of the largest add nothing. */
const NEGLIGIBLE = 1e-18;

/**
 * P(X ≤ x) of the noncentral χ²: central ones of df + 2j degrees, weighted by a Poisson's probabilities of j, from its
 * middle outwards. Neighbours differ by a density.
 */
export function noncentralChi2(
  x: number,
  df: number,
  nc: number,
  { chi2 }: Pick<DistributionsKernel, 'chi2'>,
): number {
  if (nc === 0) return chi2(df).cdf(x);
  if (x <= 0) return 0;
  const [half, mean] = [x / 2, nc / 2];
  const middle = Math.floor(mean);
  const largest = poissonDensity(middle, mean);
  const cdf = chi2(df + 2 * middle).cdf(x);
  const density = poissonDensity(df / 2 + middle, half);
  let sum = largest * cdf;
  let [weight, value, difference] = [largest, cdf, density];
  for (let j = middle + 1; ; j++) {
    weight *= mean / j;
    value -= difference;
    difference *= half / (df / 2 + j);
    if (!(weight > NEGLIGIBLE * largest) || value <= 0) break;
    sum += weight * value;
  }
  [weight, value, difference] = [largest, cdf, density];
  for (let j = middle; j > 0; j--) {
    weight *= j / mean;
    difference *= (df / 2 + j) / half;
    value += difference;
    if (!(weight > NEGLIGIBLE * largest)) break;
    sum += weight * Math.min(value, 1);
  }
  return Math.min(sum, 1);
}
