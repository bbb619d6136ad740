import type { Meaning } from './schema.js';
import { invalid } from './thrift.js';
import type { Stored } from './values.js';

/** float64 values; `inexact` marks integers that float64 cannot hold, null where there are none. */
export interface Doubles {
  readonly values: Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;
  readonly inexact: Uint8Array | null;
}

/** Bytes that the widest decimal of Arrow has: longer ones cost more than they can mean. */
const MAX_DECIMAL = 32;
/** Powers of ten that float64 holds. */
const EXACT_SCALE = 22;

/** Stored values as float64, rounded to the nearest. */
export function toDoubles(stored: Stored, meaning: Meaning): Doubles {
  if (meaning.kind === 'decimal') return { values: decimals(stored, meaning.scale), inexact: null };
  switch (stored.kind) {
    case 'flags':
      return { values: stored.values, inexact: null };
    case 'fixed':
      return { values: halves(stored.bytes), inexact: null };
    case 'texts':
      throw new Error('strings are no numbers');
    case 'typed': {
      const { values } = stored;
      if (values instanceof BigInt64Array) return integers(values, meaning.kind === 'unsigned');
      if (values instanceof Int32Array && meaning.kind === 'unsigned')
        return { values: new Uint32Array(values.buffer, values.byteOffset, values.length), inexact: null };
      return { values, inexact: null };
    }
  }
}

/** By halves: no BigInt is made unless a value may be inexact. */
function integers(source: BigInt64Array, isUnsigned: boolean): Doubles {
  const words = new Uint32Array(source.buffer, source.byteOffset, source.length * 2);
  const values = new Float64Array(source.length);
  let inexact: Uint8Array | null = null;
  for (let i = 0; i < source.length; i++) {
    const high = isUnsigned ? words[2 * i + 1]! : words[2 * i + 1]! | 0;
    // The first product is exact, so the sum is rounded once.
    const value = high * 2 ** 32 + words[2 * i]!;
    values[i] = value;
    if (value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER) continue;
    const stored = isUnsigned ? BigInt.asUintN(64, source[i]!) : source[i]!;
    if (BigInt(value) !== stored) (inexact ??= new Uint8Array(source.length))[i] = 1;
  }
  return { values, inexact };
}

/** IEEE 754 binary16, little-endian. */
function halves(bytes: Uint8Array): Float64Array {
  const values = new Float64Array(bytes.length / 2);
  for (let i = 0; i < values.length; i++) {
    const bits = bytes[2 * i]! | (bytes[2 * i + 1]! << 8);
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 0) values[i] = sign * fraction * 2 ** -24;
    else if (exponent === 31) values[i] = fraction === 0 ? sign * Infinity : NaN;
    else values[i] = sign * (1024 + fraction) * 2 ** (exponent - 25);
  }
  return values;
}

function decimals(stored: Stored, scale: number): Float64Array {
  if (stored.kind === 'typed') {
    const { values: unscaled } = stored;
    const values = new Float64Array(unscaled.length);
    for (let i = 0; i < values.length; i++) values[i] = decimal(unscaled[i]!, scale);
    return values;
  }
  if (stored.kind === 'fixed') {
    const { bytes, width } = stored;
    const values = new Float64Array(bytes.length / width);
    for (let i = 0; i < values.length; i++)
      values[i] = decimal(bigEndian(bytes, i * width, (i + 1) * width), scale);
    return values;
  }
  if (stored.kind !== 'texts') throw new Error('booleans are no decimals');
  const { bytes, starts, ends } = stored;
  const values = new Float64Array(starts.length);
  for (let i = 0; i < values.length; i++) {
    const length = ends[i]! - starts[i]!;
    if (length > MAX_DECIMAL)
      throw invalid(`expected decimals of at most ${MAX_DECIMAL} bytes, got ${length}`);
    values[i] = decimal(bigEndian(bytes, starts[i]!, ends[i]!), scale);
  }
  return values;
}

/** The nearest float64: a quotient of two exact numbers, or digits and one correctly rounded reading. */
function decimal(unscaled: number | bigint, scale: number): number {
  const number = Number(unscaled);
  if (scale <= EXACT_SCALE && Number.isSafeInteger(number)) return number / 10 ** scale;
  return Number(`${unscaled}e${-scale}`);
}

/** Two's complement. */
function bigEndian(bytes: Uint8Array, start: number, end: number): bigint {
  let value = 0n;
  for (let at = start; at < end; at++) value = (value << 8n) | BigInt(bytes[at]!);
  return BigInt.asIntN((end - start) * 8, value);
}
