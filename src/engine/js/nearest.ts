import type { Metric } from '../../ports/neighbours.js';
import { type KdTree, nearestOfBox } from '../kd-tree.js';

/** The nearest points of one query: rows and reduced distances, the nearest first, of equals the lower row. */
export interface Found {
  readonly rows: Int32Array;
  readonly distances: Float64Array;
  count: number;
}

/** Finds the `k` nearest points of the tree to queries, one at a time; the answer is overwritten by the next. */
export function nearestSearch(
  tree: KdTree,
  k: number,
  metric: Metric,
): (queries: Float64Array, at: number) => Found {
  const found: Found = { rows: new Int32Array(k), distances: new Float64Array(k), count: 0 };
  const { left } = tree;
  const scan = metric === 'euclidean' ? scanSquares : scanSizes;
  // A node is visited with its bound: the one that was pushed last is the nearer child.
  const open = new Int32Array(128);
  const bounds = new Float64Array(128);
  return (queries, at) => {
    found.count = 0;
    open[0] = 0;
    bounds[0] = 0;
    for (let top = 1; top > 0;) {
      const node = open[--top]!;
      // Equal bounds may hide a lower row.
      if (found.count === k && bounds[top]! > found.distances[k - 1]!) continue;
      const child = left[node]!;
      if (child === 0) {
        scan(tree, node, queries, at, found);
        continue;
      }
      const first = nearestOfBox(metric, queries, at, tree, child);
      const second = nearestOfBox(metric, queries, at, tree, child + 1);
      const near = first <= second ? 0 : 1;
      open[top] = child + 1 - near;
      bounds[top++] = near === 0 ? second : first;
      open[top] = child + near;
      bounds[top++] = near === 0 ? first : second;
    }
    return found;
  };
}

/** Goes over the points of a leaf, by squares. A sum that is beyond the last place is not summed to its end. */
function scanSquares(
  { d, points, rows, start, end }: KdTree,
  node: number,
  queries: Float64Array,
  at: number,
  found: Found,
): void {
  const { distances } = found;
  const k = distances.length;
  const whole = d & ~3;
  let bound = found.count === k ? distances[k - 1]! : Infinity;
  const last = end[node]!;
  for (let i = start[node]!; i < last; i++) {
    const from = i * d;
    let sum = 0;
    let j = 0;
    for (; j < whole && sum <= bound; j += 4) {
      const a = queries[at + j]! - points[from + j]!;
      const b = queries[at + j + 1]! - points[from + j + 1]!;
      const c = queries[at + j + 2]! - points[from + j + 2]!;
      const e = queries[at + j + 3]! - points[from + j + 3]!;
      sum = sum + a * a + b * b + c * c + e * e;
    }
    for (; j < d && sum <= bound; j++) {
      const a = queries[at + j]! - points[from + j]!;
      sum += a * a;
    }
    if (sum > bound) continue;
    insert(found, sum, rows[i]!);
    if (found.count === k) bound = distances[k - 1]!;
  }
}

/** The same by absolute differences. */
function scanSizes(
  { d, points, rows, start, end }: KdTree,
  node: number,
  queries: Float64Array,
  at: number,
  found: Found,
): void {
  const { distances } = found;
  const k = distances.length;
  const whole = d & ~3;
  let bound = found.count === k ? distances[k - 1]! : Infinity;
  const last = end[node]!;
  for (let i = start[node]!; i < last; i++) {
    const from = i * d;
    let sum = 0;
    let j = 0;
    for (; j < whole && sum <= bound; j += 4) {
      const a = queries[at + j]! - points[from + j]!;
      const b = queries[at + j + 1]! - points[from + j + 1]!;
      const c = queries[at + j + 2]! - points[from + j + 2]!;
      const e = queries[at + j + 3]! - points[from + j + 3]!;
      sum = sum + Math.abs(a) + Math.abs(b) + Math.abs(c) + Math.abs(e);
    }
    for (; j < d && sum <= bound; j++) {
      const a = queries[at + j]! - points[from + j]!;
      sum += Math.abs(a);
    }
    if (sum > bound) continue;
    insert(found, sum, rows[i]!);
    if (found.count === k) bound = distances[k - 1]!;
  }
}

/** Keeps the list in order; what is behind the last place is dropped. */
function insert(found: Found, reduced: number, row: number): void {
  const { rows, distances } = found;
  const k = rows.length;
  let i = found.count < k ? found.count : k - 1;
  if (found.count === k && reduced === distances[i]! && row > rows[i]!) return;
  if (found.count < k) found.count++;
  for (; i > 0; i--) {
    const before = distances[i - 1]!;
    if (before < reduced || (before === reduced && rows[i - 1]! < row)) break;
    distances[i] = before;
    rows[i] = rows[i - 1]!;
  }
  distances[i] = reduced;
  rows[i] = row;
}
