/**
 * Count, sum, mean, centred power sums M2 to M4, minimum and maximum of a float64 column with missing values.
 *
 * Source: two passes a block (a compensated sum, then deviations from the block's own mean, with the corrected two-pass
 * term of Chan, Golub, LeVeque 1983), and Pébay's update formulas (SAND2008-6212) between blocks. The block is still in
 * cache when the second pass reads it.
 *
 * Eight running sums a power, one for each row position modulo 8, whatever the chunks are (sums.ts): the same rows in other
 * batches give the same bits.
 */
import { biasOf, errorOf, exactly, restOf, restOfOne } from './compensated';
import { BLOCK, cell, chunkBit, chunkLength, chunkValidity, chunkValues, laneMask, validBits } from './memory';
import { blockCount, blockMean, COUNT, E2, foldLanes, HI, LO, MAX, MIN, S1, S2, S3, S4, SCRATCH, sumBlock } from './sums';

/** Bytes of one block's partial result: count, sum, sum's error, mean, mean's error, M2, M3, M4, min, max. */
const PART_BYTES: usize = 80;

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
