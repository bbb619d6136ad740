/** Quantiles of the continuous distributions: of the logarithm of the smaller tail, in the logarithm of x. */
import { lnBetaFront } from './beta';
import { lnGammaFront, lnIncompleteGamma } from './gamma';
import { normalQuantile } from './normal';
import { lnFTail, lnTail } from './tails';

/** First guess: ln(x / mean) by Wilson and Hilferty for χ² (b = 0), by Cochran's approximation for F and beta. */
function guess(z: f64, a: f64, b: f64): f64 {
  if (b == 0) {
    const root = 1 - 1 / (9 * a) + z / (3 * Math.sqrt(a));
    return root > 0.1 ? 3 * Math.log(root) : 0;
  }
  if (!(a > 1) || !(b > 1)) return 0;
  const one = 1 / (2 * a - 1);
  const two = 1 / (2 * b - 1);
  const h = 2 / (one + two);
  const lambda = (z * z - 3) / 6;
  if (!(h + lambda > 0)) return 0;
  const w = (z * Math.sqrt(h + lambda)) / h - (two - one) * (lambda + 5.0 / 6 - 2 / (3 * h));
  return 2 * w;
}

/**
 * Quantile of χ² (kind 2), F (3) and beta (4). Unknown is w = ln(x / mean) of the gamma variable, ln of F, or of the
 * beta's odds over b / a: Newton's method on the logarithm of the smaller tail, kept inside a bracket.
 */
export function meanedQuantile(kind: i32, upper: bool, p: f64, first: f64, second: f64): f64 {
  const end: f64 = kind == 4 ? 1 : Infinity;
  if (p == 0) return upper ? end : 0;
  if (p == 1) return upper ? 0 : end;
  const side = p > 0.5 ? !upper : upper;
  const least = p > 0.5 ? 1 - p : p;
  const goal = Math.log(least);
  const a = kind == 4 ? first : 0.5 * first;
  const b = kind == 4 ? second : kind == 3 ? 0.5 * second : 0;
  const ratio = kind == 2 ? 2 * a : kind == 3 ? 1 : a / b;
  let low = -745 - Math.log(ratio);
  let high = 709.78 - Math.log(ratio);
  const z = normalQuantile(least);
  let w = max(low, min(high, guess(side ? -z : z, a, b)));
  for (let i = 0; i < 300; i++) {
    const e = Math.exp(w);
    let value: f64;
    let front: f64;
    if (kind == 2) {
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
    const slope = Math.exp(front - value) * (side ? -1.0 : 1.0);
    const step = error / slope;
    const next = w - step;
    // Newton's steps square: what is left after one this small lies below the last bit.
    if (abs(step) <= 1e-9) {
      w = next;
      break;
    }
    w = next > low && next < high ? next : 0.5 * (low + high);
    if (high - low <= 1e-16 * abs(w)) break;
  }
  if (kind != 4) return (kind == 2 ? 2 * a : 1) * Math.exp(w);
  const odds = (a / b) * Math.exp(w);
  return odds > 1 ? 1 / (1 + 1 / odds) : odds / (1 + odds);
}

/** Quantile of the distributions of Kolmogorov and Smirnov (kinds 9 to 11) with n values. */
export function bracketedQuantile(kind: i32, upper: bool, p: f64, n: f64, scratch: usize): f64 {
  const start: f64 = kind == 10 ? 0.5 / n : 0;
  const end: f64 = kind == 9 ? Infinity : 1;
  if (p == 0) return upper ? end : start;
  if (p == 1) return upper ? start : end;
  const side = p > 0.5 ? !upper : upper;
  const goal = Math.log(p > 0.5 ? 1 - p : p);
  if (kind == 9) return bracketed(kind, side, goal, n, -3.6, 3.3, scratch);
  if (side) {
    // (1 − x)^n, once for each side.
    const x = -Math.expm1((kind == 10 ? goal - Math.LN2 : goal) / n);
    if (x >= 1 - 1 / n) return x;
  } else if (kind == 10) {
    const rest = lnTail(10, false, 1 / n, n, 0, 0, scratch);
    if (goal <= rest) return (Math.exp((goal - rest) / n) + 1) / (2 * n);
  }
  // The limit's quantile is near; where it is not near enough, all that is possible.
  const lnUpper = side ? goal : Math.log1p(-Math.exp(goal));
  const limit =
    kind == 10
      ? bracketed(9, side, goal, n, -3.6, 3.3, scratch) / Math.sqrt(n)
      : Math.sqrt((-0.5 * lnUpper) / n);
  const middle = Math.log(limit);
  const high = min(0.0, middle + 0.3);
  const low = middle - 0.3;
  if (
    n > 20 &&
    lnTail(kind, side, Math.exp(low), n, 0, 0, scratch) > goal == side &&
    lnTail(kind, side, Math.exp(high), n, 0, 0, scratch) < goal == side
  ) {
    return bracketed(kind, side, goal, n, low, high, scratch);
  }
  const least = kind == 10 ? -Math.log(n) : max(-745.0, goal - Math.log(n) - 2);
  return bracketed(kind, side, goal, n, least, 0, scratch);
}

/** e^u for the root u of ln tail − goal in low … high: Chandrupatla's method (1997). */
function bracketed(kind: i32, side: bool, goal: f64, n: f64, low: f64, high: f64, scratch: usize): f64 {
  let x1 = low;
  let x2 = high;
  let f1 = lnTail(kind, side, Math.exp(x1), n, 0, 0, scratch) - goal;
  let f2 = lnTail(kind, side, Math.exp(x2), n, 0, 0, scratch) - goal;
  let t: f64 = 0.5;
  for (let i = 0; i < 200; i++) {
    const x = x1 + t * (x2 - x1);
    const f = lnTail(kind, side, Math.exp(x), n, 0, 0, scratch) - goal;
    let x3: f64;
    let f3: f64;
    if (f > 0 == f1 > 0) {
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
    const best = abs(f1) < abs(f2) ? x1 : x2;
    const least = (4.44e-16 * abs(best) + 1e-16) / abs(x2 - x1);
    if (least > 0.5 || f == 0) return Math.exp(f == 0 ? x : best);
    const xi = (x1 - x2) / (x3 - x2);
    const phi = (f1 - f2) / (f3 - f2);
    t =
      phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi
        ? (f1 / (f2 - f1)) * (f3 / (f2 - f3)) + ((x3 - x1) / (x2 - x1)) * (f1 / (f3 - f1)) * (f2 / (f3 - f2))
        : 0.5;
    t = min(max(t, least), 1 - least);
  }
  return Math.exp(abs(f1) < abs(f2) ? x1 : x2);
}
