/** Integers of any size, as far as decimal literals need them: 32-bit limbs, lowest first, in two fixed places. */

/** Significant digits that can matter: the longest tie of float64 has 768. */
const DIGITS: i32 = 768;
/** The largest: 10^769, 2^54 · 5^1111, each of them shifted to the size of the other. */
const LIMBS: i32 = 128;

const LEFT: usize = memory.data(512);
const RIGHT: usize = memory.data(512);

const BILLION: u32 = 1000000000;
/** 5^13, the largest that fits into a limb. */
const FIVES: u32 = 1220703125;

/** number · factor + more, in place; returns its new length. */
function multiply(number: usize, length: i32, factor: u32, more: u32): i32 {
  let carry = <u64>more;
  for (let i = 0; i < length; i++) {
    const limb = number + (<usize>i << 2);
    carry += <u64>load<u32>(limb) * <u64>factor;
    store<u32>(limb, <u32>carry);
    carry >>= 32;
  }
  if (carry == 0) return length;
  assert(length < LIMBS);
  store<u32>(number + (<usize>length << 2), <u32>carry);
  return length + 1;
}

function multiplyFives(number: usize, length: i32, power: i32): i32 {
  for (; power >= 13; power -= 13) length = multiply(number, length, FIVES, 0);
  let factor: u32 = 1;
  for (; power > 0; power--) factor *= 5;
  return multiply(number, length, factor, 0);
}

function shift(number: usize, length: i32, bits: i32): i32 {
  const limbs = bits >> 5;
  assert(length + limbs < LIMBS);
  memory.copy(number + (<usize>limbs << 2), number, <usize>length << 2);
  memory.fill(number, 0, <usize>limbs << 2);
  return multiply(number, length + limbs, <u32>1 << (bits & 31), 0);
}

/**
 * Sign of D · 10^exponent − significand · 2^binary, where D is made of the digits in [p, end), which may have a point
 * among them and begin with no zero. Both must be of about the same size, within the range of float64, significand > 0.
 */
export function compareDigits(p: usize, end: usize, exponent: i64, significand: u64, binary: i32): i32 {
  let left = 0;
  let part: u32 = 0;
  let scale: u32 = 1;
  let taken = 0;
  while (p < end && taken < DIGITS) {
    const digit = <u32>load<u8>(p++) - 0x30;
    if (digit > 9) continue;
    part = part * 10 + digit;
    scale *= 10;
    taken++;
    if (scale == BILLION) {
      left = multiply(LEFT, left, scale, part);
      part = 0;
      scale = 1;
    }
  }
  left = multiply(LEFT, left, scale, part);
  let more = false;
  while (p < end) {
    const byte = load<u8>(p++);
    if (byte == 0x2e) continue;
    exponent++;
    if (byte != 0x30) more = true;
  }

  store<u64>(RIGHT, significand);
  let right = significand >> 32 == 0 ? 1 : 2;
  const ten = <i32>exponent;
  if (ten >= 0) left = multiplyFives(LEFT, left, ten);
  else right = multiplyFives(RIGHT, right, -ten);
  const twos = ten - binary;
  if (twos >= 0) left = shift(LEFT, left, twos);
  else right = shift(RIGHT, right, -twos);

  if (left != right) return left < right ? -1 : 1;
  for (let i = left - 1; i >= 0; i--) {
    const a = load<u32>(LEFT + (<usize>i << 2));
    const b = load<u32>(RIGHT + (<usize>i << 2));
    if (a != b) return a < b ? -1 : 1;
  }
  // Digits that were cut make the left one larger.
  return more ? 1 : 0;
}
