/**
 * Sums in pairs of a high and a low part: the low one collects what rounding takes off the high one.
 *
 * Source: Knuth's TwoSum (The Art of Computer Programming, volume 2, section 4.2.2, theorem B); added up as Kahan and
 * Neumaier do. With a bias: S. Rump, T. Ogita, S. Oishi, "Accurate floating-point summation", 2008. The high part starts at
 * a power of two far larger than all it will ever be added, so it takes the leading bits of each value without rounding, and
 * the rest of each is known exactly after 4 additions a value, where TwoSum has 7.
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

/** What x + high leaves out, `sum` being that sum; with a bias high is known to be larger than x. */
// @ts-ignore: decorator
@inline
export function restOf(high: v128, x: v128, sum: v128, biased: bool): v128 {
  return biased ? f64x2.sub(x, f64x2.sub(sum, high)) : twoSumError(high, x, sum);
}

// @ts-ignore: decorator
@inline
export function restOfOne(high: f64, x: f64, sum: f64, biased: bool): f64 {
  return biased ? x - (sum - high) : errorOf(high, x, sum);
}

/** Rows of a block that end up in one of the eight sums: 2^13. Bits that they may add to the largest of them, and two more. */
const ROOM: i64 = 15;

/**
 * Where a sum starts whose values are at most `largest` in size, or up to 2^headroom times that: 1.5 · 2^k, so that it stays
 * between 2^k and 2^(k + 1). 0 where there is no such number.
 */
export function biasOf(largest: f64, headroom: i64): f64 {
  if (!(largest <= f64.MAX_VALUE)) return 0;
  const exponent = ((reinterpret<i64>(largest) >> 52) & 0x7ff) + 1 + headroom + ROOM;
  return exponent >= 2047 ? 0 : reinterpret<f64>((exponent << 52) | (1 << 51));
}

/** Whether values up to `largest` in size may be added to a sum that starts there. */
export function fits(bias: f64, largest: f64): bool {
  return largest <= bias && ((reinterpret<i64>(largest) >> 52) & 0x7ff) + 1 + ROOM <= (reinterpret<i64>(bias) >> 52);
}
