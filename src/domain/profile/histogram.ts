import type { Histogram } from '../../ports/profile.js';
import { countBelow } from './values.js';

/** Of a plot: more are thinner than a reader can tell apart. */
const MOST_BINS = 50;

/**
 * Edges as `numpy.histogram_bin_edges(…, bins="auto")` of NumPy 1.26, but at most fifty bins: of equal width, the smaller
 * of Freedman's and Diaconis' and of Sturges'. `sorted`: ascending finite values. Undefined without values, and where their
 * range is beyond float64.
 */
export function autoEdges(sorted: Float64Array): number[] | undefined {
  const n = sorted.length;
  if (n === 0) return undefined;
  const [low, high] = [sorted[0]!, sorted[n - 1]!];
  const range = high - low;
  if (!Number.isFinite(range)) return undefined;
  if (range === 0) return [low - 0.5, low + 0.5];
  const spread = quantile(sorted, 0.75) - quantile(sorted, 0.25);
  const freedmanDiaconis = (2 * spread) / Math.cbrt(n);
  const sturges = range / (Math.log2(n) + 1);
  const width = freedmanDiaconis > 0 ? Math.min(freedmanDiaconis, sturges) : sturges;
  const bins = width > 0 ? Math.min(Math.ceil(range / width), MOST_BINS) : 1;
  const step = range / bins;
  return Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : i * step + low));
}

/** How many of ascending values each bin holds; the last one its right edge too. */
export function binCounts(sorted: Float64Array, edges: readonly number[]): number[] {
  const below = edges.map((edge) => countBelow(sorted, edge));
  below[below.length - 1] = countBelow(sorted, edges.at(-1)!) + countEqual(sorted, edges.at(-1)!);
  return below.slice(1).map((count, i) => count - below[i]!);
}

export function autoHistogram(sorted: Float64Array): Histogram | null {
  const edges = autoEdges(sorted);
  return edges === undefined ? null : { counts: binCounts(sorted, edges), edges };
}

function countEqual(sorted: Float64Array, value: number): number {
  const start = countBelow(sorted, value);
  let end = start;
  while (end < sorted.length && sorted[end] === value) end++;
  return end - start;
}

/** NumPy's `linear` of ascending values. */
function quantile(sorted: Float64Array, q: number): number {
  const place = (sorted.length - 1) * q;
  const [below, t] = [Math.floor(place), place - Math.floor(place)];
  const [a, b] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}
