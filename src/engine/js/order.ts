import type { OrderKernel, PairCounts } from '../../ports/order.js';
import type { Numbers } from '../../ports/tables.js';
import { pairCounts } from '../pairs.js';
import { cellsOf, eachPresent } from './cells.js';

/** The platform's typed-array sort, and a search in what it gives. */
export const order: OrderKernel = {
  sort,
  rank(column) {
    const groups = groupsOf(sort(column));
    const ranks = new Float64Array(column.length).fill(NaN);
    eachPresent(column, (value, row) => {
      const group = groups.of(value);
      ranks[row] = (groups.starts[group]! + groups.starts[group + 1]! + 1) / 2;
    });
    const ties = groups.sum((t) => t ** 3 - t);
    return { ranks, count: groups.count, ties, distinct: groups.values.length };
  },
  pairs,
};

function sort(column: Numbers): Float64Array {
  const values = new Float64Array(column.length);
  let count = 0;
  eachPresent(column, (value) => {
    // Adding zero makes one zero of two.
    values[count++] = value + 0;
  });
  return values.subarray(0, count).sort();
}

/** Groups of equal values of an ascending array. */
function groupsOf(sorted: Float64Array) {
  const firsts = sorted.map((value, i) => (i === 0 || value !== sorted[i - 1] ? 1 : 0));
  const size = firsts.reduce((sum, first) => sum + first, 0);
  const values = new Float64Array(size);
  const starts = new Float64Array(size + 1).fill(sorted.length);
  let next = 0;
  sorted.forEach((value, i) => {
    if (firsts[i] === 0) return;
    values[next] = value;
    starts[next++] = i;
  });
  return {
    count: sorted.length,
    values,
    starts,
    /** The group of a value that is there. */
    of(value: number): number {
      let [low, high] = [0, size - 1];
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (values[middle]! <= value) low = middle;
        else high = middle - 1;
      }
      return low;
    },
    /** Σ over groups of t equal values. */
    sum(term: (t: number) => number): number {
      let sum = 0;
      for (let group = 0; group < size; group++) sum += term(starts[group + 1]! - starts[group]!);
      return sum;
    },
  };
}

/** Rows by x and, where it is equal, by y: what is out of the order of y then is discordant. Source: Knight 1966. */
function pairs(x: Numbers, y: Numbers): PairCounts {
  const [xs, ys] = [cellsOf(x), cellsOf(y)];
  const rows = Uint32Array.from(xs.keys()).filter((row) => xs[row] === xs[row] && ys[row] === ys[row]);
  rows.sort((a, b) => compare(xs[a]!, xs[b]!) || compare(ys[a]!, ys[b]!));
  const ties = (cells: Float64Array) => {
    const groups = groupsOf(Float64Array.from(rows, (row) => cells[row]! + 0).sort());
    return {
      pairs: groups.sum((t) => (t * (t - 1)) / 2),
      t1: groups.sum((t) => t * (t - 1) * (t - 2)),
      t2: groups.sum((t) => t * (t - 1) * (2 * t + 5)),
    };
  };
  let both = 0;
  for (let i = 1, run = 0; i < rows.length; i++) {
    const [a, b] = [rows[i - 1]!, rows[i]!];
    run = xs[a] === xs[b] && ys[a] === ys[b] ? run + 1 : 0;
    both += run;
  }
  const discordant = inversions(Float64Array.from(rows, (row) => ys[row]!));
  return pairCounts(rows.length, ties(xs), ties(ys), both, discordant);
}

/** Infinities have no difference. */
const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/** Pairs of which the earlier is greater, by merging from the bottom up. */
function inversions(values: Float64Array<ArrayBuffer>): number {
  let [from, to] = [values, new Float64Array(values.length)];
  let count = 0;
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length);
      const end = Math.min(start + 2 * width, values.length);
      let [left, right] = [start, middle];
      for (let at = start; at < end; at++) {
        if (right === end || (left < middle && from[left]! <= from[right]!)) to[at] = from[left++]!;
        else {
          to[at] = from[right++]!;
          count += middle - left;
        }
      }
    }
    [from, to] = [to, from];
  }
  return count;
}
