/** Student's t, as assembly/student.ts has it: for the distributions; the kernel `student` of this engine is jstat's. */
import { lnBetaFront, lnIncompleteBeta, lnWithFront } from './beta.js';
import { lnGamma } from './gamma.js';
import { lnNormalTail, normalQuantile } from './normal.js';

/** ln P(|T| ≥ |t|), T Student with `df` degrees of freedom; df > 0. −∞ for infinite t, NaN for a NaN. */
export function lnBothTails(t: number, df: number): number {
  const square = t * t;
  if (square === Infinity) {
    if (!(df > 0)) return NaN;
    if (Math.abs(t) === Infinity) return -Infinity;
    // t² overflows: I_x(df/2, 1/2) with x = df / t² is its leading term; B(a, 1/2) by its gamma functions.
    const a = 0.5 * df;
    const lnBeta = lnGamma(a) + 0.57236494292470008707 - lnGamma(a + 0.5);
    return a * (Math.log(df) - 2 * Math.log(Math.abs(t))) - lnBeta - Math.log(a);
  }
  const total = df + square;
  return lnIncompleteBeta(0.5 * df, 0.5, df / total, square / total, (0.5 * df * (square - 1)) / total);
}

/** ln P(T > t). df > 0, also infinite: the normal distribution. */
export function lnStudentTail(t: number, df: number): number {
  if (df === Infinity) return lnNormalTail(t);
  const both = lnBothTails(t, df);
  return t >= 0 ? both - Math.LN2 : Math.log1p(-0.5 * Math.exp(both));
}

/**
 * Quantile: t with P(T ≤ t) = p, df > 0. ∓∞ at p = 0 and 1, NaN outside.
 *
 * Newton's method in ln t on the log of the smaller of the tail and the central probability, kept inside a bracket.
 */
export function studentQuantile(p: number, df: number): number {
  if (!(p >= 0 && p <= 1) || !(df > 0)) return NaN;
  if (p === 0) return -Infinity;
  if (p === 1) return Infinity;
  if (p === 0.5) return 0;
  if (df === Infinity) return normalQuantile(p);
  const sign = p < 0.5 ? -1 : 1;
  const central = Math.abs(p - 0.5) < 0.25;
  const goal = Math.log(central ? 2 * Math.abs(p - 0.5) : 2 * Math.min(p, 1 - p));
  let low = -745;
  let high = 709;
  let u = 0;
  for (let i = 0; i < 200; i++) {
    const t = Math.exp(u);
    const square = t * t;
    const total = df + square;
    const x = df / total;
    const y = square / total;
    const lambda = (0.5 * df * (square - 1)) / total;
    const front = lnBetaFront(0.5 * df, 0.5, x, y, lambda);
    let value: number;
    if (central) value = lnWithFront(0.5, 0.5 * df, y, x, -lambda, front);
    else if (square === Infinity) value = lnBothTails(t, df);
    else value = lnWithFront(0.5 * df, 0.5, x, y, lambda, front);
    const error = value - goal;
    // The central probability grows with t, the tail falls.
    if (central ? error > 0 : error < 0) high = u;
    else low = u;
    // Twice the density times t, over the value: the slope in ln t.
    const slope = 2 * Math.exp(front - value) * (central ? 1 : -1);
    const step = error / slope;
    const next = u - step;
    // Newton's steps square: after one of 1e-9 what is left is below the last bit of t.
    if (Math.abs(step) <= 1e-9) {
      u = next;
      break;
    }
    u = next > low && next < high ? next : 0.5 * (low + high);
  }
  return sign * Math.exp(u);
}
