import {
  type Data,
  type DataType,
  type Date_,
  type Field,
  RecordBatchReader,
  Table as ArrowTable,
  type Timestamp,
  Type,
  type Utf8,
  type Vector,
} from 'apache-arrow';
import type { NumberStorage } from '../../ports/engine.js';
import type { Decoder, DecodeTools } from '../../ports/formats.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { Cell, Chunk, Column, Table } from '../../ports/tables.js';
import { decimalNumber, instantText } from './cells.js';
import { registerCodecs } from './codecs.js';
import { checkFraming } from './framing.js';

registerCodecs();

/** The Arrow tables behind ours, for answers that give the client's own columns back. */
const sources = new WeakMap<Table, ArrowTable>();

export const sourceOf = (table: Table): ArrowTable | undefined => sources.get(table);

/**
 * An Arrow IPC stream or file, buffers raw, LZ4_FRAME or ZSTD. Raw float64 columns are views of the body where it lies;
 * other numbers are widened into the request's space. Batches stay apart.
 */
export const readArrow: Decoder = (body, tools) => {
  checkFraming(body);
  const arrow = decode(body);
  const names = arrow.schema.fields.map(({ name }) => name);
  const double = names.find((name, i) => names.indexOf(name) !== i);
  if (double !== undefined) {
    const detail = `expected unique field names, got ${JSON.stringify(excerpt(double))} twice`;
    throw Problem.at('', 'duplicate_column', detail);
  }
  const known = new Map<string, Column>();
  const table: Table = {
    rows: arrow.numRows,
    names,
    column(name) {
      const column = known.get(name) ?? columnOf(arrow, names.indexOf(name), tools);
      known.set(name, column);
      return column;
    },
  };
  sources.set(table, arrow);
  return { table, options: undefined };
};

function decode(body: Uint8Array): ArrowTable {
  try {
    const reader = RecordBatchReader.from(body);
    reader.open();
    if (!reader.isSync()) throw new Problem('invalid_arrow', 'expected Arrow IPC, got something else');
    const batches = [...reader];
    return new ArrowTable(reader.schema, batches);
  } catch (error) {
    if (error instanceof Problem) throw error;
    const reason = error instanceof Error ? error.message : '';
    if (/unrecognized type|not supported|unsupported/iu.test(reason)) {
      throw new Problem('unsupported_type', `expected types that are read here, got: ${excerpt(reason)}`);
    }
    throw new Problem(
      'invalid_arrow',
      `expected valid Arrow IPC, got bytes that do not decode: ${excerpt(reason)}`,
    );
  }
}

function columnOf(arrow: ArrowTable, index: number, tools: DecodeTools): Column {
  const field = arrow.schema.fields[index]! as Field<DataType>;
  const vector = arrow.getChildAt(index)!;
  const { name, type } = field;
  const text = (kind: 'string' | 'timestamp' | 'mixed', cells: () => Iterable<Cell>): Column => ({
    name,
    type: kind,
    missing: missingIn(vector),
    cells,
  });
  const chunkOf = numberReader(type, tools);
  if (chunkOf !== undefined) {
    const kind = type.typeId === Type.Bool ? 'boolean' : 'number';
    const chunks = vector.data.map(chunkOf);
    const inexact = chunks.reduce((sum, chunk) => sum + (chunk.inexact ?? 0), 0);
    const length = chunks.reduce((sum, { values }) => sum + values.length, 0);
    return {
      name,
      type: kind,
      numbers: { length, chunks },
      inexact,
      cells: () => numericCells(kind, chunks),
    };
  }
  switch (type.typeId) {
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return text('string', () => vector as Iterable<string | null>);
    case Type.Timestamp:
    case Type.Date:
      return text('timestamp', () => instants(vector));
    case Type.Null:
      return text('mixed', () => vector as Iterable<null>);
    case Type.Dictionary:
      if (isText(dictionaryType(type))) return text('string', () => entries(vector));
      throw unsupported(field);
    default:
      throw unsupported(field);
  }
}

/** Null rows; in a dictionary column also those whose value in the dictionary is null. */
function missingIn(vector: Vector): number {
  const nullsBehind = vector.data.some((data) => (data.dictionary?.nullCount ?? 0) > 0);
  if (!nullsBehind) return vector.nullCount;
  return [...entries(vector)].filter((value) => value === null).length;
}

type NumberReader = (data: Data) => Chunk & { readonly inexact?: number };

/** How batches of a type become float64; undefined for what is not a number or boolean. */
function numberReader(type: DataType, tools: DecodeTools): NumberReader | undefined {
  const storage = storageOf(type);
  if (storage !== undefined) return (data) => widened(data, storage, tools);
  if (type.typeId === Type.Float) return doubles;
  if (type.typeId === Type.Decimal) return (data) => decimals(data, tools);
  if (type.typeId !== Type.Dictionary) return undefined;
  const inner = dictionaryType(type);
  const values = inner.typeId === Type.Bool ? undefined : numberReader(inner, tools);
  return values === undefined ? undefined : (data) => looked(data, values, tools);
}

const dictionaryType = (type: DataType): DataType => (type as DataType & { dictionary: DataType }).dictionary;

function unsupported({ name, type }: Field): Problem {
  const detail = `expected numbers, booleans, strings, timestamps or decimals, got ${excerpt(String(type))} in column ${JSON.stringify(excerpt(name))}`;
  return Problem.at('', 'unsupported_type', detail);
}

const isText = (type: DataType): boolean =>
  type.typeId === Type.Utf8 || type.typeId === Type.LargeUtf8 || type.typeId === Type.Utf8View;

/** How the engine's widen kernel calls the values of a type; undefined for float64 and all that are not plain numbers. */
function storageOf(type: DataType): NumberStorage | undefined {
  if (type.typeId === Type.Bool) return 'bit';
  if (type.typeId === Type.Int) {
    const { isSigned, bitWidth } = type as DataType & { isSigned: boolean; bitWidth: 8 | 16 | 32 | 64 };
    return `${isSigned ? 'int' : 'uint'}${bitWidth}`;
  }
  if (type.typeId === Type.Float) {
    const { precision } = type as DataType & { precision: 0 | 1 | 2 };
    return precision === 2 ? undefined : precision === 1 ? 'float32' : 'float16';
  }
  return undefined;
}

/** The bitmap of a batch, null when every row is valid. Throws when it is shorter than the batch. */
function validityOf(data: Data): Uint8Array | null {
  if (data.nullCount <= 0) return null;
  const bitmap = data.nullBitmap;
  if (bitmap.byteLength * 8 < data.offset + data.length) throw tooShort('validity');
  return bitmap;
}

const tooShort = (what: string): Problem =>
  new Problem('invalid_arrow', `expected a ${what} buffer as long as its batch, got a shorter one`);

/** float64 as it lies in the body. */
function doubles(data: Data): Chunk {
  const values = data.values as Float64Array;
  if (values.length < data.length) throw tooShort('values');
  return { values: values.subarray(0, data.length), validity: validityOf(data), bitOffset: data.offset };
}

function widened(data: Data, storage: NumberStorage, { widen }: DecodeTools): Chunk & { inexact: number } {
  const stored = data.values as Uint8Array;
  const needed = storage === 'bit' ? Math.ceil((data.offset + data.length) / 8) : data.length;
  if (stored.length < needed) throw tooShort('values');
  const validity = validityOf(data);
  const { values, inexact } = widen({
    storage,
    bytes: new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength),
    validity,
    bitOffset: data.offset,
    length: data.length,
  });
  return { values, validity, bitOffset: data.offset, inexact };
}

function decimals(data: Data, { space }: DecodeTools): Chunk {
  const { scale, bitWidth } = data.type as DataType & { scale: number; bitWidth: number };
  const words = data.values as Uint32Array;
  const width = bitWidth / 32;
  if (words.length < data.length * width) throw tooShort('values');
  const values = space.float64(data.length);
  for (let row = 0; row < data.length; row++) {
    values[row] = decimalNumber(words.subarray(row * width, (row + 1) * width), scale);
  }
  return { values, validity: validityOf(data), bitOffset: data.offset };
}

/** Numbers behind dictionary indices; missing where the index or the dictionary's value is. */
function looked(data: Data, valuesOf: NumberReader, { space }: DecodeTools): Chunk & { inexact: number } {
  const indices = data.values as ArrayLike<number | bigint>;
  if (indices.length < data.length) throw tooShort('index');
  const chunks = (data.dictionary?.data ?? []).map((part: Data) => valuesOf(part));
  const dictionary = Float64Array.from([...numericCells('number', chunks)], (value) => Number(value ?? NaN));
  const validity = validityOf(data);
  const values = space.float64(data.length);
  for (let row = 0; row < data.length; row++) values[row] = dictionary[Number(indices[row])] ?? NaN;
  const inexact = chunks.reduce((sum, chunk) => sum + (chunk.inexact ?? 0), 0);
  return { values, validity, bitOffset: data.offset, inexact };
}

function* numericCells(kind: 'number' | 'boolean', chunks: readonly Chunk[]): Iterable<Cell> {
  for (const { values, validity, bitOffset } of chunks) {
    for (const [row, value] of values.entries()) {
      const bit = bitOffset + row;
      const present =
        (validity === null || ((validity[bit >> 3]! >> (bit & 7)) & 1) === 1) && !Number.isNaN(value);
      yield present ? (kind === 'boolean' ? value === 1 : value) : null;
    }
  }
}

/** Strings behind dictionary indices, of any width: apache-arrow's own iterator fails on 64-bit ones. */
function* entries(vector: Vector): Iterable<string | null> {
  for (const data of vector.data) {
    const indices = data.values as ArrayLike<number | bigint>;
    const dictionary = data.dictionary as Vector<Utf8> | undefined;
    for (let row = 0; row < data.length; row++) {
      yield data.getValid(row) ? (dictionary?.get(Number(indices[row])) ?? null) : null;
    }
  }
}

function* instants(vector: Vector): Iterable<string | null> {
  for (const data of vector.data) {
    const textOf = instantText(data as Data<Timestamp | Date_>);
    for (let row = 0; row < data.length; row++) yield data.getValid(row) ? textOf(row) : null;
  }
}
