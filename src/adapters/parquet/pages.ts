import { excerpt, Problem } from '../../ports/problem.js';
import type { ColumnChunk } from './footer.js';
import type { ParquetColumn } from './schema.js';
import { CompactReader, invalid, Thrift } from './thrift.js';

/** `Encoding` of parquet.thrift, by number. */
const ENCODINGS = [
  ...['PLAIN', 'GROUP_VAR_INT', 'PLAIN_DICTIONARY', 'RLE', 'BIT_PACKED', 'DELTA_BINARY_PACKED'],
  ...['DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY', 'RLE_DICTIONARY', 'BYTE_STREAM_SPLIT'],
] as const;
export type Encoding = (typeof ENCODINGS)[number];

const UNCOMPRESSED = 0;
const RLE = 3;

/** A page with its place in the body. Levels are those of version 2, which lie in front of what is compressed. */
export interface Page {
  readonly kind: 'dictionary' | 'data' | 'data2';
  readonly codec: number;
  readonly values: number;
  readonly encoding: Encoding;
  /** Bytes of definition levels in front, uncompressed; 0 but for version 2. */
  readonly levels: number;
  /** Missing values by the page's own word; undefined but for version 2. */
  readonly nulls: number | undefined;
  /** Levels and values as they lie in the body. */
  readonly bytes: Uint8Array;
  /** Bytes of both when decompressed. */
  readonly size: number;
}

interface PageHeader {
  type: number;
  size: number;
  compressed: number;
  values: number;
  encoding: number;
  levelEncoding: number;
  nulls: number;
  rows: number;
  levels: number;
  repetitions: number;
  isCompressed: boolean;
}

/**
 * The pages of a column chunk, in order, up to the last value: a dictionary first or none, each inside the chunk, and as
 * many values together as the row group has rows. Nothing is decompressed. Throws 400 `invalid_parquet`, 422
 * `unsupported_type` for an encoding that the column's type has none of.
 */
export function* pagesOf(
  body: Uint8Array,
  chunk: ColumnChunk,
  rows: number,
  column: ParquetColumn,
): Iterable<Page> {
  let at = chunk.start;
  let left = rows;
  for (let first = true; left > 0; first = false) {
    if (at >= chunk.end) throw invalid(`expected pages of ${rows} values, got ${rows - left}`);
    const reader = new CompactReader(body, at, chunk.end);
    const header = readHeader(reader);
    const { compressed, size } = header;
    at = reader.at + compressed;
    if (compressed < 0 || size < 0 || at > chunk.end)
      throw invalid('expected pages inside their column chunk, got one that ends outside');
    // An index page holds no values.
    if (header.type === 1) continue;
    const page = pageOf(header, body.subarray(reader.at, at), chunk.codec, column);
    if (page.kind === 'dictionary') {
      if (!first) throw invalid('expected a dictionary in front of the pages that use it, got one behind');
    } else {
      left -= page.values;
      if (left < 0) throw invalid(`expected pages of ${rows} values, got more`);
    }
    yield page;
  }
}

function readHeader(reader: CompactReader): PageHeader {
  const header: PageHeader = {
    type: -1,
    size: -1,
    compressed: -1,
    values: -1,
    encoding: -1,
    levelEncoding: RLE,
    nulls: -1,
    rows: -1,
    levels: -1,
    repetitions: -1,
    isCompressed: true,
  };
  const data = (): void => {
    reader.struct((id, type) => {
      if (type !== Thrift.int32) return false;
      if (id === 1) header.values = reader.int32();
      else if (id === 2) header.encoding = reader.int32();
      else if (id === 3) header.levelEncoding = reader.int32();
      else return false;
      return true;
    });
  };
  const data2 = (): void => {
    reader.struct((id, type) => {
      if (id === 7) header.isCompressed = type !== Thrift.false;
      if (type !== Thrift.int32) return false;
      if (id === 1) header.values = reader.int32();
      else if (id === 2) header.nulls = reader.int32();
      else if (id === 3) header.rows = reader.int32();
      else if (id === 4) header.encoding = reader.int32();
      else if (id === 5) header.levels = reader.int32();
      else if (id === 6) header.repetitions = reader.int32();
      else return false;
      return true;
    });
  };
  reader.struct((id, type) => {
    if (id === 1 && type === Thrift.int32) header.type = reader.int32();
    else if (id === 2 && type === Thrift.int32) header.size = reader.int32();
    else if (id === 3 && type === Thrift.int32) header.compressed = reader.int32();
    // A header has one of the three; which counts, its type says.
    else if (id === 5 && type === Thrift.struct && header.type === 0) data();
    else if (id === 7 && type === Thrift.struct && header.type === 2) data();
    else if (id === 8 && type === Thrift.struct && header.type === 3) data2();
    else return false;
    return true;
  });
  return header;
}

function pageOf(header: PageHeader, bytes: Uint8Array, codec: number, column: ParquetColumn): Page {
  const { type, size, values } = header;
  const encoding = ENCODINGS[header.encoding];
  if (type < 0 || type > 3) throw invalid(`expected data and dictionary pages, got a page of type ${type}`);
  if (values < 0 || encoding === undefined)
    throw invalid('expected pages with a number of values and a known encoding, got another');
  if (type === 2) {
    if (encoding !== 'PLAIN' && encoding !== 'PLAIN_DICTIONARY')
      throw invalid(`expected a plain dictionary, got one in ${encoding}`);
    expectSize(codec, bytes.length, size);
    return { kind: 'dictionary', codec, values, encoding, levels: 0, nulls: undefined, bytes, size };
  }
  expectEncoding(encoding, column);
  if (type === 0) {
    if (column.optional && header.levelEncoding !== RLE)
      throw unsupported(column, `levels in ${ENCODINGS[header.levelEncoding] ?? 'an unknown encoding'}`);
    expectSize(codec, bytes.length, size);
    return { kind: 'data', codec, values, encoding, levels: 0, nulls: undefined, bytes, size };
  }
  const { nulls, rows, levels, repetitions, isCompressed } = header;
  if (rows !== values || nulls < 0 || nulls > values || repetitions !== 0)
    throw invalid('expected pages with as many rows as values, got one of a nested column');
  if (levels < 0 || levels > Math.min(bytes.length, size) || (levels > 0 && !column.optional))
    throw invalid('expected levels inside their page, got more');
  const used = isCompressed ? codec : UNCOMPRESSED;
  expectSize(used, bytes.length, size);
  return { kind: 'data2', codec: used, values, encoding, levels, nulls, bytes, size };
}

function expectSize(codec: number, compressed: number, size: number): void {
  if (codec === UNCOMPRESSED && compressed !== size)
    throw invalid(`expected a page of ${compressed} bytes that are not compressed, got ${size}`);
}

/** Encodings that the format has for a type, beside PLAIN and dictionaries. */
function expectEncoding(encoding: Encoding, column: ParquetColumn): void {
  const { physical } = column;
  const fixed = physical === 'FIXED_LEN_BYTE_ARRAY';
  const integer = physical === 'INT32' || physical === 'INT64';
  const allowed: Readonly<Record<Encoding, boolean>> = {
    PLAIN: true,
    GROUP_VAR_INT: false,
    PLAIN_DICTIONARY: physical !== 'BOOLEAN',
    RLE: physical === 'BOOLEAN',
    BIT_PACKED: false,
    DELTA_BINARY_PACKED: integer,
    DELTA_LENGTH_BYTE_ARRAY: physical === 'BYTE_ARRAY',
    DELTA_BYTE_ARRAY: physical === 'BYTE_ARRAY' || fixed,
    RLE_DICTIONARY: physical !== 'BOOLEAN',
    BYTE_STREAM_SPLIT: integer || fixed || physical === 'FLOAT' || physical === 'DOUBLE',
  };
  if (!allowed[encoding]) throw unsupported(column, `${physical} values in ${encoding}`);
}

/** 422 `unsupported_type` that names the column. */
export function unsupported({ name }: ParquetColumn, got: string): Problem {
  const detail = `expected a column of a supported type, got ${got} in column ${JSON.stringify(excerpt(name, 40))}`;
  return Problem.at('', 'unsupported_type', detail);
}
