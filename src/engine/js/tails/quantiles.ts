/** Quantiles of the continuous distributions: of the logarithm of the smaller tail, in the logarithm of x. */
import type { Kind } from '../../distributions.js';
import { lnBetaFront } from './beta.js';
import { lnGammaFront, lnIncompleteGamma } from './gamma.js';
import { normalQuantile } from './normal.js';
import { lnFTail, lnTail } from './tails.js';

/** First guess: ln(x / mean) by Wilson and Hilferty for χ² (b = 0), by Cochran's approximation for F and beta. */
function guess(z: number, a: number, b: number): number {
  if (b === 0) {
    const root = 1 - 1 / (9 * a) + z / (3 * Math.sqrt(a));
    return root > 0.1 ? 3 * Math.log(root) : 0;
  }
  if (!(a > 1) || !(b > 1)) return 0;
  const one = 1 / (2 * a - 1);
  const two = 1 / (2 * b - 1);
  const h = 2 / (one + two);
  const lambda = (z * z - 3) / 6;
  if (!(h + lambda > 0)) return 0;
  const w = (z * Math.sqrt(h + lambda)) / h - (two - one) * (lambda + 5 / 6 - 2 / (3 * h));
  return 2 * w;
}

/**
 * Quantile of χ², F and beta. Unknown is w = ln(x / mean) of the gamma variable, ln of F, or of the
 * beta's odds over b / a: Newton's method on the logarithm of the smaller tail, kept inside a bracket.
 */
export function meanedQuantile(kind: Kind, upper: boolean, p: number, first: number, second: number): number {
  const end = kind === 'beta' ? 1 : Infinity;
  if (p === 0) return upper ? end : 0;
  if (p === 1) return upper ? 0 : end;
  const side = p > 0.5 ? !upper : upper;
  const least = p > 0.5 ? 1 - p : p;
  const goal = Math.log(least);
  const a = kind === 'beta' ? first : 0.5 * first;
  const b = kind === 'beta' ? second : kind === 'f' ? 0.5 * second : 0;
  const ratio = kind === 'chi2' ? 2 * a : kind === 'f' ? 1 : a / b;
  let low = -745 - Math.log(ratio);
  let high = 709.78 - Math.log(ratio);
  const z = normalQuantile(least);
  let w = Math.max(low, Math.min(high, guess(side ? -z : z, a, b)));
  for (let i = 0; i < 300; i++) {
    const e = Math.exp(w);
    let value: number;
    let front: number;
    if (kind === 'chi2') {
      value = lnIncompleteGamma(side, a, a * e);
      front = lnGammaFront(a, a * e);
    } else {
      value = lnFTail(side, e, 2 * a, 2 * b);
      const odds = (a / b) * e;
      const y = 1 / (1 + odds);
      front = lnBetaFront(a, b, odds > 1 ? 1 / (1 + 1 / odds) : odds * y, y, a * y * -Math.expm1(w));
    }
    const error = value - goal;
    if (side ? error < 0 : error > 0) high = w;
    else low = w;
    const slope = Math.exp(front - value) * (side ? -1 : 1);
    const step = error / slope;
    const next = w - step;
    // Newton's steps square: what is left after one this small lies below the last bit.
    if (Math.abs(step) <= 1e-9) {
      w = next;
      break;
    }
    w = next > low && next < high ? next : 0.5 * (low + high);
    if (high - low <= 1e-16 * Math.abs(w)) break;
  }
  if (kind !== 'beta') return (kind === 'chi2' ? 2 * a : 1) * Math.exp(w);
  const odds = (a / b) * Math.exp(w);
  return odds > 1 ? 1 / (1 + 1 / odds) : odds / (1 + odds);
}

/** Quantile of the distributions of Kolmogorov and Smirnov with n values. */
export function bracketedQuantile(kind: Kind, upper: boolean, p: number, n: number): number {
  const start = kind === 'kolmogorovExact' ? 0.5 / n : 0;
  const end = kind === 'kolmogorov' ? Infinity : 1;
  if (p === 0) return upper ? end : start;
  if (p === 1) return upper ? start : end;
  const side = p > 0.5 ? !upper : upper;
  const goal = Math.log(p > 0.5 ? 1 - p : p);
  if (kind === 'kolmogorov') return bracketed(kind, side, goal, n, -3.6, 3.3);
  if (side) {
    // (1 − x)^n, once for each side.
    const x = -Math.expm1((kind === 'kolmogorovExact' ? goal - Math.LN2 : goal) / n);
    if (x >= 1 - 1 / n) return x;
  } else if (kind === 'kolmogorovExact') {
    const rest = lnTail('kolmogorovExact', false, 1 / n, n, 0, 0);
    if (goal <= rest) return (Math.exp((goal - rest) / n) + 1) / (2 * n);
  }
  // The limit's quantile is near; where it is not near enough, all that is possible.
  const lnUpper = side ? goal : Math.log1p(-Math.exp(goal));
  const limit =
    kind === 'kolmogorovExact'
      ? bracketed('kolmogorov', side, goal, n, -3.6, 3.3) / Math.sqrt(n)
      : Math.sqrt((-0.5 * lnUpper) / n);
  const middle = Math.log(limit);
  const high = Math.min(0, middle + 0.3);
  const low = middle - 0.3;
  if (
    n > 20 &&
    lnTail(kind, side, Math.exp(low), n, 0, 0) > goal === side &&
    lnTail(kind, side, Math.exp(high), n, 0, 0) < goal === side
  ) {
    return bracketed(kind, side, goal, n, low, high);
  }
  const least = kind === 'kolmogorovExact' ? -Math.log(n) : Math.max(-745, goal - Math.log(n) - 2);
  return bracketed(kind, side, goal, n, least, 0);
}

/** e^u for the root u of ln tail − goal in low … high: Chandrupatla's method (1997). */
function bracketed(kind: Kind, side: boolean, goal: number, n: number, low: number, high: number): number {
  let x1 = low;
  let x2 = high;
  let f1 = lnTail(kind, side, Math.exp(x1), n, 0, 0) - goal;
  let f2 = lnTail(kind, side, Math.exp(x2), n, 0, 0) - goal;
  let t = 0.5;
  for (let i = 0; i < 200; i++) {
    const x = x1 + t * (x2 - x1);
    const f = lnTail(kind, side, Math.exp(x), n, 0, 0) - goal;
    let x3: number;
    let f3: number;
    if (f > 0 === f1 > 0) {
      x3 = x1;
      f3 = f1;
    } else {
      x3 = x2;
      f3 = f2;
      x2 = x1;
      f2 = f1;
    }
    x1 = x;
    f1 = f;
    const best = Math.abs(f1) < Math.abs(f2) ? x1 : x2;
    const least = (4.44e-16 * Math.abs(best) + 1e-16) / Math.abs(x2 - x1);
    if (least > 0.5 || f === 0) return Math.exp(f === 0 ? x : best);
    const xi = (x1 - x2) / (x3 - x2);
    const phi = (f1 - f2) / (f3 - f2);
    t =
      phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi
        ? (f1 / (f2 - f1)) * (f3 / (f2 - f3)) + ((x3 - x1) / (x2 - x1)) * (f1 / (f3 - f1)) * (f2 / (f3 - f2))
        : 0.5;
    t = Math.min(Math.max(t, least), 1 - least);
  }
  return Math.exp(Math.abs(f1) < Math.abs(f2) ? x1 : x2);
}
