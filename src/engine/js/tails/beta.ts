/**
 * The regularised incomplete beta function I_x(a, b), in logarithms, as the tail that is asked for.
 *
 * Continued fraction of DLMF 8.17.22, arranged as in Didonato and Morris, ACM TOMS 708; what stands in front of it is
 * kept as deviances from the mean (Loader, 2000), so that a = b = 5e8 costs no digits.
 */
import { LN_SQRT_2PI, deviance, lnSaddlepoint, stirling } from './gamma.js';

/** ln of x^a y^b / B(a, b), y = 1 − x, given λ = a y − b x with all its digits; x, y > 0. */
export function lnBetaFront(a: number, b: number, x: number, y: number, lambda: number): number {
  const total = a + b;
  return (
    0.5 * (Math.log(a / total) + Math.log(b)) -
    LN_SQRT_2PI -
    deviance(a, total * x, lambda) -
    deviance(b, total * y, -lambda) -
    (stirling(a) + stirling(b) - stirling(total))
  );
}

/**
 * I_x(a, b) B(a, b) / (x^a y^b) by a continued fraction that converges for x < (a + 1) / (a + b + 2), y = 1 − x.
 * It is the even part of DLMF 8.17.22, with each difference of the two near a = 1e6 taken out (TOMS 708, BFRAC).
 */
function fraction(a: number, b: number, x: number, y: number, lambda: number): number {
  const c = 1 + lambda;
  const c1 = 1 + 1 / a;
  let p = 1;
  let s = a + 1;
  let above = 0;
  let below = 1;
  let aboveNext = 1;
  let belowNext = c / c1;
  let ratio = c1 / c;
  for (let n = 1; n <= 1e6; n++) {
    const t = n / a;
    const w = n * (b - n) * x;
    const e = a / s;
    const alpha = p * (p + b / a) * e * e * (w * x);
    const beta = n + w / s + ((1 + t) / (c1 + t + t)) * (c + n * (1 + y));
    p = 1 + t;
    s += 2;
    const up = alpha * above + beta * aboveNext;
    const down = alpha * below + beta * belowNext;
    const next = up / down;
    if (Math.abs(next - ratio) <= 1e-16 * next) return next;
    // Numerator and denominator are scaled to keep the latter at 1.
    above = aboveNext / down;
    below = belowNext / down;
    aboveNext = next;
    belowNext = 1;
    ratio = next;
  }
  return ratio;
}

/**
 * ln I_x(a, b), given x, its complement y = 1 − x and λ = a y − b x, each to full precision.
 * a > 0, b > 0, 0 ≤ x ≤ 1; NaN otherwise.
 */
export function lnIncompleteBeta(a: number, b: number, x: number, y: number, lambda: number): number {
  if (!(a > 0) || !(b > 0) || !(x >= 0) || !(y >= 0) || a + b === Infinity) return NaN;
  if (x === 0) return -Infinity;
  if (y === 0) return 0;
  return lnWithFront(a, b, x, y, lambda, lnBetaFront(a, b, x, y, lambda));
}

/** The same, given `lnBetaFront` of the same arguments, of which quantiles need it too. 0 < x < 1. */
export function lnWithFront(
  a: number,
  b: number,
  x: number,
  y: number,
  lambda: number,
  front: number,
): number {
  if (Math.min(a, b) > 1e10) {
    const v = a / (1 + a / b);
    const total = a + b;
    const half = deviance(a, total * x, lambda) + deviance(b, total * y, -lambda);
    const limit = -((Math.sqrt(v) * (v / a / a - v / b / b)) / 3);
    return lnSaddlepoint(false, half, -lambda / Math.sqrt(v), limit);
  }
  if (x < (a + 1) / (a + b + 2)) return front + Math.log(fraction(a, b, x, y, lambda));
  return Math.log1p(-Math.exp(front) * fraction(b, a, y, x, -lambda));
}

/** a b − c d, the error of the products included (Dekker's splitting). */
export function differenceOfProducts(a: number, b: number, c: number, d: number): number {
  const p = a * b;
  const q = c * d;
  return p - q + (productError(a, b, p) - productError(c, d, q));
}

/** a b − p for p the rounded product; |a|, |b| < 1e150. */
function productError(a: number, b: number, p: number): number {
  const ca = 134217729 * a;
  const cb = 134217729 * b;
  const ah = ca - (ca - a);
  const bh = cb - (cb - b);
  const al = a - ah;
  const bl = b - bh;
  return ah * bh - p + ah * bl + al * bh + al * bl;
}
