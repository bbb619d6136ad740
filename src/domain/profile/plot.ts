import type { Histogram } from '../../ports/profile.js';
import { type Bins, histogram } from '../histogram.js';

/** Bins of a plot: more are thinner than a reader can tell apart. */
const MOST_BINS = 50;

/**
 * `numpy.histogram(…, bins="auto")` of ascending finite values, with fifty bins where the rule asks for more. Null without
 * values, and where their range is beyond float64.
 */
export function plotHistogram(sorted: Float64Array): Histogram | null {
  if (sorted.length === 0) return null;
  const made = histogram(sorted, 'auto');
  if (made === null) return null;
  const { counts, edges } = made.counts.length > MOST_BINS ? withBins(sorted, MOST_BINS) : made;
  return { counts, edges: Array.from(edges) };
}

/** Two ascending samples over the same bins, those of both together. */
export function overlaid(
  x: Float64Array,
  y: Float64Array,
): { readonly edges: readonly number[]; readonly counts: readonly [number[], number[]] } | undefined {
  const made = plotHistogram(merged(x, y));
  if (made === null) return undefined;
  const ofX = countsWithin(x, made.edges);
  return { edges: made.edges, counts: [ofX, made.counts.map((count, bin) => count - ofX[bin]!)] };
}

function merged(x: Float64Array, y: Float64Array): Float64Array {
  const both = new Float64Array(x.length + y.length);
  let [i, j] = [0, 0];
  for (let at = 0; at < both.length; at++)
    both[at] = j >= y.length || (i < x.length && x[i]! <= y[j]!) ? x[i++]! : y[j++]!;
  return both;
}

function withBins(sorted: Float64Array, bins: Bins): { counts: number[]; edges: Float64Array } {
  const made = histogram(sorted, bins);
  if (made === null) throw new RangeError('expected a finite range, got one that is not');
  return made;
}

/** A bin holds its left edge, the last one both. */
function countsWithin(sorted: Float64Array, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0);
  let bin = 0;
  for (const value of sorted) {
    while (bin < counts.length - 1 && value >= edges[bin + 1]!) bin++;
    counts[bin]!++;
  }
  return counts;
}
