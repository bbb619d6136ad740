import { excerpt, Problem } from '../../ports/problem.js';
import type { Space } from '../../ports/space.js';
import type { Column, NumericColumn, Table } from '../../ports/tables.js';
import { groupRows } from '../grouping.js';
import { Notes } from '../notes.js';
import { completeRows } from './samples.js';
import type { TestQuestion } from './test.js';

/** A table of counts. */
export interface Counts {
  /** Row-major, rows × columns. */
  readonly cells: Float64Array;
  readonly rows: number;
  readonly columns: number;
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
}: Pick<TestQuestion<unknown>, 'table' | 'columns' | 'pointer' | 'space'>): Counts {
  const numeric = columns.filter((column): column is NumericColumn => column.type === 'number');
  if (numeric.length === columns.length) return countsIn(numeric, pointer, space);
  if (columns.length === 2) return crossTabulated(table, [columns[0]!, columns[1]!], pointer, space);
  const got = columns.map(({ name, type }) => `${JSON.stringify(name)} (${type})`).join(', ');
  const detail = `expected columns of counts, or two columns to cross-tabulate, got ${excerpt(got)}`;
  throw Problem.at(pointer('columns'), 'invalid_option', detail);
}

function countsIn(
  numeric: readonly NumericColumn[],
  pointer: (option: string) => string,
  space: Space,
): Counts {
  const columns = numeric.length;
  const complete = completeRows(
    numeric.map(({ numbers }) => numbers),
    space,
  );
  const rows = complete[0]?.length ?? 0;
  const cells = space.float64(rows * columns);
  complete.forEach((values, column) => {
    for (let row = 0; row < rows; row++) {
      const count = values[row]!;
      if (count < 0) {
        const where = JSON.stringify(excerpt(numeric[column]!.name));
        throw Problem.at(
          pointer('columns'),
          'invalid_option',
          `expected counts, got ${count} in column ${where}`,
        );
      }
      cells[row * columns + column] = count;
    }
  });
  return { cells, rows, columns };
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
  const cells = space.float64(rows * columns);
  down.codes.forEach((row, i) => {
    const column = across.codes[i]!;
    if (row >= 0 && column >= 0) cells[row * columns + column]! += 1;
  });
  return withoutEmpty({ cells, rows, columns, labels: { rows: down.labels, columns: across.labels } });
}

/** Without the values that stand only where the other column misses its own. */
function withoutEmpty({ cells, rows, columns, labels }: Required<Counts>): Counts {
  const all = (length: number): number[] => Array.from({ length }, (_, i) => i);
  const down = all(rows).filter((row) => all(columns).some((column) => cells[row * columns + column]! > 0));
  const across = all(columns).filter((column) => down.some((row) => cells[row * columns + column]! > 0));
  const kept = down.flatMap((row) => across.map((column) => cells[row * columns + column]!));
  return {
    cells: Float64Array.from(kept),
    rows: down.length,
    columns: across.length,
    labels: {
      rows: down.map((row) => labels.rows[row]!),
      columns: across.map((column) => labels.columns[column]!),
    },
  };
}
