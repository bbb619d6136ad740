import type { Window } from './windows.js';
import { boundOf } from './segments.js';

/** Windows up to which the values are kept in order one by one. */
const SHORT = 256;

/** Median of rolling windows; of an even number of values the mean of the middle two. */
export function rollingMedian({ values, window, least }: Window, out: Float64Array): void {
  const kept = window <= SHORT ? inOrder(window) : byRank(values);
  for (let row = 0; row < values.length; row++) {
    if (row >= window) {
      const old = values[row - window]!;
      if (old === old) kept.remove(old);
    }
    const value = values[row]!;
    if (value === value) kept.add(value);
    const count = kept.count();
    const half = count >> 1;
    if (count < least || count === 0) out[row] = NaN;
    else if (count % 2 === 1) out[row] = kept.at(half);
    else out[row] = (kept.at(half) + kept.at(half - 1)) / 2;
  }
}

interface Ordered {
  add(value: number): void;
  remove(value: number): void;
  count(): number;
  /** The value that `place` others come before. */
  at(place: number): number;
}

function inOrder(window: number): Ordered {
  const sorted = new Float64Array(window);
  let count = 0;
  const placeOf = (value: number): number => {
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    add(value) {
      let place = count++;
      for (; place > 0 && sorted[place - 1]! > value; place--) sorted[place] = sorted[place - 1]!;
      sorted[place] = value;
    },
    remove(value) {
      count--;
      for (let place = placeOf(value); place < count; place++) sorted[place] = sorted[place + 1]!;
    },
    count: () => count,
    at: (place) => sorted[place]!,
  };
}

/** Counts of the column's values by rank, in a tree of sums. Source: P. M. Fenwick, Software: Practice and Experience 24 (1994). */
function byRank(values: Float64Array): Ordered {
  const ranked = values.filter((value) => value === value).sort();
  const size = ranked.length;
  const tree = new Int32Array(size + 1);
  const top = 2 ** (31 - Math.clz32(Math.max(1, size)));
  let count = 0;
  const change = (value: number, by: number): void => {
    count += by;
    for (let i = boundOf(ranked, value, false) + 1; i <= size; i += i & -i) tree[i]! += by;
  };
  return {
    add(value) {
      change(value, 1);
    },
    remove(value) {
      change(value, -1);
    },
    count: () => count,
    at(place) {
      let [i, before] = [0, 0];
      for (let step = top; step > 0; step >>= 1) {
        if (i + step <= size && before + tree[i + step]! <= place) {
          i += step;
          before += tree[i]!;
        }
      }
      return ranked[i]!;
    },
  };
}
