/**
 * Count, sum, mean, centred power sums M2 to M4, minimum and maximum of a float64 column with missing values.
 *
 * Source: two passes a block (a compensated sum, then deviations from the block's own mean, with the corrected two-pass
 * term of Chan, Golub, LeVeque 1983), and Pébay's update formulas (SAND2008-6212) between blocks. The block is still in
 * cache when the second pass reads it.
 *
 * Sums of values and of squares are kept in two parts. The high one starts at a power of two that is far larger than all it
 * will ever be added, so it takes the leading bits of each value without rounding, and the rest of each, which is known
 * exactly, goes to the low one (Rump, Ogita, Oishi 2008: 4 additions a value, where TwoSum has 7). How large the values of
 * a block are a few of its rows say; should one be eight times larger, the block is summed again. Where no power of two is
 * large enough, and for infinities, TwoSum does it.
 *
 * Eight running sums, one for each row position modulo 8, whatever the chunks are:
 *
 *     row       0  1 | 2  3 | 4  5 | 6  7 | 8  9 | …
 *     register    0      1      2      3     0          f64x2 each
 *
 * so the same rows in other batches give the same bits.
 */
import { errorOf, exactly, twoSumError } from './compensated';
import { BLOCK, cell, chunkBit, chunkLength, chunkValidity, chunkValues, laneMask, validBits } from './memory';

/** Bytes of one block's partial result: count, sum, sum's error, mean, mean's error, M2, M3, M4, min, max. */
const PART_BYTES: usize = 80;

// Accumulators of the block at hand, in the caller's scratch: hi[8] lo[8] | s1[8] s2[8] e2[8] s3[8] s4[8] | count min max
const HI: usize = 0;
const LO: usize = 64;
const S1: usize = 128;
const S2: usize = 192;
const E2: usize = 256;
const S3: usize = 320;
const S4: usize = 384;
const COUNT: usize = 448;
const MIN: usize = 456;
const MAX: usize = 464;

/** Bytes of scratch that a lane needs. */
const SCRATCH: usize = 512;

/** What x + high leaves out, `sum` being that sum; with a bias high is known to be larger than x. */
// @ts-ignore: decorator
@inline
function restOf(high: v128, x: v128, sum: v128, biased: bool): v128 {
  return biased ? f64x2.sub(x, f64x2.sub(sum, high)) : twoSumError(high, x, sum);
}

// @ts-ignore: decorator
@inline
function restOfOne(high: f64, x: f64, sum: f64, biased: bool): f64 {
  return biased ? x - (sum - high) : errorOf(high, x, sum);
}

/** Rows of a block that end up in one of the eight sums: 2^13. Bits that they may add to the largest of them, and two more. */
const ROOM: i64 = 15;

/**
 * Where a sum starts whose values are at most `largest` in size, or up to 2^headroom times that: 1.5 · 2^k, so that it stays
 * between 2^k and 2^(k + 1). 0 where there is no such number.
 */
function biasOf(largest: f64, headroom: i64): f64 {
  if (!(largest <= f64.MAX_VALUE)) return 0;
  const exponent = ((reinterpret<i64>(largest) >> 52) & 0x7ff) + 1 + headroom + ROOM;
  return exponent >= 2047 ? 0 : reinterpret<f64>((exponent << 52) | (1 << 51));
}

/** Whether values up to `largest` in size may be added to a sum that starts there. */
function fits(bias: f64, largest: f64): bool {
  return largest <= bias && ((reinterpret<i64>(largest) >> 52) & 0x7ff) + 1 + ROOM <= (reinterpret<i64>(bias) >> 52);
}

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

function centreOne(state: usize, lane: i32, x: f64, mean: f64, biased: bool): void {
  if (x != x) return;
  const at = state + ((<usize>lane) << 3);
  const d = x - mean;
  const square = d * d;
  store<f64>(at, load<f64>(at, S1) + d, S1);
  const s2 = load<f64>(at, S2);
  const sum = s2 + square;
  store<f64>(at, load<f64>(at, E2) + restOfOne(s2, square, sum, biased), E2);
  store<f64>(at, sum, S2);
  store<f64>(at, load<f64>(at, S3) + square * d, S3);
  store<f64>(at, load<f64>(at, S4) + square * square, S4);
}

/** Deviations of rows [from, to), present ones only; `higher` asks for the third and fourth powers too. */
// @ts-ignore: decorator
@inline
function centreEights(state: usize, values: usize, validity: usize, bit: i32, from: i32, to: i32, mean: f64, higher: bool, masked: bool, biased: bool): void {
  const centre = f64x2.splat(mean);
  // Two halves of four lanes each keep the accumulators in registers.
  for (let half = 0; half < 2; half++) {
    const base = state + ((<usize>half) << 5);
    let a1 = v128.load(base, S1), b1 = v128.load(base, S1 + 16);
    let a2 = v128.load(base, S2), b2 = v128.load(base, S2 + 16);
    let ae = v128.load(base, E2), be = v128.load(base, E2 + 16);
    let a3 = v128.load(base, S3), b3 = v128.load(base, S3 + 16);
    let a4 = v128.load(base, S4), b4 = v128.load(base, S4 + 16);
    for (let row = from; row < to; row += 8) {
      const at = values + ((<usize>row) << 3) + ((<usize>half) << 5);
      const x = v128.load(at), y = v128.load(at, 16);
      let dx = f64x2.sub(x, centre), dy = f64x2.sub(y, centre);
      if (masked) {
        const bits = validity == 0 ? 0xff : validBits(validity, bit + row) >> (half << 2);
        dx = v128.and(dx, v128.and(laneMask(bits, 0), f64x2.eq(x, x)));
        dy = v128.and(dy, v128.and(laneMask(bits, 1), f64x2.eq(y, y)));
      }
      const qx = f64x2.mul(dx, dx), qy = f64x2.mul(dy, dy);
      a1 = f64x2.add(a1, dx);
      b1 = f64x2.add(b1, dy);
      const sx = f64x2.add(a2, qx), sy = f64x2.add(b2, qy);
      ae = f64x2.add(ae, restOf(a2, qx, sx, biased));
      be = f64x2.add(be, restOf(b2, qy, sy, biased));
      a2 = sx;
      b2 = sy;
      if (higher) {
        a3 = f64x2.add(a3, f64x2.mul(qx, dx));
        b3 = f64x2.add(b3, f64x2.mul(qy, dy));
        a4 = f64x2.add(a4, f64x2.mul(qx, qx));
        b4 = f64x2.add(b4, f64x2.mul(qy, qy));
      }
    }
    v128.store(base, a1, S1);
    v128.store(base, b1, S1 + 16);
    v128.store(base, a2, S2);
    v128.store(base, b2, S2 + 16);
    v128.store(base, ae, E2);
    v128.store(base, be, E2 + 16);
    v128.store(base, a3, S3);
    v128.store(base, b3, S3 + 16);
    v128.store(base, a4, S4);
    v128.store(base, b4, S4 + 16);
  }
}

function centrePresent(state: usize, values: usize, from: i32, to: i32, mean: f64, higher: bool, biased: bool): void {
  if (!biased) centreEights(state, values, 0, 0, from, to, mean, true, false, false);
  else if (higher) centreEights(state, values, 0, 0, from, to, mean, true, false, true);
  else centreEights(state, values, 0, 0, from, to, mean, false, false, true);
}

function centreMasked(state: usize, values: usize, validity: usize, bit: i32, from: i32, to: i32, mean: f64, higher: bool, biased: bool): void {
  if (!biased) centreEights(state, values, validity, bit, from, to, mean, true, true, false);
  else if (higher) centreEights(state, values, validity, bit, from, to, mean, true, true, true);
  else centreEights(state, values, validity, bit, from, to, mean, false, true, true);
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

function centreRows(state: usize, values: usize, validity: usize, bit: i32, from: i32, to: i32, phase: i32, mean: f64, higher: bool, complete: bool, biased: bool): void {
  let row = from;
  while (row < to && (phase & 7) != 0) centreOne(state, phase++ & 7, cell(values, validity, bit, row++), mean, biased);
  const end = row + ((to - row) & ~7);
  if (row < end) {
    if (complete) centrePresent(state, values, row, end, mean, higher, biased);
    else centreMasked(state, values, validity, bit, row, end, mean, higher, biased);
    row = end;
  }
  for (let lane = 0; row < to; row++, lane++) centreOne(state, lane, cell(values, validity, bit, row), mean, biased);
}

/** Sum of eight lanes and their errors: result in the first lane's hi and lo. */
function foldLanes(hi: usize, lo: usize): void {
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

function plainSum(lanes: usize): f64 {
  let sum = load<f64>(lanes);
  for (let lane: usize = 8; lane < 64; lane += 8) sum += load<f64>(lanes + lane);
  return sum;
}

function finishBlock(state: usize, part: usize, mean: f64): void {
  const n = load<f64>(state, COUNT);
  foldLanes(state + S2, state + E2);
  const s1 = plainSum(state + S1);
  const s2 = exactly(load<f64>(state, S2), load<f64>(state, E2));
  const s3 = plainSum(state + S3);
  const s4 = plainSum(state + S4);
  const e = s1 / n;
  store<f64>(part, n);
  store<f64>(part, load<f64>(state, HI), 8);
  store<f64>(part, load<f64>(state, LO), 16);
  store<f64>(part, mean, 24);
  store<f64>(part, e, 32);
  store<f64>(part, max(s2 - s1 * e, 0), 40);
  store<f64>(part, s3 - 3 * e * s2 + 2 * n * e * e * e, 48);
  store<f64>(part, s4 - 4 * e * s3 + 6 * e * e * s2 - 3 * n * e * e * e * e, 56);
  store<f64>(part, load<f64>(state, MIN), 64);
  store<f64>(part, load<f64>(state, MAX), 72);
}

/** Rows between those that say how large the values of a block are. */
const SPACING: i32 = 256;
/** How many times larger, as a power of two, values may be than those that say it. */
const HEADROOM: i64 = 3;

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
  let rows = sumRows(chunks, chunkCount, from, state, bias);
  if (bias != 0 && load<f64>(state, COUNT) > 0) {
    const largest = max(abs(load<f64>(state, MIN)), abs(load<f64>(state, MAX)));
    if (!fits(bias, largest)) {
      bias = biasOf(largest, 0);
      rows = sumRows(chunks, chunkCount, from, state, bias);
    }
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

/**
 * Partial result of one block of one of several columns of equal length: unit = column × blocks + block.
 *
 * Arguments, u32:
 *
 *     byte 0    tables     u32 a column: its chunk table (see memory.ts)
 *          4    counts     i32 a column: entries of it
 *          8    blocks     of a column
 *         12    order      1: M2 to M4 mean nothing; 2: M3 and M4 mean nothing; 4
 *         16    partials   OUT, 80 bytes a unit
 *         20    scratch    512 bytes a lane
 */
export function momentsUnit(task: usize, unit: i32, lane: i32): void {
  const blocks = load<i32>(task, 8);
  const order = load<i32>(task, 12);
  const column = (<usize>(unit / blocks)) << 2;
  const block = unit % blocks;
  const chunks = <usize>load<u32>(<usize>load<u32>(task) + column);
  const chunkCount = load<i32>(<usize>load<u32>(task, 4) + column);
  const partial = <usize>load<u32>(task, 16) + <usize>unit * PART_BYTES;
  const scratch = <usize>load<u32>(task, 20) + <usize>lane * SCRATCH;
  assert((partial & 7) == 0 && (scratch & 7) == 0, 'partials and scratch are 8-aligned');
  const from = block * BLOCK;
  const rows = sumBlock(chunks, chunkCount, block, scratch);
  const count = blockCount(scratch);
  const mean = blockMean(scratch);
  const complete = count == <f64>rows;
  if (count > 0 && order > 1) {
    const reach = max(load<f64>(scratch, MAX) - mean, mean - load<f64>(scratch, MIN));
    // What the mean is rounded by may make a deviation larger than that, by far less than a factor of two.
    const bias = biasOf(reach * reach, 1);
    for (let sum: usize = 0; sum < 64; sum += 8) store<f64>(scratch + sum, bias, S2);
    for (let chunk = 0, start = 0; chunk < chunkCount && start < from + BLOCK; chunk++) {
      const length = chunkLength(chunks, chunk);
      const first = max(from - start, 0);
      const last = min(from + BLOCK - start, length);
      if (first < last) {
        centreRows(scratch, chunkValues(chunks, chunk), chunkValidity(chunks, chunk), chunkBit(chunks, chunk), first, last, start + first - from, mean, order > 2, complete, bias != 0);
      }
      start += length;
    }
    for (let sum: usize = 0; sum < 64; sum += 8) store<f64>(scratch + sum, load<f64>(scratch + sum, S2) - bias, S2);
  }
  finishBlock(scratch, partial, mean);
}

function mergePart(total: usize, part: usize): void {
  const nb = load<f64>(part);
  if (nb == 0) return;
  const na = load<f64>(total);
  if (na == 0) {
    memory.copy(total, part, PART_BYTES);
    return;
  }
  const n = na + nb;
  const meanA = load<f64>(total, 24), errorA = load<f64>(total, 32);
  const delta = load<f64>(part, 24) - meanA + (load<f64>(part, 32) - errorA);
  const m2a = load<f64>(total, 40), m2b = load<f64>(part, 40);
  const m3a = load<f64>(total, 48), m3b = load<f64>(part, 48);
  const d2 = delta * delta;
  const share = (na / n) * nb;
  const m4 = load<f64>(total, 56) + load<f64>(part, 56)
    + d2 * d2 * share * ((na * na - na * nb + nb * nb) / (n * n))
    + 6 * d2 * ((na / n) * (na / n) * m2b + (nb / n) * (nb / n) * m2a)
    + 4 * delta * ((na / n) * m3b - (nb / n) * m3a);
  const m3 = m3a + m3b + d2 * delta * share * ((na - nb) / n) + 3 * delta * ((na / n) * m2b - (nb / n) * m2a);
  const hi = load<f64>(total, 8), x = load<f64>(part, 8);
  const sum = hi + x;
  const shift = errorA + delta * (nb / n);
  const mean = meanA + shift;
  store<f64>(total, n);
  store<f64>(total, sum, 8);
  store<f64>(total, load<f64>(total, 16) + load<f64>(part, 16) + errorOf(hi, x, sum), 16);
  store<f64>(total, mean, 24);
  store<f64>(total, errorOf(meanA, shift, mean), 32);
  store<f64>(total, m2a + m2b + d2 * share, 40);
  store<f64>(total, m3, 48);
  store<f64>(total, m4, 56);
  store<f64>(total, min(load<f64>(total, 64), load<f64>(part, 64)), 64);
  store<f64>(total, max(load<f64>(total, 72), load<f64>(part, 72)), 72);
}

/**
 * Merges partial results in block order.
 *
 * IN  partials    `blocks` entries of 80 bytes, as the blocks of one column leave them
 * OUT out         count, sum, mean, M2, M3, M4, min, max as float64 (mean NaN, min +inf, max -inf when count is 0)
 *                 in the first 64 bytes of 80
 */
export function moments_merge(partials: usize, blocks: i32, out: usize): void {
  memory.fill(out, 0, PART_BYTES);
  store<f64>(out, Infinity, 64);
  store<f64>(out, -Infinity, 72);
  for (let block = 0; block < blocks; block++) mergePart(out, partials + <usize>block * PART_BYTES);
  const sum = exactly(load<f64>(out, 8), load<f64>(out, 16));
  // Adding zero turns −0 into 0: which of the two zeros is met first depends on the batches.
  const low = load<f64>(out, 64) + 0, high = load<f64>(out, 72) + 0;
  const m2 = load<f64>(out, 40), m3 = load<f64>(out, 48), m4 = load<f64>(out, 56);
  store<f64>(out, sum, 8);
  store<f64>(out, sum / load<f64>(out), 16);
  store<f64>(out, m2, 24);
  store<f64>(out, m3, 32);
  store<f64>(out, m4, 40);
  store<f64>(out, low, 48);
  store<f64>(out, high, 56);
}
