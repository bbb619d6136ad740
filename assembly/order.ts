/**
 * Sorting and ranking a column on several lanes: values are dealt out to buckets, each of which is then sorted by itself
 * (radix.ts), in the cache. A sample says where the buckets lie, evenly spaced among the values or among their keys,
 * whichever deals them out better; a bad guess costs time, and changes no answer. Equal values share a bucket, and the
 * dealing keeps the rows' order.
 *
 * Missing values are NaN here, and lie in a last bucket of their own. A plan, u32 where nothing else is said:
 *
 *     byte 0    values      float64 a row
 *          4    rows
 *          8    buckets     a power of two, without the one of missing values
 *         12    byKey       OUT of the sample: 1 where buckets are spaced among keys
 *         16    low         OUT float64 value, or u64 key, at which the first bucket begins
 *         24    scale       OUT float64 buckets a unit of value, or u64 bits of a key within a bucket
 *         32    tallies     (buckets + 1) × u32 a block: values in the bucket; then the place of the next one
 *         36    blocks
 *         40    starts      OUT u32, buckets + 2: where a bucket begins; the last is `rows`
 *         44    found       OUT, 48 bytes a bucket (ties.ts)
 *         48    keys        u64 a row
 *         52    carried     u32 a row, or 0: keys alone
 *         56    otherKeys   u64 a row; may be `values`, which are read no more when buckets are sorted
 *         60    otherCarried
 *         64    carry       u32 a row: what goes with its key; 0: the row's number
 *         68    form        what becomes of a sorted bucket: ties.ts
 *         72    out         its OUT
 *         76    scratch     ORDER_BYTES a lane: 64 KiB of counters, then a bucket's keys of at most NEAR
 */
import { BLOCK, cell, chunkBit, chunkLength, chunkValidity, chunkValues } from './memory';
import { COUNTERS_BYTES, keyOf, sortCarrying, sortKeys, valueOf } from './radix';
import { finish } from './ties';

/** A bucket of so many keys is sorted with the help of the lane's own scratch, which stays in the nearest cache. */
const NEAR: i32 = 4096;
/** Scratch of a lane. */
const ORDER_BYTES: usize = COUNTERS_BYTES + ((<usize>NEAR) << 3);

/** Values that say where buckets lie. */
const SAMPLE: i32 = 1024;
/** Of an ordered sample, this many are cut off at either end: what lies far out is not to space the buckets. */
const CUT: i32 = 64;
/** 2^52: a small number that is added stands in the low bits. */
const ONES: f64 = 4503599627370496.0;

/** The column's rows of one block, side by side; NaN where missing. */
function flatten(chunks: usize, chunkCount: i32, from: i32, flat: usize): void {
  for (let chunk = 0, start = 0; chunk < chunkCount && start < from + BLOCK; chunk++) {
    const length = chunkLength(chunks, chunk);
    const first = max(from - start, 0);
    const last = min(from + BLOCK - start, length);
    const values = chunkValues(chunks, chunk);
    const validity = chunkValidity(chunks, chunk);
    const bit = chunkBit(chunks, chunk);
    const to = flat + ((<usize>start) << 3);
    if (first < last && validity == 0) {
      memory.copy(to + ((<usize>first) << 3), values + ((<usize>first) << 3), (<usize>(last - first)) << 3);
    } else {
      for (let row = first; row < last; row++) store<f64>(to + ((<usize>row) << 3), cell(values, validity, bit, row));
    }
    start += length;
  }
}

/**
 * One or two columns of equal length as plain values: unit = block. Of two, a row that misses one misses both.
 *
 * Arguments, u32:
 *
 *     byte 0    rows
 *          4    chunks, entries, flat   of the first (chunk table: memory.ts; flat: OUT float64 a row)
 *         16    chunks, entries, flat   of the second; 0 where there is none
 */
export function cellsUnit(task: usize, unit: i32): void {
  const from = unit * BLOCK;
  const end = min(from + BLOCK, load<i32>(task));
  const x = <usize>load<u32>(task, 12);
  const y = <usize>load<u32>(task, 24);
  flatten(<usize>load<u32>(task, 4), load<i32>(task, 8), from, x);
  if (load<u32>(task, 16) == 0) return;
  flatten(<usize>load<u32>(task, 16), load<i32>(task, 20), from, y);
  for (let row = <usize>from << 3, to = <usize>end << 3; row < to; row += 8) {
    const a = load<f64>(x + row), b = load<f64>(y + row);
    const both = a == a && b == b;
    store<f64>(x + row, both ? a : NaN);
    store<f64>(y + row, both ? b : NaN);
  }
}

/** Buckets of two values, i32 in the low half of each lane; `none` for NaN. */
// @ts-ignore: decorator
@inline
function bucketsByValue(x: v128, low: v128, scale: v128, last: v128, none: v128): v128 {
  const place = f64x2.pmax(f64x2.splat(0), f64x2.pmin(last, f64x2.mul(f64x2.sub(x, low), scale)));
  return f64x2.add(v128.bitselect(place, none, f64x2.eq(x, x)), f64x2.splat(ONES));
}

// @ts-ignore: decorator
@inline
function bucketByKey(x: f64, low: u64, shift: u64, buckets: i32): i32 {
  const key = keyOf(x);
  const place = key < low ? 0 : min<u64>((key - low) >> shift, <u64>(buckets - 1));
  return x == x ? <i32>place : buckets;
}

/** How unevenly a sample would be dealt out: Σ count². Buckets of ordered values ascend. */
function unevenness(plan: usize, keys: usize, count: i32): f64 {
  let sum: f64 = 0;
  let run: f64 = 0;
  let before = -1;
  for (let i = 0; i < count; i++) {
    const bucket = bucketOf(plan, valueOf(load<u64>(keys + ((<usize>i) << 3))));
    assert(bucket >= before, 'buckets ascend with the values');
    run = bucket == before ? run + 1 : 1;
    sum += 2 * run - 1;
    before = bucket;
  }
  return sum;
}

function bucketOf(plan: usize, x: f64): i32 {
  const buckets = load<i32>(plan, 8);
  if (load<u32>(plan, 12) != 0) return bucketByKey(x, load<u64>(plan, 16), load<u64>(plan, 24), buckets);
  const pair = bucketsByValue(f64x2.splat(x), v128.load64_splat(plan, 16), v128.load64_splat(plan, 24), f64x2.splat(<f64>(buckets - 1)), f64x2.splat(<f64>buckets));
  return i32x4.extract_lane(pair, 0);
}

/** Evenly among the values between two, and a quarter of that beyond either. returns whether that can be */
function spaceByValue(plan: usize, from: f64, to: f64): bool {
  const width = to - from;
  const scale = <f64>(load<i32>(plan, 8) - 1) / (width * 1.5);
  const low = from - width * 0.25;
  store<u32>(plan, 0, 12);
  store<f64>(plan, low, 16);
  store<f64>(plan, scale, 24);
  return width > 0 && scale > 0 && scale < Infinity && abs(low) < Infinity;
}

/** Evenly among the keys between two, and a sixteenth of that beyond either. */
function spaceByKey(plan: usize, from: u64, to: u64): void {
  const beyond = (to - from) >> 4;
  const low = from - min(from, beyond);
  const high = to + min(~to, beyond);
  const bits = 64 - <i32>clz<u64>(high - low);
  store<u32>(plan, 1, 12);
  store<u64>(plan, low, 16);
  store<u64>(plan, <u64>max(0, bits - <i32>ctz<i32>(load<i32>(plan, 8))), 24);
}

/** Decides where buckets lie. INOUT plan; scratch: 16 KiB. */
export function order_sample(plan: usize, scratch: usize): void {
  const values = <usize>load<u32>(plan);
  const rows = load<i32>(plan, 4);
  const sample = min(SAMPLE, rows);
  const other = scratch + ((<usize>SAMPLE) << 3);
  let count = 0;
  for (let i = 0; i < sample; i++) {
    // One row of each stretch, by a step that goes round with the golden ratio: it keeps no time with the data.
    const within = <f64>(<u32>i * 0x9e3779b9) / 4294967296.0;
    const row = min(<i32>((<f64>i + within) * (<f64>rows / <f64>sample)), rows - 1);
    const x = load<f64>(values + ((<usize>row) << 3));
    store<u64>(scratch + ((<usize>count) << 3), keyOf(x));
    count += i32(x == x);
  }
  if (count == 0) return spaceByKey(plan, 0, u64.MAX_VALUE);
  sortKeys(scratch, other, count, true, <usize>load<u32>(plan, 76));
  const cut = count / CUT;
  const from = load<u64>(scratch + ((<usize>cut) << 3));
  const to = load<u64>(scratch + ((<usize>(count - 1 - cut)) << 3));
  spaceByKey(plan, from, to);
  const keyed = unevenness(plan, scratch, count);
  if (spaceByValue(plan, valueOf(from), valueOf(to)) && unevenness(plan, scratch, count) <= keyed * 1.5) return;
  spaceByKey(plan, from, to);
}

// @ts-ignore: decorator
@inline
function countOne(tally: usize, bucket: i32): void {
  const counter = tally + ((<usize>bucket) << 2);
  store<u32>(counter, load<u32>(counter) + 1);
}

/** How many values of a block go to each bucket: unit = block. Argument: plan. */
export function tallyUnit(task: usize, unit: i32): void {
  const plan = <usize>load<u32>(task);
  const buckets = load<i32>(plan, 8);
  const from = unit * BLOCK;
  const count = min(BLOCK, load<i32>(plan, 4) - from);
  const tally = <usize>load<u32>(plan, 32) + <usize>unit * ((<usize>(buckets + 1)) << 2);
  memory.fill(tally, 0, (<usize>(buckets + 1)) << 2);
  let at = <usize>load<u32>(plan) + ((<usize>from) << 3);
  const end = at + ((<usize>count) << 3);
  if (load<u32>(plan, 12) != 0) {
    const low = load<u64>(plan, 16), shift = load<u64>(plan, 24);
    for (; at < end; at += 8) countOne(tally, bucketByKey(load<f64>(at), low, shift, buckets));
    return;
  }
  const low = v128.load64_splat(plan, 16), scale = v128.load64_splat(plan, 24);
  const last = f64x2.splat(<f64>(buckets - 1)), none = f64x2.splat(<f64>buckets);
  for (; at + 8 < end; at += 16) {
    const pair = bucketsByValue(v128.load(at), low, scale, last, none);
    countOne(tally, i32x4.extract_lane(pair, 0));
    countOne(tally, i32x4.extract_lane(pair, 2));
  }
  if (at < end) countOne(tally, i32x4.extract_lane(bucketsByValue(v128.load64_splat(at), low, scale, last, none), 0));
}

/** Where buckets begin, and where each block's share of them does: in row order. INOUT plan. */
export function order_starts(plan: usize): void {
  const buckets = load<i32>(plan, 8);
  const tallies = <usize>load<u32>(plan, 32);
  const starts = <usize>load<u32>(plan, 40);
  const step = (<usize>(buckets + 1)) << 2;
  const end = tallies + <usize>load<i32>(plan, 36) * step;
  let sum: u32 = 0;
  for (let bucket: usize = 0; bucket < step; bucket += 4) {
    store<u32>(starts + bucket, sum);
    for (let tally = tallies + bucket; tally < end; tally += step) {
      const own = load<u32>(tally);
      store<u32>(tally, sum);
      sum += own;
    }
  }
  store<u32>(starts + step, sum);
  assert(sum == load<u32>(plan, 4), 'every row is in a bucket');
}

// @ts-ignore: decorator
@inline
function deal(tally: usize, bucket: i32, key: u64, keys: usize, own: u32, carried: usize, carries: bool): void {
  const cursor = tally + ((<usize>bucket) << 2);
  const to = load<u32>(cursor);
  store<u32>(cursor, to + 1);
  store<u64>(keys + ((<usize>to) << 3), key);
  if (carries) store<u32>(carried + ((<usize>to) << 2), own);
}

// @ts-ignore: decorator
@inline
function dealBlock(plan: usize, tally: usize, from: i32, count: i32, carries: bool): void {
  const buckets = load<i32>(plan, 8);
  const keys = <usize>load<u32>(plan, 48);
  const carried = <usize>load<u32>(plan, 52);
  const carry = <usize>load<u32>(plan, 64);
  const given = carry != 0;
  let at = <usize>load<u32>(plan) + ((<usize>from) << 3);
  const end = at + ((<usize>count) << 3);
  // A row's number, or where what it carries lies.
  let row: u32 = given ? <u32>carry + (from << 2) : from;
  const step: u32 = given ? 4 : 1;
  if (load<u32>(plan, 12) != 0) {
    const low = load<u64>(plan, 16), shift = load<u64>(plan, 24);
    for (; at < end; at += 8, row += step) {
      const x = load<f64>(at);
      deal(tally, bucketByKey(x, low, shift, buckets), keyOf(x), keys, carries && given ? load<u32>(<usize>row) : row, carried, carries);
    }
    return;
  }
  const low = v128.load64_splat(plan, 16), scale = v128.load64_splat(plan, 24);
  const last = f64x2.splat(<f64>(buckets - 1)), none = f64x2.splat(<f64>buckets);
  for (; at + 8 < end; at += 16, row += 2 * step) {
    const x = f64x2.add(v128.load(at), f64x2.splat(0));
    const pair = bucketsByValue(x, low, scale, last, none);
    const key = v128.xor(x, v128.or(i64x2.shr_s(x, 63), i64x2.splat(i64.MIN_VALUE)));
    const first = carries && given ? load<u32>(<usize>row) : row;
    const second = carries && given ? load<u32>(<usize>row, 4) : row + 1;
    deal(tally, i32x4.extract_lane(pair, 0), <u64>i64x2.extract_lane(key, 0), keys, first, carried, carries);
    deal(tally, i32x4.extract_lane(pair, 2), <u64>i64x2.extract_lane(key, 1), keys, second, carried, carries);
  }
  if (at >= end) return;
  const x = load<f64>(at);
  const bucket = i32x4.extract_lane(bucketsByValue(f64x2.splat(x), low, scale, last, none), 0);
  deal(tally, bucket, keyOf(x), keys, carries && given ? load<u32>(<usize>row) : row, carried, carries);
}

/** Deals the values of a block out as keys, with what they carry: unit = block. Argument: plan. */
export function dealUnit(task: usize, unit: i32): void {
  const plan = <usize>load<u32>(task);
  const from = unit * BLOCK;
  const count = min(BLOCK, load<i32>(plan, 4) - from);
  const tally = <usize>load<u32>(plan, 32) + <usize>unit * ((<usize>(load<i32>(plan, 8) + 1)) << 2);
  if (load<u32>(plan, 52) != 0) dealBlock(plan, tally, from, count, true);
  else dealBlock(plan, tally, from, count, false);
}

/** Sorts a bucket and makes of it what the plan's form says: unit = bucket, the last is of missing values. Argument: plan. */
export function orderUnit(task: usize, unit: i32, lane: i32): void {
  const plan = <usize>load<u32>(task);
  const start = <usize>load<u32>(<usize>load<u32>(plan, 40) + ((<usize>unit) << 2));
  const count = <i32>(load<u32>(<usize>load<u32>(plan, 40) + ((<usize>unit) << 2), 4) - <u32>start);
  const counters = <usize>load<u32>(plan, 76) + <usize>lane * ORDER_BYTES;
  const keys = <usize>load<u32>(plan, 48) + (start << 3);
  const other = count <= NEAR ? counters + COUNTERS_BYTES : <usize>load<u32>(plan, 56) + (start << 3);
  if (load<u32>(plan, 52) == 0) {
    if (unit < load<i32>(plan, 8)) sortKeys(keys, other, count, false, counters);
    return finish(plan, unit, start, count, keys, other, 0, counters);
  }
  const carried = <usize>load<u32>(plan, 52) + (start << 2);
  if (unit == load<i32>(plan, 8)) return finish(plan, unit, start, count, other, keys, carried, counters);
  const otherCarried = <usize>load<u32>(plan, 60) + (start << 2);
  sortCarrying(keys, carried, other, otherCarried, count, false, counters);
  finish(plan, unit, start, count, keys, other, otherCarried, counters);
}
