/** Keys with what belongs to them; the second of each is room for a pass. */
export interface KeyRoom {
  readonly keys: readonly [Int32Array, Int32Array];
  readonly places: readonly [Int32Array, Int32Array];
}

export const keyRoom = (length: number): KeyRoom => ({
  keys: [new Int32Array(length), new Int32Array(length)],
  places: [new Int32Array(length), new Int32Array(length)],
});

/** Lengths up to which insertion is faster than counting passes. */
const FEW = 48;
const counts = new Int32Array(2048);

/**
 * Sorts the first `length` of `keys[0]`, all in [least, greatest], and `places[0]` with them; equal keys keep their order.
 * Returns 0 or 1: in which of the two the sorted ones are. Few by insertion, more by counting passes over the digits of
 * key − least (radix), as many as the span of the keys needs.
 */
export function sortKeys(room: KeyRoom, length: number, least: number, greatest: number): 0 | 1 {
  if (length <= FEW) {
    insert(room.keys[0], room.places[0], length);
    return 0;
  }
  const bits = length < 2048 ? 8 : 11;
  let from: 0 | 1 = 0;
  for (let shift = 0; shift < 31 && (greatest - least) >>> shift > 0; shift += bits) {
    pass(room, from, length, least, shift, (1 << bits) - 1);
    from = from === 0 ? 1 : 0;
  }
  return from;
}

function insert(keys: Int32Array, places: Int32Array, length: number): void {
  for (let i = 1; i < length; i++) {
    const key = keys[i]!;
    const place = places[i]!;
    let j = i - 1;
    for (; j >= 0 && keys[j]! > key; j--) {
      keys[j + 1] = keys[j]!;
      places[j + 1] = places[j]!;
    }
    keys[j + 1] = key;
    places[j + 1] = place;
  }
}

function pass(room: KeyRoom, from: 0 | 1, length: number, least: number, shift: number, mask: number): void {
  const keys = room.keys[from];
  const places = room.places[from];
  const toKeys = room.keys[from === 0 ? 1 : 0];
  const toPlaces = room.places[from === 0 ? 1 : 0];
  counts.fill(0, 0, mask + 1);
  for (let i = 0; i < length; i++) counts[((keys[i]! - least) >>> shift) & mask]!++;
  let start = 0;
  for (let digit = 0; digit <= mask; digit++) {
    const count = counts[digit]!;
    counts[digit] = start;
    start += count;
  }
  for (let i = 0; i < length; i++) {
    const key = keys[i]!;
    const to = counts[((key - least) >>> shift) & mask]!++;
    toKeys[to] = key;
    toPlaces[to] = places[i]!;
  }
}
