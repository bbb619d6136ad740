/** The tails of every distribution, in logarithms, as assembly/tails.ts has them. */
import type { Kind } from '../../distributions.js';
import { lnIncompleteBeta } from './beta.js';
import { lnBinomialTail, lnHypergeometricTail } from './discrete.js';
import { lnKolmogorovExact } from './durbin.js';
import { lnIncompleteGamma } from './gamma.js';
import { lnNoncentralF, lnNoncentralT } from './noncentral.js';
import { lnNormalTail } from './normal.js';
import { lnKolmogorov, lnSmirnov } from './smirnov.js';
import { lnStudentTail } from './student.js';
import { lnMannWhitney } from './whitney.js';

/** ln P(F > f) if `upper`, else ln P(F ≤ f). */
export function lnFTail(upper: boolean, f: number, dfn: number, dfd: number): number {
  if (!(dfn > 0) || !(dfd > 0) || f !== f) return NaN;
  if (f <= 0) return upper ? 0 : -Infinity;
  if (f === Infinity) return upper ? -Infinity : 0;
  if (dfd === Infinity) return lnIncompleteGamma(upper, 0.5 * dfn, 0.5 * dfn * f);
  if (dfn === Infinity) return lnIncompleteGamma(!upper, 0.5 * dfd, (0.5 * dfd) / f);
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
export function lnBetaTail(upper: boolean, x: number, a: number, b: number): number {
  if (!(a > 0) || !(b > 0) || x !== x) return NaN;
  if (x <= 0) return upper ? 0 : -Infinity;
  if (x >= 1) return upper ? -Infinity : 0;
  const lambda = x <= 0.5 ? a - (a + b) * x : (a + b) * (1 - x) - b;
  return upper ? lnIncompleteBeta(b, a, 1 - x, x, -lambda) : lnIncompleteBeta(a, b, x, 1 - x, lambda);
}

/** ln P(X > x) if `upper`, else ln P(X ≤ x). NaN for parameters outside their domain and for x NaN. */
export function lnTail(kind: Kind, upper: boolean, x: number, a: number, b: number, c: number): number {
  switch (kind) {
    case 'normal':
      return lnNormalTail(upper ? x : -x);
    case 't':
      return lnStudentTail(upper ? x : -x, a);
    case 'chi2':
      return lnIncompleteGamma(upper, 0.5 * a, 0.5 * x);
    case 'f':
      return lnFTail(upper, x, a, b);
    case 'beta':
      return lnBetaTail(upper, x, a, b);
    case 'binomial':
      return lnBinomialTail(upper, x, a, b);
    case 'hypergeometric':
      return lnHypergeometricTail(upper, x, a, b, c);
    case 'noncentralT':
      return lnNoncentralT(upper, x, a, b);
    case 'noncentralF':
      return lnNoncentralF(upper, x, a, b, c);
    case 'kolmogorov':
      return lnKolmogorov(upper, x);
    case 'kolmogorovExact':
      return lnKolmogorovExact(upper, x, a);
    case 'smirnovOneSided':
      return lnSmirnov(upper, x, a);
    case 'mannWhitney':
      return lnMannWhitney(x, a, b, false);
  }
}
