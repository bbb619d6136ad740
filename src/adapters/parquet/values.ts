import { isUtf8 } from 'node:buffer';
import { type Decoders, PageReader, readDeltas, readRuns } from './encodings.js';
import type { Encoding } from './pages.js';
import type { ParquetColumn } from './schema.js';
import { invalid } from './thrift.js';

/** Byte strings of a page: the i-th is [starts[i], ends[i]) of `bytes`. */
export interface Texts {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** The present values of a page, or of a dictionary, as they are stored. */
export type Stored =
  | { readonly kind: 'typed'; readonly values: Int32Array | BigInt64Array | Float32Array | Float64Array }
  /** Booleans, 0 or 1. */
  | { readonly kind: 'flags'; readonly values: Uint8Array }
  /** Little-endian, or as the format has them, `width` bytes each. */
  | { readonly kind: 'fixed'; readonly bytes: Uint8Array; readonly width: number }
  | ({ readonly kind: 'texts' } & Texts);

/** Indices into the dictionary of the chunk, each inside it. */
export type Values = Stored | { readonly kind: 'codes'; readonly codes: Uint8Array | Int32Array };

/** Bytes that values may be made to, beyond those of their page. Throws 413. */
export type Spend = (bytes: number) => void;

export const isDictionary = (encoding: Encoding): boolean =>
  encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY';

/** `count` values of what is left of a page. `dictionary`: entries that the chunk has. */
export function readValues(
  reader: PageReader,
  encoding: Encoding,
  count: number,
  column: ParquetColumn,
  dictionary: number | undefined,
  spend: Spend,
  decoders: Decoders,
): Values {
  if (isDictionary(encoding)) return readCodes(reader, count, dictionary, decoders);
  switch (encoding) {
    case 'RLE': {
      const runs = readRuns(reader, reader.uint32(), 1, count, decoders);
      if ('all' in runs) return { kind: 'flags', values: new Uint8Array(count).fill(runs.all) };
      return { kind: 'flags', values: new Uint8Array(runs.each) };
    }
    case 'DELTA_BINARY_PACKED':
      return {
        kind: 'typed',
        values:
          column.physical === 'INT32'
            ? readDeltas(reader, 32, count, decoders)
            : readDeltas(reader, 64, count, decoders),
      };
    case 'DELTA_LENGTH_BYTE_ARRAY':
      return textsOf(reader, readDeltas(reader, 32, count, decoders));
    case 'DELTA_BYTE_ARRAY':
      return fixedOf(prefixed(reader, count, spend, decoders), column);
    case 'BYTE_STREAM_SPLIT':
      return splitStreams(reader, count, column, decoders);
    default:
      return readPlain(reader, count, column, decoders);
  }
}

function readCodes(
  reader: PageReader,
  count: number,
  dictionary: number | undefined,
  decoders: Decoders,
): Values {
  if (dictionary === undefined) throw invalid('expected a dictionary in front of indices, got none');
  // A page that has nothing but missing values may leave out the width.
  if (count === 0) return { kind: 'codes', codes: new Uint8Array() };
  const width = reader.uint8();
  const runs = readRuns(reader, reader.left, width, count, decoders);
  const outside = invalid(`expected indices into a dictionary of ${dictionary}, got one outside`);
  if ('all' in runs) {
    if (runs.all >= dictionary) throw outside;
    const codes = runs.all < 256 ? new Uint8Array(count) : new Int32Array(count);
    return { kind: 'codes', codes: codes.fill(runs.all) };
  }
  const codes = runs.each;
  for (let i = 0; i < count; i++) if (codes[i]! >= dictionary) throw outside;
  return { kind: 'codes', codes };
}

/** Values in PLAIN, of a page or a dictionary. */
export function readPlain(
  reader: PageReader,
  count: number,
  column: ParquetColumn,
  { plain }: Decoders,
): Stored {
  const { physical, typeLength } = column;
  switch (physical) {
    case 'BOOLEAN': {
      const bits = reader.take(Math.ceil(count / 8));
      const values = new Uint8Array(count);
      for (let i = 0; i < count; i++) values[i] = (bits[i >> 3]! >> (i & 7)) & 1;
      return { kind: 'flags', values };
    }
    case 'INT32':
    case 'INT64':
    case 'FLOAT':
    case 'DOUBLE': {
      reader.need(count * (physical === 'INT32' || physical === 'FLOAT' ? 4 : 8));
      if (count === 0) return { kind: 'typed', values: new Float64Array() };
      const values = plain(reader, physical, count, undefined);
      return { kind: 'typed', values: values as Float64Array };
    }
    case 'INT96':
      return { kind: 'fixed', bytes: reader.take(count * 12), width: 12 };
    case 'FIXED_LEN_BYTE_ARRAY':
      return { kind: 'fixed', bytes: reader.take(count * typeLength), width: typeLength };
    case 'BYTE_ARRAY': {
      reader.need(count * 4);
      const starts = new Int32Array(count);
      const ends = new Int32Array(count);
      for (let i = 0; i < count; i++) {
        const length = reader.uint32();
        starts[i] = reader.offset;
        reader.take(length);
        ends[i] = reader.offset;
      }
      return { kind: 'texts', bytes: reader.bytes, starts, ends };
    }
  }
}

/** Strings that lie behind each other, of these lengths. */
function textsOf(reader: PageReader, lengths: Int32Array): Stored {
  const starts = new Int32Array(lengths.length);
  const ends = new Int32Array(lengths.length);
  for (const [i, length] of lengths.entries()) {
    if (length < 0) throw invalid(`expected lengths of byte arrays, got ${length}`);
    starts[i] = reader.offset;
    reader.need(length);
    reader.offset += length;
    ends[i] = reader.offset;
  }
  return { kind: 'texts', bytes: reader.bytes, starts, ends };
}

/** DELTA_BYTE_ARRAY: each a prefix of the one before it, and a suffix. What they come to is known before it is made. */
function prefixed(reader: PageReader, count: number, spend: Spend, decoders: Decoders): Texts {
  const prefixes = readDeltas(reader, 32, count, decoders);
  const suffixes = readDeltas(reader, 32, count, decoders);
  let total = 0;
  let before = 0;
  for (let i = 0; i < count; i++) {
    const prefix = prefixes[i]!;
    const suffix = suffixes[i]!;
    if (prefix < 0 || suffix < 0 || prefix > before)
      throw invalid('expected byte arrays that begin like the one before them, got a longer prefix');
    before = prefix + suffix;
    total += before;
  }
  spend(total);
  if (total >= 2 ** 31) throw invalid('expected byte arrays of less than 2 GiB in a page, got more');
  const bytes = new Uint8Array(total);
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  let last = 0;
  for (let i = 0, at = 0; i < count; i++) {
    starts[i] = at;
    bytes.copyWithin(at, last, last + prefixes[i]!);
    bytes.set(reader.take(suffixes[i]!), at + prefixes[i]!);
    last = at;
    at += prefixes[i]! + suffixes[i]!;
    ends[i] = at;
  }
  return { bytes, starts, ends };
}

function fixedOf(texts: Texts, { physical, typeLength }: ParquetColumn): Stored {
  if (physical !== 'FIXED_LEN_BYTE_ARRAY') return { kind: 'texts', ...texts };
  const { starts, ends, bytes } = texts;
  for (const [i, start] of starts.entries()) {
    if (ends[i]! - start !== typeLength)
      throw invalid(`expected values of ${typeLength} bytes, got one of ${ends[i]! - start}`);
  }
  return { kind: 'fixed', bytes, width: typeLength };
}

/** BYTE_STREAM_SPLIT: first bytes, second bytes, and so on. */
function splitStreams(
  reader: PageReader,
  count: number,
  { physical, typeLength }: ParquetColumn,
  { split }: Decoders,
): Stored {
  if (physical === 'FIXED_LEN_BYTE_ARRAY') {
    // hyparquet makes an array an element of these.
    const streams = reader.take(count * typeLength);
    const bytes = new Uint8Array(streams.length);
    for (let b = 0; b < typeLength; b++) {
      for (let i = 0; i < count; i++) bytes[i * typeLength + b] = streams[b * count + i]!;
    }
    return { kind: 'fixed', bytes, width: typeLength };
  }
  reader.need(count * (physical === 'INT32' || physical === 'FLOAT' ? 4 : 8));
  return { kind: 'typed', values: split(reader, count, physical, undefined) as Float64Array };
}

/** Throws 400 `invalid_parquet` unless every string, each for itself, is UTF-8. `bytes` holds nothing but them. */
export function expectUtf8(bytes: Uint8Array, starts: Int32Array): void {
  let isText = isUtf8(bytes);
  // No string begins inside a character of the one before it.
  for (let i = 0; isText && i < starts.length; i++) isText = (bytes[starts[i]!] ?? 0) >> 6 !== 2;
  if (!isText) throw invalid('expected strings of UTF-8, got other bytes');
}
