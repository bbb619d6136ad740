import type { Arranged, NearestOptions, NeighboursKernel } from '../../ports/neighbours.js';
import { arrange } from '../arrange.js';
import { labelByDensity } from '../density.js';
import { kdTree } from '../kd-tree.js';
import { nearestSearch } from './nearest.js';

/** Queries and rows that are brought together, so that they stay in the cache. */
const BLOCK = 1024;
/** Neighbours that are told at a time. */
const MOST_TOLD = 2 ** 20;

/** A block of rows, row after row. */
function blockOf(columns: readonly Float64Array[], start: number, length: number, block: Float64Array): void {
  const d = columns.length;
  for (let j = 0; j < d; j++) for (let i = 0; i < length; i++) block[i * d + j] = columns[j]![start + i]!;
}

/** The searches of a tree of boxes, one query after the other. */
function searchOf({ columns, order }: Arranged, asked: number, { count, metric }: NearestOptions) {
  // A tree is dearer than a few searches without one: then all rows are one leaf.
  const few = asked < 2 * Math.log2(order.length + 1);
  const tree = kdTree(columns, few ? order.length : undefined);
  return nearestSearch({ ...tree, rows: tree.rows.map((row) => order[row]!) }, count, metric);
}

export const neighbours: NeighboursKernel = {
  arrange,
  nearest(rows, queries, options, told) {
    const { count } = options;
    const [d, asked] = [queries.length, queries[0]?.length ?? 0];
    if (asked === 0) return;
    const search = searchOf(rows, asked, options);
    const some = Math.max(1, Math.min(BLOCK, asked, Math.floor(MOST_TOLD / count)));
    const block = new Float64Array(some * d);
    const found = new Int32Array(some * count);
    const distances = new Float64Array(some * count);
    for (let first = 0; first < asked; first += some) {
      const length = Math.min(some, asked - first);
      blockOf(queries, first, length, block);
      for (let i = 0; i < length; i++) {
        const nearest = search(block, i * d);
        found.set(nearest.rows, i * count);
        distances.set(nearest.distances, i * count);
      }
      told({
        first,
        queries: length,
        rows: found.subarray(0, length * count),
        distances: distances.subarray(0, length * count),
      });
    }
  },
  assign(columns, centers, isSummed = true) {
    const [d, rows] = [columns.length, columns[0]?.length ?? 0];
    const labels = new Int32Array(rows);
    const block = new Float64Array(BLOCK * d);
    let inertia = 0;
    for (let start = 0; start < rows; start += BLOCK) {
      const length = Math.min(BLOCK, rows - start);
      blockOf(columns, start, length, block);
      inertia += assignBlock(block, length, centers, d, labels.subarray(start, start + length));
    }
    return { labels, inertia: isSummed ? inertia : NaN };
  },
  density: (columns, options) => labelByDensity(kdTree(columns, 16), options),
};

/** IN: block, length × d; centers, k × d. OUT: labels. Returns the sum of the squared distances. */
function assignBlock(
  block: Float64Array,
  length: number,
  centers: Float64Array,
  d: number,
  labels: Int32Array,
): number {
  const k = centers.length / d;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    let nearest = 0;
    let least = Infinity;
    for (let c = 0; c < k; c++) {
      let squares = 0;
      for (let j = 0; j < d; j++) {
        const difference = block[i * d + j]! - centers[c * d + j]!;
        squares += difference * difference;
      }
      if (squares >= least) continue;
      least = squares;
      nearest = c;
    }
    labels[i] = nearest;
    sum += least;
  }
  return sum;
}
