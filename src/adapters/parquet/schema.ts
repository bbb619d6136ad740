import { isUtf8 } from 'node:buffer';
import { refuseColumns, refuseName, type TableLimits, token } from '../../ports/limits.js';
import { excerpt, Problem } from '../../ports/problem.js';
import { type CompactReader, invalid, Thrift } from './thrift.js';

/** `Type` of parquet.thrift, by number. */
export const PHYSICAL = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
] as const;
export type Physical = (typeof PHYSICAL)[number];

/** What stored values mean. `unit` is nanoseconds. */
export type Meaning =
  | { readonly kind: 'boolean' | 'signed' | 'unsigned' | 'float' | 'half' | 'string' | 'nothing' }
  | { readonly kind: 'decimal'; readonly scale: number }
  | { readonly kind: 'instant'; readonly unit: bigint }
  | { readonly kind: 'unsupported'; readonly type: string };

/** A top-level column. */
export interface ParquetColumn {
  readonly name: string;
  /** As it stands in the file, to be compared with the paths of column chunks. */
  readonly nameBytes: Uint8Array;
  readonly physical: Physical;
  /** Bytes of a FIXED_LEN_BYTE_ARRAY value. */
  readonly typeLength: number;
  readonly optional: boolean;
  readonly meaning: Meaning;
  /** Its place among the column chunks of a row group; a nested column has several, this is the first. */
  readonly leaf: number;
}

export interface ParquetSchema {
  readonly columns: readonly ParquetColumn[];
  readonly leaves: number;
}

/** `SchemaElement`, as far as it is looked at. */
export interface SchemaElement {
  type?: number;
  typeLength: number;
  repetition: number;
  name: Uint8Array;
  children: number;
  converted?: number;
  scale: number;
  logical?: Logical;
}

interface Logical {
  id: number;
  /** DECIMAL. */
  scale: number;
  /** TIME, TIMESTAMP: 1 milli, 2 micro, 3 nano. */
  unit: number;
  /** INTEGER. */
  bits: number;
  signed: boolean;
}

const REPEATED = 2;
const MILLI = 1_000_000n;
const MICRO = 1000n;
const DAY = 86_400_000_000_000n;
/** Digits that the widest decimal of Arrow has. */
const MAX_SCALE = 76;

export function readElement(reader: CompactReader): SchemaElement {
  const element: SchemaElement = {
    typeLength: 0,
    repetition: 0,
    name: new Uint8Array(),
    children: 0,
    scale: 0,
  };
  reader.struct((id, type) => {
    if (id === 1 && type === Thrift.int32) element.type = reader.int32();
    else if (id === 2 && type === Thrift.int32) element.typeLength = reader.int32();
    else if (id === 3 && type === Thrift.int32) element.repetition = reader.int32();
    else if (id === 4 && type === Thrift.binary) element.name = reader.binary();
    else if (id === 5 && type === Thrift.int32) element.children = reader.int32();
    else if (id === 6 && type === Thrift.int32) element.converted = reader.int32();
    else if (id === 7 && type === Thrift.int32) element.scale = reader.int32();
    else if (id === 10 && type === Thrift.struct) element.logical = readLogical(reader);
    else return false;
    return true;
  });
  return element;
}

/** `LogicalType`: a union, of which the set field says which it is. */
function readLogical(reader: CompactReader): Logical {
  const logical: Logical = { id: 0, scale: 0, unit: 0, bits: 0, signed: false };
  reader.struct((id, type) => {
    if (type !== Thrift.struct) return false;
    logical.id = id;
    reader.struct((field, of) => {
      if (id === 5 && field === 1 && of === Thrift.int32) logical.scale = reader.int32();
      else if (id === 8 && field === 2 && of === Thrift.struct) {
        reader.struct((unit) => {
          logical.unit = unit;
          return false;
        });
      } else if (id === 10 && field === 1 && of === Thrift.byte) logical.bits = reader.byte();
      else if (id === 10 && field === 2) {
        logical.signed = of === Thrift.true;
        return false;
      } else return false;
      return true;
    });
    return true;
  });
  return logical;
}

/**
 * The top-level columns. Groups and repeated columns are there as unsupported ones. Throws 422 `duplicate_column`,
 * `too_many_columns`, `invalid_column_name`; 400 for a tree that is none.
 */
export function columnsOf(elements: readonly SchemaElement[], limits: TableLimits): ParquetSchema {
  const [root] = elements;
  if (root === undefined || root.children < 0)
    throw invalid('expected a schema with a root that has columns, got another');
  refuseColumns(root.children, '', limits);
  const columns: ParquetColumn[] = [];
  const names = new Set<string>();
  let at = 1;
  let leaves = 0;
  for (let i = 0; i < root.children; i++) {
    const first = elements[at];
    const leaf = leaves;
    // The subtree of this column: as many elements as are still announced.
    for (let left = 1; left > 0; left--) {
      const element = elements[at++];
      if (element === undefined || element.children < 0)
        throw invalid('expected a schema with all the columns it announces, got fewer');
      if (element.children === 0) leaves++;
      left += element.children;
    }
    const column = columnOf(first!, leaf);
    refuseName(column.name, () => `/${token(column.name)}`, limits);
    if (names.has(column.name)) {
      const name = excerpt(column.name);
      const detail = `expected unique column names, got ${JSON.stringify(name)} more than once`;
      throw Problem.at(`/${token(name)}`, 'duplicate_column', detail);
    }
    names.add(column.name);
    columns.push(column);
  }
  if (at !== elements.length)
    throw invalid('expected a schema of the columns it announces, got more elements');
  return { columns, leaves };
}

function columnOf(element: SchemaElement, leaf: number): ParquetColumn {
  if (!isUtf8(element.name)) throw invalid('expected column names of UTF-8, got other bytes');
  const { name: nameBytes, children, repetition, typeLength } = element;
  const name = Buffer.from(nameBytes).toString();
  const physical = PHYSICAL[element.type ?? -1];
  const column = { name, nameBytes, typeLength, optional: repetition !== 0, leaf };
  const unsupported = (type: string): ParquetColumn => ({
    ...column,
    physical: physical ?? 'BOOLEAN',
    meaning: { kind: 'unsupported', type },
  });
  if (children > 0) return unsupported('a group of columns');
  if (repetition < 0 || repetition > REPEATED)
    throw invalid('expected required, optional or repeated columns, got another');
  if (physical === undefined) throw invalid('expected columns with a physical type, got one without');
  if (repetition === REPEATED) return unsupported('a repeated column');
  if (physical === 'FIXED_LEN_BYTE_ARRAY' && (typeLength < 1 || typeLength > 2 ** 20))
    return unsupported(`${physical} of length ${typeLength}`);
  const meaning = meaningOf(element, physical);
  return meaning === undefined ? unsupported(typeName(element, physical)) : { ...column, physical, meaning };
}

/** `LogicalType` and `ConvertedType` of parquet.thrift by number, for their names. */
const LOGICAL = [
  ...['', 'STRING', 'MAP', 'LIST', 'ENUM', 'DECIMAL', 'DATE', 'TIME', 'TIMESTAMP', '', 'INTEGER', 'UNKNOWN'],
  ...['JSON', 'BSON', 'UUID', 'FLOAT16', 'VARIANT', 'GEOMETRY', 'GEOGRAPHY'],
];
const CONVERTED = [
  ...['UTF8', 'MAP', 'MAP_KEY_VALUE', 'LIST', 'ENUM', 'DECIMAL', 'DATE', 'TIME_MILLIS', 'TIME_MICROS'],
  ...['TIMESTAMP_MILLIS', 'TIMESTAMP_MICROS', 'UINT_8', 'UINT_16', 'UINT_32', 'UINT_64'],
  ...['INT_8', 'INT_16', 'INT_32', 'INT_64', 'JSON', 'BSON', 'INTERVAL'],
];

function typeName({ logical, converted }: SchemaElement, physical: Physical): string {
  const name = logical === undefined ? CONVERTED[converted ?? -1] : LOGICAL[logical.id];
  return name === undefined || name === '' ? physical : `${physical} (${name})`;
}

/** Undefined: not read. The logical type counts; writers before it have the converted type only. */
function meaningOf(element: SchemaElement, physical: Physical): Meaning | undefined {
  const { logical, converted } = element;
  const name =
    logical === undefined ? (CONVERTED[converted ?? -1] ?? '') : (LOGICAL[logical.id] ?? 'unknown');
  const integer = physical === 'INT32' || physical === 'INT64';
  switch (name) {
    case '':
      return plainMeaning(physical);
    case 'STRING':
    case 'UTF8':
    case 'ENUM':
    case 'JSON':
      return physical === 'BYTE_ARRAY' ? { kind: 'string' } : undefined;
    case 'DECIMAL': {
      const scale = logical === undefined ? element.scale : logical.scale;
      if (scale < 0 || scale > MAX_SCALE) return undefined;
      const stored = integer || physical === 'BYTE_ARRAY';
      const fixed = physical === 'FIXED_LEN_BYTE_ARRAY' && element.typeLength <= 32;
      return stored || fixed ? { kind: 'decimal', scale } : undefined;
    }
    case 'DATE':
      return physical === 'INT32' ? { kind: 'instant', unit: DAY } : undefined;
    case 'TIMESTAMP': {
      const unit = [undefined, MILLI, MICRO, 1n][logical?.unit ?? 0];
      return physical === 'INT64' && unit !== undefined ? { kind: 'instant', unit } : undefined;
    }
    case 'TIMESTAMP_MILLIS':
      return physical === 'INT64' ? { kind: 'instant', unit: MILLI } : undefined;
    case 'TIMESTAMP_MICROS':
      return physical === 'INT64' ? { kind: 'instant', unit: MICRO } : undefined;
    case 'INTEGER':
      return integer ? { kind: logical?.signed === true ? 'signed' : 'unsigned' } : undefined;
    case 'INT_8':
    case 'INT_16':
    case 'INT_32':
    case 'INT_64':
      return integer ? { kind: 'signed' } : undefined;
    case 'UINT_8':
    case 'UINT_16':
    case 'UINT_32':
    case 'UINT_64':
      return integer ? { kind: 'unsigned' } : undefined;
    case 'FLOAT16':
      return physical === 'FIXED_LEN_BYTE_ARRAY' && element.typeLength === 2 ? { kind: 'half' } : undefined;
    case 'UNKNOWN':
      return { kind: 'nothing' };
    default:
      return undefined;
  }
}

function plainMeaning(physical: Physical): Meaning | undefined {
  switch (physical) {
    case 'BOOLEAN':
      return { kind: 'boolean' };
    case 'INT32':
    case 'INT64':
      return { kind: 'signed' };
    case 'FLOAT':
    case 'DOUBLE':
      return { kind: 'float' };
    case 'INT96':
      return { kind: 'instant', unit: 1n };
    case 'BYTE_ARRAY':
    case 'FIXED_LEN_BYTE_ARRAY':
      return undefined;
  }
}
