import type { Engine } from '../../ports/engine.js';
import type {
  BooleanProfile,
  ColumnProfile,
  NumberProfile,
  TextProfile,
  TimestampProfile,
  TopValue,
} from '../../ports/profile.js';
import type { Space } from '../../ports/space.js';
import type { Column, NumericColumn, TextColumn } from '../../ports/tables.js';
import type { Notes } from '../notes.js';
import { autoHistogram } from './histogram.js';
import { instants } from './instants.js';
import { type Coded, codeValues, countBelow, finiteOf, isNumeric, runs } from './values.js';

/** Most frequent values that are shown. */
const TOP = 10;

/** A column and what is made of its values, once. */
export interface Surveyed {
  readonly column: Column;
  readonly rows: number;
  /** Present values, ascending; of numbers and booleans. */
  readonly sorted?: Float64Array;
  /** Of all others. */
  readonly coded?: Coded;
}

export interface ProfileTools {
  readonly engine: Engine;
  readonly space: Space;
  readonly notes: Notes;
  /** Whether a column with missing values has no statistics. */
  readonly propagate: boolean;
}

export const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95];

export function survey(columns: readonly Column[], rows: number, engine: Engine, space: Space): Surveyed[] {
  return columns.map((column) =>
    isNumeric(column)
      ? { column, rows, sorted: engine.order.sort(column.numbers) }
      : { column, rows, coded: codeValues(column, rows, space) },
  );
}

/** What there is to say of each column on its own. */
export function profileColumns(
  surveyed: readonly Surveyed[],
  tools: ProfileTools,
): Map<string, ColumnProfile> {
  const { ahead } = tools.engine;
  const numbers = surveyed.flatMap(({ column }) => (column.type === 'number' ? [column.numbers] : []));
  ahead.moments(numbers, 4);
  ahead.select(numbers, QUANTILES);
  return new Map(surveyed.map((one) => [one.column.name, profileOf(one, tools)]));
}

function profileOf({ column, rows, sorted, coded }: Surveyed, tools: ProfileTools): ColumnProfile {
  if (!isNumeric(column)) return textProfile(column, coded!, rows);
  return column.type === 'number' ? numberProfile(column, sorted!, tools) : booleanProfile(sorted!, rows);
}

function presence(
  count: number,
  rows: number,
  nUnique: number,
): Pick<ColumnProfile, 'count' | 'missing' | 'missing_share' | 'n_unique'> {
  const missing = rows - count;
  return { count, missing, missing_share: rows === 0 ? 0 : missing / rows, n_unique: nUnique };
}

/** Moments as pandas has them: ddof 1, skewness and excess kurtosis corrected for bias. */
function numberProfile(
  { name, numbers }: NumericColumn,
  sorted: Float64Array,
  tools: ProfileTools,
): NumberProfile {
  const { engine, notes, propagate, space } = tools;
  const { count, mean, m2, m3, m4, sum, min, max } = engine.moments(numbers, 4);
  const quantiles = engine.select(numbers, QUANTILES);
  const spoilt = propagate && count < numbers.length;
  const finite = (value: number, what: string): number | null =>
    notes.finite(spoilt ? NaN : value, what, name);
  const variance = count > 1 ? m2 / (count - 1) : NaN;
  const std = Math.sqrt(variance);
  let [unique, most, mode] = [0, 0, NaN];
  runs(sorted, (value, times) => {
    unique++;
    if (times > most) [most, mode] = [times, value];
  });
  const below = countBelow(sorted, 0);
  const zeros = countBelow(sorted, Number.MIN_VALUE) - below;
  const inside = finiteOf(sorted);
  return {
    type: 'number',
    ...presence(count, numbers.length, unique),
    mean: finite(mean, 'mean'),
    std: finite(std, 'std'),
    min: finite(min, 'min'),
    '5%': finite(quantiles[0]!, '5%'),
    '25%': finite(quantiles[1]!, '25%'),
    '50%': finite(quantiles[2]!, '50%'),
    '75%': finite(quantiles[3]!, '75%'),
    '95%': finite(quantiles[4]!, '95%'),
    max: finite(max, 'max'),
    variance: finite(variance, 'variance'),
    skew: finite(skewness(count, m2, m3), 'skew'),
    kurtosis: finite(kurtosis(count, m2, m4), 'kurtosis'),
    sem: finite(std / Math.sqrt(count), 'sem'),
    mad: finite(medianDeviation(sorted, quantiles[2]!, engine, space), 'mad'),
    cv: finite(std / mean, 'cv'),
    sum: finite(sum, 'sum'),
    range: finite(max - min, 'range'),
    mode: finite(mode, 'mode'),
    zeros,
    zeros_share: zeros / numbers.length,
    negative: below,
    infinite: sorted.length - inside.length,
    histogram: autoHistogram(inside),
  };
}

function skewness(n: number, m2: number, m3: number): number {
  if (n < 3) return NaN;
  return m2 === 0 ? 0 : ((n * Math.sqrt(n - 1)) / (n - 2)) * (m3 / m2 ** 1.5);
}

function kurtosis(n: number, m2: number, m4: number): number {
  if (n < 4) return NaN;
  if (m2 === 0) return 0;
  const scale = (n - 2) * (n - 3);
  return (n * (n + 1) * (n - 1) * m4) / (scale * m2 * m2) - (3 * (n - 1) ** 2) / scale;
}

/** Median of the distances from the median. */
function medianDeviation(sorted: Float64Array, median: number, engine: Engine, space: Space): number {
  const values = space.float64(sorted.length);
  for (let i = 0; i < sorted.length; i++) values[i] = Math.abs(sorted[i]! - median);
  const chunks = [{ values, validity: null, bitOffset: 0 }];
  return engine.select({ length: values.length, chunks }, [0.5])[0]!;
}

function booleanProfile(sorted: Float64Array, rows: number): BooleanProfile {
  const no = countBelow(sorted, 0.5);
  const yes = sorted.length - no;
  const unique = Number(no > 0) + Number(yes > 0);
  return { type: 'boolean', ...presence(sorted.length, rows, unique), true: yes, false: no };
}

function textProfile(column: TextColumn, coded: Coded, rows: number): TextProfile | TimestampProfile {
  const { values, counts } = coded;
  const count = counts.reduce((sum, times) => sum + times, 0);
  const base = presence(count, rows, values.length);
  if (column.type === 'timestamp') return { type: 'timestamp', ...base, ...instants(coded) };
  const lengths = column.type === 'string' && count > 0 ? textLengths(coded, count) : undefined;
  return { type: column.type, ...base, top: topValues(coded, count), ...(lengths && { lengths }) };
}

function topValues({ values, counts }: Coded, count: number): TopValue[] {
  return mostFrequent(counts, TOP).map((place) => ({
    value: values[place]!,
    count: counts[place]!,
    share: counts[place]! / count,
  }));
}

/** Places of the highest counts, the first of equals first. One pass: there may be millions. */
export function mostFrequent(counts: readonly number[], most: number): number[] {
  const top: number[] = [];
  counts.forEach((count, place) => {
    if (top.length === most && count <= counts[top[most - 1]!]!) return;
    let at = top.length;
    while (at > 0 && count > counts[top[at - 1]!]!) at--;
    top.splice(at, 0, place);
    if (top.length > most) top.pop();
  });
  return top;
}

function textLengths({ values, counts }: Coded, count: number): NonNullable<TextProfile['lengths']> {
  let [min, max, sum] = [Infinity, 0, 0];
  values.forEach((value, place) => {
    const length = codePoints(String(value));
    min = Math.min(min, length);
    max = Math.max(max, length);
    sum += length * counts[place]!;
  });
  return { min, mean: sum / count, max };
}

function codePoints(text: string): number {
  let length = text.length;
  for (let i = 1; i < text.length; i++) {
    const isPair = (text.charCodeAt(i - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(i) & 0xfc00) === 0xdc00;
    if (isPair) length--;
  }
  return length;
}
