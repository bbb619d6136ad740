import type { Json } from '../../ports/formats.js';
import { refuseColumns, refuseName, refuseSize } from '../../ports/limits.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { NanPolicy } from '../summary.js';
import { type Feature, gapsIn, isNumber, keepRows, lengthOf, missingIn } from './column.js';
import { type FeatureTools, type Made, quoted, refuseText, type Transformer } from './transformer.js';

/** A table between two steps. Names are unique. */
export interface FeatureTable {
  readonly rows: number;
  readonly columns: readonly Feature[];
}

/** A transformer with what it was fitted to, and the columns it takes, in the table's order. */
export interface Fitted {
  readonly transformer: Transformer;
  readonly columns: readonly string[];
  readonly state: Json;
}

/**
 * Fits a transformer to the columns of a table, all or those named, and transforms them. Rows with missing values, where
 * it takes none: `omit` drops them from the table, `propagate` leaves them out of the fit.
 * Throws 422 `unknown_column`, `unsupported_type`, `unsupported_value`, `duplicate_column`, `too_many_columns`, 413.
 */
export function fitStep(
  table: FeatureTable,
  transformer: Transformer,
  named: readonly string[] | undefined,
  parameters: unknown,
  nanPolicy: NanPolicy,
  tools: FeatureTools,
): { readonly fitted: Fitted; readonly table: FeatureTable } {
  const names = new Set(namesOf(table, named, tools));
  const isTaken = ({ name }: Feature): boolean => names.has(name);
  refuse(transformer, table.columns.filter(isTaken), tools);
  const isRefused = transformer.missing === 'refused';
  const whole = isRefused && nanPolicy === 'omit' ? complete(table, isTaken, true, tools) : table;
  const taken = whole.columns.filter(isTaken);
  const known = isRefused
    ? complete({ rows: whole.rows, columns: taken }, isTaken, false, tools).columns
    : taken;
  const state = transformer.fit(known, parameters, tools);
  const fitted = { transformer, columns: taken.map(({ name }) => name), state };
  return { fitted, table: replaced(whole, taken, transformer.transform(taken, state, tools), tools) };
}

/** Transforms the columns of a table with what was fitted to another one that had them. */
export function transformStep(table: FeatureTable, fitted: Fitted, tools: FeatureTools): FeatureTable {
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  const taken = fitted.columns.map((name) => {
    const column = byName.get(name);
    if (column !== undefined) return column;
    throw Problem.at(
      '',
      'unknown_column',
      `expected the column ${quoted(name)} of the fit, got none of that name`,
    );
  });
  refuse(fitted.transformer, taken, tools);
  return replaced(table, taken, fitted.transformer.transform(taken, fitted.state, tools), tools);
}

/** Columns that a step takes, in the table's order. */
function namesOf(
  { columns }: FeatureTable,
  named: readonly string[] | undefined,
  tools: FeatureTools,
): readonly string[] {
  if (named === undefined) return columns.map(({ name }) => name);
  const known = new Set(columns.map(({ name }) => name));
  for (const name of named) {
    if (known.has(name)) continue;
    const names = excerpt([...known].map((one) => JSON.stringify(one)).join(', '));
    const detail = `expected one of the columns ${names}, got ${quoted(name)}`;
    throw Problem.at(tools.pointer('columns'), 'unknown_column', detail);
  }
  return named;
}

function refuse(transformer: Transformer, taken: readonly Feature[], tools: FeatureTools): void {
  if (transformer.takes === 'numbers') refuseText(transformer.name, taken, tools);
  if (transformer.infinite === 'kept') return;
  for (const column of taken) {
    if (!isNumber(column) || gapsIn(column.values).infinite === 0) continue;
    const detail = `expected finite numbers for ${transformer.name}, got infinite ones in column ${quoted(column.name)}`;
    throw Problem.at(tools.pointer('columns'), 'unsupported_value', detail);
  }
}

/** The rows in which all columns that are looked at have values; whether dropping others is worth a warning. */
function complete(
  table: FeatureTable,
  isLookedAt: (column: Feature) => boolean,
  isTold: boolean,
  tools: FeatureTools,
): FeatureTable {
  const gappy = table.columns.filter((column) => isLookedAt(column) && missingIn(column) > 0);
  if (gappy.length === 0) return table;
  const kept = new Uint8Array(table.rows).fill(1);
  for (const column of gappy) markMissing(column, kept);
  let rows = 0;
  for (let row = 0; row < kept.length; row++) rows += kept[row]!;
  if (rows === 0) {
    const detail = 'expected at least one row without missing values, got none: simple_imputer can fill them';
    throw Problem.at(tools.pointer('columns'), 'no_data', detail);
  }
  if (isTold) tools.warn('rows_dropped', `${table.rows - rows} rows with missing values left out`);
  return { rows, columns: table.columns.map((column) => keepRows(column, kept, rows, tools.space)) };
}

/** Puts 0 where a column has no value. */
function markMissing(column: Feature, kept: Uint8Array): void {
  if (isNumber(column)) {
    const { values } = column;
    for (let row = 0; row < values.length; row++) if (values[row] !== values[row]) kept[row] = 0;
    return;
  }
  let row = 0;
  for (const cell of column.cells()) {
    if (cell === null) kept[row] = 0;
    row++;
  }
}

/** The table with the new columns at the places of those they were made of. */
function replaced(
  table: FeatureTable,
  taken: readonly Feature[],
  made: readonly Made[],
  tools: FeatureTools,
): FeatureTable {
  const places = new Map(taken.map(({ name }, place) => [name, place]));
  const columns = table.columns.flatMap((column) => {
    const place = places.get(column.name);
    return place === undefined
      ? [column]
      : made.filter(({ from }) => from === place).map(({ feature }) => feature);
  });
  const rows = made.length === 0 ? table.rows : lengthOf(made[0]!.feature);
  const left = table.columns.find(({ name }) => !places.has(name));
  if (rows !== table.rows && left !== undefined) {
    const detail = `expected all columns to be transformed to ${rows} rows, but ${quoted(left.name)} stays as it is, with ${table.rows}`;
    throw Problem.at(tools.pointer('n'), 'invalid_option', detail);
  }
  const seen = new Set<string>();
  for (const { name } of columns) {
    refuseName(name, () => tools.pointer(), tools.limits);
    if (seen.has(name)) {
      const detail = `expected new columns to have names of their own, got ${quoted(name)} twice`;
      throw Problem.at(tools.pointer(), 'duplicate_column', detail);
    }
    seen.add(name);
  }
  refuseColumns(columns.length, tools.pointer(), tools.limits);
  refuseSize(rows, columns.length, tools.limits);
  return { rows, columns };
}
