/**
 * The distributions by their number: tails and their logarithms, probabilities of one value, quantiles. Arguments are
 * scalars; what needs room gets `scratch`, a pointer to `distributions_scratch()` bytes that are not kept.
 *
 *     kind   0 normal   1 t (df)   2 χ² (df)   3 F (dfn, dfd)   4 beta (a, b)   5 binomial (n, p)
 *            6 hypergeometric (total, kind, drawn)   7 non-central t (df, nc)   8 non-central F (dfn, dfd, nc)
 *            9 Kolmogorov's limit   10 Kolmogorov's D (n)   11 Smirnov's D⁺ (n)   12 Mann–Whitney's U (m, n), lower half
 */
import { lnBinomialPmf, lnHypergeometricPmf } from './discrete';
import { DURBIN_BYTES } from './durbin';
import { LN10 } from './gamma';
import { normalQuantile } from './normal';
import { sharePaths } from './paths';
import { bracketedQuantile, meanedQuantile } from './quantiles';
import { student_quantile } from './student';
import { lnTail } from './tails';
import { lnMannWhitney } from './whitney';

export function distributions_scratch(): i32 {
  return DURBIN_BYTES;
}

export function distributions_tail(
  kind: i32,
  upper: bool,
  x: f64,
  a: f64,
  b: f64,
  c: f64,
  scratch: usize,
): f64 {
  return Math.exp(lnTail(kind, upper, x, a, b, c, scratch));
}

export function distributions_log10_tail(
  kind: i32,
  upper: bool,
  x: f64,
  a: f64,
  b: f64,
  c: f64,
  scratch: usize,
): f64 {
  return lnTail(kind, upper, x, a, b, c, scratch) / LN10;
}

/** P(X = k) of the discrete ones. */
export function distributions_point(kind: i32, k: f64, a: f64, b: f64, c: f64): f64 {
  if (kind == 5) return Math.exp(lnBinomialPmf(k, a, b));
  if (kind == 6) return Math.exp(lnHypergeometricPmf(k, a, b, c));
  return Math.exp(lnMannWhitney(k, a, b, true));
}

/**
 * x with P(X > x) = p if `upper`, else with P(X ≤ x) = p; of the discrete ones the least k with P(X ≤ k) ≥ p, one below
 * the support for p = 0. NaN for p outside [0, 1].
 */
export function distributions_quantile(
  kind: i32,
  upper: bool,
  p: f64,
  a: f64,
  b: f64,
  c: f64,
  scratch: usize,
): f64 {
  if (!(p >= 0 && p <= 1) || isNaN(lnTail(kind, upper, 0.5, a, b, c, scratch))) return NaN;
  switch (kind) {
    case 0:
      return upper ? -normalQuantile(p) : normalQuantile(p);
    case 1:
      return upper ? -student_quantile(p, a) : student_quantile(p, a);
    case 2:
    case 3:
    case 4:
      return meanedQuantile(kind, upper, p, a, b);
    case 5:
      return leastCount(kind, p, 0, a, a, b, 0);
    case 6:
      return leastCount(kind, p, max(0.0, c - (a - b)), min(b, c), a, b, c);
    default:
      return bracketedQuantile(kind, upper, p, a, scratch);
  }
}

/** The least k of first … last with P(X ≤ k) ≥ p, by bisection. */
function leastCount(kind: i32, p: f64, first: f64, last: f64, a: f64, b: f64, c: f64): f64 {
  if (p == 0) return first - 1;
  let low = first - 1;
  let high = last;
  while (high - low > 1) {
    const middle = Math.floor(0.5 * (low + high));
    if (Math.exp(lnTail(kind, false, middle, a, b, c, 0)) >= p) high = middle;
    else low = middle;
  }
  return high;
}

/** log10(value · 2^exponent), a table's entry. */
export function distributions_log10(value: f64, exponent: f64): f64 {
  return (Math.log(value) + exponent * Math.LN2) / LN10;
}

/** log10(1 − p). */
export function distributions_log10_complement(p: f64): f64 {
  return Math.log1p(-p) / LN10;
}

/** P(D ≥ d) of two samples of m ≥ n values, `divisor` the greatest common one; scratch: m + 2n + 2 float64. */
export function distributions_paths(
  scratch: usize,
  m: f64,
  n: f64,
  divisor: f64,
  d: f64,
  oneSided: bool,
): f64 {
  return sharePaths(scratch, m, n, divisor, d, oneSided);
}
