import type { Engine } from '../ports/engine.js';
import type { Json } from '../ports/formats.js';
import { excerpt, Problem } from '../ports/problem.js';
import type { Column, Numbers, NumericColumn, Table } from '../ports/tables.js';
import type { Notes } from './notes.js';

/** What a story works on: the columns asked for, in the table's order. */
export interface Selection {
  readonly rows: number;
  readonly all: readonly Column[];
  readonly numbers: readonly NumericColumn[];
  readonly booleans: readonly NumericColumn[];
}

/**
 * The columns named in `wanted`, or all of them, without `except`. Throws `unknown_column` with a pointer to the name, and `no_data`
 * when there is nothing to work on.
 */
export function selectColumns(
  table: Table,
  wanted: readonly string[] | undefined,
  pointer: (option: string, index?: number) => string,
  notes: Notes,
  except?: string,
): Selection {
  if (table.names.length === 0) throw Problem.at('', 'no_data', 'expected at least one column, got none');
  if (table.rows === 0) throw Problem.at('', 'no_data', 'expected at least one row, got none');
  const known = new Set(table.names);
  wanted?.forEach((name, index) => {
    if (!known.has(name)) refuseUnknown(table, name, pointer('columns', index));
  });
  const asked = wanted === undefined ? known : new Set(wanted);
  const all = table.names
    .filter((name) => asked.has(name) && name !== except)
    .map((name) => typeless(table.column(name), table.rows));
  const numeric = all.filter((column): column is NumericColumn => 'numbers' in column);
  for (const column of numeric) noteInexact(column, notes);
  for (const column of all) {
    if (column.type !== 'mixed') continue;
    if (column.missing < table.rows)
      notes.warn('mixed_column', 'values of several types: not taken as numbers', column.name);
    else notes.warn('all_missing', 'every value is missing: not taken as numbers', column.name);
  }
  return {
    rows: table.rows,
    all,
    numbers: numeric.filter(({ type }) => type === 'number'),
    booleans: numeric.filter(({ type }) => type === 'boolean'),
  };
}

/** Warns of integers that float64 does not hold. */
export function noteInexact({ name, inexact }: NumericColumn, notes: Notes): void {
  if (inexact === 0) return;
  const detail = `${inexact} integers beyond 2^53 were rounded to the nearest float64`;
  notes.warn('precision_loss', detail, name);
}

/** Throws 422 `unknown_column`, which points at `pointer`, unless the table has a column of that name. */
export function refuseUnknown(table: Table, name: string, pointer: string): void {
  if (table.names.includes(name)) return;
  const names = excerpt(table.names.map((n) => JSON.stringify(n)).join(', '));
  const detail = `expected one of the columns ${names}, got ${JSON.stringify(excerpt(name))}`;
  throw Problem.at(pointer, 'unknown_column', detail);
}

/**
 * A column without a single value is `mixed`, whatever type its format declared: JSON and CSV declare none, and the same
 * rows have the same answer in every format.
 */
function typeless(column: Column, rows: number): Column {
  if ('numbers' in column ? hasValue(column.numbers) : column.missing < rows) return column;
  return { name: column.name, type: 'mixed', missing: rows, cells: () => column.cells() };
}

function hasValue({ chunks }: Numbers): boolean {
  return chunks.some(({ values, validity, bitOffset }) => {
    for (let row = 0; row < values.length; row++) {
      const bit = bitOffset + row;
      const valid = validity === null || ((validity[bit >> 3]! >> (bit & 7)) & 1) === 1;
      if (valid && values[row] === values[row]) return true;
    }
    return false;
  });
}

/** Missing values of a column. */
export function missingIn(column: Column, engine: Engine): number {
  if (!('numbers' in column)) return column.missing;
  return column.numbers.length - engine.moments(column.numbers, 2).count;
}

/** `details.columns`: name, type and missing values of every column that was asked for. */
export function columnDetails(selection: Selection, engine: Engine): Json {
  return selection.all.map((column) => ({
    name: column.name,
    type: column.type,
    missing: missingIn(column, engine),
  }));
}

/** `nan_policy: raise`: throws `missing_values` for the first numeric column that has any. */
export function refuseMissing(
  selection: Selection,
  engine: Engine,
  pointer: (option: string) => string,
): void {
  for (const column of [...selection.numbers, ...selection.booleans]) {
    const missing = missingIn(column, engine);
    if (missing > 0) {
      const detail = `expected no missing values under nan_policy "raise", got ${missing} in column ${JSON.stringify(excerpt(column.name))}`;
      throw Problem.at(pointer('nan_policy'), 'missing_values', detail);
    }
  }
}
