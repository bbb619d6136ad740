/**
 * Pearson's χ² of a table of counts whose columns lie side by side: Σ (observed − expected)² / expected, and the least
 * expected count.
 *
 * A block goes by in tiles, whose rows' sums stay in cache until the terms are made of them. A term is never negative: the
 * sum of a column of a tile is a plain one, of at most 256 terms in each of two running sums; those are added up with their
 * rounding errors carried along.
 */
import { errorOf, exactly } from './compensated';
import { BLOCK } from './memory';

/** Rows of a tile, and bytes of their sums. */
const TILE: i32 = 512;
const TILE_BYTES: usize = 4096;

/** sums ← values, or sums + values. */
function addRows(sums: usize, values: usize, rows: i32, first: bool): void {
  const end = values + ((<usize>rows) << 3);
  for (; values + 16 <= end; values += 16, sums += 16) {
    const x = v128.load(values);
    v128.store(sums, first ? x : f64x2.add(v128.load(sums), x));
  }
  if (values < end) store<f64>(sums, first ? load<f64>(values) : load<f64>(sums) + load<f64>(values));
}

/** What one column of a tile adds to the sum; the smallest expected count goes to `least`. */
// @ts-ignore: decorator
@inline
function terms(values: usize, expected: usize, rows: i32, given: bool, side: f64, total: f64, least: usize): f64 {
  const end = values + ((<usize>rows) << 3);
  const along = f64x2.splat(side), all = f64x2.splat(total);
  let sum = f64x2.splat(0);
  let lowest = f64x2.splat(Infinity);
  for (; values + 16 <= end; values += 16, expected += 16) {
    const y = v128.load(expected);
    const e = given ? y : f64x2.div(f64x2.mul(y, along), all);
    const d = f64x2.sub(v128.load(values), e);
    sum = f64x2.add(sum, f64x2.div(f64x2.mul(d, d), e));
    lowest = f64x2.min(lowest, e);
  }
  let rest = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  let low = min(load<f64>(least), min(f64x2.extract_lane(lowest, 0), f64x2.extract_lane(lowest, 1)));
  if (values < end) {
    const y = load<f64>(expected);
    const e = given ? y : (y * side) / total;
    const d = load<f64>(values) - e;
    rest += (d * d) / e;
    low = min(low, e);
  }
  store<f64>(least, low);
  return rest;
}

/**
 * One block of rows of the table. Expected is the row's sum times the column's over that of all, or what is given.
 *
 * Arguments, u32:
 *
 *     byte 0    columns    u32 a column: its f64 a row, none of them missing
 *          4    count      of columns; 1 where the expected counts are given
 *          8    rows
 *         12    sides      f64 a column: its sum, then the sum of all
 *         16    expected   f64 a row, or 0
 *         20    out        OUT, 16 bytes a unit: sum, least expected count
 *         24    scratch    4,096 bytes a lane
 */
export function chiSquaresUnit(task: usize, unit: i32, lane: i32): void {
  const columns = <usize>load<u32>(task);
  const count = load<i32>(task, 4);
  const sides = <usize>load<u32>(task, 12);
  const expected = <usize>load<u32>(task, 16);
  const out = <usize>load<u32>(task, 20) + ((<usize>unit) << 4);
  const scratch = <usize>load<u32>(task, 24) + <usize>lane * TILE_BYTES;
  const total = load<f64>(sides + ((<usize>count) << 3));
  const last = min(load<i32>(task, 8), (unit + 1) * BLOCK);
  let hi: f64 = 0, lo: f64 = 0;
  store<f64>(out, Infinity, 8);
  for (let from = unit * BLOCK; from < last; from += TILE) {
    const rows = min(TILE, last - from);
    const skipped = (<usize>from) << 3;
    if (expected == 0) {
      for (let i = 0; i < count; i++) addRows(scratch, <usize>load<u32>(columns + ((<usize>i) << 2)) + skipped, rows, i == 0);
    }
    for (let i = 0; i < count; i++) {
      const values = <usize>load<u32>(columns + ((<usize>i) << 2)) + skipped;
      const term = expected == 0
        ? terms(values, scratch, rows, false, load<f64>(sides + ((<usize>i) << 3)), total, out + 8)
        : terms(values, expected + skipped, rows, true, 1, 1, out + 8);
      const next = hi + term;
      lo += errorOf(hi, term, next);
      hi = next;
    }
  }
  store<f64>(out, exactly(hi, lo));
}
