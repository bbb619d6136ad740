import type { Engine } from '../ports/engine.js';
import type { Json } from '../ports/formats.js';
import type { Cell, Column, NumericColumn } from '../ports/tables.js';
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
  return new Map(
    selection.numbers.map((column) => [
      column.name,
      describeNumeric(column, refined, names, nanPolicy === 'propagate', engine, notes),
    ]),
  );
}

function describeNumeric(
  { name, numbers }: NumericColumn,
  percentiles: readonly number[],
  names: readonly string[],
  propagate: boolean,
  engine: Engine,
  notes: Notes,
): Json {
  const { count, mean, m2, min, max } = engine.moments(numbers, 2);
  const spoilt = propagate && count < numbers.length;
  const finite = (value: number, what: string): number | null =>
    notes.finite(spoilt ? NaN : value, what, name);
  // pandas hands NumPy percentages, which divides them by 100 again.
  const fractions = percentiles.map((p) => (p * 100) / 100);
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

/** `top` is the value with the highest count, first seen among equals. Python's True is 1 there, and so it is here. */
function describeCategorical(column: Column, rows: number): Json {
  if (!('numbers' in column) && column.missing === rows)
    return { count: 0, unique: 0, top: null, freq: null };
  const counts = new Map<Cell, { count: number; value: Cell }>();
  let count = 0;
  for (const value of column.cells()) {
    if (value === null) continue;
    count++;
    const key = typeof value === 'boolean' ? Number(value) : value;
    const entry = counts.get(key);
    if (entry === undefined) counts.set(key, { count: 1, value });
    else entry.count++;
  }
  let top: { count: number; value: Cell } | undefined;
  for (const entry of counts.values()) if (top === undefined || entry.count > top.count) top = entry;
  return { count, unique: counts.size, top: top?.value ?? null, freq: top?.count ?? null };
}
