/** Tables of every type, and every form in which a client may send them. */
import { gzipSync } from 'node:zlib';
import {
  Bool,
  CompressionType,
  compressionRegistry,
  type DataType,
  Field,
  Float64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import lz4 from 'lz4js';

export type Cell = number | boolean | string | null;

/** Timestamps are milliseconds since the epoch, null among them. */
export interface DrawnColumn {
  readonly name: string;
  readonly type: 'number' | 'boolean' | 'string' | 'timestamp';
  readonly cells: readonly Cell[];
}
export interface Form {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 }),
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(0, 0.1, 1e-9, 2 ** 53 - 1),
);
/** Strings that CSV cannot take for anything else: there an empty field is missing and `1` is a number. */
const text = fc.string({ unit: 'grapheme', maxLength: 8 }).map((tail) => `s${tail}`);
const kinds = {
  number,
  boolean: fc.boolean(),
  string: fc.oneof(text, fc.constantFrom('sa', 'sb', 's,"\r\n', 'sé😀')),
  timestamp: fc.integer({ min: -2e12, max: 4e12 }),
} as const;
const names = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
  fc.constantFrom('a', 'b', '__proto__', 'constructor', 'naïve 😀', 'x,"y', '1', ' ', '0'),
);

/** 1 to 5 columns of 1 to 40 rows. */
export const tables: fc.Arbitrary<DrawnColumn[]> = fc.integer({ min: 1, max: 40 }).chain((rows) =>
  fc.uniqueArray(
    fc
      .tuple(names, fc.constantFrom('number', 'number', 'boolean', 'string', 'timestamp'))
      .chain(([name, type]) =>
        fc
          .array(fc.option(kinds[type] as fc.Arbitrary<Cell>, { freq: 5 }), {
            minLength: rows,
            maxLength: rows,
          })
          .map((cells): DrawnColumn => ({ name, type, cells })),
      ),
    { minLength: 1, maxLength: 5, selector: ({ name }) => name },
  ),
);

/** A cell as a text format has it. */
const shown = ({ type }: DrawnColumn, cell: Cell): Cell =>
  type === 'timestamp' && typeof cell === 'number' ? new Date(cell).toISOString() : cell;

const rowsOf = (table: readonly DrawnColumn[]): number => table[0]?.cells.length ?? 0;
const eachRow = <T>(table: readonly DrawnColumn[], make: (row: number) => T): T[] =>
  Array.from({ length: rowsOf(table) }, (_, row) => make(row));

/** Missing values as null or as absent keys, in turn; every key is in the first row. */
function jsonRows(table: readonly DrawnColumn[], absent: boolean): string[] {
  return eachRow(table, (row) => {
    const kept = table.filter(({ cells }) => !absent || row === 0 || cells[row] !== null);
    const members = kept.map(
      (column) => `${JSON.stringify(column.name)}:${JSON.stringify(shown(column, column.cells[row]!))}`,
    );
    return `{${members.join(',')}}`;
  });
}

function csv(table: readonly DrawnColumn[], lineEnd: string, quoteAll: boolean): string {
  const field = (value: Cell): string => {
    const plain = value === null ? '' : String(value);
    const needed = quoteAll || /[",\r\n]/u.test(plain) || (plain === '' && table.length === 1);
    return needed ? `"${plain.replaceAll('"', '""')}"` : plain;
  };
  const lines = eachRow(table, (row) =>
    table.map((column) => field(shown(column, column.cells[row]!))).join(','),
  );
  return [table.map(({ name }) => field(name)).join(','), ...lines].join(lineEnd) + lineEnd;
}

const TYPES: Record<DrawnColumn['type'], () => DataType> = {
  number: () => new Float64(),
  boolean: () => new Bool(),
  string: () => new Utf8(),
  timestamp: () => new TimestampMillisecond(),
};

function batches(table: readonly DrawnColumn[], size: number): RecordBatch[] {
  const schema = new Schema(table.map(({ name, type }) => new Field(name, TYPES[type](), true)));
  return Array.from({ length: Math.max(1, Math.ceil(rowsOf(table) / size)) }, (_, i) => {
    const parts = table.map(
      ({ type, cells }) => vectorFromArray(cells.slice(i * size, (i + 1) * size), TYPES[type]()).data[0]!,
    );
    const length = parts[0]?.length ?? 0;
    return new RecordBatch(
      schema,
      makeData({ type: new Struct(schema.fields), length, nullCount: 0, children: parts }),
    );
  });
}

/** apache-arrow 21 declares a buffer's compressed length where the format wants the other one. */
class StreamWriter extends RecordBatchStreamWriter {
  protected override _compressBodyBuffers(
    buffers: ArrayBufferView[],
  ): ReturnType<RecordBatchStreamWriter['_compressBodyBuffers']> {
    const made = super._compressBodyBuffers(buffers);
    buffers.forEach(({ byteLength }, i) => {
      const { buffer, byteOffset, byteLength: prefix } = made.buffers[2 * i]!;
      if (prefix !== 8) return;
      const declared = new DataView(buffer, byteOffset, prefix);
      if (declared.getBigInt64(0, true) !== -1n) declared.setBigInt64(0, BigInt(byteLength), true);
    });
    return made;
  }
}

function arrow(
  table: readonly DrawnColumn[],
  kind: 'stream' | 'file',
  size: number,
  compressionType: CompressionType | null = null,
): Uint8Array {
  const writer = kind === 'stream' ? new StreamWriter({ compressionType }) : new RecordBatchFileWriter();
  for (const batch of batches(table, size)) writer.write(batch);
  return writer.finish().toUint8Array(true);
}

/** Column types in hyparquet-writer's words. */
const PARQUET = { number: 'DOUBLE', boolean: 'BOOLEAN', string: 'STRING', timestamp: 'TIMESTAMP' } as const;

/** Makes every form of a table. The writers of ZSTD and Parquet are loaded first. */
export async function formWriter(): Promise<(table: readonly DrawnColumn[]) => Form[]> {
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const zstd = await Zstd.load();
  compressionRegistry.set(CompressionType.LZ4_FRAME, {
    encode: (data) => lz4.compress(data),
  });
  compressionRegistry.set(CompressionType.ZSTD, { encode: (data) => zstd.compress(data) });
  return (table) => {
    const rows = rowsOf(table);
    const form = (name: string, type: string, body: string | Uint8Array, more = {}): Form => ({
      name,
      headers: { 'content-type': type, ...more },
      body: Buffer.from(body),
    });
    const stream = 'application/vnd.apache.arrow.stream';
    const file = 'application/vnd.apache.arrow.file';
    const columns = table.map(
      (column) =>
        `${JSON.stringify(column.name)}:${JSON.stringify(column.cells.map((cell) => shown(column, cell)))}`,
    );
    const parquet = (rowGroupSize: number, codec: 'SNAPPY' | 'UNCOMPRESSED'): Uint8Array =>
      new Uint8Array(
        parquetWriteBuffer({
          columnData: table.map(({ name, type, cells }) => ({
            name,
            type: PARQUET[type],
            nullable: true,
            data: cells.map((cell) =>
              type === 'timestamp' && cell !== null ? new Date(Number(cell)) : cell,
            ),
          })),
          rowGroupSize: [rowGroupSize],
          codec,
        }),
      );
    return [
      form('JSON rows', 'application/json', `{"data":[${jsonRows(table, false).join(',')}]}`),
      form('JSON rows, absent keys', 'application/json', `{"data":[${jsonRows(table, true).join(', ')}]}`),
      form('JSON columns', 'application/json', `{"columns":{${columns.join(',')}}}`),
      form('NDJSON', 'application/x-ndjson', jsonRows(table, true).join('\n')),
      form('CSV', 'text/csv', csv(table, '\n', false)),
      form('CSV, all quoted, CRLF', 'text/csv', csv(table, '\r\n', true)),
      form('CSV, gzip', 'text/csv', gzipSync(csv(table, '\n', false)), { 'content-encoding': 'gzip' }),
      form('Arrow stream, one batch', stream, arrow(table, 'stream', rows || 1)),
      form('Arrow stream, a batch a row', stream, arrow(table, 'stream', 1)),
      form('Arrow file', file, arrow(table, 'file', 7)),
      form('Arrow stream, LZ4', stream, arrow(table, 'stream', rows || 1, CompressionType.LZ4_FRAME)),
      form('Arrow stream, ZSTD', stream, arrow(table, 'stream', 9, CompressionType.ZSTD)),
      form('Parquet', 'application/vnd.apache.parquet', parquet(rows || 1, 'UNCOMPRESSED')),
      form('Parquet, row groups, Snappy', 'application/x-parquet', parquet(6, 'SNAPPY')),
    ];
  };
}
