import type { Features } from './estimator.js';

/** Rows that are brought together, so that they stay in the cache. */
const BLOCK = 1024;

/**
 * The nearest centre of each row, the first of equals, and the sum of the squared distances. `centers`: k × columns.
 * Distances are summed in column order.
 */
export function nearestCentres(
  centers: Float64Array,
  { columns, rows }: Features,
): { labels: Int32Array; inertia: number } {
  const d = columns.length;
  const labels = new Int32Array(rows);
  const block = new Float64Array(BLOCK * d);
  let inertia = 0;
  for (let start = 0; start < rows; start += BLOCK) {
    const length = Math.min(BLOCK, rows - start);
    for (let j = 0; j < d; j++) for (let i = 0; i < length; i++) block[i * d + j] = columns[j]![start + i]!;
    inertia += assign(block, length, centers, d, labels.subarray(start, start + length));
  }
  return { labels, inertia };
}

/** IN: block, length × d; centers, k × d. OUT: labels. Returns the sum of the squared distances. */
export function assign(
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
