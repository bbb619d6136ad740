import type { DistributionsKernel } from '../../ports/distributions.js';
import { distributions as frozen, type Kind } from '../distributions.js';
import { lnBinomialPmf, lnHypergeometricPmf } from './tails/discrete.js';
import { normalQuantile } from './tails/normal.js';
import { sharePaths } from './tails/paths.js';
import { bracketedQuantile, meanedQuantile } from './tails/quantiles.js';
import { kendall, mannWhitney, wilcoxon } from './tails/ranks.js';
import { studentQuantile } from './tails/student.js';
import { lnTail } from './tails/tails.js';
import { lnMannWhitney } from './tails/whitney.js';

const lnPoint = (kind: Kind, k: number, a: number, b: number, c: number): number => {
  if (kind === 'binomial') return lnBinomialPmf(k, a, b);
  return kind === 'hypergeometric' ? lnHypergeometricPmf(k, a, b, c) : lnMannWhitney(k, a, b, true);
};

/** The least k of first … last with P(X ≤ k) ≥ p, by bisection. */
const leastCount = (
  kind: Kind,
  p: number,
  first: number,
  last: number,
  a: number,
  b: number,
  c: number,
): number => {
  if (p === 0) return first - 1;
  let low = first - 1;
  let high = last;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (Math.exp(lnTail(kind, false, middle, a, b, c)) >= p) high = middle;
    else low = middle;
  }
  return high;
};

const quantile = (kind: Kind, upper: boolean, p: number, a: number, b: number, c: number): number => {
  if (!(p >= 0 && p <= 1) || Number.isNaN(lnTail(kind, upper, 0.5, a, b, c))) return NaN;
  switch (kind) {
    case 'normal':
      return upper ? -normalQuantile(p) : normalQuantile(p);
    case 't':
      return upper ? -studentQuantile(p, a) : studentQuantile(p, a);
    case 'chi2':
    case 'f':
    case 'beta':
      return meanedQuantile(kind, upper, p, a, b);
    case 'binomial':
      return leastCount(kind, p, 0, a, a, b, c);
    case 'hypergeometric':
      return leastCount(kind, p, Math.max(0, c - (a - b)), Math.min(b, c), a, b, c);
    default:
      return bracketedQuantile(kind, upper, p, a);
  }
};

/** The kernels' methods in plain JavaScript: jstat has no logarithms of tails, and loses the far ones. */
export const distributions: DistributionsKernel = frozen({
  tail: (kind, upper, x, a, b, c) => Math.exp(lnTail(kind, upper, x, a, b, c)),
  log10Tail: (kind, upper, x, a, b, c) => lnTail(kind, upper, x, a, b, c) / Math.LN10,
  point: (kind, k, a, b, c) => Math.exp(lnPoint(kind, k, a, b, c)),
  quantile,
  log10: (value, exponent) => (Math.log(value) + exponent * Math.LN2) / Math.LN10,
  log10Complement: (p) => Math.log1p(-p) / Math.LN10,
  paths: sharePaths,
  wilcoxon,
  kendall,
  mannWhitney,
});
