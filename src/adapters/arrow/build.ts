import {
  Data,
  type DataType,
  type Field,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table as ArrowTable,
  Type,
  Vector,
} from 'apache-arrow';
import type { ColumnBuffers } from './batch.js';
import type { DictionaryValues, VerifiedArrow } from './verify.js';

/**
 * apache-arrow's table over verified buffers, without a copy. Its own reader is not asked: it would read the same
 * metadata a second time, in its own way, and only one of two readings has been checked.
 */
export function buildTable({ schema: { fields, metadata }, batches }: VerifiedArrow): ArrowTable {
  const schema = new Schema([...fields], metadata);
  const type = new Struct(schema.fields);
  const builder = new Builder();
  const made = batches.map(({ rows, columns, dictionaries }) => {
    builder.start(dictionaries);
    const children = columns.map((column, i) => builder.column(column, schema.fields[i]!.type as DataType));
    return new RecordBatch(schema, makeData({ type, length: rows, nullCount: 0, children }));
  });
  return new ArrowTable(schema, made);
}

interface TypedArray {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, at: number, length: number): ArrayBufferView;
}

/** Fields in the order of the schema, so that the dictionaries of a batch are met in theirs. */
class Builder {
  /** Batches share a dictionary, columns too: apache-arrow's writer compares them by identity. */
  readonly #vectors = new Map<DictionaryValues | number, Vector>();
  #dictionaries: readonly (DictionaryValues | undefined)[] = [];
  #next = 0;

  start(dictionaries: readonly (DictionaryValues | undefined)[]): void {
    this.#dictionaries = dictionaries;
    this.#next = 0;
  }

  column(column: ColumnBuffers, type: DataType): Data {
    if (type.typeId !== Type.Dictionary) {
      const fields = type.children as readonly Field[] | null;
      const children = column.children.map((child, i) => this.column(child, fields![i]!.type as DataType));
      return plainData(column, type, children);
    }
    const encoded = type as DataType & { id: number; indices: DataType; dictionary: DataType };
    const values = this.#dictionaries[this.#next++];
    const { length, nullCount } = column;
    return new Data(
      type,
      0,
      length,
      nullCount,
      buffersOf(column, encoded.indices),
      [],
      this.#vector(encoded, values),
    );
  }

  #vector(
    { id, dictionary }: { id: number; dictionary: DataType },
    values: DictionaryValues | undefined,
  ): Vector {
    const key = values ?? id;
    let vector = this.#vectors.get(key);
    if (vector === undefined) {
      const parts = values?.parts.map((part) => plainData(part, dictionary, []));
      vector = new Vector(parts ?? [makeData({ type: dictionary })]).memoize();
      this.#vectors.set(key, vector);
    }
    return vector;
  }
}

function plainData(column: ColumnBuffers, type: DataType, children: Data[]): Data {
  const { length, nullCount, variadic } = column;
  const nulls = type.typeId === Type.Null ? length : nullCount;
  return new Data(type, 0, length, nulls, buffersOf(column, type), children, undefined, variadic);
}

interface TypedArrays {
  readonly ArrayType: TypedArray;
  readonly OffsetArrayType: TypedArray;
}

const NO_NULLS = new Uint8Array();
const NO_VALUES = new Set<Type>([
  Type.Null,
  Type.List,
  Type.LargeList,
  Type.FixedSizeList,
  Type.Map,
  Type.Struct,
]);

/** Offsets, values and bitmap as the typed arrays that apache-arrow keeps them in. */
function buffersOf({ offsets, values, validity }: ColumnBuffers, type: DataType): Data['buffers'] {
  const { ArrayType, OffsetArrayType } = type as unknown as TypedArrays;
  // Of no rows there may be no offsets, but apache-arrow looks at the first.
  const starts = offsets?.length === 0 ? new Uint8Array(8) : offsets;
  return [
    starts === undefined ? undefined : typed(OffsetArrayType, starts),
    NO_VALUES.has(type.typeId) ? undefined : typed(ArrayType, values),
    validity ?? NO_NULLS,
    undefined,
  ] as unknown as Data['buffers'];
}

function typed(array: TypedArray, { buffer, byteOffset, byteLength }: Uint8Array): ArrayBufferView {
  return new array(buffer, byteOffset, byteLength / array.BYTES_PER_ELEMENT);
}
