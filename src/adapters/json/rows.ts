import type { RowsWriter } from '../../ports/formats.js';
import type { Cell } from '../../ports/tables.js';

/** Characters that are given on together. */
const PIECE = 65_536;

/**
 * Row objects of JSON, a line each: every row has every column, null where it misses it. Zero has its sign; what JSON has no
 * number for (infinities) is null.
 */
export const writeRows: RowsWriter = function* (table) {
  const columns = table.names.map((name, i) => ({
    key: `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`,
    cells: table.column(name).cells()[Symbol.iterator](),
  }));
  let piece = '';
  for (let row = 0; row < table.rows; row++) {
    for (const { key, cells } of columns) piece += key + textOf(cells.next().value as Cell);
    piece += '}\n';
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
};

function textOf(cell: Cell): string {
  if (typeof cell !== 'number') return typeof cell === 'string' ? JSON.stringify(cell) : String(cell);
  return Object.is(cell, -0) ? '-0' : Number.isFinite(cell) ? String(cell) : 'null';
}
