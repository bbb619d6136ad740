/** What operations say of one column's state. */
import type { DistributionsKernel } from '../../ports/distributions.js';
import type { StudentKernel } from '../../ports/engine.js';
import type { Json } from '../../ports/formats.js';
import { kurtosisOf, skewOf } from '../extended.js';
import { noncentralTLimits } from '../hypothesis/noncentral.js';
import { studentInterval, studentTail } from '../hypothesis/student.js';
import { percentileNames, refinePercentiles } from '../percentiles.js';
import { type ColumnState, countOf } from './column-state.js';
import type { OperationOf } from './definition.js';
import { centred, nearestRatio, varianceOf } from './exact.js';
import { edgesOf, middleOf, ranked, relativeError } from './sketch.js';

/** A number that is finite, else null and a warning that names it. */
export type Finite = (value: number, what: string) => number | null;

/** Mean and variance of all values; not numbers where an infinite one is among them. */
export function centreOf(state: ColumnState): { mean: number; variance: number } {
  const { finite, infinite, negativeInfinite } = state;
  if (infinite > 0 || negativeInfinite > 0) {
    const mean = infinite === 0 ? -Infinity : negativeInfinite === 0 ? Infinity : NaN;
    return { mean, variance: NaN };
  }
  return { mean: centred(state, finite).mean, variance: varianceOf(state, finite, 1) };
}

const leastOf = (state: ColumnState): number =>
  state.negativeInfinite > 0 ? -Infinity : state.finite > 0 ? state.min : state.infinite > 0 ? Infinity : NaN;
const greatestOf = (state: ColumnState): number =>
  state.infinite > 0 ? Infinity : state.finite > 0 ? state.max : state.negativeInfinite > 0 ? -Infinity : NaN;

/**
 * Quantiles by NumPy's `linear` interpolation, `q` ascending, between values that the sketch knows to its relative error; the
 * least and the greatest are exact.
 */
export function quantilesOf(state: ColumnState, q: readonly number[]): number[] {
  const count = countOf(state);
  if (count === 0) return q.map(() => NaN);
  const { finite, negativeInfinite: below, min, max } = state;
  const places = q.map((one) => (count - 1) * one);
  const wanted = places.flatMap((place) => [Math.floor(place), Math.ceil(place)]);
  const found = ranked(
    state.sketch,
    wanted.map((rank) => Math.min(Math.max(rank - below, 0), finite - 1)),
  );
  const values = wanted.map((rank, i) => {
    const own = rank - below;
    if (own < 0) return -Infinity;
    if (own >= finite) return Infinity;
    if (own === 0) return min;
    return own === finite - 1 ? max : Math.min(Math.max(found[i]!, min), max);
  });
  return places.map((place, i) => {
    const [low, high] = [values[2 * i]!, values[2 * i + 1]!];
    return low === high ? low : low + (high - low) * (place - Math.floor(place));
  });
}

/** pandas' `describe` of a column, its quantiles to the relative error that is named. */
export function described(
  state: ColumnState,
  records: number,
  { percentiles, extended }: OperationOf<'describe'>,
  finite: Finite,
): Json {
  const count = countOf(state);
  const { mean, variance } = centreOf(state);
  const std = Math.sqrt(variance);
  const [least, greatest] = [leastOf(state), greatestOf(state)];
  const refined = refinePercentiles(percentiles);
  const names = percentileNames(refined);
  const quantiles = quantilesOf(state, refined);
  const summary: [string, Json][] = [
    ['count', count],
    ['mean', finite(mean, 'mean')],
    ['std', finite(std, 'std')],
    ['min', finite(least, 'min')],
    ...names.map((name, i): [string, Json] => [name, finite(quantiles[i]!, name)]),
    ['max', finite(greatest, 'max')],
    ['percentiles_relative_error', relativeError(state.sketch)],
  ];
  if (extended) {
    const { m2 } = centred(state, state.finite);
    const isFinite = count === state.finite;
    const moments = { count, m2, m3: state.m3, m4: state.m4 };
    const total = isFinite ? nearestRatio(state.sum.m, 1n, state.sum.e) : mean;
    summary.push(
      ['variance', finite(variance, 'variance')],
      ['skew', finite(isFinite ? skewOf(moments) : NaN, 'skew')],
      ['kurtosis', finite(isFinite ? kurtosisOf(moments) : NaN, 'kurtosis')],
      ['sem', finite(std / Math.sqrt(count), 'sem')],
      ['sum', finite(total, 'sum')],
      ['range', finite(greatest - least, 'range')],
      ['missing', records - count],
      ['zeros', state.zeros],
    );
  }
  return new Map(summary);
}

/** Student's t by its distribution. */
const studentOf = (distributions: DistributionsKernel): StudentKernel => ({
  tail: (t, df) => 2 * distributions.t(df).sf(Math.abs(t)),
  log10Tail: (t, df) => distributions.t(df).log10Sf(Math.abs(t)) + Math.log10(2),
  quantile: (p, df) => distributions.t(df).quantile(p),
});

/** SciPy's `ttest_1samp`, as the endpoint of that name has it, but for the assumptions, which need the values. */
export function tested(
  state: ColumnState,
  operation: OperationOf<'ttest_1samp'>,
  distributions: DistributionsKernel,
  finite: Finite,
): Json {
  const { popmean, alternative, confidence_level: level } = operation;
  const n = countOf(state);
  const df = n - 1;
  const { mean, variance } = centreOf(state);
  const error = Math.sqrt(variance / n);
  const statistic = (mean - popmean) / error;
  const student = studentOf(distributions);
  const tail = df > 0 ? studentTail(statistic, df, alternative, student) : { p: NaN, log10: NaN };
  const interval = studentInterval(mean, error, df, alternative, level, student);
  const scale = Math.sqrt(n);
  const effect = noncentralTLimits(statistic, df, level, distributions).map((end) => end / scale);
  const ends = (list: readonly number[], what: string): Json =>
    list.map((end, i) =>
      Math.abs(end) === Infinity ? null : finite(end, `${what} ${i === 0 ? 'low' : 'high'}`),
    );
  return {
    statistic: finite(statistic, 'statistic'),
    p_value: finite(tail.p, 'p_value'),
    log10_p: Number.isFinite(tail.log10) ? tail.log10 : null,
    df: finite(n === 0 ? NaN : df, 'df'),
    confidence_interval: ends(interval, 'confidence_interval'),
    effect_size: {
      name: 'cohen_d',
      value: finite(statistic / scale, 'effect_size'),
      confidence_interval: Number.isFinite(statistic)
        ? ends(effect, 'effect_size confidence_interval')
        : null,
    },
    n,
  };
}

/**
 * Values beyond fences that the window itself gives, with how many of them the sketch cannot place: those of the buckets that a
 * fence goes through. Infinite values are beyond.
 */
export function outlying(state: ColumnState, operation: OperationOf<'outliers'>, finite: Finite): Json {
  const { rule } = operation;
  const threshold = operation.threshold ?? (rule === 'iqr' ? 1.5 : 3);
  const own = { ...state, infinite: 0, negativeInfinite: 0 };
  const [low, high] = fencesOf(own, rule, threshold);
  const { sketch } = state;
  let [below, above, uncertain] = [0, 0, 0];
  // Where no value is beyond a fence its bucket has nothing to doubt.
  const [isBelow, isAbove] = [state.min < low, state.max > high];
  sketch.buckets.forEach((bucket, i) => {
    const count = sketch.counts[i]!;
    const [from, to] = edgesOf(bucket, sketch.level);
    const middle = middleOf(bucket, sketch.level);
    if (isBelow && middle < low) below += count;
    if (isAbove && middle > high) above += count;
    if ((isBelow && from < low && low <= to) || (isAbove && from <= high && high < to)) uncertain += count;
  });
  const values = Math.min(operation.values, Math.max(state.least.length, state.greatest.length));
  const least = state.least.slice(0, values).filter((x) => x < low);
  const greatest = state.greatest.slice(0, values).filter((x) => x > high);
  return {
    rule,
    threshold,
    fences: [finite(low, 'low fence'), finite(high, 'high fence')],
    count: below + above + state.infinite + state.negativeInfinite,
    uncertain,
    below: below + state.negativeInfinite,
    above: above + state.infinite,
    // Of few values all are known.
    least: Array.from(least),
    greatest: Array.from(greatest),
    n: countOf(state),
  };
}

function fencesOf(state: ColumnState, rule: 'iqr' | 'zscore', threshold: number): [number, number] {
  if (state.finite === 0) return [NaN, NaN];
  if (rule === 'zscore') {
    const { mean, variance } = centreOf(state);
    const reach = threshold * Math.sqrt(variance);
    return [mean - reach, mean + reach];
  }
  const [first, third] = quantilesOf(state, [0.25, 0.75]) as [number, number];
  const reach = threshold * (third - first);
  return [first - reach, third + reach];
}
