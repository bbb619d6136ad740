/**
 * Sums in pairs of a high and a low part: the low one collects what rounding takes off the high one.
 *
 * Source: Knuth's TwoSum (The Art of Computer Programming, volume 2, section 4.2.2, theorem B); added up as Kahan and
 * Neumaier do.
 */

/** The rounding error of `sum` = a + b. */
// @ts-ignore: decorator
@inline
export function errorOf(a: f64, b: f64, sum: f64): f64 {
  const bb = sum - a;
  return a - (sum - bb) + (b - bb);
}

/** The same, two at a time. */
// @ts-ignore: decorator
@inline
export function twoSumError(a: v128, b: v128, sum: v128): v128 {
  const bb = f64x2.sub(sum, a);
  return f64x2.add(f64x2.sub(a, f64x2.sub(sum, bb)), f64x2.sub(b, bb));
}

/** The sum of a high and a low part. */
// @ts-ignore: decorator
@inline
export function exactly(hi: f64, lo: f64): f64 {
  // The error of an overflowed sum is NaN; the sum itself is the answer then.
  return isFinite(hi) ? hi + lo : hi;
}
