/**
 * Series: values moved, differences, sums and deviations of rolling windows, and how many values are missing.
 *
 * Rolling windows have pandas' numerics, sums that are compensated as values come and go. Such a sum is one chain of
 * additions, so the rows are cut into segments that begin afresh, with the values of the window above them, as pandas
 * begins; eight segments are gone through side by side, two to a vector, and are one unit. Segments have 8,192 rows, or four
 * windows where that is more: what they repeat stays small. Where they begin depends on rows and window alone, and with it
 * the bits. Infinite values count as missing.
 *
 * Source: pandas 2.2 `_libs/window/aggregations.pyx`.
 */
import { BLOCK } from './memory';

/** Vectors of two segments that are gone through side by side. */
export const VECTORS: i32 = 4;

/** A vector's state: eight v128. */
export const STATE: usize = 128;

/** The value of a row; NaN outside the column, above as below. */
// @ts-ignore: decorator
@inline
export function valueAt(values: usize, row: i32, rows: i32): f64 {
  return <u32>row < <u32>rows ? load<f64>(values + ((<usize>row) << 3)) : NaN;
}

/** The values of a row of two segments. */
// @ts-ignore: decorator
@inline
export function pairAt(values: usize, row: i32, segment: i32, rows: i32): v128 {
  return f64x2.replace_lane(f64x2.splat(valueAt(values, row, rows)), 1, valueAt(values, row + segment, rows));
}

// @ts-ignore: decorator
@inline
export function putPair(out: usize, row: i32, segment: i32, rows: i32, result: v128): void {
  if (<u32>row < <u32>rows) v128.store64_lane(out + ((<usize>row) << 3), result, 0);
  if (<u32>(row + segment) < <u32>rows) v128.store64_lane(out + ((<usize>(row + segment)) << 3), result, 1);
}

/** All ones where a value is finite. */
// @ts-ignore: decorator
@inline
export function isThere(x: v128): v128 {
  return f64x2.eq(f64x2.sub(x, x), f64x2.splat(0));
}

/** `a` where the mask has ones, else `b`. */
// @ts-ignore: decorator
@inline
export function choose(mask: v128, a: v128, b: v128): v128 {
  return v128.bitselect(a, b, mask);
}

// @ts-ignore: decorator
@inline
function ones(mask: v128): v128 {
  return v128.and(mask, f64x2.splat(1));
}

/** All ones where the sign is minus, that of −0 too. */
// @ts-ignore: decorator
@inline
function isMinus(x: v128): v128 {
  return i64x2.shr_s(x, 63);
}

/** Draws the state of a vector: count, equal values at the end, the last one. */
const COUNT: usize = 0, EQUAL: usize = 16, LAST: usize = 32, ADDED: usize = 48, REMOVED: usize = 64;
const SUM: usize = 80, MINUS: usize = 96;
const MEAN: usize = 80, SQUARES: usize = 96;

function begin(state: usize): void {
  memory.fill(state, 0, STATE);
  v128.store(state, f64x2.splat(NaN), LAST);
}

/** Kahan's compensated sums: the old value goes, the new one comes, each where it is finite. */
// @ts-ignore: decorator
@inline
function moveSum(state: usize, old: v128, x: v128): void {
  const gone = isThere(old), come = isThere(x);
  let sum = v128.load(state, SUM), minus = v128.load(state, MINUS);
  const removed = v128.load(state, REMOVED), added = v128.load(state, ADDED);
  let y = f64x2.sub(f64x2.neg(old), removed);
  let t = f64x2.add(sum, y);
  v128.store(state, choose(gone, f64x2.sub(f64x2.sub(t, sum), y), removed), REMOVED);
  sum = choose(gone, t, sum);
  y = f64x2.sub(x, added);
  t = f64x2.add(sum, y);
  v128.store(state, choose(come, f64x2.sub(f64x2.sub(t, sum), y), added), ADDED);
  v128.store(state, choose(come, t, sum), SUM);
  minus = f64x2.sub(minus, ones(v128.and(gone, isMinus(old))));
  v128.store(state, f64x2.add(minus, ones(v128.and(come, isMinus(x)))), MINUS);
  follow(state, f64x2.sub(v128.load(state, COUNT), ones(gone)), come, x);
}

/** The count, and how many values at the end are equal. */
// @ts-ignore: decorator
@inline
function follow(state: usize, count: v128, come: v128, x: v128): void {
  const last = v128.load(state, LAST), equal = v128.load(state, EQUAL);
  const longer = f64x2.add(v128.and(equal, f64x2.eq(x, last)), f64x2.splat(1));
  v128.store(state, choose(come, longer, equal), EQUAL);
  v128.store(state, choose(come, x, last), LAST);
  v128.store(state, f64x2.add(count, ones(come)), COUNT);
}

// @ts-ignore: decorator
@inline
function meanOf(state: usize, least: v128): v128 {
  const count = v128.load(state, COUNT), minus = v128.load(state, MINUS), zero = f64x2.splat(0);
  const mean = f64x2.div(v128.load(state, SUM), count);
  // Of values of one sign no mean of the other.
  const above = v128.and(f64x2.eq(minus, zero), f64x2.lt(mean, zero));
  const below = v128.and(f64x2.eq(minus, count), f64x2.gt(mean, zero));
  const result = choose(f64x2.ge(v128.load(state, EQUAL), count), v128.load(state, LAST), v128.andnot(mean, v128.or(above, below)));
  return choose(v128.and(f64x2.ge(count, least), f64x2.gt(count, zero)), result, f64x2.splat(NaN));
}

// @ts-ignore: decorator
@inline
function sumOf(state: usize, least: v128): v128 {
  const count = v128.load(state, COUNT);
  const same = f64x2.mul(v128.load(state, LAST), count);
  const result = choose(f64x2.ge(v128.load(state, EQUAL), count), same, v128.load(state, SUM));
  return choose(f64x2.ge(count, least), v128.and(result, f64x2.gt(count, f64x2.splat(0))), f64x2.splat(NaN));
}

/** Welford's mean and squares, compensated, likewise. */
// @ts-ignore: decorator
@inline
function moveDeviations(state: usize, old: v128, x: v128): void {
  const gone = isThere(old), come = isThere(x), zero = f64x2.splat(0), one = f64x2.splat(1);
  let mean = v128.load(state, MEAN), squares = v128.load(state, SQUARES);
  const removed = v128.load(state, REMOVED), added = v128.load(state, ADDED);
  const count = f64x2.sub(v128.load(state, COUNT), ones(gone));
  const left = f64x2.gt(count, zero);
  let before = f64x2.sub(mean, removed);
  let y = f64x2.sub(old, removed);
  let t = f64x2.sub(y, mean);
  v128.store(state, choose(v128.and(gone, left), f64x2.sub(f64x2.add(t, mean), y), removed), REMOVED);
  let next = f64x2.sub(mean, f64x2.div(t, count));
  let area = f64x2.sub(squares, f64x2.mul(f64x2.sub(old, before), f64x2.sub(old, next)));
  mean = choose(gone, v128.and(next, left), mean);
  squares = choose(gone, v128.and(area, left), squares);
  before = f64x2.sub(mean, added);
  y = f64x2.sub(x, added);
  t = f64x2.sub(y, mean);
  v128.store(state, choose(come, f64x2.sub(f64x2.add(t, mean), y), added), ADDED);
  next = f64x2.add(mean, f64x2.div(t, f64x2.add(count, one)));
  area = f64x2.add(squares, f64x2.mul(f64x2.sub(x, before), f64x2.sub(x, next)));
  v128.store(state, choose(come, next, mean), MEAN);
  v128.store(state, choose(come, area, squares), SQUARES);
  follow(state, count, come, x);
}

// @ts-ignore: decorator
@inline
function deviationOf(state: usize, least: v128): v128 {
  const count = v128.load(state, COUNT), one = f64x2.splat(1);
  const variance = f64x2.max(f64x2.splat(0), f64x2.div(v128.load(state, SQUARES), f64x2.sub(count, one)));
  const result = v128.andnot(f64x2.sqrt(variance), f64x2.ge(v128.load(state, EQUAL), count));
  return choose(v128.and(f64x2.ge(count, least), f64x2.gt(count, one)), result, f64x2.splat(NaN));
}

/** What is computed of a window; the numbers are the ABI (src/engine/wasm/windows.ts). */
export enum Aggregate { mean, sum, std, min, max }

/**
 * Mean, sum or standard deviation (ddof 1) of the windows that end in the rows of eight segments: unit = eight segments.
 *
 * Arguments, u32:
 *
 *     byte 0    values
 *          4    rows
 *          8    window      rows of one, at most `rows`
 *         12    least       values that a window needs
 *         16    aggregate
 *         20    segment     rows of one
 *         24    out         OUT, f64 a row
 *         28    scratch     512 bytes a lane
 */
export function rollingUnit(task: usize, unit: i32, lane: i32): void {
  const values = <usize>load<u32>(task), rows = load<i32>(task, 4);
  const window = load<i32>(task, 8), aggregate = load<i32>(task, 16), segment = load<i32>(task, 20);
  const least = f64x2.splat(<f64>load<u32>(task, 12));
  const out = <usize>load<u32>(task, 24);
  const first = unit * segment * VECTORS * 2;
  const state = <usize>load<u32>(task, 28) + <usize>lane * STATE * VECTORS;
  const last = state + STATE * <usize>vectorsOf(first, segment, rows);
  const steps = min(segment, rows - first);
  for (let at = state; at < last; at += STATE) begin(at);
  for (let i = 1 - window; i < steps; i++) {
    let row = first + i;
    for (let at = state; at < last; at += STATE, row += 2 * segment) {
      const x = pairAt(values, row, segment, rows);
      // The row before a segment's first window has not come.
      const old = i > 0 ? pairAt(values, row - window, segment, rows) : f64x2.splat(NaN);
      if (aggregate == Aggregate.std) {
        if (window == 1) begin(at);
        moveDeviations(at, window == 1 ? f64x2.splat(NaN) : old, x);
        if (i >= 0) putPair(out, row, segment, rows, deviationOf(at, least));
      } else {
        if (window == 1) begin(at);
        moveSum(at, window == 1 ? f64x2.splat(NaN) : old, x);
        if (i >= 0) putPair(out, row, segment, rows, aggregate == Aggregate.mean ? meanOf(at, least) : sumOf(at, least));
      }
    }
  }
}

/** Vectors of a unit that have rows. */
export function vectorsOf(first: i32, segment: i32, rows: i32): i32 {
  const left = <i64>rows - <i64>first;
  const two = 2 * <i64>segment;
  return <i32>min<i64>(VECTORS, (left + two - 1) / two);
}

/**
 * Moves values down by `periods` rows, or subtracts those from where they come to; NaN where nothing comes. unit = block.
 *
 * Arguments, u32:
 *
 *     byte 0    values
 *          4    rows
 *          8    periods     i32, negative: up
 *         12    subtract    1: each value less the one that comes
 *         16    out         OUT, f64 a row
 */
export function shiftedUnit(task: usize, unit: i32): void {
  const values = <usize>load<u32>(task), rows = load<i32>(task, 4), periods = load<i32>(task, 8);
  const subtract = load<i32>(task, 12) != 0;
  const out = <usize>load<u32>(task, 16);
  let row = unit * BLOCK;
  const end = min(row + BLOCK, rows);
  const from = min(max(row, periods), end), to = max(min(end, rows + periods), from);
  for (; row < from; row++) store<f64>(out + ((<usize>row) << 3), NaN);
  const gone = values - ((<isize>periods) << 3);
  if (!subtract) {
    if (row < to) memory.copy(out + ((<usize>row) << 3), gone + ((<usize>row) << 3), (<usize>(to - row)) << 3);
    row = to;
  }
  for (; row + 4 <= to; row += 4) {
    const at = (<usize>row) << 3;
    v128.store(out + at, f64x2.sub(v128.load(values + at), v128.load(gone + at)));
    v128.store(out + at, f64x2.sub(v128.load(values + at, 16), v128.load(gone + at, 16)), 16);
  }
  for (; row < to; row++) {
    const at = (<usize>row) << 3;
    store<f64>(out + at, load<f64>(values + at) - load<f64>(gone + at));
  }
  for (; row < end; row++) store<f64>(out + ((<usize>row) << 3), NaN);
}
