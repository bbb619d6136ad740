/**
 * Sorts u64 keys, alone or each with a u32 that it carries, by the range they have: the digit that is looked at begins at
 * the first bit in which the smallest and the largest differ, and there are more digits than keys, up to 2,048. So most
 * digits are of one key or of a few, and one insertion sort ends it; what shares a digit with many others is sorted by the
 * next bits. A round takes seven bits at least: there are ten at most, each linear, whatever the keys are. Stable.
 * Source: Knuth, TAOCP 3, 5.2.5; Neubert 1998 (flashsort) for digits by range.
 */

/** So many keys, or digits of at most so many, an insertion sort ends. */
const FEW: i32 = 24;
const MOST_DIGIT_BITS: i32 = 11;
/** Counters of all rounds: a digit of 11 bits takes 8 KiB, and 64 bits have six of them. */
export const COUNTERS_BYTES: usize = 65536;

// @ts-ignore: decorator
@inline
export function keyOf(value: f64): u64 {
  // Adding zero makes one zero of two.
  const bits = reinterpret<i64>(value + 0);
  return <u64>(bits ^ ((bits >> 63) | i64.MIN_VALUE));
}

// @ts-ignore: decorator
@inline
export function valueOf(key: u64): f64 {
  const bits = <i64>key;
  return reinterpret<f64>(bits ^ (~(bits >> 63) | i64.MIN_VALUE));
}

// @ts-ignore: decorator
@inline
function insert(keys: usize, carried: usize, count: i32, carries: bool): void {
  const end = keys + ((<usize>count) << 3);
  for (let at = keys + 8; at < end; at += 8) {
    const key = load<u64>(at);
    if (load<u64>(at - 8) <= key) continue;
    const own = carries ? load<u32>(carried + ((at - keys) >> 1)) : 0;
    let to = at;
    do {
      store<u64>(to, load<u64>(to - 8));
      if (carries) {
        const place = carried + ((to - keys) >> 1);
        store<u32>(place, load<u32>(place - 4));
      }
      to -= 8;
    } while (to > keys && load<u64>(to - 8) > key);
    store<u64>(to, key);
    if (carries) store<u32>(carried + ((to - keys) >> 1), own);
  }
}

// @ts-ignore: decorator
@inline
function move(keys: usize, carried: usize, toKeys: usize, toCarried: usize, count: i32, carries: bool): void {
  memory.copy(toKeys, keys, (<usize>count) << 3);
  if (carries) memory.copy(toCarried, carried, (<usize>count) << 2);
}

/** One round. returns the digits of which some have keys that are to be sorted further, in `other`; 0 when all is done */
// @ts-ignore: decorator
@inline
function sortRound(keys: usize, carried: usize, otherKeys: usize, otherCarried: usize, count: i32, stay: bool, counters: usize, carries: bool): usize {
  if (count <= FEW) {
    insert(keys, carried, count, carries);
    if (!stay) move(keys, carried, otherKeys, otherCarried, count, carries);
    return 0;
  }
  const end = keys + ((<usize>count) << 3);
  let low = load<u64>(keys);
  let high = low;
  for (let at = keys + 8; at < end; at += 8) {
    const key = load<u64>(at);
    low = select<u64>(key, low, key < low);
    high = select<u64>(key, high, key > high);
  }
  if (low == high) {
    if (!stay) move(keys, carried, otherKeys, otherCarried, count, carries);
    return 0;
  }
  // Twice to four times as many as keys; less than that, and neighbours are out of order more often.
  const digitBits = min(MOST_DIGIT_BITS, 34 - <i32>clz<i32>(count));
  const range = 64 - <i32>clz<u64>(high - low);
  const shift = <u64>max(0, range - digitBits);
  const digits = <usize>((high - low) >> shift) + 1;
  memory.fill(counters, 0, digits << 2);
  for (let at = keys; at < end; at += 8) {
    const counter = counters + (<usize>((load<u64>(at) - low) >> shift) << 2);
    store<u32>(counter, load<u32>(counter) + 1);
  }
  const countersEnd = counters + (digits << 2);
  let sum: u32 = 0;
  let most: u32 = 0;
  for (let counter = counters; counter < countersEnd; counter += 4) {
    const own = load<u32>(counter);
    store<u32>(counter, sum);
    sum += own;
    most = max(most, own);
  }
  for (let at = keys, from = carried; at < end; at += 8, from += 4) {
    const key = load<u64>(at);
    const counter = counters + (<usize>((key - low) >> shift) << 2);
    const to = load<u32>(counter);
    store<u32>(counter, to + 1);
    store<u64>(otherKeys + ((<usize>to) << 3), key);
    if (carries) store<u32>(otherCarried + ((<usize>to) << 2), load<u32>(from));
  }
  if (most <= <u32>FEW) {
    insert(otherKeys, otherCarried, count, carries);
    if (stay) move(otherKeys, otherCarried, keys, carried, count, carries);
    return 0;
  }
  return digits;
}

/**
 * Sorts keys.
 *
 * INOUT keys, other   count × u64 each; the result is in `keys` where `stay`, else in `other`
 *       counters      64 KiB of scratch
 */
export function sortKeys(keys: usize, other: usize, count: i32, stay: bool, counters: usize): void {
  const end = counters + (sortRound(keys, 0, other, 0, count, stay, counters, false) << 2);
  // Each counter has become the end of its digit's keys.
  for (let counter = counters, from: usize = 0; counter < end; counter += 4) {
    const to = <usize>load<u32>(counter);
    if (to > from) sortKeys(other + (from << 3), keys + (from << 3), <i32>(to - from), !stay, end);
    from = to;
  }
}

/** The same with what each carries: count × u32 in `carried` and `otherCarried`. */
export function sortCarrying(keys: usize, carried: usize, other: usize, otherCarried: usize, count: i32, stay: bool, counters: usize): void {
  const end = counters + (sortRound(keys, carried, other, otherCarried, count, stay, counters, true) << 2);
  for (let counter = counters, from: usize = 0; counter < end; counter += 4) {
    const to = <usize>load<u32>(counter);
    const wide = from << 3, narrow = from << 2;
    if (to > from) sortCarrying(other + wide, otherCarried + narrow, keys + wide, carried + narrow, <i32>(to - from), !stay, end);
    from = to;
  }
}
