import { type Json, WrittenJson } from '../../ports/formats.js';

/** An object's header, or that of a typed array with the buffer that it has to itself. */
const OBJECT = 32;
const TYPED_ARRAY = 256;
/** A pointer, or a number that is kept unboxed. */
const SLOT = 8;

/**
 * About how many bytes a value takes in memory: typed arrays their bytes, all else what V8 needs on 64 bits, whose lists of
 * short entries are several times as long as their text.
 */
export function footprint(value: Json | undefined): number {
  if (typeof value === 'string') return SLOT * 2 + value.length * 2;
  if (typeof value !== 'object' || value === null) return SLOT;
  if (value instanceof Float64Array || value instanceof Int32Array) return TYPED_ARRAY + value.byteLength;
  if (value instanceof WrittenJson) return OBJECT + value.text.length * 2;
  let bytes = OBJECT;
  if (value instanceof Map) {
    for (const [key, of] of value as ReadonlyMap<string, Json>)
      bytes += 3 * SLOT + footprint(key) + footprint(of);
    return bytes;
  }
  // Keys of objects are shared by all that have the same.
  for (const of of Object.values(value) as (Json | undefined)[]) bytes += SLOT + footprint(of);
  return bytes;
}
