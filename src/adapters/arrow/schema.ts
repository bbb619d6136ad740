import { type DataType, Dictionary, Field, Int16, Int32, Int64, Int8 } from 'apache-arrow';
import { Uint16, Uint32, Uint64, Uint8 } from 'apache-arrow';
import { refuseColumns, refuseName, type TableLimits } from '../../ports/limits.js';
import { excerpt, Problem } from '../../ports/problem.js';
import { type FlatTable, invalid, keyValues } from './flatbuffers.js';
import { kindOf, type Layout, readInt, readType } from './types.js';

const MAX_NESTING = 16;

/** How a field lies in a batch, with what lies behind it. */
export interface Shape {
  readonly layout: Layout;
  readonly children: readonly Shape[];
  readonly dictionary?: DictionaryKey;
}

/** The dictionary of a field; the layout of the field is that of the indices. */
export interface DictionaryKey {
  readonly id: bigint;
  readonly values: Layout;
  readonly isSigned: boolean;
  readonly bitWidth: number;
}

export interface ArrowSchema {
  readonly fields: readonly Field[];
  readonly shapes: readonly Shape[];
  readonly metadata: Map<string, string>;
  /** Columns that are carried along but cannot be asked for, with the names of their types. */
  readonly unread: ReadonlyMap<string, string>;
}

/** apache-arrow's types name no 64-bit indices, its code reads them. */
const INDICES = [
  ...[new Int8(), new Int16(), new Int32(), new Int64()],
  ...[new Uint8(), new Uint16(), new Uint32(), new Uint64()],
] as ConstructorParameters<typeof Dictionary>[1][];

/**
 * The fields of a body. Throws 422 `no_data`, `too_many_columns`, `invalid_column_name`, `duplicate_column`,
 * `unsupported_type` (big-endian, nested deeper than 16, and types that cannot be carried along); 400 `invalid_arrow`.
 */
export function readSchema(schema: FlatTable, limits: TableLimits): ArrowSchema {
  const endianness = schema.int16(0);
  if (endianness !== 0) {
    if (endianness !== 1) throw invalid(`expected an endianness of 0 or 1, got ${endianness}`);
    throw Problem.at('', 'unsupported_type', 'expected little-endian data, got a big-endian schema');
  }
  const { count } = schema.vector(1, 4);
  if (count === 0) throw Problem.at('', 'no_data', 'expected at least one column, got none');
  refuseColumns(count, '', limits);
  const [names, unread] = [new Set<string>(), new Map<string, string>()];
  const [fields, shapes]: [Field[], Shape[]] = [[], []];
  const dictionaries: Dictionaries = new Map();
  for (const table of schema.tables(1)) {
    const name = table.string(0) ?? '';
    refuseName(name, () => '', limits);
    if (names.has(name)) {
      const detail = `expected unique field names, got ${JSON.stringify(excerpt(name))} twice`;
      throw Problem.at('', 'duplicate_column', detail);
    }
    names.add(name);
    const { field, shape, refused } = readField(table, name, name, 1, dictionaries);
    fields.push(field);
    shapes.push(shape);
    if (refused !== undefined) unread.set(name, refused);
  }
  return { fields, shapes, metadata: keyValues(schema, 2), unread };
}

/** 422 for a column of a type that is not read. */
export function unsupported(type: string, column: string): Problem {
  const detail = `expected numbers, booleans, strings, timestamps or decimals, got ${excerpt(type)} in column ${JSON.stringify(excerpt(column))}`;
  return Problem.at('', 'unsupported_type', detail);
}

type Dictionaries = Map<bigint, { readonly number: number; readonly label: string; readonly type: DataType }>;

interface ReadField {
  readonly field: Field;
  readonly shape: Shape;
  /** Name of the type, when its columns cannot be asked for. */
  readonly refused: string | undefined;
}

/** `column`: the name of the top-level field that it lies in, `depth` levels above it. */
function readField(
  table: FlatTable,
  name: string,
  column: string,
  depth: number,
  dictionaries: Dictionaries,
): ReadField {
  const kind = kindOf(table);
  if (depth > MAX_NESTING) throw unsupported(`${kind} nested more than ${MAX_NESTING} deep`, column);
  const nested = Array.from(table.tables(5), (child) =>
    readField(child, child.string(0) ?? '', column, depth + 1, dictionaries),
  );
  const read = readType(
    table,
    nested.map(({ field }) => field),
  );
  if (read === undefined) throw unsupported(kind, column);
  const { type, label, layout, isRead } = read;
  const children = nested.map(({ shape }) => shape);
  const isNullable = table.byte(1) !== 0;
  const metadata = keyValues(table, 6);
  const encoding = table.table(4);
  if (encoding === undefined) {
    const refused = isRead ? undefined : kind;
    return { field: new Field(name, type, isNullable, metadata), shape: { layout, children }, refused };
  }
  if (children.length > 0 || layout.kind === 'null') throw unsupported(`dictionary of ${kind}`, column);
  const id = encoding.int64(0);
  const known = dictionaries.get(id) ?? { number: dictionaries.size, label, type };
  dictionaries.set(id, known);
  if (known.label !== label)
    throw invalid(`expected one type of dictionary ${id}, got ${known.label} and ${label}`);
  if (encoding.int16(3) !== 0) throw invalid('expected a dictionary of kind 0, got another');
  const indexType = encoding.table(1);
  const { isSigned, bitWidth } = indexType === undefined ? new Int32() : readInt(indexType);
  const indices = INDICES.find((one) => one.isSigned === isSigned && one.bitWidth === bitWidth)!;
  // Numbered anew: an id may be any int64, and apache-arrow keeps it as a number.
  const encoded = new Dictionary(known.type, indices, known.number, encoding.byte(2) !== 0);
  const isTime = kind === 'timestamp' || kind === 'date';
  return {
    field: new Field(name, encoded, isNullable, metadata),
    shape: {
      layout: { kind: 'fixed', width: bitWidth / 8 },
      children: [],
      dictionary: { id, values: layout, isSigned, bitWidth },
    },
    refused: isRead && !isTime ? undefined : `dictionary of ${kind}`,
  };
}
