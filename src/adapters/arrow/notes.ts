import type { Cell, Column, ColumnType } from '../../ports/tables.js';

/** Where a field of a dataset says what Arrow's types cannot. */
export const FIELD_NOTE = 'analytics-service';

/** What it says there, as JSON. */
export interface FieldNote {
  /** Cells are JSON text of strings, numbers and booleans; null is missing. */
  readonly cells?: 'json';
  /** What they are then. */
  readonly type?: Extract<ColumnType, 'string' | 'mixed'>;
  /** Integers beyond 2^53 that were rounded. */
  readonly inexact?: number;
}

/** A cell as JSON text that says all of it: zero has a sign. */
export const cellText = (cell: Exclude<Cell, null>): string =>
  Object.is(cell, -0) ? '-0' : JSON.stringify(cell);

/** What such text says; undefined where it is other text. */
export function cellOf(text: string): Exclude<Cell, null> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/**
 * A column as it was before it was stored, by the note of its field. `check`: a note that the cells do not bear out is passed
 * over.
 */
export function noted(column: Column, metadata: ReadonlyMap<string, string>, check: boolean): Column {
  const note = noteIn(metadata);
  if ('numbers' in column) {
    const { inexact } = note;
    return column.type === 'number' && isCount(inexact, column.numbers.length)
      ? { ...column, inexact }
      : column;
  }
  const { cells, type } = note;
  if (column.type !== 'string' || cells !== 'json' || (type !== 'string' && type !== 'mixed')) return column;
  if (check && !bearsOut(column.cells(), type)) return column;
  const read = function* (): Iterable<Cell> {
    for (const cell of column.cells()) yield typeof cell === 'string' ? (cellOf(cell) ?? cell) : null;
  };
  return { name: column.name, type, missing: column.missing, cells: read };
}

function noteIn(metadata: ReadonlyMap<string, string>): FieldNote {
  try {
    const note: unknown = JSON.parse(metadata.get(FIELD_NOTE) ?? '{}');
    return typeof note === 'object' && note !== null ? note : {};
  } catch {
    return {};
  }
}

const isCount = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most;

/** Whether every cell is what it would have been stored as. */
function bearsOut(cells: Iterable<Cell>, type: 'string' | 'mixed'): boolean {
  let present = false;
  for (const cell of cells) {
    if (cell === null) continue;
    const value = cellOf(String(cell));
    if (value === undefined || cellText(value) !== cell) return false;
    if (type === 'string' && typeof value !== 'string') return false;
    present = true;
  }
  return present;
}
