/** Elementary functions of two values at a time, by products and sums alone: the same bits on any processor. */

/*
 * Coefficients are loaded where they are used: V8 makes a vector constant anew each time, of three instructions, and keeps
 * none outside a loop.
 */
const LOGARITHM_EVEN = memory.data<f64>([1.531383769920937332e-1, 2.222219843214978396e-1, 3.999999999940941908e-1]);
const LOGARITHM_ODD = memory.data<f64>([
  1.479819860511658591e-1, 1.818357216161805012e-1, 2.857142874366239149e-1, 6.666666666666735130e-1,
]);
/** Of ln 2, in two parts. */
const LN_2 = memory.data<f64>([6.93147180369123816490e-1, 1.90821492927058770002e-10]);
const EXPONENTIAL_P = memory.data<f64>([1.2617719307481059088e-4, 3.029944077074419613e-2]);
const EXPONENTIAL_Q = memory.data<f64>([3.00198505138664455042e-6, 2.52448340349684104192e-3, 2.27265548208155028766e-1]);
/** Of ln 2 in two parts, of which the first has 20 bits. */
const SHORT_LN_2 = memory.data<f64>([0.693145751953125, 1.42860682030941723212e-6]);
/** 0.5, 1, 2; log2(e), what `rounder` says, and the sizes of x up to which e^x is a normal number. */
const NUMBERS = memory.data<f64>([0.5, 1, 2, 1.4426950408889634, 6755399441055744, 708]);

// @ts-ignore: decorator
@inline
function half(): v128 {
  return v128.load64_splat(NUMBERS);
}

// @ts-ignore: decorator
@inline
function one(): v128 {
  return v128.load64_splat(NUMBERS, 8);
}

// @ts-ignore: decorator
@inline
function two(): v128 {
  return v128.load64_splat(NUMBERS, 16);
}

// @ts-ignore: decorator
@inline
function byLog2e(x: v128): v128 {
  return f64x2.mul(x, v128.load64_splat(NUMBERS, 24));
}

/** Added to a number of at most 2^51, it leaves the nearest integer in the lowest bits. */
// @ts-ignore: decorator
@inline
function rounder(): v128 {
  return v128.load64_splat(NUMBERS, 32);
}

/**
 * ln(1 + x) of two values from 0 on to about 16 digits, also next to 0; NaN of NaN. With 1 + x = 2^k (1 + f), 1 + f within
 * √2 of 1, and what rounding 1 + x has lost added in first order. Source of ln(1 + f): Sun's fdlibm, s_log1p.c.
 */
// @ts-ignore: decorator
@inline
export function logarithmOfMore(x: v128): v128 {
  const u = f64x2.add(one(), x);
  const lost = f64x2.div(v128.bitselect(f64x2.sub(x, f64x2.sub(u, one())), f64x2.sub(one(), f64x2.sub(u, x)), f64x2.lt(x, one())), u);
  // The exponent that leaves a fraction from √½ on, whose bits begin with 0x3fe6a09e.
  const shifted = i64x2.add(u, i64x2.splat(0x3ff0000000000000 - 0x3fe6a09e00000000));
  const k = i64x2.sub(i64x2.shr_u(shifted, 52), i64x2.splat(1023));
  const f = f64x2.sub(i64x2.sub(u, i64x2.shl(k, 52)), one());
  const n = f64x2.sub(i64x2.add(k, rounder()), rounder());
  const s = f64x2.div(f, f64x2.add(two(), f));
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  let even = v128.load64_splat(LOGARITHM_EVEN);
  even = f64x2.add(f64x2.mul(even, w), v128.load64_splat(LOGARITHM_EVEN, 8));
  even = f64x2.mul(f64x2.add(f64x2.mul(even, w), v128.load64_splat(LOGARITHM_EVEN, 16)), w);
  let odd = v128.load64_splat(LOGARITHM_ODD);
  odd = f64x2.add(f64x2.mul(odd, w), v128.load64_splat(LOGARITHM_ODD, 8));
  odd = f64x2.add(f64x2.mul(odd, w), v128.load64_splat(LOGARITHM_ODD, 16));
  odd = f64x2.mul(f64x2.add(f64x2.mul(odd, w), v128.load64_splat(LOGARITHM_ODD, 24)), z);
  const square = f64x2.mul(f64x2.mul(f, f), half());
  const small = f64x2.add(f64x2.mul(n, v128.load64_splat(LN_2, 8)), lost);
  const tail = f64x2.sub(f64x2.add(f64x2.mul(s, f64x2.add(square, f64x2.add(even, odd))), small), square);
  const y = f64x2.add(f64x2.add(tail, f), f64x2.mul(n, v128.load64_splat(LN_2)));
  return v128.bitselect(y, x, f64x2.lt(x, f64x2.splat(Infinity)));
}

/** 2^k; what is above the lowest twelve bits of k is nothing to it, such as the bits of a rounder. */
// @ts-ignore: decorator
@inline
function powerOfTwo(k: v128): v128 {
  return i64x2.shl(i64x2.add(k, i64x2.splat(1023)), 52);
}

/** x − n ln 2, ln 2 in two parts, so that the first product is exact. */
// @ts-ignore: decorator
@inline
function rest(x: v128, n: v128): v128 {
  return f64x2.sub(f64x2.sub(x, f64x2.mul(n, v128.load64_splat(SHORT_LN_2))), f64x2.mul(n, v128.load64_splat(SHORT_LN_2, 8)));
}

/** e^r − 1 where |r| is at most ln 2 / 2. Source: S. L. Moshier, Cephes Mathematical Library, exp.c. */
// @ts-ignore: decorator
@inline
function lessOne(r: v128): v128 {
  const square = f64x2.mul(r, r);
  let p = v128.load64_splat(EXPONENTIAL_P);
  p = f64x2.add(f64x2.mul(p, square), v128.load64_splat(EXPONENTIAL_P, 8));
  p = f64x2.add(f64x2.mul(p, square), one());
  p = f64x2.mul(p, r);
  let q = v128.load64_splat(EXPONENTIAL_Q);
  q = f64x2.add(f64x2.mul(q, square), v128.load64_splat(EXPONENTIAL_Q, 8));
  q = f64x2.add(f64x2.mul(q, square), v128.load64_splat(EXPONENTIAL_Q, 16));
  q = f64x2.add(f64x2.mul(q, square), two());
  return f64x2.div(f64x2.add(p, p), f64x2.sub(q, p));
}

/**
 * e^x − 1 of two values to about 16 digits, also next to 0; NaN of NaN. With k the nearest integer to x / ln 2 and
 * r = x − k ln 2 it is 2^k (e^r − 1) + 2^k − 1.
 */
// @ts-ignore: decorator
@inline
export function exponentialLessOne(value: v128): v128 {
  const x = f64x2.max(f64x2.min(value, f64x2.splat(710)), f64x2.splat(-745));
  const shifted = f64x2.add(byLog2e(x), rounder());
  const n = f64x2.sub(shifted, rounder());
  const k = i64x2.sub(shifted, rounder());
  const r = rest(x, n);
  const m = lessOne(r);
  // In two halves, so that neither leaves the range of float64.
  const half = i64x2.shr_s(k, 1);
  const other = i64x2.sub(k, half);
  const first = powerOfTwo(half);
  const less = f64x2.sub(first, powerOfTwo(i64x2.neg(other)));
  return f64x2.mul(f64x2.add(f64x2.mul(m, first), less), powerOfTwo(other));
}

/** e^x where it is not a normal number, or may not be. */
function extremeExponential(value: v128): v128 {
  const x = f64x2.pmax(f64x2.pmin(value, f64x2.splat(711)), f64x2.splat(-746));
  const n = f64x2.sub(f64x2.add(byLog2e(x), rounder()), rounder());
  // A power that is a normal number, and another where there is none: only the last product is rounded.
  const near = f64x2.pmax(f64x2.pmin(n, f64x2.splat(1023)), f64x2.splat(-1022));
  const first = powerOfTwo(f64x2.add(near, rounder()));
  const second = powerOfTwo(f64x2.add(f64x2.sub(n, near), rounder()));
  return f64x2.mul(f64x2.mul(f64x2.add(one(), lessOne(rest(x, n))), first), second);
}

/** e^x of two values to about 16 digits, from the least numbers to the greatest; NaN of NaN. As above, 2^k e^r. */
// @ts-ignore: decorator
@inline
export function exponential(x: v128): v128 {
  if (v128.any_true(f64x2.gt(f64x2.abs(x), v128.load64_splat(NUMBERS, 40)))) return extremeExponential(x);
  const shifted = f64x2.add(byLog2e(x), rounder());
  const n = f64x2.sub(shifted, rounder());
  return f64x2.mul(f64x2.add(one(), lessOne(rest(x, n))), powerOfTwo(shifted));
}
