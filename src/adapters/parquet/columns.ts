import { type Chunk, type Column, numericCells, type TextColumn } from '../../ports/tables.js';
import { decodePages, type ParquetFile } from './chunks.js';
import { instantText, nanosecondsAt } from './instants.js';
import { type Doubles, toDoubles } from './numbers.js';
import type { RowGroup } from './footer.js';
import { unsupported } from './pages.js';
import type { ParquetColumn } from './schema.js';
import { stringColumn } from './strings.js';
import { invalid } from './thrift.js';
import type { Stored } from './values.js';

/** A column of all row groups. Throws 400 `invalid_parquet`, 413 `out_of_memory`, 422 `unsupported_type`. */
export function columnOf(file: ParquetFile, column: ParquetColumn): Column {
  const { meaning } = column;
  switch (meaning.kind) {
    case 'unsupported':
      throw unsupported(column, meaning.type);
    case 'nothing':
      return nothing(file, column);
    case 'string':
      return stringColumn(file, column);
    case 'instant':
      return instantColumn(file, column, meaning.unit);
    case 'boolean':
      return numericColumn(file, column, 'boolean');
    default:
      return numericColumn(file, column, 'number');
  }
}

/** Row groups stay apart: one chunk each, missing values are NaN. */
function numericColumn(file: ParquetFile, column: ParquetColumn, type: 'number' | 'boolean'): Column {
  let inexact = 0;
  const chunks = file.footer.groups.map((group): Chunk => {
    const values = file.tools.space.float64(group.rows);
    let start = 0;
    let known: { stored: Stored; doubles: Doubles } | undefined;
    for (const page of decodePages(file, group, column)) {
      const target = values.subarray(start, start + page.rows);
      start += page.rows;
      const { dictionary, present } = page;
      if (page.values.kind !== 'codes') {
        const doubles = toDoubles(page.values, column.meaning);
        inexact += place(target, doubles, present, undefined);
      } else if (dictionary !== undefined) {
        if (known?.stored !== dictionary)
          known = { stored: dictionary, doubles: toDoubles(dictionary, column.meaning) };
        inexact += place(target, known.doubles, present, page.values.codes);
      }
    }
    return { values, validity: null, bitOffset: 0 };
  });
  const numbers = { length: file.footer.rows, chunks };
  return { name: column.name, type, numbers, inexact, cells: () => numericCells(type, numbers) };
}

/** Puts present values where they belong, NaN elsewhere. Gives how many of them are inexact. */
function place(
  target: Float64Array,
  { values, inexact }: Doubles,
  present: Uint8Array | null,
  codes: Uint8Array | Int32Array | undefined,
): number {
  if (present === null && codes === undefined) {
    target.set(values);
    return inexact === null ? 0 : inexact.reduce((sum, flag) => sum + flag, 0);
  }
  let count = 0;
  for (let row = 0, next = 0; row < target.length; row++) {
    if (present !== null && present[row] === 0) {
      target[row] = NaN;
      continue;
    }
    const at = codes === undefined ? next : codes[next]!;
    target[row] = values[at]!;
    if (inexact !== null) count += inexact[at]!;
    next++;
  }
  return count;
}

interface InstantChunk {
  readonly view: DataView;
  readonly width: number;
  /** A 1 for each row that has a value; null: all have. */
  readonly present: Uint8Array | null;
  readonly rows: number;
}

/** Instants as they are stored, in the request's space: 4, 8 or 12 bytes a row. */
function instantColumn(file: ParquetFile, column: ParquetColumn, unit: bigint): TextColumn {
  const width = { INT32: 4, INT64: 8, INT96: 12 }[column.physical as 'INT32' | 'INT64' | 'INT96'];
  let missing = 0;
  const chunks = file.footer.groups.map((group): InstantChunk => {
    const bytes = file.tools.space.bytes(group.rows * width);
    const present = column.optional ? file.tools.space.bytes(group.rows).fill(1) : null;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const gaps = instantsInto(words, width / 4, present, file, group, column);
    missing += gaps;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return { view, width, present: gaps === 0 ? null : present, rows: group.rows };
  });
  return { name: column.name, type: 'timestamp', missing, cells: () => instants(chunks, unit) };
}

/** Gives the number of missing values. */
function instantsInto(
  target: Int32Array,
  perRow: number,
  present: Uint8Array | null,
  file: ParquetFile,
  group: RowGroup,
  column: ParquetColumn,
): number {
  let start = 0;
  let missing = 0;
  for (const page of decodePages(file, group, column)) {
    const { values, dictionary } = page;
    const stored = values.kind === 'codes' ? dictionary! : values;
    const codes = values.kind === 'codes' ? values.codes : undefined;
    const source = wordsOf(stored);
    if (page.present !== null) present?.set(page.present, start);
    for (let row = 0, next = 0; row < page.rows; row++) {
      if (page.present !== null && page.present[row] === 0) {
        missing++;
        continue;
      }
      const from = (codes === undefined ? next : codes[next]!) * perRow;
      const to = (start + row) * perRow;
      for (let i = 0; i < perRow; i++) target[to + i] = source[from + i]!;
      next++;
    }
    start += page.rows;
  }
  return missing;
}

function wordsOf(stored: Stored): Int32Array {
  if (stored.kind === 'typed') {
    const { values } = stored;
    return new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4);
  }
  if (stored.kind !== 'fixed') throw new Error('strings and booleans are no instants');
  const { bytes } = stored;
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

function* instants(chunks: readonly InstantChunk[], unit: bigint): Iterable<string | null> {
  for (const { view, width, present, rows } of chunks) {
    for (let row = 0; row < rows; row++) {
      const has = present === null || present[row] === 1;
      yield has ? instantText(nanosecondsAt(view, row * width, width, unit)) : null;
    }
  }
}

/** Arrow's null type: no row has a value. */
function nothing(file: ParquetFile, column: ParquetColumn): TextColumn {
  const { rows, groups } = file.footer;
  for (const group of groups) {
    for (const page of decodePages(file, group, column)) {
      if (page.present === null || page.present.includes(1))
        throw invalid('expected a column of the null type to have no values, got some');
    }
  }
  const cells = function* (): Iterable<null> {
    for (let row = 0; row < rows; row++) yield null;
  };
  return { name: column.name, type: 'mixed', missing: rows, cells };
}
