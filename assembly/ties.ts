/**
 * What becomes of a bucket of sorted values (order.ts), by the plan's form:
 *
 *     0   values   out: float64, the values ascending
 *     1   ranks    out: float64 a row, its mean rank from 1; NaN for the rows of the last bucket
 *     2   places   out: u32 a row, how many values are smaller than its own
 *     3   runs     what equal values carry is put in ascending order, where it is; out is not used
 *
 * Of each bucket it tells, float64:
 *
 *     byte 0    distinct   groups of equal values
 *          8    cubes      Σ t³ − t over groups of t
 *         16    pairs      Σ t(t − 1)/2
 *         24    t1         Σ t(t − 1)(t − 2)
 *         32    t2         Σ t(t − 1)(2t + 5)
 *         40    both       runs: Σ t(t − 1)/2 over groups that carry the same as well
 */
import { sortKeys, valueOf } from './radix';

const FOUND_BYTES: usize = 48;
const VALUES: u32 = 0;
const RANKS: u32 = 1;
const PLACES: u32 = 2;

/** Pairs that a sorted list has of equal keys. */
function equalPairs(keys: usize, count: i32): f64 {
  let pairs: f64 = 0;
  let run: f64 = 0;
  for (let i = 1; i < count; i++) {
    const at = keys + ((<usize>i) << 3);
    run = load<u64>(at) == load<u64>(at - 8) ? run + 1 : 0;
    pairs += run;
  }
  return pairs;
}

/** Sorts what a group carries, by way of its keys, which are needed no more. returns the pairs that carry the same */
function sortCarried(keys: usize, other: usize, carried: usize, count: i32, counters: usize): f64 {
  for (let i: usize = 0; i < <usize>count; i++) store<u64>(keys + (i << 3), <u64>load<u32>(carried + (i << 2)));
  sortKeys(keys, other, count, true, counters);
  for (let i: usize = 0; i < <usize>count; i++) store<u32>(carried + (i << 2), <u32>load<u64>(keys + (i << 3)));
  return equalPairs(keys, count);
}

function missing(form: u32, out: usize, rows: usize, count: i32): void {
  if (form != RANKS) return;
  for (let i: usize = 0; i < <usize>count; i++) store<f64>(out + ((<usize>load<u32>(rows + (i << 2))) << 3), NaN);
}

/**
 * A bucket that begins at place `start` of the order.
 *
 * INOUT keys, other   count × u64; `other` holds the keys, sorted
 * INOUT carried       count × u32
 */
export function finish(plan: usize, bucket: i32, start: usize, count: i32, keys: usize, other: usize, carried: usize, counters: usize): void {
  const form = load<u32>(plan, 68);
  const out = <usize>load<u32>(plan, 72);
  if (bucket == load<i32>(plan, 8)) return missing(form, out, carried, count);
  if (form == VALUES) {
    const to = out + (start << 3);
    for (let i: usize = 0; i < (<usize>count) << 3; i += 8) store<f64>(to + i, valueOf(load<u64>(other + i)));
    return;
  }
  let distinct: f64 = 0, cubes: f64 = 0, pairs: f64 = 0, t1: f64 = 0, t2: f64 = 0, both: f64 = 0;
  for (let first = 0; first < count;) {
    const key = load<u64>(other + ((<usize>first) << 3));
    let end = first + 1;
    while (end < count && load<u64>(other + ((<usize>end) << 3)) == key) end++;
    const t = <f64>(end - first);
    const place = start + <usize>first;
    if (form == RANKS) {
      const rank = <f64>place + (t + 1) * 0.5;
      for (let i = first; i < end; i++) store<f64>(out + ((<usize>load<u32>(carried + ((<usize>i) << 2))) << 3), rank);
    } else if (form == PLACES) {
      for (let i = first; i < end; i++) store<u32>(out + ((<usize>load<u32>(carried + ((<usize>i) << 2))) << 2), <u32>place);
    } else if (end - first > 1) {
      const from = (<usize>first) << 3;
      both += sortCarried(other + from, keys + from, carried + (from >> 1), end - first, counters);
    }
    distinct++;
    if (end - first > 1) {
      const ordered = t * (t - 1);
      cubes += ordered * (t + 1);
      pairs += ordered / 2;
      t1 += ordered * (t - 2);
      t2 += ordered * (2 * t + 5);
    }
    first = end;
  }
  const found = <usize>load<u32>(plan, 44) + <usize>bucket * FOUND_BYTES;
  store<f64>(found, distinct);
  store<f64>(found, cubes, 8);
  store<f64>(found, pairs, 16);
  store<f64>(found, t1, 24);
  store<f64>(found, t2, 32);
  store<f64>(found, both, 40);
}
