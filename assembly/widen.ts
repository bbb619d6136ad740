/**
 * Any Arrow number as float64. Everything up to 53 bits is exact; int64 and uint64 are rounded to nearest.
 */

import { isValid } from './memory';

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

/**
 * IN  storage     one of Storage
 * IN  source      `length` numbers; for bits, an Arrow bitmap read from bit `bit`
 * IN  validity    Arrow bitmap read from bit `bit`, or 0
 * OUT target      `length` float64
 * returns how many present 64-bit integers are not representable in float64
 */
export function widen_values(storage: i32, source: usize, validity: usize, bit: i32, length: i32, target: usize): i32 {
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
