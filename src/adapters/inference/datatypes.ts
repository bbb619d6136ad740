import type { NumberStorage } from '../../ports/engine.js';
import { DATATYPES, type Datatype } from '../../ports/inference.js';
import { excerpt, Problem } from '../../ports/problem.js';

/** How a datatype lies in binary data, little-endian; `whole`: the range of one of integers. */
interface Kind {
  /** Bytes of an element; 0: each says its own length. */
  readonly size: number;
  readonly storage?: NumberStorage;
  readonly whole?: readonly [least: number, most: number];
}

const signed = (bits: number): readonly [number, number] => [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
const unsigned = (bits: number): readonly [number, number] => [0, 2 ** bits - 1];

export const KINDS: Readonly<Record<Datatype, Kind>> = {
  BOOL: { size: 1, storage: 'uint8' },
  UINT8: { size: 1, storage: 'uint8', whole: unsigned(8) },
  UINT16: { size: 2, storage: 'uint16', whole: unsigned(16) },
  UINT32: { size: 4, storage: 'uint32', whole: unsigned(32) },
  UINT64: { size: 8, storage: 'uint64', whole: unsigned(64) },
  INT8: { size: 1, storage: 'int8', whole: signed(8) },
  INT16: { size: 2, storage: 'int16', whole: signed(16) },
  INT32: { size: 4, storage: 'int32', whole: signed(32) },
  INT64: { size: 8, storage: 'int64', whole: signed(64) },
  FP16: { size: 2, storage: 'float16' },
  FP32: { size: 4, storage: 'float32' },
  FP64: { size: 8 },
  BYTES: { size: 0 },
};

/** Throws 422 `unsupported_type`. */
export function datatypeOf(value: unknown, pointer: string): Datatype {
  const known = DATATYPES.find((name) => name === value);
  if (known !== undefined) return known;
  const got = typeof value === 'string' ? JSON.stringify(excerpt(value)) : kindOf(value);
  throw Problem.at(pointer, 'unsupported_type', `expected a datatype of ${DATATYPES.join(', ')}, got ${got}`);
}

/** What a value of JSON is, in words. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'none';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
