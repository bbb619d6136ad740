import {
  type Cell,
  type Chunk,
  type Column,
  numericCells,
  type Numbers,
  type Table,
} from '../../ports/tables.js';

/** Which part of a table. */
export interface Part {
  /** In this order; undefined: all. */
  readonly columns: readonly string[] | undefined;
  readonly offset: number;
  /** At most. */
  readonly rows: number;
}

/** A part of a table; numbers stay where they are. */
export function partOf(table: Table, { columns, offset, rows: most }: Part): Table {
  const start = Math.min(offset, table.rows);
  const rows = Math.min(most, table.rows - start);
  const names = columns ?? table.names;
  if (rows === table.rows) return { rows, names, column: (name) => table.column(name) };
  return { rows, names, column: (name) => columnPart(table.column(name), start, rows) };
}

function columnPart(column: Column, start: number, rows: number): Column {
  const { name } = column;
  if ('numbers' in column) {
    const { type } = column;
    const numbers = numbersPart(column.numbers, start, rows);
    // Which rows the rounded integers are in is not known.
    return { name, type, numbers, inexact: 0, cells: () => numericCells(type, numbers) };
  }
  const cells = (): Iterable<Cell> => cellsPart(column.cells(), start, rows);
  let missing = 0;
  for (const cell of cells()) if (cell === null) missing++;
  return { name, type: column.type, missing, cells };
}

function numbersPart({ chunks }: Numbers, start: number, rows: number): Numbers {
  const parts: Chunk[] = [];
  let at = 0;
  for (const { values, validity, bitOffset } of chunks) {
    const from = Math.max(0, start - at);
    const to = Math.min(values.length, start + rows - at);
    if (from < to) parts.push({ values: values.subarray(from, to), validity, bitOffset: bitOffset + from });
    at += values.length;
  }
  return { length: rows, chunks: parts };
}

function* cellsPart(cells: Iterable<Cell>, start: number, rows: number): Iterable<Cell> {
  let row = 0;
  if (rows === 0) return;
  for (const cell of cells) {
    if (row >= start) yield cell;
    if (++row >= start + rows) return;
  }
}
