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
import { extendedStatistics } from '../extended.js';
import type { Notes } from '../notes.js';
import { instants } from './instants.js';
import { plotHistogram } from './plot.js';
import { type Coded, codeValues, countBelow, finiteOf, isNumeric } from './values.js';

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

export function survey(
  column: Column,
  rows: number,
  { engine, space }: Pick<ProfileTools, 'engine' | 'space'>,
): Surveyed {
  return isNumeric(column)
    ? { column, rows, sorted: engine.order.sort(column.numbers) }
    : { column, rows, coded: codeValues(column, rows, space) };
}

/** What there is to say of a column on its own. */
export function profileOf({ column, rows, sorted, coded }: Surveyed, tools: ProfileTools): ColumnProfile {
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

function numberProfile(
  { name, numbers }: NumericColumn,
  sorted: Float64Array,
  { engine, notes, propagate }: ProfileTools,
): NumberProfile {
  const moments = engine.moments(numbers, 4);
  const { count, mean, m2, min, max } = moments;
  const quantiles = engine.select(numbers, QUANTILES);
  const spoilt = propagate && count < numbers.length;
  const finite = (value: number, what: string): number | null => {
    // How often values are there is known whatever the values are; and the histogram is of the finite ones.
    if (COUNTED.has(what)) return value;
    return notes.finite(spoilt ? NaN : value, what, name);
  };
  const extension = { bins: 1, onCut: () => undefined, spend: () => undefined };
  const extended = extendedStatistics(moments, numbers.length, sorted, extension, finite);
  const unique = extended.n_unique ?? 0;
  const inside = finiteOf(sorted);
  return {
    type: 'number',
    ...presence(count, numbers.length, unique),
    mean: finite(mean, 'mean'),
    std: finite(count > 1 ? Math.sqrt(m2 / (count - 1)) : NaN, 'std'),
    min: finite(min, 'min'),
    '5%': finite(quantiles[0]!, '5%'),
    '25%': finite(quantiles[1]!, '25%'),
    '50%': finite(quantiles[2]!, '50%'),
    '75%': finite(quantiles[3]!, '75%'),
    '95%': finite(quantiles[4]!, '95%'),
    max: finite(max, 'max'),
    ...extended,
    n_unique: unique,
    zeros_share: (extended.zeros ?? 0) / numbers.length,
    negative: countBelow(sorted, 0),
    infinite: sorted.length - inside.length,
    histogram: plotHistogram(inside),
  };
}

const COUNTED: ReadonlySet<string> = new Set(['n_unique', 'zeros', 'histogram']);

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
