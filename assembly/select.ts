/**
 * Order statistics without a sort: any set of ranks of a float64 column in time linear in its rows, whatever the data.
 *
 * Values become unsigned keys of the same order (sign flipped, negatives inverted); a most-significant-digit radix
 * descent then follows only the buckets that hold a wanted rank (Knuth, TAOCP 3, 5.2.5). Digits have 11 bits:
 *
 *     bit   63 ……… 53 | 52 ……… 42 | 41 ……… 31 | 30 ……… 20 | 19 ……… 9 | 8 … 0
 *
 * Of a long column only few keys are looked at so closely: an evenly spread sample says between which two values each
 * rank lies almost certainly, one pass counts what is below and keeps what is between (sieve.ts), and the descent
 * goes over what was kept (Floyd, Rivest 1975). Where the sample misled, it goes over all keys.
 *
 * Both work on plans, 64 bytes of u32 a column:
 *
 *     byte 0    chunks      chunk table (see memory.ts)
 *          4    entries     of it
 *          8    rows
 *         12    keys        u64: room for every row and two more a block of 65,536
 *         16    count       INOUT keys that are there
 *         20    ranks       i32 ascending, each in [0, count)
 *         24    rankCount
 *         28    out         OUT float64, one a rank
 *         32    tallies     of the sieve; 0: keys lie side by side
 *         36    bounds      of the sieve
 *         40    intervals   of the sieve
 *         44    blocks      of the column
 *         48    sample      how many rows to look at
 */
import { cell, chunkBit, chunkLength, chunkValidity, chunkValues } from './memory';
import { gatherKept, keyOf, PLAN_BYTES } from './sieve';

const DIGIT_BITS: i32 = 11;
const BUCKETS: i32 = 2048;
/** Below this many keys an insertion sort ends the descent. */
const FEW: i32 = 48;
/** Six tables of counters a lane. */
const TABLES_BYTES: usize = 6 * 2048 * 4;

// @ts-ignore: decorator
@inline
function valueOf(key: u64): f64 {
  const bits = <i64>key;
  return reinterpret<f64>(bits ^ (~(bits >> 63) | i64.MIN_VALUE));
}

/** The keys of one column's present values, in row order: unit = column. Argument: plans. */
export function keysUnit(task: usize, unit: i32): void {
  const plan = <usize>load<u32>(task) + <usize>unit * PLAN_BYTES;
  const chunks = <usize>load<u32>(plan);
  const chunkCount = load<i32>(plan, 4);
  const keys = <usize>load<u32>(plan, 12);
  let at = keys;
  for (let chunk = 0; chunk < chunkCount; chunk++) {
    const values = chunkValues(chunks, chunk);
    const validity = chunkValidity(chunks, chunk);
    const bit = chunkBit(chunks, chunk);
    const length = chunkLength(chunks, chunk);
    for (let row = 0; row < length; row++) {
      const value = cell(values, validity, bit, row);
      store<u64>(at, keyOf(value));
      at += <usize>i32(value == value) << 3;
    }
  }
  store<i32>(plan, <i32>((at - keys) >> 3), 16);
}

function insertionSort(keys: usize, count: i32): void {
  for (let i = 1; i < count; i++) {
    const key = load<u64>(keys + ((<usize>i) << 3));
    let j = i - 1;
    while (j >= 0 && load<u64>(keys + ((<usize>j) << 3)) > key) {
      store<u64>(keys + ((<usize>(j + 1)) << 3), load<u64>(keys + ((<usize>j) << 3)));
      j--;
    }
    store<u64>(keys + ((<usize>(j + 1)) << 3), key);
  }
}

/** Moves the keys of one bucket to the front, by swaps without a branch; the other keys stay in the range. */
// @ts-ignore: decorator
@inline
function gather(keys: usize, end: usize, shift: i32, mask: u64, bucket: i32): void {
  let front = keys;
  for (let at = keys; at < end; at += 8) {
    const key = load<u64>(at);
    const other = load<u64>(front);
    const wanted = <i32>((key >> <u64>shift) & mask) == bucket;
    store<u64>(at, select<u64>(other, key, wanted));
    store<u64>(front, select<u64>(key, other, wanted));
    front += <usize>i32(wanted) << 3;
  }
}

function descend(keys: usize, count: i32, base: i32, shift: i32, ranks: usize, out: usize, first: i32, last: i32, tables: usize): void {
  if (count <= FEW) {
    insertionSort(keys, count);
    for (let i = first; i < last; i++) {
      const rank = load<i32>(ranks + ((<usize>i) << 2)) - base;
      store<f64>(out + ((<usize>i) << 3), valueOf(load<u64>(keys + ((<usize>rank) << 3))));
    }
    return;
  }
  const width = shift == 0 ? 9 : DIGIT_BITS;
  const mask: u64 = ((<u64>1) << <u64>width) - 1;
  memory.fill(tables, 0, BUCKETS * 4);
  const end = keys + ((<usize>count) << 3);
  for (let at = keys; at < end; at += 8) {
    const slot = tables + (<usize>((load<u64>(at) >> <u64>shift) & mask) << 2);
    store<i32>(slot, load<i32>(slot) + 1);
  }
  let bucket = 0;
  let below = base;
  for (let i = first; i < last; ) {
    const rank = load<i32>(ranks + ((<usize>i) << 2));
    let inside = load<i32>(tables + ((<usize>bucket) << 2));
    while (below + inside <= rank) {
      below += inside;
      bucket++;
      inside = load<i32>(tables + ((<usize>bucket) << 2));
    }
    let next = i + 1;
    while (next < last && load<i32>(ranks + ((<usize>next) << 2)) < below + inside) next++;
    if (inside < count) gather(keys, end, shift, mask, bucket);
    if (shift == 0) {
      const value = valueOf(load<u64>(keys));
      for (let r = i; r < next; r++) store<f64>(out + ((<usize>r) << 3), value);
    } else {
      descend(keys, inside, below, max(shift - DIGIT_BITS, 0), ranks, out, i, next, tables + BUCKETS * 4);
    }
    i = next;
  }
}

/**
 * The values at given ranks of one column's keys, which are reordered: unit = column.
 * Arguments: plans, 48 KiB of tables a lane.
 */
export function ranksUnit(task: usize, unit: i32, lane: i32): void {
  const plan = <usize>load<u32>(task) + <usize>unit * PLAN_BYTES;
  const tables = <usize>load<u32>(task, 4) + <usize>lane * TABLES_BYTES;
  const ranks = <usize>load<u32>(plan, 20);
  const rankCount = load<i32>(plan, 24);
  if (load<u32>(plan, 32) != 0) gatherKept(plan);
  const count = load<i32>(plan, 16);
  for (let i = 0; i < rankCount; i++) {
    const rank = load<i32>(ranks + ((<usize>i) << 2));
    assert(rank >= 0 && rank < count && (i == 0 || load<i32>(ranks + ((<usize>(i - 1)) << 2)) <= rank), 'ranks ascend inside the column');
  }
  descend(<usize>load<u32>(plan, 12), count, 0, 53, ranks, <usize>load<u32>(plan, 28), 0, rankCount, tables);
}
