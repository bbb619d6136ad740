import type { RowsWriter } from '../../ports/formats.js';
import type { Cell } from '../../ports/tables.js';

/** Characters that are given on together. */
const PIECE = 65_536;

/**
 * CSV (RFC 4180, comma, UTF-8, lines end with CRLF) with the names first. Missing values are empty fields, so are empty
 * strings: CSV has no other word for them. Numbers are the shortest text that is read as the same, `inf` and `-inf` among it.
 */
export const writeCsv: RowsWriter = function* (table) {
  const { names } = table;
  const line = (fields: readonly string[]): string => {
    // A line of nothing would be no row.
    const text = fields.join(',');
    return `${text === '' ? '""' : text}\r\n`;
  };
  let piece = line(names.map((name) => (name.startsWith('\ufeff') ? quoted(name) : field(name))));
  const columns = names.map((name) => table.column(name).cells()[Symbol.iterator]());
  for (let row = 0; row < table.rows; row++) {
    piece += line(columns.map((cells) => textOf(cells.next().value as Cell)));
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
};

function textOf(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return field(cell);
  if (Object.is(cell, -0)) return '-0';
  return cell === Infinity ? 'inf' : cell === -Infinity ? '-inf' : String(cell);
}

const field = (text: string): string => (/[",\r\n]/u.test(text) ? quoted(text) : text);
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
