import type { DensityLabels, DensityOptions, Metric } from '../ports/neighbours.js';
import { distance, farthestOfBox, type KdTree, nearestOfBox } from './kd-tree.js';

/**
 * DBSCAN over a tree of boxes. A row's neighbours are counted until there are enough, whole boxes at a time; those without a
 * label are then reached through the boxes that still have some. So time and memory stay near those of the rows, however
 * many neighbours each has. A row at the edge of several clusters belongs to the first.
 */
export function labelByDensity(
  tree: KdTree,
  { metric, eps, least, checkpoint }: DensityOptions,
): DensityLabels {
  const n = tree.rows.length;
  const radius = metric === 'euclidean' ? eps * eps : eps;
  const places = new Int32Array(n);
  tree.rows.forEach((row, place) => {
    places[row] = place;
  });
  const labels = new Int32Array(n).fill(-1);
  const isCore = new Uint8Array(n);
  const reach = reachable(tree, metric, radius, labels);
  const stack = new Int32Array(n);
  let clusters = 0;
  let asked = 0;

  /** Whether the row is of the core; asked once of every row. */
  const counts = (row: number): boolean => {
    if ((++asked & 1023) === 0) checkpoint();
    if (countWithin(tree, metric, places[row]!, radius, least) < least) return false;
    isCore[row] = 1;
    return true;
  };

  for (let first = 0; first < n; first++) {
    if (labels[first] !== -1 || !counts(first)) continue;
    const cluster = clusters++;
    let top = reach(places[first]!, cluster, stack, 0);
    while (top > 0) {
      const row = stack[--top]!;
      // A row before `first` was found not to be of the core.
      if (row === first || (row > first && counts(row))) top = reach(places[row]!, cluster, stack, top);
    }
  }
  const core = Int32Array.from({ length: n }, (_, row) => row).filter((row) => isCore[row] === 1);
  return { labels, core, clusters };
}

/** Points within `radius` of the point at `place`, counted up to `enough`. */
function countWithin(tree: KdTree, metric: Metric, place: number, radius: number, enough: number): number {
  const { d, points, start, end, left } = tree;
  const at = place * d;
  let count = 0;
  const open = OPEN;
  open[0] = 0;
  for (let top = 1; top > 0 && count < enough;) {
    const node = open[--top]!;
    if (nearestOfBox(metric, points, at, tree, node) > radius) continue;
    if (farthestOfBox(metric, points, at, tree, node) <= radius) {
      count += end[node]! - start[node]!;
      continue;
    }
    const child = left[node]!;
    if (child === 0) {
      for (let i = start[node]!; i < end[node]!; i++)
        if (distance(metric, points, at, points, i * d, d) <= radius) count++;
      continue;
    }
    // The child that the point itself is in comes first: it is likely to have enough.
    const inFirst = place < end[child]!;
    open[top++] = inFirst ? child + 1 : child;
    open[top++] = inFirst ? child : child + 1;
  }
  return count;
}

/** Nodes still to be visited; deeper than any tree of rows that fit into memory. */
const OPEN = new Int32Array(256);

/** Gives `label` to the points within reach that have none, and puts their rows on the stack; returns its new top. */
function reachable(
  tree: KdTree,
  metric: Metric,
  radius: number,
  labels: Int32Array,
): (place: number, label: number, stack: Int32Array, top: number) => number {
  const { d, points, rows, start, end, left, parent } = tree;
  /** Of each node, how many of its points have no label. */
  const open = end.map((last, node) => last - start[node]!);
  const pending = new Int32Array(256);
  return (place, label, stack, top) => {
    const at = place * d;
    pending[0] = 0;
    for (let size = 1; size > 0;) {
      const node = pending[--size]!;
      if (open[node] === 0 || nearestOfBox(metric, points, at, tree, node) > radius) continue;
      const child = left[node]!;
      if (child !== 0) {
        pending[size++] = child + 1;
        pending[size++] = child;
        continue;
      }
      let found = 0;
      for (let i = start[node]!; i < end[node]!; i++) {
        const row = rows[i]!;
        if (labels[row] !== -1 || distance(metric, points, at, points, i * d, d) > radius) continue;
        labels[row] = label;
        stack[top++] = row;
        found++;
      }
      for (let up = node; found > 0; up = parent[up]!) {
        open[up]! -= found;
        if (up === 0) break;
      }
    }
    return top;
  };
}
