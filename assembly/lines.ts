/**
 * The columns of one block, on their way into co-moments run by run.
 *
 * `columns` is a table of 8-byte entries, a column each:  chunk table, number of chunks  (u32).
 *
 * A lane's scratch has the sums of moments.ts (512 bytes), then a record of 64 bytes a column, then a line of 1,024
 * bytes a column, then a mask of 1,024 bytes a column; one of each more than columns, for the column of zeros that pads
 * an odd number:
 *
 *     byte   0        8     16           24   32      36      40            44            48    52       56     60
 *            centre   Σdx   its low part M2   chunk   start   first chunk   first start   row   source   line   order
 *
 * `chunk` holds the next row and begins with row `start`; `first` of both is where the block begins. `row` points at the
 * place of the pair with column 0 (there is one from the pair with itself on). `source` is where the run at hand lies.
 * `order` alone is not of the record's column but of a place: complete columns come first, then the pad, then the rest.
 */
import { BLOCK, chunkBit, chunkLength, chunkValidity, chunkValues, isValid, laneMask, validBits } from './memory';
import { blockCount, blockMean, sumBlock } from './sums';
import { LINE, PAIR, RUN } from './products';

const STATE: usize = 512;
const RECORD: usize = 64;

export const CENTRE: usize = 0;
export const SUM: usize = 8;
export const SUM_LOW: usize = 16;
export const M2: usize = 24;
const CHUNK: usize = 32;
const START: usize = 36;
const FIRST: usize = 40;
const FIRST_START: usize = 44;
const ROW: usize = 48;
const SOURCE: usize = 52;
const OWN: usize = 56;
const ORDER: usize = 60;

// @ts-ignore: decorator
@inline
export function recordOf(scratch: usize, column: i32): usize {
  return scratch + STATE + <usize>column * RECORD;
}

// @ts-ignore: decorator
@inline
export function columnAt(scratch: usize, place: i32): i32 {
  return load<i32>(recordOf(scratch, place), ORDER);
}

// @ts-ignore: decorator
@inline
export function rowOf(record: usize): usize {
  return <usize>load<u32>(record, ROW);
}

/** Bytes from a column's line to its mask. */
// @ts-ignore: decorator
@inline
export function maskAfter(d: i32): usize {
  return <usize>(d + 1) * LINE;
}

/** Where the rows of the run at hand stand side by side, NaN where missing. */
// @ts-ignore: decorator
@inline
export function sourceOf(record: usize): usize {
  return <usize>load<u32>(record, SOURCE);
}

// @ts-ignore: decorator
@inline
export function lineOf(record: usize): usize {
  return <usize>load<u32>(record, OWN);
}

/** Back to the first row of the block. */
// @ts-ignore: decorator
@inline
export function rewind(record: usize): void {
  store<u64>(record, load<u64>(record, FIRST), CHUNK);
}

/** A piece of a chunk into a line, NaN where the bitmap has no bit. */
function copyRows(chunks: usize, chunk: i32, first: i32, count: i32, line: usize): void {
  const values = chunkValues(chunks, chunk) + (<usize>first << 3);
  const validity = chunkValidity(chunks, chunk);
  if (validity == 0) {
    memory.copy(line, values, <usize>count << 3);
    return;
  }
  const bit = chunkBit(chunks, chunk) + first;
  let row = 0;
  for (; row < (count & ~7); row += 8) {
    const bits = validBits(validity, bit + row);
    const at = <usize>row << 3;
    // A lane without its bit becomes all ones, which is a NaN.
    v128.store(line + at, v128.or(v128.load(values + at), v128.not(laneMask(bits, 0))));
    v128.store(line + at, v128.or(v128.load(values + at, 16), v128.not(laneMask(bits, 1))), 16);
    v128.store(line + at, v128.or(v128.load(values + at, 32), v128.not(laneMask(bits, 2))), 32);
    v128.store(line + at, v128.or(v128.load(values + at, 48), v128.not(laneMask(bits, 3))), 48);
  }
  for (; row < count; row++) {
    const at = <usize>row << 3;
    store<f64>(line + at, isValid(validity, bit + row) ? load<f64>(values + at) : NaN);
  }
}

/** Moves a column on to its next run, rows [row, row + count): in place where they are a whole run of a chunk without a bitmap. */
export function nextRun(column: usize, record: usize, row: i32, count: i32): void {
  const chunks = <usize>load<u32>(column);
  let chunk = load<i32>(record, CHUNK), start = load<i32>(record, START);
  let source = lineOf(record);
  for (let done = 0; done < count; ) {
    assert(chunk < load<i32>(column, 4), 'columns have the same length');
    const length = chunkLength(chunks, chunk);
    const first = row + done - start;
    const piece = min(length - first, count - done);
    if (piece <= 0) {
      chunk++;
      start += length;
      continue;
    }
    if (piece == RUN && chunkValidity(chunks, chunk) == 0) source = chunkValues(chunks, chunk) + (<usize>first << 3);
    else copyRows(chunks, chunk, first, piece, source + (<usize>done << 3));
    done += piece;
  }
  if ((count & 1) != 0) store<f64>(source + (<usize>count << 3), NaN);
  store<i32>(record, chunk, CHUNK);
  store<i32>(record, start, START);
  store<u32>(record, <u32>source, SOURCE);
}

/** The block's first row and the mean of a column; whether all of its rows are present. */
function openColumn(column: usize, block: i32, scratch: usize, record: usize): bool {
  const from = block * BLOCK;
  const chunks = <usize>load<u32>(column);
  const rows = sumBlock(chunks, load<i32>(column, 4), block, scratch);
  const mean = blockMean(scratch);
  // About an infinite centre finite rows, which a pair may have alone, would be infinite too.
  store<f64>(record, isFinite(mean) ? mean : 0, CENTRE);
  let chunk = 0, start = 0;
  while (start + chunkLength(chunks, chunk) <= from) start += chunkLength(chunks, chunk++);
  store<i32>(record, chunk, FIRST);
  store<i32>(record, start, FIRST_START);
  rewind(record);
  return blockCount(scratch) == <f64>rows;
}

/** Fills the records of a block; the number of its complete columns. */
export function openBlock(columns: usize, d: i32, block: i32, scratch: usize, part: usize): i32 {
  const lines = recordOf(scratch, d + 1);
  memory.fill(recordOf(scratch, 0), 0, <usize>(d + 1) * RECORD);
  let completes = 0;
  for (let i = 0; i <= d; i++) {
    const record = recordOf(scratch, i);
    store<u32>(record, <u32>(part + <usize>(i * (d + 1) - i * (i + 1) / 2) * PAIR), ROW);
    if (i < d && openColumn(columns + (<usize>i << 3), block, scratch, record)) {
      store<i32>(recordOf(scratch, completes++), i, ORDER);
    }
  }
  let places = completes;
  if ((completes & 1) != 0) {
    memory.fill(lines + <usize>places * LINE, 0, LINE);
    store<i32>(recordOf(scratch, places++), d, ORDER);
  }
  for (let i = 0, at = 0; i < d; i++) {
    if (at < completes && columnAt(scratch, at) == i) at++;
    else store<i32>(recordOf(scratch, places++), i, ORDER);
  }
  for (let at = 0; at < places; at++) {
    store<u32>(recordOf(scratch, columnAt(scratch, at)), <u32>(lines + <usize>at * LINE), OWN);
  }
  // The masks of complete columns stay as they are.
  memory.fill(lines + maskAfter(d), 0xff, <usize>completes * LINE);
  return completes;
}
