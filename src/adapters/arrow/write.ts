import {
  Bool,
  CompressionType,
  compressionRegistry,
  type Data,
  Field,
  Float64,
  Int32,
  makeData,
  makeVector,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Table as ArrowTable,
  tableToIPC,
  Utf8,
  vectorFromArray,
  type Vector,
} from 'apache-arrow';
import type { TableWriter } from '../../ports/formats.js';
import type { Column, Table } from '../../ports/tables.js';
import { zeroNulls } from './nulls.js';
import { sourceOf } from './read.js';

/** The client's own columns, types and batches when they came as Arrow; float64, bool and utf8 otherwise. */
export const writeArrow: TableWriter = (table, extra, metadata, lz4) => {
  const source = sourceOf(table) ?? build(table);
  const name = freeName(extra.name, table.names);
  const appended = new Field(name, new Int32(), true);
  const fields = [...source.schema.fields, appended];
  const schema = new Schema(fields, new Map([...source.schema.metadata, ...metadata]));
  let start = 0;
  const batches = source.batches.map((batch) => {
    const end = start + batch.numRows;
    const children: Data[] = [
      ...batch.data.children.map(zeroNulls),
      labelData(extra.values.subarray(start, end)),
    ];
    start = end;
    return new RecordBatch(
      schema,
      makeData({ type: new Struct(fields), length: batch.numRows, nullCount: 0, children }),
    );
  });
  const made = new ArrowTable(schema, batches);
  if (lz4 === undefined) return tableToIPC(made, 'stream');
  compressionRegistry.set(CompressionType.LZ4_FRAME, {
    ...compressionRegistry.get(CompressionType.LZ4_FRAME),
    encode: lz4,
  });
  const writer = new Lz4Writer({ compressionType: CompressionType.LZ4_FRAME });
  writer.writeAll(made);
  return writer.toUint8Array(true);
};

/** apache-arrow 21.2 declares the compressed length of a buffer where the format has the decompressed one. */
class Lz4Writer extends RecordBatchStreamWriter {
  protected override _compressBodyBuffers(
    buffers: ArrayBufferView[],
  ): ReturnType<RecordBatchStreamWriter['_compressBodyBuffers']> {
    const compressed = super._compressBodyBuffers(buffers);
    for (const [i, { byteLength }] of buffers.entries()) {
      // Pairs of a length, which is -1 where the buffer stayed raw, and a buffer; empty buffers have neither.
      const prefix = compressed.buffers[i * 2]!;
      if (prefix.byteLength === 0) continue;
      const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
      if (view.getBigInt64(0, true) >= 0n) view.setBigInt64(0, BigInt(byteLength), true);
    }
    return compressed;
  }
}

/** "cluster", or "cluster_2" where the client has a column of that name. */
function freeName(wanted: string, taken: readonly string[]): string {
  for (let i = 1; ; i++) {
    const name = i === 1 ? wanted : `${wanted}_${i}`;
    if (!taken.includes(name)) return name;
  }
}

function labelData(labels: Int32Array): Data<Int32> {
  const nullBitmap = new Uint8Array(Math.ceil(labels.length / 8));
  let nullCount = 0;
  const data = labels.slice();
  labels.forEach((label, row) => {
    if (label >= 0) nullBitmap[row >> 3]! |= 1 << (row & 7);
    else {
      nullCount++;
      data[row] = 0;
    }
  });
  return makeData({ type: new Int32(), length: labels.length, nullCount, nullBitmap, data });
}

function build(table: Table): ArrowTable {
  const vectors = table.names.map((name): [string, Vector] => [name, vectorOf(table.column(name))]);
  const schema = new Schema(vectors.map(([name, vector]) => new Field(name, vector.type, true)));
  const children = vectors.map(([, vector]): Data => vector.data[0]! as Data);
  const type = new Struct(schema.fields);
  const batch = new RecordBatch(schema, makeData({ type, length: table.rows, nullCount: 0, children }));
  return new ArrowTable(schema, [batch]);
}

function vectorOf(column: Column): Vector {
  const cells = [...column.cells()];
  if (column.type === 'number') return vectorFromArray(cells as (number | null)[], new Float64());
  if (column.type === 'boolean') return vectorFromArray(cells as (boolean | null)[], new Bool());
  const texts = cells.map((cell) =>
    cell === null || typeof cell === 'string' ? cell : JSON.stringify(cell),
  );
  if (texts.length === 0)
    return makeVector({
      type: new Utf8(),
      length: 0,
      valueOffsets: new Int32Array(1),
      data: new Uint8Array(),
    });
  return vectorFromArray(texts, new Utf8());
}
