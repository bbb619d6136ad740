/**
 * Count, sum, minimum and maximum of a block: the first pass of moments.ts, and of comoments.ts.
 *
 * Eight running sums, one for each row position modulo 8, whatever the chunks are:
 *
 *     row       0  1 | 2  3 | 4  5 | 6  7 | 8  9 | …
 *     register    0      1      2      3     0          f64x2 each
 *
 * They have a bias (compensated.ts). How large the values of a block are a few of its rows say; should one be eight times
 * larger, the block is summed again. Where no power of two is large enough, and for infinities, TwoSum does it.
 */
import { biasOf, errorOf, exactly, fits, restOf, restOfOne } from './compensated';
import { BLOCK, cell, chunkBit, chunkLength, chunkValidity, chunkValues, laneMask, validBits } from './memory';

// Accumulators of the block at hand, in the caller's scratch: hi[8] lo[8] | s1[8] s2[8] e2[8] s3[8] s4[8] | count min max
export const HI: usize = 0;
export const LO: usize = 64;
export const S1: usize = 128;
export const S2: usize = 192;
export const E2: usize = 256;
export const S3: usize = 320;
export const S4: usize = 384;
export const COUNT: usize = 448;
export const MIN: usize = 456;
export const MAX: usize = 464;

/** Bytes of scratch that a lane needs. */
export const SCRATCH: usize = 512;

function addOne(state: usize, lane: i32, x: f64, biased: bool): void {
  if (x != x) return;
  const at = state + ((<usize>lane) << 3);
  const hi = load<f64>(at, HI);
  const sum = hi + x;
  store<f64>(at, load<f64>(at, LO) + restOfOne(hi, x, sum, biased), LO);
  store<f64>(at, sum, HI);
  store<f64>(state, load<f64>(state, COUNT) + 1, COUNT);
  if (x < load<f64>(state, MIN)) store<f64>(state, x, MIN);
  if (x > load<f64>(state, MAX)) store<f64>(state, x, MAX);
}

/** Adds rows [from, to), `from` in lane 0, a multiple of eight rows, all present; false (nothing stored) when a NaN is met. */
// @ts-ignore: decorator
@inline
function addEightsPresent(state: usize, values: usize, from: i32, to: i32, biased: bool): bool {
  let h0 = v128.load(state, HI), h1 = v128.load(state, HI + 16), h2 = v128.load(state, HI + 32), h3 = v128.load(state, HI + 48);
  let l0 = v128.load(state, LO), l1 = v128.load(state, LO + 16), l2 = v128.load(state, LO + 32), l3 = v128.load(state, LO + 48);
  let low = v128.load64_splat(state, MIN);
  let high = v128.load64_splat(state, MAX);
  const end = values + ((<usize>to) << 3);
  for (let at = values + ((<usize>from) << 3); at < end; at += 64) {
    const x0 = v128.load(at), x1 = v128.load(at, 16), x2 = v128.load(at, 32), x3 = v128.load(at, 48);
    const s0 = f64x2.add(h0, x0), s1 = f64x2.add(h1, x1), s2 = f64x2.add(h2, x2), s3 = f64x2.add(h3, x3);
    l0 = f64x2.add(l0, restOf(h0, x0, s0, biased));
    l1 = f64x2.add(l1, restOf(h1, x1, s1, biased));
    l2 = f64x2.add(l2, restOf(h2, x2, s2, biased));
    l3 = f64x2.add(l3, restOf(h3, x3, s3, biased));
    h0 = s0;
    h1 = s1;
    h2 = s2;
    h3 = s3;
    low = f64x2.pmin(low, f64x2.pmin(f64x2.pmin(x0, x1), f64x2.pmin(x2, x3)));
    high = f64x2.pmax(high, f64x2.pmax(f64x2.pmax(x0, x1), f64x2.pmax(x2, x3)));
  }
  const total = f64x2.add(f64x2.add(h0, h1), f64x2.add(h2, h3));
  const probe = f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1);
  if (probe != probe) return false;
  v128.store(state, h0, HI);
  v128.store(state, h1, HI + 16);
  v128.store(state, h2, HI + 32);
  v128.store(state, h3, HI + 48);
  v128.store(state, l0, LO);
  v128.store(state, l1, LO + 16);
  v128.store(state, l2, LO + 32);
  v128.store(state, l3, LO + 48);
  store<f64>(state, min(f64x2.extract_lane(low, 0), f64x2.extract_lane(low, 1)), MIN);
  store<f64>(state, max(f64x2.extract_lane(high, 0), f64x2.extract_lane(high, 1)), MAX);
  store<f64>(state, load<f64>(state, COUNT) + <f64>(to - from), COUNT);
  return true;
}

/** The same with a bitmap and NaNs: a missing row is a masked zero for the sum and a NaN for minimum and maximum. */
// @ts-ignore: decorator
@inline
function addEightsMasked(state: usize, values: usize, validity: usize, bit: i32, from: i32, to: i32, biased: bool): void {
  let low = v128.load64_splat(state, MIN);
  let high = v128.load64_splat(state, MAX);
  let counts = i64x2.splat(0);
  for (let row = from; row < to; row += 8) {
    const at = values + ((<usize>row) << 3);
    const bits = validity == 0 ? 0xff : validBits(validity, bit + row);
    for (let pair = 0; pair < 4; pair++) {
      const offset = (<usize>pair) << 4;
      // A lane without its bit becomes all ones, which is a NaN.
      const x = v128.or(v128.load(at + offset), v128.not(laneMask(bits, pair)));
      const present = f64x2.eq(x, x);
      const value = v128.and(x, present);
      const hi = v128.load(state + offset, HI);
      const sum = f64x2.add(hi, value);
      v128.store(state + offset, f64x2.add(v128.load(state + offset, LO), restOf(hi, value, sum, biased)), LO);
      v128.store(state + offset, sum, HI);
      counts = i64x2.sub(counts, present);
      low = f64x2.pmin(low, x);
      high = f64x2.pmax(high, x);
    }
  }
  store<f64>(state, min(f64x2.extract_lane(low, 0), f64x2.extract_lane(low, 1)), MIN);
  store<f64>(state, max(f64x2.extract_lane(high, 0), f64x2.extract_lane(high, 1)), MAX);
  const count = i64x2.extract_lane(counts, 0) + i64x2.extract_lane(counts, 1);
  store<f64>(state, load<f64>(state, COUNT) + <f64>count, COUNT);
}

function addBiased(state: usize, values: usize, validity: usize, bit: i32, from: i32, to: i32): void {
  if (validity != 0 || !addEightsPresent(state, values, from, to, true)) addEightsMasked(state, values, validity, bit, from, to, true);
}

function addUnbiased(state: usize, values: usize, validity: usize, bit: i32, from: i32, to: i32): void {
  if (validity != 0 || !addEightsPresent(state, values, from, to, false)) addEightsMasked(state, values, validity, bit, from, to, false);
}

/** Rows [from, to) of one chunk, the first of which has the block position `phase`. */
function addRows(state: usize, values: usize, validity: usize, bit: i32, from: i32, to: i32, phase: i32, biased: bool): void {
  let row = from;
  while (row < to && (phase & 7) != 0) addOne(state, phase++ & 7, cell(values, validity, bit, row++), biased);
  const end = row + ((to - row) & ~7);
  if (row < end) {
    if (biased) addBiased(state, values, validity, bit, row, end);
    else addUnbiased(state, values, validity, bit, row, end);
    row = end;
  }
  for (let lane = 0; row < to; row++, lane++) addOne(state, lane, cell(values, validity, bit, row), biased);
}

/** Sum of eight lanes and their errors: result in the first lane's hi and lo. */
export function foldLanes(hi: usize, lo: usize): void {
  let sum = load<f64>(hi);
  let error = load<f64>(lo);
  for (let lane: usize = 8; lane < 64; lane += 8) {
    const x = load<f64>(hi + lane);
    const next = sum + x;
    error += errorOf(sum, x, next) + load<f64>(lo + lane);
    sum = next;
  }
  store<f64>(hi, sum);
  store<f64>(lo, error);
}

/** Rows between those that say how large the values of a block are. */
const SPACING: i32 = 256;
/** How many times larger, as a power of two, values may be than those that say it. */
const HEADROOM: i64 = 3;

/**
 * What is left of the largest value at least when a sum with a bias keeps its digits: low parts are off by 2^-75 of it at
 * most. A sum that cancels further is added up by TwoSum, which leaves no more than 2^-104.
 */
const CANCELLED: f64 = 1.0 / 65536;

/** The largest size of some present values of a block. */
function largestOf(chunks: usize, chunkCount: i32, from: i32): f64 {
  let largest: f64 = 0;
  let row = from;
  for (let chunk = 0, start = 0; chunk < chunkCount && start < from + BLOCK; chunk++) {
    const last = min(start + chunkLength(chunks, chunk), from + BLOCK);
    const values = chunkValues(chunks, chunk), validity = chunkValidity(chunks, chunk), bit = chunkBit(chunks, chunk);
    for (; row < last; row += SPACING) {
      const size = abs(cell(values, validity, bit, row - start));
      // A NaN is not larger.
      if (size > largest) largest = size;
    }
    start += chunkLength(chunks, chunk);
  }
  return largest;
}

/** Sums up the rows of a block; how many there are. `bias`: where each of the eight sums starts, or 0. */
function sumRows(chunks: usize, chunkCount: i32, from: i32, state: usize, bias: f64): i32 {
  memory.fill(state, 0, SCRATCH);
  for (let lane: usize = 0; lane < 64; lane += 8) store<f64>(state + lane, bias, HI);
  store<f64>(state, Infinity, MIN);
  store<f64>(state, -Infinity, MAX);
  let rows = 0;
  for (let chunk = 0, start = 0; chunk < chunkCount && start < from + BLOCK; chunk++) {
    const length = chunkLength(chunks, chunk);
    const first = max(from - start, 0);
    const last = min(from + BLOCK - start, length);
    if (first < last) {
      addRows(state, chunkValues(chunks, chunk), chunkValidity(chunks, chunk), chunkBit(chunks, chunk), first, last, start + first - from, bias != 0);
      rows += last - first;
    }
    start += length;
  }
  for (let lane: usize = 0; lane < 64; lane += 8) store<f64>(state + lane, load<f64>(state + lane, HI) - bias, HI);
  return rows;
}

/**
 * Count and sum of the present rows of one block; its number of rows.
 *
 * OUT state       512 bytes, to be read with blockCount and blockMean
 */
export function sumBlock(chunks: usize, chunkCount: i32, block: i32, state: usize): i32 {
  const from = block * BLOCK;
  let bias = biasOf(largestOf(chunks, chunkCount, from), HEADROOM);
  const rows = sumRows(chunks, chunkCount, from, state, bias);
  if (bias != 0 && load<f64>(state, COUNT) > 0) {
    const largest = max(abs(load<f64>(state, MIN)), abs(load<f64>(state, MAX)));
    if (!fits(bias, largest)) {
      bias = biasOf(largest, 0);
      sumRows(chunks, chunkCount, from, state, bias);
    }
    foldLanes(state + HI, state + LO);
    if (bias == 0 || abs(exactly(load<f64>(state, HI), load<f64>(state, LO))) >= largest * CANCELLED) return rows;
    sumRows(chunks, chunkCount, from, state, 0);
  }
  foldLanes(state + HI, state + LO);
  return rows;
}

// @ts-ignore: decorator
@inline
export function blockCount(state: usize): f64 {
  return load<f64>(state, COUNT);
}

/** NaN where nothing is present. */
// @ts-ignore: decorator
@inline
export function blockMean(state: usize): f64 {
  return exactly(load<f64>(state, HI), load<f64>(state, LO)) / load<f64>(state, COUNT);
}
