/** The tails of every distribution, in logarithms, by the distribution's number (assembly/distributions.ts). */
import { lnIncompleteBeta } from './beta';
import { lnBinomialTail, lnHypergeometricTail } from './discrete';
import { lnKolmogorovExact } from './durbin';
import { lnIncompleteGamma } from './gamma';
import { lnNoncentralF, lnNoncentralT } from './noncentral';
import { lnNormalTail } from './normal';
import { lnKolmogorov, lnSmirnov } from './smirnov';
import { lnStudentTail } from './student';
import { lnMannWhitney } from './whitney';

/** ln P(F > f) if `upper`, else ln P(F ≤ f). */
export function lnFTail(upper: bool, f: f64, dfn: f64, dfd: f64): f64 {
  if (!(dfn > 0) || !(dfd > 0) || f != f) return NaN;
  if (f <= 0) return upper ? 0 : -Infinity;
  if (f == Infinity) return upper ? -Infinity : 0;
  if (dfd == Infinity) return lnIncompleteGamma(upper, 0.5 * dfn, 0.5 * dfn * f);
  if (dfn == Infinity) return lnIncompleteGamma(!upper, 0.5 * dfd, (0.5 * dfd) / f);
  const a = 0.5 * dfn;
  const b = 0.5 * dfd;
  // Scaled by the larger, so that neither product overflows.
  const ratio = (a / b) * f;
  const x = ratio <= 1 ? ratio / (1 + ratio) : 1 / (1 + 1 / ratio);
  const y = ratio <= 1 ? 1 / (1 + ratio) : 1 / ratio / (1 + 1 / ratio);
  const lambda = a * y * (1 - f);
  return upper ? lnIncompleteBeta(b, a, y, x, -lambda) : lnIncompleteBeta(a, b, x, y, lambda);
}

/** ln P(X > x) if `upper`, else ln P(X ≤ x), X beta. */
export function lnBetaTail(upper: bool, x: f64, a: f64, b: f64): f64 {
  if (!(a > 0) || !(b > 0) || x != x) return NaN;
  if (x <= 0) return upper ? 0 : -Infinity;
  if (x >= 1) return upper ? -Infinity : 0;
  const lambda = x <= 0.5 ? a - (a + b) * x : (a + b) * (1 - x) - b;
  return upper ? lnIncompleteBeta(b, a, 1 - x, x, -lambda) : lnIncompleteBeta(a, b, x, 1 - x, lambda);
}

/** ln P(X > x) if `upper`, else ln P(X ≤ x). NaN for parameters outside their domain and for x NaN. */
export function lnTail(kind: i32, upper: bool, x: f64, a: f64, b: f64, c: f64, scratch: usize): f64 {
  switch (kind) {
    case 0:
      return lnNormalTail(upper ? x : -x);
    case 1:
      return lnStudentTail(upper ? x : -x, a);
    case 2:
      return lnIncompleteGamma(upper, 0.5 * a, 0.5 * x);
    case 3:
      return lnFTail(upper, x, a, b);
    case 4:
      return lnBetaTail(upper, x, a, b);
    case 5:
      return lnBinomialTail(upper, x, a, b);
    case 6:
      return lnHypergeometricTail(upper, x, a, b, c);
    case 7:
      return lnNoncentralT(upper, x, a, b);
    case 8:
      return lnNoncentralF(upper, x, a, b, c);
    case 9:
      return lnKolmogorov(upper, x);
    case 10:
      return lnKolmogorovExact(scratch, upper, x, a);
    case 11:
      return lnSmirnov(upper, x, a);
    case 12:
      return lnMannWhitney(x, a, b, false);
    default:
      return NaN;
  }
}
