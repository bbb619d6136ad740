/**
 * `numpy.histogram` of NumPy 1.26: bins of equal width, closed on the left, the last one on both sides.
 * Source: numpy/lib/histograms.py, `_get_outer_edges`, `_hist_bin_fd`, `_hist_bin_sturges`, `_hist_bin_auto`, `histogram`.
 */

/** A rule for the number of bins, or that number. */
export type Bins = 'auto' | 'fd' | 'sturges' | number;

export interface Histogram {
  readonly counts: number[];
  readonly edges: Float64Array;
  /** Bins that the rule asked for, where they were more than there may be. */
  readonly asked?: number;
}

/** Bins that a histogram has at most. */
export const MOST_BINS = 10_000;

/** Of ascending finite values. No value: one bin from 0 to 1, or as many as asked for. Null where the range overflows. */
export function histogram(sorted: Float64Array, bins: Bins): Histogram | null {
  const [first, last] = outerEdges(sorted);
  if (!Number.isFinite(last - first)) return null;
  const asked = typeof bins === 'number' ? bins : binsBy(bins, sorted, last - first);
  const count = Math.min(asked, MOST_BINS);
  const edges = linspace(first, last, count);
  const counts = countsBetween(sorted, edges);
  return asked > count ? { counts, edges, asked } : { counts, edges };
}

function outerEdges(sorted: Float64Array): [number, number] {
  if (sorted.length === 0) return [0, 1];
  const [first, last] = [sorted[0]!, sorted.at(-1)!];
  return first === last ? [first - 0.5, last + 0.5] : [first, last];
}

function binsBy(rule: 'auto' | 'fd' | 'sturges', sorted: Float64Array, range: number): number {
  const n = sorted.length;
  if (n === 0) return 1;
  const spread = sorted[n - 1]! - sorted[0]!;
  const fd = 2 * (quantileOfSorted(sorted, 0.75) - quantileOfSorted(sorted, 0.25)) * n ** (-1 / 3);
  const sturges = spread / (Math.log2(n) + 1);
  const auto = fd === 0 ? sturges : Math.min(fd, sturges);
  const width = { fd, sturges, auto }[rule];
  return width === 0 ? 1 : Math.ceil(range / width);
}

/** NumPy's `linear` quantile of ascending values, one at least. */
export function quantileOfSorted(sorted: Float64Array, q: number): number {
  const h = (sorted.length - 1) * q;
  const below = Math.floor(h);
  const t = h - below;
  const a = sorted[below]!;
  const b = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

/** `numpy.linspace(first, last, bins + 1)`. */
function linspace(first: number, last: number, bins: number): Float64Array {
  const step = (last - first) / bins;
  // A step that underflows: fractions of the range instead.
  const offset = (i: number): number => (step === 0 ? (i / bins) * (last - first) : i * step);
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => offset(i) + first);
  edges[bins] = last;
  return edges;
}

/**
 * Where the bins are wide for the precision of their edges, each ends where the sorted values reach its edge. Elsewhere edges
 * may be equal, and NumPy's own arithmetic decides which bin a value is in.
 */
function countsBetween(sorted: Float64Array, edges: Float64Array): number[] {
  const bins = edges.length - 1;
  const [first, last] = [edges[0]!, edges[bins]!];
  const width = (last - first) / bins;
  if (width > 16 * Number.EPSILON * Math.max(Math.abs(first), Math.abs(last))) {
    const starts = Array.from({ length: bins }, (_, i) => firstFrom(sorted, edges[i]!));
    return starts.map((start, i) => (starts[i + 1] ?? sorted.length) - start);
  }
  const counts = new Array<number>(bins).fill(0);
  for (const value of sorted) {
    // A range without width has no fraction: 0 then.
    let bin = Math.min(Math.trunc(((value - first) / (last - first)) * bins) || 0, bins - 1);
    if (value < edges[bin]!) bin--;
    if (value >= edges[bin + 1]! && bin !== bins - 1) bin++;
    counts[Math.max(bin, 0)]!++;
  }
  return counts;
}

/** Place of the first of ascending values that is at least `edge`. */
function firstFrom(sorted: Float64Array, edge: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < edge) low = middle + 1;
    else high = middle;
  }
  return low;
}
