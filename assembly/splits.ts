/**
 * The best split of a node: features are drawn, the node's rows sorted by each, and the places between them gone over.
 *
 * Draws are those of scikit-learn's `node_split_best`: without replacement, by Fisher and Yates, until as many were looked at
 * as wanted and one of them is not constant. In `features` lie: constants known before (drawn ones first), those newly found,
 * those not yet drawn, those drawn.
 */
import {
  ALL,
  CONSTANT,
  CONSTANTS,
  COUNTS,
  DECREASE,
  FEATURE,
  FEATURES,
  GENERATOR,
  KEPT,
  KEYS,
  LOW,
  PROXY,
  SAMPLES,
  SPARE,
  enter,
  scan,
} from './criteria';
import { isStopped } from './team';

// @ts-ignore: decorator
@inline
function place(list: usize, i: i32): usize {
  return list + (<usize>i << 2);
}

// @ts-ignore: decorator
@inline
function exchange(features: usize, i: i32, j: i32): void {
  const moved = load<i32>(place(features, i));
  store<i32>(place(features, i), load<i32>(place(features, j)));
  store<i32>(place(features, j), moved);
}

/** Source: G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003). */
// @ts-ignore: decorator
@inline
function random(search: usize): i32 {
  let state = load<u32>(search, GENERATOR);
  if (state == 0) state = 1;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  store<u32>(search, state, GENERATOR);
  return <i32>(state & 0x7fffffff);
}

/** Lengths up to which insertion is faster than counting passes. */
const FEW: i32 = 40;

/** Sorts the keys of `length` rows, whose ranks are in [least, greatest]. returns where they are: in `keys` or in `spare` */
function sortKeys(keys: usize, spare: usize, length: i32, least: u32, greatest: u32, counts: usize): usize {
  if (length <= FEW) {
    const end = keys + (<usize>length << 3);
    for (let at = keys + 8; at < end; at += 8) {
      const key = load<u64>(at);
      let to = at;
      for (; to > keys && load<u64>(to - 8) > key; to -= 8) store<u64>(to, load<u64>(to - 8));
      store<u64>(to, key);
    }
    return keys;
  }
  const bits: u32 = length < 2048 ? 8 : 11;
  for (let shift: u32 = 0; shift < 31 && (greatest - least) >> shift > 0; shift += bits) {
    pass(keys, spare, length, least, shift, (1 << bits) - 1, counts);
    const from = keys;
    keys = spare;
    spare = from;
  }
  return keys;
}

/** A counting pass over one digit of rank − least: rows with the same one keep their order. */
function pass(keys: usize, to: usize, length: i32, least: u32, shift: u32, mask: u32, counts: usize): void {
  const end = keys + (<usize>length << 3);
  memory.fill(counts, 0, (<usize>mask + 1) << 2);
  for (let at = keys; at < end; at += 8) {
    const count = counts + (<usize>(((load<u32>(at, 4) - least) >> shift) & mask) << 2);
    store<u32>(count, load<u32>(count) + 8);
  }
  let start: u32 = <u32>to;
  for (let digit: u32 = 0; digit <= mask; digit++) {
    const at = counts + (<usize>digit << 2);
    const count = load<u32>(at);
    store<u32>(at, start);
    start += count;
  }
  for (let at = keys; at < end; at += 8) {
    const key = load<u64>(at);
    const count = counts + (<usize>(((<u32>(key >> 32) - least) >> shift) & mask) << 2);
    const slot = load<u32>(count);
    store<u64>(<usize>slot, key);
    store<u32>(count, slot + 8);
  }
}

/** returns false where the node's rows do not differ in the feature; a better split is the best one then */
function look(search: usize, task: usize, feature: i32, start: i32, end: i32, least: i32): bool {
  const ranks = <usize>load<u32>(place(<usize>load<u32>(task), feature));
  const samples = <usize>load<u32>(search, SAMPLES), keys = <usize>load<u32>(search, KEYS);
  let lowest: u32 = 0x7fffffff, highest: u32 = 0;
  let at = keys;
  for (let i = start; i < end; i++, at += 8) {
    const rank = load<u32>(ranks + (<usize>load<u32>(place(samples, i)) << 2));
    store<u32>(at, <u32>(i - start));
    store<u32>(at, rank, 4);
    lowest = min(lowest, rank);
    highest = max(highest, rank);
  }
  if (lowest == highest) return false;
  const length = end - start;
  const spare = <usize>load<u32>(search, SPARE);
  const sorted = sortKeys(keys, spare, length, lowest, highest, <usize>load<u32>(search, COUNTS));
  if (scan(search, task, sorted, length, least)) store<i32>(search, feature, FEATURE);
  return true;
}

/** Brings the rows of ranks up to `low` to the front, either side in its order; returns where the others begin. */
function part(search: usize, ranks: usize, start: i32, end: i32, low: u32): i32 {
  const samples = <usize>load<u32>(search, SAMPLES), kept = <usize>load<u32>(search, KEPT);
  let front = place(samples, start), behind = kept;
  for (let at = front, last = place(samples, end); at < last; at += 4) {
    const row = load<u32>(at);
    const isLeft = load<u32>(ranks + (<usize>row << 2)) <= low;
    // Both are written, one is kept: no branch. In front lies what was read already.
    store<u32>(behind, row);
    store<u32>(front, row);
    front += <usize>i32(isLeft) << 2;
    behind += <usize>i32(!isLeft) << 2;
  }
  memory.copy(front, kept, behind - kept);
  return <i32>((front - samples) >> 2);
}

/**
 * Looks for the best split of the node of `samples[start]` … `samples[end − 1]` and parts them by it; the split is in the
 * search then, the decrease as part of all. `bounds` as in growth.ts.
 * returns where the right side begins; −1: a leaf
 */
export function split(search: usize, task: usize, bounds: usize, start: i32, end: i32, depth: i32, constants: i32): i32 {
  enter(search, task, start, end);
  if (depth == 0) store<f64>(search, load<f64>(search), ALL);
  const count = end - start, least = load<i32>(bounds, 8), wanted = load<i32>(bounds, 12);
  if (depth >= load<i32>(bounds) || count < load<i32>(bounds, 4) || count < 2 * least) return -1;
  if (load<f64>(search, 8) <= f64.EPSILON) return -1;
  store<f64>(search, -Infinity, PROXY);
  store<i32>(search, -1, FEATURE);
  const features = <usize>load<u32>(search, FEATURES), constant = <usize>load<u32>(search, CONSTANT);
  let undrawn = load<i32>(task, 4), visited = 0, found = 0, drawn = 0;
  while (undrawn > constants + found && (visited < wanted || visited <= found + drawn)) {
    if (count > 4096 && isStopped(task)) return -1;
    visited++;
    let j = drawn + random(search) % (undrawn - found - drawn);
    if (j < constants) {
      exchange(features, drawn++, j);
      continue;
    }
    j += found;
    if (look(search, task, load<i32>(place(features, j)), start, end, least)) exchange(features, --undrawn, j);
    else exchange(features, constants + found++, j);
  }
  // The order of what was known to be constant is kept for the siblings.
  memory.copy(features, constant, <usize>constants << 2);
  memory.copy(place(constant, constants), place(features, constants), <usize>found << 2);
  const feature = load<i32>(search, FEATURE);
  const improvement = (load<f64>(search) / load<f64>(search, ALL)) * load<f64>(search, DECREASE);
  if (feature < 0 || improvement + f64.EPSILON < load<f64>(bounds, 24)) return -1;
  store<f64>(search, improvement, DECREASE);
  store<i32>(search, constants + found, CONSTANTS);
  return part(search, <usize>load<u32>(place(<usize>load<u32>(task), feature)), start, end, load<u32>(search, LOW));
}
