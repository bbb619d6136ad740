/**
 * How kernels see a column. Nothing here is managed: every argument is a raw pointer into the imported memory.
 *
 * A column is a list of chunks (one a record batch), described by a table of 16-byte entries:
 *
 *     byte   0        4          8            12
 *            values   validity   bit offset   length        all u32
 *
 * `values` points at float64, `validity` at an Arrow bitmap (least significant bit first) or is 0 when every
 * row is valid. A missing value is a cleared bit or a NaN.
 */

/** Rows of a block: the unit of partial results, so that an answer does not depend on how the work was split. */
export const BLOCK: i32 = 65536;

export const CHUNK_BYTES: usize = 16;

// @ts-ignore: decorator
@inline
export function chunkValues(chunks: usize, index: i32): usize {
  return <usize>load<u32>(chunks + <usize>index * CHUNK_BYTES);
}

// @ts-ignore: decorator
@inline
export function chunkValidity(chunks: usize, index: i32): usize {
  return <usize>load<u32>(chunks + <usize>index * CHUNK_BYTES, 4);
}

// @ts-ignore: decorator
@inline
export function chunkBit(chunks: usize, index: i32): i32 {
  return load<i32>(chunks + <usize>index * CHUNK_BYTES, 8);
}

// @ts-ignore: decorator
@inline
export function chunkLength(chunks: usize, index: i32): i32 {
  return load<i32>(chunks + <usize>index * CHUNK_BYTES, 12);
}

// @ts-ignore: decorator
@inline
export function isValid(validity: usize, bit: i32): bool {
  return validity == 0 || ((load<u8>(validity + <usize>(bit >> 3)) >> <u8>(bit & 7)) & 1) != 0;
}

/** Value of one row; NaN where it is missing. */
// @ts-ignore: decorator
@inline
export function cell(values: usize, validity: usize, bit: i32, row: i32): f64 {
  return isValid(validity, bit + row) ? load<f64>(values + ((<usize>row) << 3)) : NaN;
}

/**
 * The eight validity bits of rows `bit` … `bit + 7` in the low byte.
 * Reads up to one byte past the bitmap; the arena keeps slack behind its last byte.
 */
// @ts-ignore: decorator
@inline
export function validBits(validity: usize, bit: i32): i32 {
  return (<i32>load<u16>(validity + <usize>(bit >> 3)) >> (bit & 7)) & 0xff;
}

/** All ones in the lanes whose bit is set: rows `2 * pair` and `2 * pair + 1` of the eight. */
// @ts-ignore: decorator
@inline
export function laneMask(bits: i32, pair: i32): v128 {
  const ones = i64x2(1, 2);
  return i64x2.eq(v128.and(i64x2.splat(<i64>(bits >> (pair << 1))), ones), ones);
}
