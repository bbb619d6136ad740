import type { Engine } from '../ports/engine.js';
import type { Json } from '../ports/formats.js';
import { excerpt, Problem } from '../ports/problem.js';
import type { Cell, Column, NumericColumn, TextColumn } from '../ports/tables.js';
import type { Selection } from './columns.js';
import type { Notes } from './notes.js';
import { percentileNames, refinePercentiles } from './percentiles.js';

export type NanPolicy = 'omit' | 'propagate' | 'raise';

/**
 * pandas' `DataFrame.describe()`: count, mean, std (ddof 1), min, quantiles and max of the numeric columns; where there
 * is none, count, unique, top and freq of every column. In column order.
 */
export function summarize(
  selection: Selection,
  percentiles: readonly number[],
  nanPolicy: NanPolicy,
  engine: Engine,
  notes: Notes,
): ReadonlyMap<string, Json> {
  if (selection.numbers.length === 0) {
    return new Map(selection.all.map((column) => [column.name, describeCategorical(column, selection.rows)]));
  }
  const refined = refinePercentiles(percentiles);
  const names = percentileNames(refined);
  // pandas hands NumPy percentages, which divides them by 100 again.
  const fractions = refined.map((p) => (p * 100) / 100);
  const columns = selection.numbers.map(({ numbers }) => numbers);
  engine.ahead.moments(columns, 2);
  engine.ahead.select(columns, fractions);
  return new Map(
    selection.numbers.map((column) => [
      column.name,
      describeNumeric(column, fractions, names, nanPolicy === 'propagate', engine, notes),
    ]),
  );
}

function describeNumeric(
  { name, numbers }: NumericColumn,
  fractions: readonly number[],
  names: readonly string[],
  propagate: boolean,
  engine: Engine,
  notes: Notes,
): Json {
  const { count, mean, m2, min, max } = engine.moments(numbers, 2);
  const spoilt = propagate && count < numbers.length;
  const finite = (value: number, what: string): number | null =>
    notes.finite(spoilt ? NaN : value, what, name);
  const quantiles = engine.select(numbers, fractions);
  return new Map<string, Json>([
    ['count', count],
    ['mean', finite(mean, 'mean')],
    ['std', finite(count > 1 ? Math.sqrt(m2 / (count - 1)) : NaN, 'std')],
    ['min', finite(count === 0 ? NaN : min, 'min')],
    ...quantiles.map((value, i): [string, Json] => [names[i]!, finite(value, names[i]!)]),
    ['max', finite(count === 0 ? NaN : max, 'max')],
  ]);
}

/** Different values of a column that are counted one by one. */
const MOST_VALUES = 10_000_000;

/** `top` is the value with the highest count, first seen among equals. Python's True is 1 there, and so it is here. */
function describeCategorical(column: Column, rows: number): Json {
  if (!('numbers' in column)) {
    if (column.missing === rows) return { count: 0, unique: 0, top: null, freq: null };
    if (column.dictionary !== undefined) return describeDictionary(column.dictionary);
  }
  const places = new Map<Cell, number>();
  const counts: number[] = [];
  // As they came: true where a later 1 counts as the same.
  const values: Cell[] = [];
  let count = 0;
  for (const value of column.cells()) {
    if (value === null) continue;
    count++;
    const key = typeof value === 'boolean' ? Number(value) : value;
    const place = places.get(key);
    if (place !== undefined) {
      counts[place]!++;
      continue;
    }
    if (places.size === MOST_VALUES) {
      const detail = `expected at most ${MOST_VALUES} different values to count in a column, got more in ${JSON.stringify(excerpt(column.name))}`;
      throw new Problem('out_of_memory', detail);
    }
    places.set(key, counts.length);
    counts.push(1);
    values.push(value);
  }
  const top = mostFrequent(counts);
  return { count, unique: places.size, top: values[top] ?? null, freq: counts[top] ?? null };
}

function describeDictionary({ counts, text }: NonNullable<TextColumn['dictionary']>): Json {
  const found = counts();
  const top = mostFrequent(found);
  // A place may have lost its rows to a later key of the same name.
  const unique = found.reduce((sum, times) => sum + (times > 0 ? 1 : 0), 0);
  const count = found.reduce((sum, times) => sum + times, 0);
  return { count, unique, top: text(top), freq: found[top] ?? null };
}

/** Place of the highest count, the first of equals. */
function mostFrequent(counts: ArrayLike<number>): number {
  let top = 0;
  for (let place = 1; place < counts.length; place++) if (counts[place]! > counts[top]!) top = place;
  return top;
}
