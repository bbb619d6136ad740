import {
  type Data,
  type DataType,
  type Date_,
  type Field,
  type Table as ArrowTable,
  type Timestamp,
  Type,
  type Utf8,
  type Vector,
} from 'apache-arrow';
import type { NumberStorage } from '../../ports/engine.js';
import type { Decoder, DecodeTools } from '../../ports/formats.js';
import {
  type Cell,
  type Chunk,
  type Column,
  numericCells,
  type Table,
  type TextColumn,
} from '../../ports/tables.js';
import { buildTable } from './build.js';
import { decimalNumber, instantMilliseconds, instantText } from './cells.js';
import { noted } from './notes.js';
import { unsupported } from './schema.js';
import { verifyArrow } from './verify.js';

/** The Arrow tables behind ours, for answers that give the client's own columns back. */
const sources = new WeakMap<Table, ArrowTable>();

export const sourceOf = (table: Table): ArrowTable | undefined => sources.get(table);

/**
 * An Arrow IPC stream or file, whichever it is, buffers raw, LZ4_FRAME or ZSTD, verified as a whole before anything is
 * made of it. Raw float64 columns are views of the body where it lies; other numbers are widened into the request's
 * space. Batches stay apart. Throws what verifyArrow throws; columns of types that are only carried along are refused
 * when they are asked for.
 */
export const readArrow: Decoder = (body, tools) => {
  const verified = verifyArrow(body, tools);
  const arrow = buildTable(verified);
  const names = arrow.schema.fields.map(({ name }) => name);
  const indices = new Map(names.map((name, i) => [name, i]));
  const known = new Map<string, Column>();
  const table: Table = {
    rows: arrow.numRows,
    names,
    column(name) {
      const refused = verified.schema.unread.get(name);
      if (refused !== undefined) throw unsupported(refused, name);
      const column = known.get(name) ?? notedColumn(arrow, indices.get(name)!, tools);
      known.set(name, column);
      return column;
    },
  };
  sources.set(table, arrow);
  return { table, options: undefined };
};

/** With what its field says of itself, where that is believed. */
function notedColumn(arrow: ArrowTable, index: number, tools: DecodeTools): Column {
  const column = columnOf(arrow, index, tools);
  const { metadata } = arrow.schema.fields[index]!;
  if (tools.fieldNotes === undefined || metadata.size === 0) return column;
  return noted(column, metadata, tools.fieldNotes === 'checked');
}

function columnOf(arrow: ArrowTable, index: number, tools: DecodeTools): Column {
  const { name, type } = arrow.schema.fields[index]! as Field<DataType>;
  const vector = arrow.getChildAt(index)!;
  const text = (kind: TextColumn['type'], cells: () => Iterable<Cell>): TextColumn => ({
    name,
    type: kind,
    missing: missingIn(vector),
    cells,
  });
  const chunkOf = numberReader(type, tools);
  if (chunkOf !== undefined) {
    const kind = (valueType(type) ?? type).typeId === Type.Bool ? 'boolean' : 'number';
    const chunks = vector.data.map(chunkOf);
    const inexact = chunks.reduce((sum, chunk) => sum + (chunk.inexact ?? 0), 0);
    const length = chunks.reduce((sum, { values }) => sum + values.length, 0);
    return {
      name,
      type: kind,
      numbers: { length, chunks },
      inexact,
      cells: () => numericCells(kind, { length, chunks }),
    };
  }
  switch (type.typeId) {
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return text('string', () => vector as Iterable<string | null>);
    case Type.Timestamp:
    case Type.Date:
      return { ...text('timestamp', () => instants(vector)), instants: () => milliseconds(vector) };
    case Type.Dictionary:
      return text('string', () => entries(vector));
    default:
      // The schema lets through what is named here, and type null.
      return text('mixed', () => vector as Iterable<null>);
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
  const values = numberReader(valueType(type)!, tools);
  return values === undefined ? undefined : lookup(values, tools);
}

/** The type behind a dictionary's indices. */
const valueType = (type: DataType): DataType | undefined =>
  type.typeId === Type.Dictionary ? (type as DataType & { dictionary: DataType }).dictionary : undefined;

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

/** The bitmap of a batch; null when every row is valid. */
const validityOf = (data: Data): Uint8Array | null => (data.nullCount > 0 ? data.nullBitmap : null);

/** float64 as it lies in the body. */
const doubles = (data: Data): Chunk => ({
  values: data.values as Float64Array,
  validity: validityOf(data),
  bitOffset: 0,
});

function widened(
  data: Data,
  storage: NumberStorage,
  { engine: { widen } }: DecodeTools,
): Chunk & { inexact: number } {
  const { buffer, byteOffset, byteLength } = data.values as Uint8Array;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  const validity = validityOf(data);
  const { values, inexact } = widen({ storage, bytes, validity, bitOffset: 0, length: data.length });
  return { values, validity, bitOffset: 0, inexact };
}

function decimals(data: Data, { space }: DecodeTools): Chunk {
  const { scale, bitWidth } = data.type as DataType & { scale: number; bitWidth: number };
  const words = data.values as Uint32Array;
  const width = bitWidth / 32;
  const values = space.float64(data.length);
  for (let row = 0; row < data.length; row++) {
    values[row] = decimalNumber(words.subarray(row * width, (row + 1) * width), scale);
  }
  return { values, validity: validityOf(data), bitOffset: 0 };
}

/** Numbers behind dictionary indices; missing where the index or the dictionary's value is. */
function lookup(valuesOf: NumberReader, { space }: DecodeTools): NumberReader {
  // Many batches may share one long dictionary: it is decoded once.
  const known = new Map<Vector, { readonly values: Float64Array; inexact: number }>();
  const decode = (dictionary: Vector): { readonly values: Float64Array; inexact: number } => {
    const chunks = dictionary.data.map((part: Data) => valuesOf(part));
    const cells = [...numericCells('number', { length: dictionary.length, chunks })];
    const inexact = chunks.reduce((sum, chunk) => sum + (chunk.inexact ?? 0), 0);
    return { values: Float64Array.from(cells, (value) => Number(value ?? NaN)), inexact };
  };
  return (data) => {
    const vector = data.dictionary!;
    const isNew = !known.has(vector);
    const dictionary = known.get(vector) ?? decode(vector);
    known.set(vector, dictionary);
    const indices = data.values as ArrayLike<number | bigint>;
    const values = space.float64(data.length);
    for (let row = 0; row < data.length; row++) values[row] = dictionary.values[Number(indices[row])] ?? NaN;
    return { values, validity: validityOf(data), bitOffset: 0, inexact: isNew ? dictionary.inexact : 0 };
  };
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

function milliseconds(vector: Vector): Float64Array {
  const out = new Float64Array(vector.length);
  let row = 0;
  for (const data of vector.data) {
    const valueOf = instantMilliseconds(data as Data<Timestamp | Date_>);
    for (let i = 0; i < data.length; i++) out[row++] = data.getValid(i) ? valueOf(i) : NaN;
  }
  return out;
}
