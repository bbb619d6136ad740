/**
 * Distances of a column's values from a centre, added up, and differences of two columns: block by block, in one pass.
 *
 * Eight running sums, one for each row position modulo 8 of a block, whatever the chunks are: the same rows in other batches
 * give the same bits. All terms are positive, so that plain sums of at most 8,192 of them keep their digits.
 */
import { BLOCK, cell, chunkBit, chunkLength, chunkValidity, chunkValues, laneMask, validBits } from './memory';

/** One float64 a row position modulo 8. */
const LANES: usize = 64;

function addOne(lanes: usize, phase: i32, x: f64, centre: f64): void {
  if (x != x) return;
  const at = lanes + ((<usize>(phase & 7)) << 3);
  store<f64>(at, load<f64>(at) + abs(x - centre));
}

// @ts-ignore: decorator
@inline
function distance(at: usize, centre: v128): v128 {
  const x = v128.load(at);
  return v128.and(f64x2.abs(f64x2.sub(x, centre)), f64x2.eq(x, x));
}

/** Rows [from, to), a multiple of eight of them. */
function addEights(lanes: usize, values: usize, validity: usize, bit: i32, from: i32, to: i32, centre: f64): void {
  const middle = f64x2.splat(centre);
  let a = v128.load(lanes), b = v128.load(lanes, 16), c = v128.load(lanes, 32), d = v128.load(lanes, 48);
  for (let row = from; row < to; row += 8) {
    const at = values + ((<usize>row) << 3);
    let w = distance(at, middle), x = distance(at + 16, middle), y = distance(at + 32, middle), z = distance(at + 48, middle);
    if (validity != 0) {
      const bits = validBits(validity, bit + row);
      w = v128.and(w, laneMask(bits, 0));
      x = v128.and(x, laneMask(bits, 1));
      y = v128.and(y, laneMask(bits, 2));
      z = v128.and(z, laneMask(bits, 3));
    }
    a = f64x2.add(a, w);
    b = f64x2.add(b, x);
    c = f64x2.add(c, y);
    d = f64x2.add(d, z);
  }
  v128.store(lanes, a);
  v128.store(lanes, b, 16);
  v128.store(lanes, c, 32);
  v128.store(lanes, d, 48);
}

/**
 * Σ|x − centre| of one block of one of several columns of equal length: unit = column × blocks + block.
 *
 * Arguments, u32:
 *
 *     byte 0    tables    u32 a column: its chunk table (see memory.ts)
 *          4    counts    i32 a column: entries of it
 *          8    blocks    of a column
 *         12    centres   f64 a column
 *         16    sums      OUT, f64 a unit
 *         20    scratch   64 bytes a lane
 */
export function distancesUnit(task: usize, unit: i32, lane: i32): void {
  const blocks = load<i32>(task, 8);
  const column = <usize>(unit / blocks);
  const chunks = <usize>load<u32>(<usize>load<u32>(task) + (column << 2));
  const chunkCount = load<i32>(<usize>load<u32>(task, 4) + (column << 2));
  const centre = load<f64>(<usize>load<u32>(task, 12) + (column << 3));
  const lanes = <usize>load<u32>(task, 20) + <usize>lane * LANES;
  const from = (unit % blocks) * BLOCK;
  memory.fill(lanes, 0, LANES);
  for (let chunk = 0, start = 0; chunk < chunkCount && start < from + BLOCK; chunk++) {
    const length = chunkLength(chunks, chunk);
    const values = chunkValues(chunks, chunk), validity = chunkValidity(chunks, chunk), bit = chunkBit(chunks, chunk);
    let row = max(from - start, 0);
    const last = min(from + BLOCK - start, length);
    while (row < last && ((start + row) & 7) != 0) addOne(lanes, start + row, cell(values, validity, bit, row++), centre);
    const end = row + ((last - row) & ~7);
    if (row < end) {
      addEights(lanes, values, validity, bit, row, end, centre);
      row = end;
    }
    for (; row < last; row++) addOne(lanes, start + row, cell(values, validity, bit, row), centre);
    start += length;
  }
  let sum: f64 = 0;
  for (let at: usize = 0; at < LANES; at += 8) sum += load<f64>(lanes + at);
  store<f64>(<usize>load<u32>(task, 16) + ((<usize>unit) << 3), sum);
}

/** out ← values, or out ← out − values, of `count` rows from `row`. */
// @ts-ignore: decorator
@inline
function takeRows(out: usize, values: usize, validity: usize, bit: i32, row: i32, count: i32, subtract: bool): void {
  let i = 0;
  if (validity == 0) {
    for (; i + 2 <= count; i += 2) {
      const at = out + ((<usize>i) << 3);
      const x = v128.load(values + ((<usize>(row + i)) << 3));
      v128.store(at, subtract ? f64x2.sub(v128.load(at), x) : x);
    }
  }
  for (; i < count; i++) {
    const at = out + ((<usize>i) << 3);
    const x = cell(values, validity, bit, row + i);
    store<f64>(at, subtract ? load<f64>(at) - x : x);
  }
}

/** out ← x − y. */
function subtractRows(out: usize, x: usize, y: usize, rows: i32): void {
  const end = out + ((<usize>rows) << 3);
  for (; out + 32 <= end; out += 32, x += 32, y += 32) {
    v128.store(out, f64x2.sub(v128.load(x), v128.load(y)));
    v128.store(out, f64x2.sub(v128.load(x, 16), v128.load(y, 16)), 16);
  }
  for (; out < end; out += 8, x += 8, y += 8) store<f64>(out, load<f64>(x) - load<f64>(y));
}

function takeBlock(chunks: usize, chunkCount: i32, from: i32, out: usize, subtract: bool): void {
  for (let chunk = 0, start = 0; chunk < chunkCount && start < from + BLOCK; chunk++) {
    const length = chunkLength(chunks, chunk);
    const first = max(from - start, 0);
    const last = min(from + BLOCK - start, length);
    if (first < last) {
      const at = out + ((<usize>(start + first)) << 3);
      if (subtract) takeRows(at, chunkValues(chunks, chunk), chunkValidity(chunks, chunk), chunkBit(chunks, chunk), first, last - first, true);
      else takeRows(at, chunkValues(chunks, chunk), chunkValidity(chunks, chunk), chunkBit(chunks, chunk), first, last - first, false);
    }
    start += length;
  }
}

/**
 * x − y of one block of two columns of equal length, NaN where one of them is missing: unit = block.
 *
 * Arguments, u32:
 *
 *     byte 0    x        chunk table (see memory.ts)
 *          4    xCount   entries of it
 *          8    y        chunk table
 *         12    yCount
 *         16    out      OUT, f64 a row
 */
export function differencesUnit(task: usize, unit: i32): void {
  const out = <usize>load<u32>(task, 16);
  const from = unit * BLOCK;
  const x = <usize>load<u32>(task), y = <usize>load<u32>(task, 8);
  const plain = load<i32>(task, 4) == 1 && load<i32>(task, 12) == 1 && chunkValidity(x, 0) == 0 && chunkValidity(y, 0) == 0;
  if (plain) {
    const rows = min(from + BLOCK, chunkLength(x, 0)) - from;
    const skipped = (<usize>from) << 3;
    subtractRows(out + skipped, chunkValues(x, 0) + skipped, chunkValues(y, 0) + skipped, rows);
    return;
  }
  takeBlock(<usize>load<u32>(task), load<i32>(task, 4), from, out, false);
  takeBlock(<usize>load<u32>(task, 8), load<i32>(task, 12), from, out, true);
}
