/**
 * Any Arrow number as float64. Everything up to 53 bits is exact; int64 and uint64 are rounded to nearest.
 */

import { BLOCK, isValid } from './memory';

/** Storage of the source: the numbers are the ABI, in the order of ports/engine.ts NUMBER_STORAGE. */
export enum Storage {
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  float16,
  float32,
  bit,
}

function half(bits: u32): f64 {
  const sign: f64 = (bits & 0x8000) != 0 ? -1 : 1;
  const exponent = <i32>((bits >> 10) & 0x1f);
  const fraction = <f64>(bits & 0x3ff);
  if (exponent == 0) return sign * fraction * 5.9604644775390625e-8;
  if (exponent == 31) return fraction == 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * reinterpret<f64>(<u64>(exponent - 25 + 1023) << 52);
}

// @ts-ignore: decorator
@inline
function inexact(magnitude: u64): i32 {
  // Exact when at most 53 bits lie between the highest and the lowest that is set.
  return magnitude != 0 && 64 - clz<u64>(magnitude) - ctz<u64>(magnitude) > 53 ? 1 : 0;
}

// @ts-ignore: decorator
@inline
function each<T>(source: usize, length: i32, target: usize): void {
  for (let i = 0; i < length; i++) {
    store<f64>(target + ((<usize>i) << 3), <f64>load<T>(source + <usize>i * sizeof<T>()));
  }
}

/** Bytes of a stored number; bits are counted apart. */
function width(storage: i32): usize {
  switch (storage) {
    case Storage.int8:
    case Storage.uint8:
      return 1;
    case Storage.int16:
    case Storage.uint16:
    case Storage.float16:
      return 2;
    case Storage.int32:
    case Storage.uint32:
    case Storage.float32:
      return 4;
    case Storage.int64:
    case Storage.uint64:
      return 8;
    default:
      return 0;
  }
}

/**
 * One block of a column of stored numbers.
 *
 * Arguments, u32:
 *
 *     byte 0    storage    one of Storage
 *          4    source     `length` numbers; for bits, an Arrow bitmap read from bit `bit`
 *          8    validity   Arrow bitmap read from bit `bit`, or 0
 *         12    bit
 *         16    length
 *         20    target     OUT, `length` float64
 *         24    lost       OUT, i32 a unit: present 64-bit integers that are not representable in float64
 */
export function widenUnit(task: usize, unit: i32): void {
  const storage = load<i32>(task);
  const from = unit * BLOCK;
  const source = <usize>load<u32>(task, 4) + <usize>from * width(storage);
  const length = min(load<i32>(task, 16) - from, BLOCK);
  const target = <usize>load<u32>(task, 20) + ((<usize>from) << 3);
  const lost = widenRows(storage, source, <usize>load<u32>(task, 8), load<i32>(task, 12) + from, length, target);
  store<i32>(<usize>load<u32>(task, 24) + ((<usize>unit) << 2), lost);
}

function widenRows(storage: i32, source: usize, validity: usize, bit: i32, length: i32, target: usize): i32 {
  let lost = 0;
  switch (storage) {
    case Storage.int8:
      each<i8>(source, length, target);
      break;
    case Storage.uint8:
      each<u8>(source, length, target);
      break;
    case Storage.int16:
      each<i16>(source, length, target);
      break;
    case Storage.uint16:
      each<u16>(source, length, target);
      break;
    case Storage.int32:
      each<i32>(source, length, target);
      break;
    case Storage.uint32:
      each<u32>(source, length, target);
      break;
    case Storage.int64:
      for (let i = 0; i < length; i++) {
        const value = load<i64>(source + ((<usize>i) << 3));
        if (isValid(validity, bit + i)) lost += inexact(<u64>(value < 0 ? 0 - value : value));
        store<f64>(target + ((<usize>i) << 3), <f64>value);
      }
      break;
    case Storage.uint64:
      for (let i = 0; i < length; i++) {
        const value = load<u64>(source + ((<usize>i) << 3));
        if (isValid(validity, bit + i)) lost += inexact(value);
        store<f64>(target + ((<usize>i) << 3), <f64>value);
      }
      break;
    case Storage.float16:
      for (let i = 0; i < length; i++) store<f64>(target + ((<usize>i) << 3), half(<u32>load<u16>(source + ((<usize>i) << 1))));
      break;
    case Storage.float32:
      each<f32>(source, length, target);
      break;
    case Storage.bit:
      for (let i = 0; i < length; i++) {
        const at = bit + i;
        store<f64>(target + ((<usize>i) << 3), <f64>((load<u8>(source + <usize>(at >> 3)) >> <u8>(at & 7)) & 1));
      }
      break;
    default:
      unreachable();
  }
  return lost;
}
