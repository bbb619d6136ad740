import { excerpt, Problem } from '../../ports/problem.js';
import type { Engine } from '../../ports/engine.js';
import type { Space } from '../../ports/space.js';
import type { Column, NumericColumn, Table } from '../../ports/tables.js';
import { groupRows } from '../grouping.js';
import { Notes } from '../notes.js';
import { completeRows, numbersOf } from './samples.js';
import type { TestQuestion } from './test.js';

/** A table of counts. */
export interface Counts {
  /** Its columns, equally long; nothing is missing. */
  readonly columns: readonly Float64Array[];
  /** Of the columns. */
  readonly sums: readonly number[];
  readonly rows: number;
  /** Of a cross-tabulation: the values behind the rows and columns, in sorted order. */
  readonly labels?: { readonly rows: readonly string[]; readonly columns: readonly string[] };
}

/** Cells that a cross-tabulation may have. */
const MOST_CELLS = 1_000_000;

/**
 * Columns of numbers are the columns of the table; of two others the values are cross-tabulated, as pandas' `crosstab`. A row
 * with a missing value is left out. Throws 422 for a negative count, and for columns that are neither.
 */
export function countsOf({
  table,
  columns,
  pointer,
  space,
  engine,
}: Pick<TestQuestion<unknown>, 'table' | 'columns' | 'pointer' | 'space' | 'engine'>): Counts {
  const numeric = columns.filter((column): column is NumericColumn => column.type === 'number');
  if (numeric.length === columns.length) return countsIn(numeric, pointer, space, engine);
  if (columns.length === 2) return crossTabulated(table, [columns[0]!, columns[1]!], pointer, space);
  const got = columns.map(({ name, type }) => `${JSON.stringify(name)} (${type})`).join(', ');
  const detail = `expected columns of counts, or two columns to cross-tabulate, got ${excerpt(got)}`;
  throw Problem.at(pointer('columns'), 'invalid_option', detail);
}

function countsIn(
  numeric: readonly NumericColumn[],
  pointer: (option: string) => string,
  space: Space,
  engine: Engine,
): Counts {
  const given = numeric.map(({ numbers }) => numbers);
  const gaps = given.some((numbers) => engine.moments(numbers, 1).count < numbers.length);
  const columns = completeRows(given, space, gaps);
  const complete = gaps ? columns.map(numbersOf) : given;
  engine.ahead.moments(complete, 1);
  const moments = complete.map((numbers) => engine.moments(numbers, 1));
  const wrong = moments.findIndex(({ min }) => min < 0);
  if (wrong >= 0) refuseNegative(columns[wrong]!, numeric[wrong]!.name, pointer('columns'));
  return { columns, sums: moments.map(({ sum }) => sum), rows: columns[0]?.length ?? 0 };
}

/** Throws 422 for a count below zero, of which the column has one. */
export function refuseNegative(counts: Float64Array, name: string, pointer: string): never {
  const negative = counts.find((count) => count < 0);
  const detail = `expected counts, got ${negative} in column ${JSON.stringify(excerpt(name))}`;
  throw Problem.at(pointer, 'invalid_option', detail);
}

function crossTabulated(
  table: Table,
  pair: readonly [Column, Column],
  pointer: (option: string) => string,
  space: Space,
): Counts {
  // What is left out was said of the columns before.
  const notes = new Notes();
  const [down, across] = pair.map((column) =>
    groupRows(table, column.name, pointer('columns'), space, notes),
  ) as [ReturnType<typeof groupRows>, ReturnType<typeof groupRows>];
  const [rows, columns] = [down.labels.length, across.labels.length];
  if (rows * columns > MOST_CELLS) {
    const detail = `expected a cross-tabulation of at most ${MOST_CELLS} cells, got ${rows} by ${columns}`;
    throw Problem.at(pointer('columns'), 'invalid_option', detail);
  }
  const cells = Array.from({ length: columns }, () => space.float64(rows));
  down.codes.forEach((row, i) => {
    const column = across.codes[i]!;
    if (row >= 0 && column >= 0) cells[column]![row]! += 1;
  });
  return withoutEmpty(cells, down.labels, across.labels);
}

/** Without the values that stand only where the other column misses its own. */
function withoutEmpty(
  cells: readonly Float64Array[],
  rows: readonly string[],
  columns: readonly string[],
): Counts {
  const sumOf = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0);
  const sides = new Float64Array(rows.length);
  for (const counts of cells) for (let row = 0; row < rows.length; row++) sides[row]! += counts[row]!;
  const down = Int32Array.from(sides.keys()).filter((row) => sides[row]! > 0);
  const across = Array.from(cells.keys()).filter((column) => sumOf(cells[column]!) > 0);
  const kept = across.map((column) => Float64Array.from(down, (row) => cells[column]![row]!));
  return {
    columns: kept,
    sums: kept.map(sumOf),
    rows: down.length,
    labels: {
      rows: Array.from(down, (row) => rows[row]!),
      columns: across.map((column) => columns[column]!),
    },
  };
}
