import {
  CompressionType,
  compressionRegistry,
  type Data,
  Field,
  Int32,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Table as ArrowTable,
  tableToIPC,
} from 'apache-arrow';
import type { FrameEncoder, TableWriter } from '../../ports/formats.js';
import type { Table } from '../../ports/tables.js';
import { dataOf, type MayStay } from './columns.js';
import { zeroNulls } from './nulls.js';
import { sourceOf } from './read.js';

/** The client's own columns, types and batches when they came as Arrow; float64, bool and utf8 otherwise. */
export const writeArrow: TableWriter = (table, extra, metadata, lz4) => {
  const source = sourceOf(table) ?? build(table);
  const appended = extra === null ? [] : [new Field(freeName(extra.name, table.names), new Int32(), true)];
  const fields = [...source.schema.fields, ...appended];
  const schema = new Schema(fields, new Map([...source.schema.metadata, ...metadata]));
  let start = 0;
  const batches = source.batches.map((batch) => {
    const end = start + batch.numRows;
    const children: Data[] = [
      ...batch.data.children.map(zeroNulls),
      ...(extra === null ? [] : [labelData(extra.values.subarray(start, end))]),
    ];
    start = end;
    return new RecordBatch(
      schema,
      makeData({ type: new Struct(fields), length: batch.numRows, nullCount: 0, children }),
    );
  });
  return streamOf(new ArrowTable(schema, batches), lz4);
};

/** An IPC stream. `lz4`: its buffers as LZ4 frames. */
export function streamOf(made: ArrowTable, lz4: FrameEncoder | undefined): Uint8Array {
  if (lz4 === undefined) return tableToIPC(made, 'stream');
  compressionRegistry.set(CompressionType.LZ4_FRAME, {
    ...compressionRegistry.get(CompressionType.LZ4_FRAME),
    encode: lz4,
  });
  const writer = new Lz4Writer({ compressionType: CompressionType.LZ4_FRAME });
  writer.writeAll(made);
  return writer.toUint8Array(true);
}

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
  const mayStay = apart();
  const columns = table.names.map((name) => dataOf(table.column(name), mayStay));
  const schema = new Schema(columns.map((data, i) => new Field(table.names[i]!, data.type, true)));
  const type = new Struct(schema.fields);
  const batch = new RecordBatch(
    schema,
    makeData({ type, length: table.rows, nullCount: 0, children: columns }),
  );
  return new ArrowTable(schema, [batch]);
}

/** Whether values lie behind all that were asked of before: apache-arrow writes memory that overlaps once. */
export function apart(): MayStay {
  const ends = new Map<ArrayBufferLike, number>();
  return ({ buffer, byteOffset, byteLength }) => {
    if (byteOffset < (ends.get(buffer) ?? 0)) return false;
    ends.set(buffer, byteOffset + byteLength);
    return true;
  };
}
