import type { Metric } from '../ports/neighbours.js';
import { select } from './arrange.js';

/**
 * A tree of boxes over points. Points lie in `points` in the tree's order, row-major; `rows` says which row each is. Node i
 * has the places `start[i]` … `end[i] − 1` and a box, `low` and `high` (nodes × d); its children are `left[i]` and
 * `left[i] + 1`, none where `left[i]` is 0.
 */
export interface KdTree {
  readonly d: number;
  readonly points: Float64Array;
  readonly rows: Int32Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly left: Int32Array;
  readonly parent: Int32Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/**
 * Parts the points in two at the median of the widest side of their box until at most `leafSize` are left.
 * Source: J. L. Bentley, "Multidimensional binary search trees", CACM 18 (1975).
 */
export function kdTree(columns: readonly Float64Array[], leafSize = 32): KdTree {
  const d = columns.length;
  const n = columns[0]?.length ?? 0;
  const rows = Int32Array.from({ length: n }, (_, i) => i);
  const most = 4 * Math.ceil(n / leafSize) + 3;
  const start = new Int32Array(most);
  const end = new Int32Array(most);
  const left = new Int32Array(most);
  const parent = new Int32Array(most);
  const low = new Float64Array(most * d);
  const high = new Float64Array(most * d);
  let nodes = 1;
  end[0] = n;
  for (let node = 0; node < nodes; node++) {
    const widest = box(columns, rows, start[node]!, end[node]!, low, high, node * d);
    if (end[node]! - start[node]! <= leafSize || widest < 0) continue;
    const middle = (start[node]! + end[node]!) >> 1;
    select(columns[widest]!, rows, start[node]!, end[node]! - 1, middle);
    left[node] = nodes;
    parent[nodes] = node;
    parent[nodes + 1] = node;
    start[nodes] = start[node]!;
    end[nodes] = middle;
    start[nodes + 1] = middle;
    end[nodes + 1] = end[node]!;
    nodes += 2;
  }
  const points = new Float64Array(n * d);
  for (let j = 0; j < d; j++) {
    const column = columns[j]!;
    for (let i = 0; i < n; i++) points[i * d + j] = column[rows[i]!]!;
  }
  return { d, points, rows, start, end, left, parent, low, high };
}

/** Writes the box of the rows; returns its widest side, −1 where all rows are the same. */
function box(
  columns: readonly Float64Array[],
  rows: Int32Array,
  start: number,
  end: number,
  low: Float64Array,
  high: Float64Array,
  at: number,
): number {
  let widest = -1;
  let width = 0;
  for (let j = 0; j < columns.length; j++) {
    const column = columns[j]!;
    let least = Infinity;
    let greatest = -Infinity;
    for (let i = start; i < end; i++) {
      const value = column[rows[i]!]!;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    low[at + j] = least;
    high[at + j] = greatest;
    if (greatest - least <= width) continue;
    width = greatest - least;
    widest = j;
  }
  return widest;
}

/** Reduced distance of two points, summed in column order. */
export function distance(
  metric: Metric,
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  d: number,
): number {
  let sum = 0;
  if (metric === 'euclidean') {
    for (let k = 0; k < d; k++) {
      const difference = a[i + k]! - b[j + k]!;
      sum += difference * difference;
    }
    return sum;
  }
  for (let k = 0; k < d; k++) sum += Math.abs(a[i + k]! - b[j + k]!);
  return sum;
}

/**
 * Least reduced distance from a point to a box. Rounding is monotone and sums go in the same order, so no point of the box
 * has a lesser distance as computed.
 */
export function nearestOfBox(
  metric: Metric,
  point: Float64Array,
  i: number,
  { d, low, high }: KdTree,
  node: number,
): number {
  const at = node * d;
  const squared = metric === 'euclidean';
  let sum = 0;
  for (let k = 0; k < d; k++) {
    const x = point[i + k]!;
    const side = Math.max(low[at + k]! - x, x - high[at + k]!, 0);
    sum += squared ? side * side : side;
  }
  return sum;
}

/** Greatest reduced distance from a point to a box, likewise never less than that of a point in it. */
export function farthestOfBox(
  metric: Metric,
  point: Float64Array,
  i: number,
  { d, low, high }: KdTree,
  node: number,
): number {
  const at = node * d;
  const squared = metric === 'euclidean';
  let sum = 0;
  for (let k = 0; k < d; k++) {
    const x = point[i + k]!;
    const side = Math.max(Math.abs(x - low[at + k]!), Math.abs(high[at + k]! - x));
    sum += squared ? side * side : side;
  }
  return sum;
}
