/**
 * What of a long column lies in some intervals, and how much lies below each: the first pass of select.ts over plans,
 * whose layout is drawn there.
 *
 * `bounds`: float64 low and high of each interval, both inside, in groups of three; NaN and NaN for one that is not used.
 * `tallies` of a block, i32: kept, present, then of each interval how many are below its low and how many up to its high.
 * What is kept lies in `keys`, each block's from its own place on, as keys; of an interval of one value nothing is kept.
 */
import { BLOCK, cell, chunkBit, chunkLength, chunkValidity, chunkValues, validBits } from './memory';

export const PLAN_BYTES: usize = 64;

// @ts-ignore: decorator
@inline
export function keyOf(value: f64): u64 {
  const bits = reinterpret<i64>(value);
  return <u64>(bits ^ ((bits >> 63) | i64.MIN_VALUE));
}

/** A number in [0, 1) that looks random and depends on nothing but the index. Source: Steele, Lea, Flood 2014 (splitmix64). */
function scatter(index: i32): f64 {
  let z = <u64>(index + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return <f64>((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/**
 * Keys of a sample of one column's present values: one row of every stretch of rows / sample, at a place that looks
 * random. unit = column. Argument: plans.
 */
export function sampleUnit(task: usize, unit: i32): void {
  const plan = <usize>load<u32>(task) + <usize>unit * PLAN_BYTES;
  const chunks = <usize>load<u32>(plan);
  const rows = load<i32>(plan, 8);
  const keys = <usize>load<u32>(plan, 12);
  const sample = load<i32>(plan, 48);
  const stretch = <f64>rows / <f64>sample;
  let at = keys;
  let chunk = 0;
  let start = 0;
  for (let i = 0; i < sample; i++) {
    const row = min(<i32>((<f64>i + scatter(i)) * stretch), rows - 1);
    while (row >= start + chunkLength(chunks, chunk)) start += chunkLength(chunks, chunk++);
    const value = cell(chunkValues(chunks, chunk), chunkValidity(chunks, chunk), chunkBit(chunks, chunk), row - start);
    store<u64>(at, keyOf(value));
    at += <usize>i32(value == value) << 3;
  }
  store<i32>(plan, <i32>((at - keys) >> 3), 16);
}

/** Counters of the block at hand: i64x2 each, two rows side by side. */
// @ts-ignore: decorator
@inline
function add(tally: usize, counts: v128): void {
  store<i32>(tally, load<i32>(tally) + <i32>(i64x2.extract_lane(counts, 0) + i64x2.extract_lane(counts, 1)));
}

/** Rows [row, end) of a chunk, an even number of them. returns where the next key goes */
// @ts-ignore: decorator
@inline
function sievePairs(values: usize, validity: usize, bit: i32, row: i32, end: i32, bounds: usize, tally: usize, present: usize, to: usize, masked: bool): usize {
  const l0 = v128.load64_splat(bounds), h0 = v128.load64_splat(bounds, 8);
  const l1 = v128.load64_splat(bounds, 16), h1 = v128.load64_splat(bounds, 24);
  const l2 = v128.load64_splat(bounds, 32), h2 = v128.load64_splat(bounds, 40);
  // An interval of one value keeps nothing.
  const w0 = f64x2.lt(l0, h0), w1 = f64x2.lt(l1, h1), w2 = f64x2.lt(l2, h2);
  let b0 = i64x2.splat(0), u0 = b0, b1 = b0, u1 = b0, b2 = b0, u2 = b0, all = b0;
  let out = to;
  for (; row < end; row += 2) {
    let x = v128.load(values + ((<usize>row) << 3));
    if (masked) {
      const bits = validity == 0 ? 3 : validBits(validity, bit + row);
      const ones = i64x2(1, 2);
      x = v128.or(x, v128.not(i64x2.eq(v128.and(i64x2.splat(<i64>bits), ones), ones)));
    }
    const below0 = f64x2.lt(x, l0), upto0 = f64x2.le(x, h0);
    const below1 = f64x2.lt(x, l1), upto1 = f64x2.le(x, h1);
    const below2 = f64x2.lt(x, l2), upto2 = f64x2.le(x, h2);
    b0 = i64x2.sub(b0, below0);
    u0 = i64x2.sub(u0, upto0);
    b1 = i64x2.sub(b1, below1);
    u1 = i64x2.sub(u1, upto1);
    b2 = i64x2.sub(b2, below2);
    u2 = i64x2.sub(u2, upto2);
    all = i64x2.sub(all, f64x2.eq(x, x));
    const inside = v128.or(
      v128.or(v128.and(v128.andnot(upto0, below0), w0), v128.and(v128.andnot(upto1, below1), w1)),
      v128.and(v128.andnot(upto2, below2), w2),
    );
    const kept = i64x2.bitmask(inside);
    const sign = v128.or(i64x2.shr_s(x, 63), i64x2.splat(i64.MIN_VALUE));
    const keys = v128.xor(x, sign);
    v128.store64_lane(out, keys, 0);
    out += (<usize>(kept & 1)) << 3;
    v128.store64_lane(out, keys, 1);
    out += (<usize>(kept & 2)) << 2;
  }
  add(tally, b0);
  add(tally + 4, u0);
  add(tally + 8, b1);
  add(tally + 12, u1);
  add(tally + 16, b2);
  add(tally + 20, u2);
  if (present != 0) add(present, all);
  return out;
}

function sieveWhole(values: usize, row: i32, end: i32, bounds: usize, tally: usize, present: usize, to: usize): usize {
  return sievePairs(values, 0, 0, row, end, bounds, tally, present, to, false);
}

function sieveMasked(values: usize, validity: usize, bit: i32, row: i32, end: i32, bounds: usize, tally: usize, present: usize, to: usize): usize {
  return sievePairs(values, validity, bit, row, end, bounds, tally, present, to, true);
}

function sieveOne(x: f64, bounds: usize, tally: usize, present: usize, to: usize): usize {
  let wanted = false;
  for (let interval: usize = 0; interval < 3; interval++) {
    const low = load<f64>(bounds + (interval << 4)), high = load<f64>(bounds + (interval << 4), 8);
    const at = tally + (interval << 3);
    if (x < low) store<i32>(at, load<i32>(at) + 1);
    if (x <= high) store<i32>(at, load<i32>(at, 4) + 1, 4);
    wanted = wanted || (low < high && x >= low && x <= high);
  }
  if (present != 0 && x == x) store<i32>(present, load<i32>(present) + 1);
  if (!wanted) return to;
  store<u64>(to, keyOf(x));
  return to + 8;
}

/** Rows that pass by each group of three intervals while they are in the first-level cache. */
const STRETCH: i32 = 2048;

/**
 * One block of one of several columns of equal length: unit = column × blocks + block.
 * Arguments: plans, blocks of a column.
 */
export function filterUnit(task: usize, unit: i32): void {
  const blocks = load<i32>(task, 4);
  const plan = <usize>load<u32>(task) + <usize>(unit / blocks) * PLAN_BYTES;
  const block = unit % blocks;
  const chunks = <usize>load<u32>(plan);
  const chunkCount = load<i32>(plan, 4);
  const intervals = load<i32>(plan, 40);
  const bounds = <usize>load<u32>(plan, 36);
  const width = <usize>(2 + 2 * intervals) << 2;
  const tally = <usize>load<u32>(plan, 32) + <usize>block * width;
  const keys = <usize>load<u32>(plan, 12) + (<usize>block * <usize>(BLOCK + 2) << 3);
  memory.fill(tally, 0, width);
  const from = block * BLOCK;
  let to = keys;
  for (let chunk = 0, start = 0; chunk < chunkCount && start < from + BLOCK; chunk++) {
    const length = chunkLength(chunks, chunk);
    const last = min(from + BLOCK - start, length);
    const values = chunkValues(chunks, chunk);
    const validity = chunkValidity(chunks, chunk);
    const bit = chunkBit(chunks, chunk);
    for (let row = max(from - start, 0); row < last; row += STRETCH) {
      const end = min(row + STRETCH, last);
      const even = row + ((end - row) & ~1);
      for (let group = 0; group < intervals; group += 3) {
        const at = bounds + ((<usize>group) << 4);
        const counts = tally + 8 + ((<usize>group) << 3);
        const present: usize = group == 0 ? tally + 4 : 0;
        to = validity == 0
          ? sieveWhole(values, row, even, at, counts, present, to)
          : sieveMasked(values, validity, bit, row, even, at, counts, present, to);
        if (even < end) to = sieveOne(cell(values, validity, bit, even), at, counts, present, to);
      }
    }
    start += length;
  }
  store<i32>(tally, <i32>((to - keys) >> 3));
}

/** Moves what the blocks kept together, in block order. */
export function gatherKept(plan: usize): void {
  const blocks = load<i32>(plan, 44);
  const width = <usize>(2 + 2 * load<i32>(plan, 40)) << 2;
  const tallies = <usize>load<u32>(plan, 32);
  const keys = <usize>load<u32>(plan, 12);
  let count: usize = 0;
  for (let block = 0; block < blocks; block++) {
    const kept = <usize>load<i32>(tallies + <usize>block * width);
    memory.copy(keys + (count << 3), keys + (<usize>block * <usize>(BLOCK + 2) << 3), kept << 3);
    count += kept;
  }
  store<i32>(plan, <i32>count, 16);
}
