import {
  type Data,
  Field,
  makeData,
  Null,
  RecordBatch,
  Schema,
  Struct,
  Table as ArrowTable,
  Utf8,
} from 'apache-arrow';
import type { DatasetWriter, WrittenColumn } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import type { Cell, Column, Table, TextColumn } from '../../ports/tables.js';
import { dataOf } from './columns.js';
import { readFraming } from './framing.js';
import { instantData } from './instants.js';
import { cellText, FIELD_NOTE, type FieldNote } from './notes.js';
import { apart, streamOf } from './write.js';

interface Written {
  readonly field: Field;
  readonly data: Data;
}

export const writeDataset: DatasetWriter = (table, lz4) => {
  const mayStay = apart();
  const columns = table.names.map((name): Written => {
    const column = table.column(name);
    const { data, note } = writtenOf(column, table.rows, mayStay);
    const metadata = new Map(note === undefined ? [] : [[FIELD_NOTE, JSON.stringify(note)]]);
    return { field: new Field(name, data.type, true, metadata), data };
  });
  const schema = new Schema(columns.map(({ field }) => field));
  const struct = makeData({
    type: new Struct(schema.fields),
    length: table.rows,
    nullCount: 0,
    children: columns.map(({ data }) => data),
  });
  const document = streamOf(new ArrowTable(schema, [new RecordBatch(schema, struct)]), lz4);
  refuseUnreadable(document);
  return { document, columns: columns.map(({ data }, i) => factsOf(table, table.names[i]!, data)) };
};

function writtenOf(
  column: Column,
  rows: number,
  mayStay: Parameters<typeof dataOf>[1],
): { readonly data: Data; readonly note?: FieldNote } {
  if ('numbers' in column) {
    const data = dataOf(column, mayStay);
    return column.inexact === 0 ? { data } : { data, note: { inexact: column.inexact } };
  }
  if (column.type === 'timestamp') return { data: instantData(column, rows) };
  if (column.type === 'mixed') {
    if (column.missing === rows)
      return { data: makeData({ type: new Null(), length: rows, nullCount: rows }) };
    return { data: utf8Data(column, rows, cellText), note: { cells: 'json', type: 'mixed' } };
  }
  const plain = utf8Data(column, rows, (cell) => wellFormed(String(cell)));
  if (plain !== undefined) return { data: plain };
  // A lone surrogate is no text of Arrow's, but JSON can escape it.
  return { data: utf8Data(column, rows, cellText), note: { cells: 'json', type: 'string' } };
}

const wellFormed = (text: string): string | undefined => (text.isWellFormed() ? text : undefined);

/** Bytes that offsets of 32 bits can reach. */
const MOST_TEXT = 2 ** 31 - 1;

/** Present cells as `textOf` says; undefined when it has no word for one of them. */
function utf8Data(
  column: TextColumn,
  rows: number,
  textOf: (cell: Exclude<Cell, null>) => string,
): Data<Utf8>;
function utf8Data(
  column: TextColumn,
  rows: number,
  textOf: (cell: Exclude<Cell, null>) => string | undefined,
): Data<Utf8> | undefined;
function utf8Data(
  column: TextColumn,
  rows: number,
  textOf: (cell: Exclude<Cell, null>) => string | undefined,
): Data<Utf8> | undefined {
  const encoder = new TextEncoder();
  const valueOffsets = new Int32Array(rows + 1);
  const nullBitmap = new Uint8Array(Math.ceil(rows / 8));
  let bytes = new Uint8Array(1024 + rows * 8);
  let [row, end, nullCount] = [0, 0, 0];
  for (const cell of column.cells()) {
    if (cell === null) nullCount++;
    else {
      const text = textOf(cell);
      if (text === undefined) return undefined;
      nullBitmap[row >> 3]! |= 1 << (row & 7);
      if (bytes.length - end < text.length * 3) {
        const grown = new Uint8Array(Math.max(bytes.length * 2, end + text.length * 3));
        grown.set(bytes);
        bytes = grown;
      }
      end += encoder.encodeInto(text, bytes.subarray(end)).written;
      if (end > MOST_TEXT)
        throw new Problem(
          'out_of_memory',
          `expected at most ${MOST_TEXT} bytes of text in a column, got more`,
        );
    }
    valueOffsets[++row] = end;
  }
  return makeData({
    type: new Utf8(),
    length: rows,
    nullCount,
    nullBitmap: nullCount === 0 ? undefined : nullBitmap,
    valueOffsets,
    data: bytes.subarray(0, end),
  });
}

/** What was written is what can be read: metadata has its bounds, which a JSON body with long names may be beyond. */
function refuseUnreadable(document: Uint8Array): void {
  try {
    readFraming(document);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw Problem.at(
      '',
      'too_many_columns',
      'expected names of columns of less than 1 MiB together, got more',
    );
  }
}

function factsOf(table: Table, name: string, data: Data): WrittenColumn {
  const { type } = table.column(name);
  const { nullCount: missing, length } = data;
  const { values, valueOffsets } = data as Partial<Record<'values' | 'valueOffsets', ArrayBufferView | null>>;
  // Numbers and booleans are read as float64.
  const held = type === 'number' || type === 'boolean' ? length * 8 : (values?.byteLength ?? 0);
  const decodedBytes = held + (valueOffsets?.byteLength ?? 0) + Math.ceil(length / 8);
  return { name, type, missing, decodedBytes };
}
