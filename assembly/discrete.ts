/** Binomial and hypergeometric probabilities: Loader's saddle-point form, and tails summed or integrated as tails. */
import { differenceOfProducts, lnIncompleteBeta } from './beta';
import { LN_SQRT_2PI, deviance, stirling } from './gamma';

/** ln of C(n, k) p^k q^(n−k), q = 1 − p, given k − n p with all its digits. 0 ≤ k ≤ n. */
export function lnBinomialPoint(k: f64, n: f64, p: f64, q: f64, difference: f64): f64 {
  if (p == 0) return k == 0 ? 0 : -Infinity;
  if (q == 0) return k == n ? 0 : -Infinity;
  if (k == 0) return n * (p < 0.5 ? Math.log1p(-p) : Math.log(q));
  if (k == n) return n * (q < 0.5 ? Math.log1p(-q) : Math.log(p));
  const rest = n - k;
  return (
    0.5 * Math.log(n / k / rest) -
    LN_SQRT_2PI +
    stirling(n) -
    stirling(k) -
    stirling(rest) -
    deviance(k, n * p, difference) -
    deviance(rest, n * q, -difference)
  );
}

function isCount(n: f64): bool {
  return n >= 0 && n < 9007199254740992.0 && Math.floor(n) == n;
}

function isBinomial(n: f64, p: f64): bool {
  return isCount(n) && p >= 0 && p <= 1;
}

export function lnBinomialPmf(k: f64, n: f64, p: f64): f64 {
  if (!isBinomial(n, p) || k != k) return NaN;
  if (k < 0 || k > n || Math.floor(k) != k) return -Infinity;
  return lnBinomialPoint(k, n, p, 1 - p, differenceOfProducts(k, 1, n, p));
}

/** ln P(X > k) if `upper`, else ln P(X ≤ k): incomplete betas. */
export function lnBinomialTail(upper: bool, x: f64, n: f64, p: f64): f64 {
  if (!isBinomial(n, p) || x != x) return NaN;
  const k = Math.floor(x);
  if (k < 0) return upper ? 0 : -Infinity;
  if (k >= n) return upper ? -Infinity : 0;
  const lambda = differenceOfProducts(k + 1, 1, n + 1, p);
  return upper
    ? lnIncompleteBeta(k + 1, n - k, p, 1 - p, lambda)
    : lnIncompleteBeta(n - k, k + 1, 1 - p, p, -lambda);
}

function isHypergeometric(total: f64, kind: f64, drawn: f64): bool {
  return isCount(total) && total > 0 && isCount(kind) && isCount(drawn) && kind <= total && drawn <= total;
}

/** ln P(X = k) inside the support: a ratio of three binomial probabilities with p = drawn / total. */
function lnHypergeometricPoint(k: f64, total: f64, kind: f64, drawn: f64): f64 {
  const p = drawn / total;
  const q = (total - drawn) / total;
  const difference = differenceOfProducts(k, total, kind, drawn) / total;
  return (
    lnBinomialPoint(k, kind, p, q, difference) +
    lnBinomialPoint(drawn - k, total - kind, p, q, -difference) -
    lnBinomialPoint(drawn, total, p, q, 0)
  );
}

export function lnHypergeometricPmf(k: f64, total: f64, kind: f64, drawn: f64): f64 {
  if (!isHypergeometric(total, kind, drawn) || k != k) return NaN;
  const inside = k >= drawn - (total - kind) && k >= 0 && k <= kind && k <= drawn && Math.floor(k) == k;
  return inside ? lnHypergeometricPoint(k, total, kind, drawn) : -Infinity;
}

/**
 * ln P(X > k) if `upper`, else ln P(X ≤ k). The sum goes away from the mode and stops when nothing more is added: some
 * ten standard deviations at most. On the other side of the mode it is the complement.
 */
export function lnHypergeometricTail(upper: bool, x: f64, total: f64, kind: f64, drawn: f64): f64 {
  if (!isHypergeometric(total, kind, drawn) || x != x) return NaN;
  const k = Math.floor(x);
  const free = total - kind - drawn;
  if (k < max(0.0, -free)) return upper ? 0 : -Infinity;
  if (k >= min(kind, drawn)) return upper ? -Infinity : 0;
  const mode = Math.floor(((kind + 1) * (drawn + 1)) / (total + 2));
  const above = k >= mode;
  let sum: f64 = 1;
  let term: f64 = 1;
  let front: f64;
  if (above) {
    front = lnHypergeometricPoint(k + 1, total, kind, drawn);
    for (let i = k + 1; term > 1e-18 * sum; i++) {
      term *= ((kind - i) / (i + 1)) * ((drawn - i) / (free + i + 1));
      sum += term;
    }
  } else {
    front = lnHypergeometricPoint(k, total, kind, drawn);
    for (let i = k; term > 1e-18 * sum; i--) {
      term *= (i / (kind - i + 1)) * ((free + i) / (drawn - i + 1));
      sum += term;
    }
  }
  const tail = front + Math.log(sum);
  return above == upper ? tail : Math.log1p(-Math.exp(tail));
}
