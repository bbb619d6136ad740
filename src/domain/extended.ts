import type { Moments } from '../ports/engine.js';
import type { Json } from '../ports/formats.js';
import { entropyFrom, weightOf } from './categories.js';
import { type Bins, type Histogram, histogram } from './histogram.js';

/** What a summary is extended by. */
export interface Extension {
  readonly bins: Bins;
  /** Told of a histogram whose rule asked for more bins than there may be. */
  readonly onCut: (asked: number) => void;
  /** Told how many numbers a histogram has; throws where an answer has too many. */
  readonly spend: (numbers: number) => void;
}

export type Extended = Readonly<
  Record<
    | 'variance'
    | 'skew'
    | 'kurtosis'
    | 'sem'
    | 'mad'
    | 'cv'
    | 'sum'
    | 'range'
    | 'mode'
    | 'n_unique'
    | 'zeros'
    | 'entropy',
    number | null
  >
> & { readonly missing: number; readonly histogram: Json };

/** Number of statistics beside the histogram. */
export const EXTENDED = 13;

/**
 * The statistics that `extended` adds, in order, from the moments to the fourth and the present values ascending. `finite`
 * writes a number, or null and a warning.
 */
export function extendedStatistics(
  moments: Moments,
  rows: number,
  sorted: Float64Array,
  { bins, onCut, spend }: Extension,
  finite: (value: number, what: string) => number | null,
): Extended {
  const { count, sum, mean, m2, min, max } = moments;
  const variance = count > 1 ? m2 / (count - 1) : NaN;
  const std = Math.sqrt(variance);
  const runs = runsOf(sorted);
  const made = Number.isFinite(max - min) || count === 0 ? histogram(sorted, bins) : null;
  if (made?.asked !== undefined) onCut(made.asked);
  if (made !== null) spend(made.counts.length * 2);
  return {
    variance: finite(variance, 'variance'),
    skew: finite(skewOf(moments), 'skew'),
    kurtosis: finite(kurtosisOf(moments), 'kurtosis'),
    sem: finite(std / Math.sqrt(count), 'sem'),
    mad: finite(medianAbsoluteDeviation(sorted), 'mad'),
    cv: finite(std / mean, 'cv'),
    sum: finite(sum, 'sum'),
    range: finite(count === 0 ? NaN : max - min, 'range'),
    mode: finite(runs.mode, 'mode'),
    n_unique: finite(runs.unique, 'n_unique'),
    missing: rows - count,
    zeros: finite(runs.zeros, 'zeros'),
    entropy: finite(entropyFrom(runs.weight, count), 'entropy'),
    histogram: histogramJson(made, finite),
  };
}

function histogramJson(made: Histogram | null, finite: (value: number, what: string) => number | null): Json {
  if (finite(made === null ? NaN : 0, 'histogram') === null || made === null) return null;
  return { counts: made.counts, edges: made.edges };
}

/** pandas takes what is smaller than this for a rounding error of zero. */
const ROUNDING = 1e-14;
const withoutRounding = (value: number): number => (Math.abs(value) < ROUNDING ? 0 : value);

/** pandas' `skew`, bias-corrected; 0 where the values are constant to it. Source: pandas/core/nanops.py `nanskew`. */
export function skewOf({ count: n, m2, m3 }: Omit<Moments, 'sum' | 'mean' | 'min' | 'max'>): number {
  if (n < 3) return NaN;
  const [second, third] = [withoutRounding(m2), withoutRounding(m3)];
  return second === 0 ? 0 : ((n * Math.sqrt(n - 1)) / (n - 2)) * (third / second ** 1.5);
}

/** pandas' `kurt`, Fisher's, bias-corrected; 0 where the values are constant to it. Source: the same, `nankurt`. */
export function kurtosisOf({ count: n, m2, m4 }: Omit<Moments, 'sum' | 'mean' | 'min' | 'max'>): number {
  if (n < 4) return NaN;
  const adjustment = (3 * (n - 1) ** 2) / ((n - 2) * (n - 3));
  const numerator = withoutRounding(n * (n + 1) * (n - 1) * m4);
  const denominator = withoutRounding((n - 2) * (n - 3) * m2 ** 2);
  return denominator === 0 ? 0 : numerator / denominator - adjustment;
}

interface Runs {
  /** Different values. */
  readonly unique: number;
  /** The smallest of the most frequent; NaN of nothing. */
  readonly mode: number;
  readonly zeros: number;
  /** Σ c ln c of how often each is there. */
  readonly weight: number;
}

function runsOf(sorted: Float64Array): Runs {
  let [unique, mode, longest, zeros, weight] = [0, NaN, 0, 0, 0];
  for (let from = 0; from < sorted.length;) {
    const value = sorted[from]!;
    let to = from + 1;
    while (to < sorted.length && sorted[to] === value) to++;
    const times = to - from;
    unique++;
    weight += weightOf(times);
    if (value === 0) zeros = times;
    if (times > longest) {
      longest = times;
      // Adding zero turns −0 into 0.
      mode = value + 0;
    }
    from = to;
  }
  return { unique, mode, zeros, weight };
}

/**
 * Median of the distances from the median, scale 1: `scipy.stats.median_abs_deviation`. The distances of ascending values
 * grow to both sides of the median: two pointers merge them. NaN of nothing, and where the median is infinite.
 */
function medianAbsoluteDeviation(sorted: Float64Array): number {
  const n = sorted.length;
  if (n === 0) return NaN;
  const half = n >> 1;
  const median = n % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  if (!Number.isFinite(median)) return NaN;
  let [below, above] = [half - 1, half];
  let [last, before] = [0, 0];
  for (let taken = 0; taken <= half; taken++) {
    const down = below < 0 ? Infinity : median - sorted[below]!;
    const up = above >= n ? Infinity : sorted[above]! - median;
    before = last;
    if (down < up || above >= n) {
      last = down;
      below--;
    } else {
      last = up;
      above++;
    }
  }
  return n % 2 === 1 ? last : (before + last) / 2;
}
