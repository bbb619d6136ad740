/**
 * Inversions of a sequence: pairs of which the earlier is greater. Kendall's discordant pairs, once rows are in the order
 * of x and, where x is equal, of y.
 *
 * Numbers are dealt out by eight bits at a time, the highest first, in the order they are in. An inversion of two numbers
 * is counted in the round in which their digits first differ: a number counts those dealt out before it whose digit is
 * greater. How many these are is kept for all sixteen values of half a digit at once, in sixteen u16:
 *
 *     greater[h]          numbers so far whose upper half is greater than h
 *     greater[h][l]       of those whose upper half is h, those whose lower half is greater than l
 *
 * so that a number adds one row of a table to either. Counters of 16 bits are enough for a block of 65,536; what a block
 * counts with those before it the cursors tell. n log n in all, by log 256.
 */
import { BLOCK } from './memory';

const DIGITS: usize = 256;
/** 16 × 16 u16: row d has ones below d. Then greater of upper halves, then of lower ones. */
const TABLE: usize = 512;
const UPPER: usize = 512;
const LOWER: usize = 544;
/** Cursors before a block. */
const BEFORE: usize = 1056;
/** Then the cursors of up to four rounds. */
const CURSORS: usize = 2080;
/** Scratch of a lane. */
export const INVERSIONS_BYTES: usize = 8192;

/** So many numbers an insertion sort counts. */
const FEW: i32 = 24;

function prepare(scratch: usize): void {
  memory.fill(scratch, 0, TABLE);
  for (let d: usize = 0; d < 16; d++) {
    for (let below: usize = 0; below < d; below++) store<u16>(scratch + (d << 5) + (below << 1), 1);
  }
}

/** Deals a block out. INOUT cursors. returns inversions within the block, of numbers whose digits differ */
function dealCounting(numbers: usize, count: i32, shift: u32, out: usize, cursors: usize, scratch: usize): u64 {
  assert(count <= BLOCK, 'the counters of a block have 16 bits');
  memory.fill(scratch + UPPER, 0, BEFORE - UPPER);
  const end = numbers + ((<usize>count) << 2);
  let u0 = i16x8.splat(0), u1 = u0;
  let sum: u64 = 0;
  for (let at = numbers; at < end; at += 4) {
    const number = load<u32>(at);
    const digit = <usize>(number >> shift) & 255;
    const upper = digit >> 4, lower = digit & 15;
    const row = scratch + LOWER + (upper << 5);
    sum += <u64>load<u16>(scratch + UPPER + (upper << 1)) + <u64>load<u16>(row + (lower << 1));
    u0 = i16x8.add(u0, v128.load(scratch + (upper << 5)));
    u1 = i16x8.add(u1, v128.load(scratch + (upper << 5), 16));
    v128.store(scratch, u0, UPPER);
    v128.store(scratch, u1, UPPER + 16);
    v128.store(row, i16x8.add(v128.load(row), v128.load(scratch + (lower << 5))));
    v128.store(row, i16x8.add(v128.load(row, 16), v128.load(scratch + (lower << 5), 16)), 16);
    const cursor = cursors + (digit << 2);
    const to = load<u32>(cursor);
    store<u32>(cursor, to + 1);
    store<u32>(out + ((<usize>to) << 2), number);
  }
  return sum;
}

/** Pairs of a block's numbers with greater ones before it: `after` less `before` is what it has, before less starts what was. */
// @ts-ignore: decorator
@inline
function crossing(starts: usize, before: usize, after: usize): u64 {
  let greater: u64 = 0;
  let sum: u64 = 0;
  for (let digit: usize = DIGITS; digit-- > 0;) {
    const at = digit << 2;
    sum += <u64>(load<u32>(after + at) - load<u32>(before + at)) * greater;
    greater += <u64>(load<u32>(before + at) - load<u32>(starts + at));
  }
  return sum;
}

/** Counts by sorting. */
function countFew(numbers: usize, count: i32): u64 {
  let sum: u64 = 0;
  const end = numbers + ((<usize>count) << 2);
  for (let at = numbers + 4; at < end; at += 4) {
    const number = load<u32>(at);
    let to = at;
    while (to > numbers && load<u32>(to - 4) > number) {
      store<u32>(to, load<u32>(to - 4));
      to -= 4;
    }
    store<u32>(to, number);
    sum += <u64>((at - to) >> 2);
  }
  return sum;
}

// @ts-ignore: decorator
@inline
function countDigits(numbers: usize, count: i32, shift: u32, cursors: usize): void {
  memory.fill(cursors, 0, DIGITS << 2);
  const end = numbers + ((<usize>count) << 2);
  for (let at = numbers; at < end; at += 4) {
    const counter = cursors + ((<usize>(load<u32>(at) >> shift) & 255) << 2);
    store<u32>(counter, load<u32>(counter) + 1);
  }
}

/** Numbers that agree in all bits from `bits` on. INOUT numbers, other: both are used up. */
function inversions(numbers: usize, other: usize, count: i32, bits: u32, cursors: usize, scratch: usize): u64 {
  if (count <= FEW) return countFew(numbers, count);
  if (bits == 0) return 0;
  const shift: u32 = bits > 8 ? bits - 8 : 0;
  countDigits(numbers, count, shift, cursors);
  let from: u32 = 0;
  for (let at = cursors; at < cursors + (DIGITS << 2); at += 4) {
    const own = load<u32>(at);
    store<u32>(at, from);
    from += own;
  }
  let sum: u64 = 0;
  if (count <= BLOCK) {
    sum = dealCounting(numbers, count, shift, other, cursors, scratch);
  } else {
    // The next round's cursors are free until then.
    const starts = cursors + (DIGITS << 2);
    memory.copy(starts, cursors, DIGITS << 2);
    for (let first = 0; first < count; first += BLOCK) {
      memory.copy(scratch + BEFORE, cursors, DIGITS << 2);
      sum += dealCounting(numbers + ((<usize>first) << 2), min(BLOCK, count - first), shift, other, cursors, scratch);
      sum += crossing(starts, scratch + BEFORE, cursors);
    }
  }
  for (let digit: usize = 0, start: usize = 0; digit < DIGITS; digit++) {
    const end = <usize>load<u32>(cursors + (digit << 2));
    if (end - start > 1) sum += inversions(other + (start << 2), numbers + (start << 2), <i32>(end - start), shift, cursors + (DIGITS << 2), scratch);
    start = end;
  }
  return sum;
}

/**
 * Arguments of the three that follow, u32:
 *
 *     byte 0    numbers    u32, `count` of them, below 2^bits
 *          4    count
 *          8    bits
 *         12    tallies    256 × u32 a block: numbers with the digit; then where the next of them goes
 *         16    starts     257 × u32: where a digit's begin
 *         20    other      OUT u32, `count`
 *         24    found      OUT float64, one a unit
 *         28    scratch    INVERSIONS_BYTES a lane
 */
export function digitsUnit(task: usize, unit: i32): void {
  const bits = load<u32>(task, 8);
  const from = unit * BLOCK;
  const count = min(BLOCK, load<i32>(task, 4) - from);
  const numbers = <usize>load<u32>(task) + ((<usize>from) << 2);
  countDigits(numbers, count, bits > 8 ? bits - 8 : 0, <usize>load<u32>(task, 12) + <usize>unit * (DIGITS << 2));
}

/** Where a digit's numbers begin, and each block's share of them. INOUT tallies, OUT starts. */
export function inversions_starts(tallies: usize, blocks: i32, starts: usize): void {
  let sum: u32 = 0;
  for (let digit: usize = 0; digit < DIGITS << 2; digit += 4) {
    store<u32>(starts + digit, sum);
    for (let block = 0; block < blocks; block++) {
      const tally = tallies + digit + <usize>block * (DIGITS << 2);
      const own = load<u32>(tally);
      store<u32>(tally, sum);
      sum += own;
    }
  }
  store<u32>(starts + (DIGITS << 2), sum);
}

/** Deals a block out by the highest digit; inversions of its numbers with each other and with those before: unit = block. */
export function exchangeUnit(task: usize, unit: i32, lane: i32): void {
  const bits = load<u32>(task, 8);
  const from = unit * BLOCK;
  const count = min(BLOCK, load<i32>(task, 4) - from);
  const numbers = <usize>load<u32>(task) + ((<usize>from) << 2);
  const cursors = <usize>load<u32>(task, 12) + <usize>unit * (DIGITS << 2);
  const scratch = <usize>load<u32>(task, 28) + <usize>lane * INVERSIONS_BYTES;
  prepare(scratch);
  memory.copy(scratch + BEFORE, cursors, DIGITS << 2);
  const within = dealCounting(numbers, count, bits > 8 ? bits - 8 : 0, <usize>load<u32>(task, 20), cursors, scratch);
  const across = crossing(<usize>load<u32>(task, 16), scratch + BEFORE, cursors);
  store<f64>(<usize>load<u32>(task, 24) + ((<usize>unit) << 3), <f64>(within + across));
}

/** Inversions among the numbers of one highest digit: unit = digit. They lie in `other` now. */
export function inversionsUnit(task: usize, unit: i32, lane: i32): void {
  const bits = load<u32>(task, 8);
  const starts = <usize>load<u32>(task, 16) + ((<usize>unit) << 2);
  const from = (<usize>load<u32>(starts)) << 2;
  const count = <i32>(load<u32>(starts, 4) - load<u32>(starts));
  const scratch = <usize>load<u32>(task, 28) + <usize>lane * INVERSIONS_BYTES;
  const numbers = <usize>load<u32>(task, 20) + from, other = <usize>load<u32>(task) + from;
  if (count > FEW) prepare(scratch);
  const sum = inversions(numbers, other, count, bits > 8 ? bits - 8 : 0, scratch + CURSORS, scratch);
  store<f64>(<usize>load<u32>(task, 24) + ((<usize>unit) << 3), <f64>sum);
}
