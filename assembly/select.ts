/**
 * Order statistics without a sort: any set of ranks of a float64 column in time linear in its rows, whatever the data.
 *
 * Values become unsigned keys of the same order (sign flipped, negatives inverted); a most-significant-digit radix
 * descent then follows only the buckets that hold a wanted rank (Knuth, TAOCP 3, 5.2.5). Digits have 11 bits:
 *
 *     bit   63 ……… 53 | 52 ……… 42 | 41 ……… 31 | 30 ……… 20 | 19 ……… 9 | 8 … 0
 */
import { cell, chunkBit, chunkLength, chunkValidity, chunkValues } from './memory';

const DIGIT_BITS: i32 = 11;
const BUCKETS: i32 = 2048;
/** Below this many keys an insertion sort ends the descent. */
const FEW: i32 = 48;

// @ts-ignore: decorator
@inline
function keyOf(value: f64): u64 {
  const bits = reinterpret<i64>(value);
  return <u64>(bits ^ ((bits >> 63) | i64.MIN_VALUE));
}

// @ts-ignore: decorator
@inline
function valueOf(key: u64): f64 {
  const bits = <i64>key;
  return reinterpret<f64>(bits ^ (~(bits >> 63) | i64.MIN_VALUE));
}

/**
 * Writes the keys of a column's present values, in row order.
 *
 * IN  chunks      chunk table, `chunkCount` entries
 * OUT keys        u64, room for every row and one more
 * returns how many were present
 */
export function select_keys(chunks: usize, chunkCount: i32, keys: usize): i32 {
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
  return <i32>((at - keys) >> 3);
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
 * The values at given ranks.
 *
 * IN  keys        u64 as select_keys leaves them; reordered
 * IN  ranks       i32 ascending, `rankCount` of them, each in [0, count)
 * IN  tables      6 × 2048 i32 of scratch
 * OUT out         float64, one a rank
 */
export function select_ranks(keys: usize, count: i32, ranks: usize, rankCount: i32, tables: usize, out: usize): void {
  for (let i = 0; i < rankCount; i++) {
    const rank = load<i32>(ranks + ((<usize>i) << 2));
    assert(rank >= 0 && rank < count && (i == 0 || load<i32>(ranks + ((<usize>(i - 1)) << 2)) <= rank), 'ranks ascend inside the column');
  }
  descend(keys, count, 0, 53, ranks, out, 0, rankCount, tables);
}
