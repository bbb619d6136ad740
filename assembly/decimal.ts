/**
 * Decimal literals as float64, rounded to nearest, ties to even, in every case.
 *
 * Up to 19 significant digits are gathered in 64 bits, eight at a time. Then, in this order: one multiplication or
 * division when both operands are exact (Clinger); Eisel and Lemire's multiplication by 128 bits of a power of five,
 * which for up to 19 digits always decides (Mushtak and Lemire, Fast Number Parsing Without Fallback, 2022); for more
 * digits, when those that were cut could matter, integers of any size (assembly/exact.ts).
 */

import { compareDigits } from './exact';
import { LARGEST_POWER, POWERS, SMALLEST_POWER } from './powers';

/** The value of the literal read last; ±Infinity when it is beyond the range of float64 (the caller refuses). */
export let decimal_value: f64 = 0;
/** 1 when the literal read last is an integer (no point, no exponent) that float64 cannot hold exactly. */
export let decimal_inexact: i32 = 0;

/** 1, 10, … 10^7 as u64. */
const SHIFTS: usize = memory.data<u64>([1, 10, 100, 1000, 10000, 100000, 1000000, 10000000]);

/** 10^0 … 10^22: the powers of ten that float64 holds. */
// prettier-ignore
const TENS: usize = memory.data<f64>([
  1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);

const ZEROS: u64 = 0x3030_3030_3030_3030;
const TOPS: u64 = 0x8080_8080_8080_8080;
const LARGEST_EXACT: u64 = 1 << 53;
/** Digits that always fit into 64 bits. */
const DIGITS: usize = 19;
const INFINITY: u64 = 0x7ff0_0000_0000_0000;

/** Top bits of the bytes of `word` that are no digit values; those behind the first one may be wrong. */
// @ts-ignore: decorator
@inline
function others(word: u64): u64 {
  return ((word + 0x7676_7676_7676_7676) | word) & TOPS;
}

/** Value of eight digits, one a byte, the first in the lowest. */
// @ts-ignore: decorator
@inline
function eight(digits: u64): u64 {
  digits = (digits * 2561) >> 8;
  digits = ((digits & 0x00ff_00ff_00ff_00ff) * 6553601) >> 16;
  return ((digits & 0x0000_ffff_0000_ffff) * 42949672960001) >> 32;
}

// @ts-ignore: decorator
@inline
function isDigit(byte: u32): bool {
  return byte - 0x30 < 10;
}

/**
 * Reads a literal at `p`; returns the pointer behind it, or 0 when there is none. At least 64 bytes that are no part of
 * a literal lie behind the text, so nothing looks for its end.
 *
 * IN lenient   false: JSON's grammar (RFC 8259). true: Python's float literals without underscores, infinities and
 *              NaNs: also a +, leading zeros, `.5`, `2.`
 */
export function decimal(p: usize, lenient: bool): usize {
  const sign = load<u8>(p);
  const negative = sign == 0x2d;
  if (negative || (lenient && sign == 0x2b)) p++;

  const first = p;
  let w: u64 = <u64>load<u8>(p) - 0x30;
  let word: u64;
  let stop: u64;
  let bits: u64;
  if (w < 10 && load<u8>(p, 1) == 0x2e) {
    // One digit and a point, as most often: a branch lets the loads behind it begin earlier than a bit count does.
    p++;
  } else {
    w = 0;
    word = load<u64>(p) ^ ZEROS;
    stop = others(word);
    while (stop == 0) {
      w = w * 100000000 + eight(word);
      p += 8;
      word = load<u64>(p) ^ ZEROS;
      stop = others(word);
    }
    bits = ctz<u64>(stop) - 7;
    w = w * load<u64>(SHIFTS + <usize>bits) + eight((word << 8) << (56 - bits));
    p += <usize>(bits >> 3);
  }

  let count = p - first;
  if (!lenient && (count == 0 || (count > 1 && load<u8>(first) == 0x30))) return 0;
  let byte = <u32>load<u8>(p);
  let integer = true;
  let exponent: i64 = 0;
  if (byte == 0x2e) {
    integer = false;
    const point = ++p;
    word = load<u64>(p) ^ ZEROS;
    stop = others(word);
    while (stop == 0) {
      w = w * 100000000 + eight(word);
      p += 8;
      word = load<u64>(p) ^ ZEROS;
      stop = others(word);
    }
    bits = ctz<u64>(stop) - 7;
    w = w * load<u64>(SHIFTS + <usize>bits) + eight((word << 8) << (56 - bits));
    p += <usize>(bits >> 3);
    const fraction = p - point;
    if (fraction == 0 && !lenient) return 0;
    count += fraction;
    exponent = -(<i64>fraction);
    byte = <u32>load<u8>(p);
  }
  if (count == 0) return 0;
  const end = p;
  if ((byte | 0x20) == 0x65) {
    integer = false;
    p++;
    byte = <u32>load<u8>(p);
    const down = byte == 0x2d;
    if (down || byte == 0x2b) byte = <u32>load<u8>(++p);
    if (!isDigit(byte)) return 0;
    let power: i64 = 0;
    do {
      // Beyond this no number of digits makes up for it.
      if (power < 1000000000000) power = power * 10 + <i64>(byte - 0x30);
      byte = <u32>load<u8>(++p);
    } while (isDigit(byte));
    exponent += down ? -power : power;
  }

  let value: f64;
  if (count > DIGITS) {
    value = long(first, end, exponent, integer);
  } else {
    if (w <= LARGEST_EXACT && exponent >= -22 && exponent <= 22) {
      value = <f64>(<i64>w);
      if (exponent < 0) value /= load<f64>(TENS + (<usize>(-exponent) << 3));
      else value *= load<f64>(TENS + (<usize>exponent << 3));
    } else {
      value = reinterpret<f64>(nearest(w, exponent));
    }
    decimal_inexact = integer && w > LARGEST_EXACT && 64 - clz<u64>(w) - ctz<u64>(w) > 53 ? 1 : 0;
  }
  decimal_value = negative ? -value : value;
  return p;
}

/** Bits of the float64 nearest to w · 10^q: Eisel and Lemire. */
function nearest(w: u64, q: i64): u64 {
  if (w == 0 || q < SMALLEST_POWER) return 0;
  if (q > LARGEST_POWER) return INFINITY;
  const entry = POWERS + (<usize>(<i32>q - SMALLEST_POWER) << 4);
  const leading = clz<u64>(w);
  w <<= leading;

  // The high and the low word of w · power, by halves.
  const a = w & 0xffff_ffff;
  const b = w >> 32;
  let power = load<u64>(entry);
  let c = power & 0xffff_ffff;
  let d = power >> 32;
  let middle = b * c + ((a * c) >> 32);
  let across = a * d + (middle & 0xffff_ffff);
  let high = b * d + (middle >> 32) + (across >> 32);
  let low = w * power;
  if ((high & 0x1ff) == 0x1ff) {
    // The power's lower word may carry into the bits that decide.
    power = load<u64>(entry, 8);
    c = power & 0xffff_ffff;
    d = power >> 32;
    middle = b * c + ((a * c) >> 32);
    across = a * d + (middle & 0xffff_ffff);
    const carry = b * d + (middle >> 32) + (across >> 32);
    low += carry;
    if (low < carry) high++;
  }

  const upper = high >> 63;
  const shift = upper + 9;
  let mantissa = high >> shift;
  // 217706 / 2^16 is log2(10), near enough for all q of the table.
  let binary = (((217706 * <i32>q) >> 16) + 1086 + <i32>upper) - <i32>leading;
  if (binary <= 0) {
    // Subnormal or 0. No ties here: they would need more digits than w has.
    if (binary <= -63) return 0;
    mantissa >>= <u64>(1 - binary);
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    // A carry into bit 52 is the exponent of the smallest normal number.
    return mantissa;
  }
  // Ties, which only these powers can make, go to even.
  if (low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << shift == high) mantissa &= ~(<u64>1);
  mantissa = (mantissa + (mantissa & 1)) >> 1;
  // Its bit 52 adds one to the exponent; so does a carry out of it.
  const result = (<u64>(binary - 1) << 52) + mantissa;
  return result < INFINITY ? result : INFINITY;
}

/** Value of more than 19 digits in [p, end), a point among them, times 10^exponent (which counts digits behind the point). */
function long(p: usize, end: usize, exponent: i64, integer: bool): f64 {
  decimal_inexact = 0;
  while (p < end && (load<u8>(p) == 0x30 || load<u8>(p) == 0x2e)) p++;
  let w: u64 = 0;
  let taken: usize = 0;
  let at = p;
  while (at < end && taken < DIGITS) {
    const digit = <u64>load<u8>(at++) - 0x30;
    if (digit > 9) continue;
    w = w * 10 + digit;
    taken++;
  }
  let left: i64 = 0;
  let rest = false;
  while (at < end) {
    const byte = load<u8>(at++);
    if (byte == 0x2e) continue;
    left++;
    if (byte != 0x30) rest = true;
  }
  const lowest = nearest(w, exponent + left);
  let found = lowest;
  if (rest && nearest(w + 1, exponent + left) != lowest) {
    // The tie lies half a step above `lowest`.
    const order = compareDigits(p, end, exponent, (significandOf(lowest) << 1) | 1, exponentOf(lowest) - 1);
    if (order > 0 || (order == 0 && (lowest & 1) != 0)) found++;
  }
  if (integer) decimal_inexact = isExact(p, end, found) ? 0 : 1;
  return reinterpret<f64>(found);
}

function significandOf(bits: u64): u64 {
  const fraction = bits & 0x000f_ffff_ffff_ffff;
  return bits >> 52 == 0 ? fraction : fraction | 0x0010_0000_0000_0000;
}

function exponentOf(bits: u64): i32 {
  const exponent = <i32>(bits >> 52);
  return (exponent == 0 ? 1 : exponent) - 1075;
}

/** Whether the digits in [p, end) are the number of `bits`. */
function isExact(p: usize, end: usize, bits: u64): bool {
  if (end - p <= DIGITS) {
    let w: u64 = 0;
    for (; p < end; p++) w = w * 10 + <u64>(load<u8>(p) - 0x30);
    return w == 0 || 64 - clz<u64>(w) - ctz<u64>(w) <= 53;
  }
  if (bits == INFINITY) return false;
  // Above 2^63 there are 11 bits at least that float64 has not; 10^16 is a multiple of 2^11.
  const low = eight(load<u64>(end - 16) ^ ZEROS) * 100000000 + eight(load<u64>(end - 8) ^ ZEROS);
  return (low & 0x7ff) == 0 && compareDigits(p, end, 0, significandOf(bits), exponentOf(bits)) == 0;
}

/**
 * For tests: reads literals, one a line.
 *
 * IN  source   `length` bytes of text, NUL behind them
 * OUT out      16 bytes a line: float64 value (0 without a literal); u32 bytes of the literal; u32 1 when it is inexact
 * returns the number of lines
 */
export function decimal_lines(source: usize, length: i32, lenient: bool, out: usize): i32 {
  const end = source + <usize>length;
  let lines = 0;
  for (let p = source; p < end; p++, lines++, out += 16) {
    const behind = decimal(p, lenient);
    store<f64>(out, behind == 0 ? 0 : decimal_value);
    store<u32>(out, behind == 0 ? 0 : <u32>(behind - p), 8);
    store<i32>(out, behind == 0 ? 0 : decimal_inexact, 12);
    if (behind != 0) p = behind;
    while (p < end && load<u8>(p) != 0x0a) p++;
  }
  return lines;
}
