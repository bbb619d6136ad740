import { boundOf } from './segments.js';
import type { Window } from './windows.js';

/** Windows up to which the values are kept in order one by one. */
const SHORT = 128;

/** Median of rolling windows; of an even number of values the mean of the middle two. */
export function rollingMedian(windows: Window, out: Float64Array): void {
  if (windows.window <= SHORT) inOrder(windows, out);
  else byPlaces(windows, out);
}

function inOrder({ values, window, least }: Window, out: Float64Array): void {
  const sorted = new Float64Array(window + 1);
  let count = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    const old = row >= window ? values[row - window]! : NaN;
    // The free place moves from that of the value that goes to that of the one that comes.
    let free = count;
    if (old === old) {
      free = 0;
      while (sorted[free] !== old) free++;
      count--;
    }
    if (value === value) {
      for (; free > 0 && sorted[free - 1]! > value; free--) sorted[free] = sorted[free - 1]!;
      for (; free < count && sorted[free + 1]! < value; free++) sorted[free] = sorted[free + 1]!;
      sorted[free] = value;
      count++;
    } else for (; free < count; free++) sorted[free] = sorted[free + 1]!;
    const half = count >> 1;
    if (count < least || count === 0) out[row] = NaN;
    else out[row] = count % 2 === 1 ? sorted[half]! : (sorted[half]! + sorted[half - 1]!) / 2;
  }
}

/** Each value has a place among all sorted ones; the places in the window are bits, and with each row the middle moves by at most one. */
function byPlaces({ values, window, least }: Window, out: Float64Array): void {
  const sorted = values.filter((value) => value === value).sort();
  const places = placesOf(values, sorted);
  const bits = bitsOf(sorted.length);
  // The lower middle one, and how many values of the window are below it.
  let [middle, below, count] = [-1, 0, 0];
  for (let row = 0; row < values.length; row++) {
    const old = row >= window ? places[row - window]! : -1;
    if (old >= 0) {
      bits.clear(old);
      count--;
      if (old < middle) below--;
      else if (old === middle) {
        middle = bits.next(old);
        if (middle < 0) {
          middle = bits.previous(old);
          below--;
        }
      }
    }
    const place = places[row]!;
    if (place >= 0) {
      bits.set(place);
      count++;
      if (count === 1) {
        middle = place;
        below = 0;
      } else if (place < middle) below++;
    }
    const half = (count - 1) >> 1;
    for (; below < half; below++) middle = bits.next(middle);
    for (; below > half; below--) middle = bits.previous(middle);
    if (count < least || count === 0) out[row] = NaN;
    else out[row] = count % 2 === 1 ? sorted[middle]! : (sorted[bits.next(middle)]! + sorted[middle]!) / 2;
  }
}

/** Each value's place among the sorted ones, equal values in the order of their rows; −1 where missing. */
function placesOf(values: Float64Array, sorted: Float64Array): Int32Array {
  const places = new Int32Array(values.length);
  const taken = new Int32Array(sorted.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (value !== value) places[row] = -1;
    else {
      const first = boundOf(sorted, value, false);
      places[row] = first + taken[first]!++;
    }
  }
  return places;
}

interface Bits {
  set(place: number): void;
  clear(place: number): void;
  /** The nearest set bit above a place, −1 for none. */
  next(place: number): number;
  /** The nearest below. */
  previous(place: number): number;
}

/** A set of places: words of 32 bits, and over them words that say which have any, up to one word. */
function bitsOf(size: number): Bits {
  const levels: Int32Array[] = [];
  for (let words = size; words > 1 || levels.length === 0;) {
    words = Math.max(1, Math.ceil(words / 32));
    levels.push(new Int32Array(words));
  }
  return {
    set(place) {
      for (let level = 0, at = place; level < levels.length; level++, at >>= 5) {
        const words = levels[level]!;
        const before = words[at >> 5]!;
        words[at >> 5] = before | (1 << (at & 31));
        if (before !== 0) return;
      }
    },
    clear(place) {
      for (let level = 0, at = place; level < levels.length; level++, at >>= 5) {
        const words = levels[level]!;
        words[at >> 5]! &= ~(1 << (at & 31));
        if (words[at >> 5] !== 0) return;
      }
    },
    next(place) {
      for (let level = 0, at = place; level < levels.length; level++, at >>= 5) {
        // Bits above; of bit 31 there are none.
        const above = (at & 31) === 31 ? 0 : levels[level]![at >> 5]! & (-2 << (at & 31));
        if (above === 0) continue;
        let found = (at & ~31) + 31 - Math.clz32(above & -above);
        while (level-- > 0) {
          const word = levels[level]![found]!;
          found = found * 32 + 31 - Math.clz32(word & -word);
        }
        return found;
      }
      return -1;
    },
    previous(place) {
      for (let level = 0, at = place; level < levels.length; level++, at >>= 5) {
        const below = levels[level]![at >> 5]! & ((1 << (at & 31)) - 1);
        if (below === 0) continue;
        let found = (at & ~31) + 31 - Math.clz32(below);
        while (level-- > 0) found = found * 32 + 31 - Math.clz32(levels[level]![found]!);
        return found;
      }
      return -1;
    },
  };
}
