import {
  Binary,
  BinaryView,
  Bool,
  type DataType,
  Date_,
  DateUnit,
  Decimal,
  Duration,
  type Field,
  FixedSizeBinary,
  FixedSizeList,
  Float,
  Int,
  Interval,
  IntervalUnit,
  LargeBinary,
  LargeList,
  LargeUtf8,
  List,
  Map_,
  Null,
  Precision,
  Struct,
  Time,
  Timestamp,
  TimeUnit,
  Utf8,
  Utf8View,
} from 'apache-arrow';
import { type FlatTable, invalid } from './flatbuffers.js';

/** How the values of a type lie in buffers behind the validity bitmap (`null` has none), and in children. */
export type Layout =
  | { readonly kind: 'null' }
  | { readonly kind: 'bits' }
  | { readonly kind: 'fixed'; readonly width: number }
  | { readonly kind: 'offsets'; readonly width: 4 | 8; readonly isText: boolean }
  | { readonly kind: 'views'; readonly isText: boolean }
  | { readonly kind: 'list'; readonly width: 4 | 8 }
  | { readonly kind: 'fixed list'; readonly size: number }
  | { readonly kind: 'struct' };

export interface ArrowType {
  readonly type: DataType;
  /** Tells types apart that dictionaries have, parameters and all. */
  readonly label: string;
  readonly layout: Layout;
  /** Its columns can be asked for; others are only carried along. */
  readonly isRead: boolean;
}

/** `Type` of Schema.fbs, by number. */
const KINDS = [
  ...['none', 'null', 'int', 'float', 'binary', 'string', 'bool', 'decimal', 'date', 'time', 'timestamp'],
  ...['interval', 'list', 'struct', 'union', 'fixed-size binary', 'fixed-size list', 'map', 'duration'],
  ...['large binary', 'large string', 'large list', 'run-end encoded', 'binary view', 'string view'],
  ...['list view', 'large list view'],
];

/** The name of a field's type. */
export const kindOf = (field: FlatTable): string => KINDS[field.byte(2)] ?? `type ${field.byte(2)}`;

/**
 * The type of a field, or of the values of its dictionary. undefined for what is not carried along either: unions,
 * run-end encoding, list views, and whatever comes after them. Throws 400 `invalid_arrow`.
 */
export function readType(field: FlatTable, children: readonly Field[]): ArrowType | undefined {
  const kind = kindOf(field);
  const parameters = field.table(3);
  if (parameters === undefined) throw invalid(`expected a field with a type, got none of ${kind}`);
  const nested = readNested(kind, parameters, children);
  if (nested !== undefined) return { ...nested, label: kind, isRead: false };
  const carried = readCarried(kind, parameters);
  const flat = carried ?? readFlat(kind, parameters);
  if (flat === undefined) return undefined;
  if (children.length > 0) throw invalid(`expected no children of ${kind}, got ${children.length}`);
  return { label: kind, ...flat, isRead: carried === undefined };
}

type Parts = Pick<ArrowType, 'type' | 'layout'> & Partial<ArrowType>;
const fixed = (type: DataType, bits: number, label?: string): Parts => {
  const parts: Parts = { type, layout: { kind: 'fixed', width: bits / 8 } };
  return label === undefined ? parts : { ...parts, label };
};

/** Types whose columns can be asked for. */
function readFlat(kind: string, parameters: FlatTable): Parts | undefined {
  switch (kind) {
    case 'null':
      return { type: new Null(), layout: { kind: 'null' } };
    case 'bool':
      return { type: new Bool(), layout: { kind: 'bits' } };
    case 'string':
      return { type: new Utf8(), layout: { kind: 'offsets', width: 4, isText: true } };
    case 'large string':
      return { type: new LargeUtf8(), layout: { kind: 'offsets', width: 8, isText: true } };
    case 'string view':
      return { type: new Utf8View(), layout: { kind: 'views', isText: true } };
    case 'int': {
      const type = readInt(parameters);
      return fixed(type, type.bitWidth, `${type.isSigned ? 'int' : 'uint'}${type.bitWidth}`);
    }
    case 'float': {
      const precision = oneOf(parameters.int16(0), [Precision.HALF, Precision.SINGLE, Precision.DOUBLE]);
      return fixed(new Float(precision), 16 << precision, `float${16 << precision}`);
    }
    case 'decimal': {
      const width = oneOf(parameters.int32(2, 128), [32, 64, 128, 256]);
      const [precision, scale] = [parameters.int32(0), parameters.int32(1)];
      return fixed(new Decimal(scale, precision, width), width, `decimal${width}(${precision}, ${scale})`);
    }
    case 'date': {
      const unit = oneOf(parameters.int16(0, DateUnit.MILLISECOND), [DateUnit.DAY, DateUnit.MILLISECOND]);
      return fixed(new Date_(unit), unit === DateUnit.DAY ? 32 : 64);
    }
    case 'timestamp':
      return fixed(new Timestamp(readTimeUnit(parameters, TimeUnit.SECOND), parameters.string(1)), 64);
    default:
      return undefined;
  }
}

/** Types without children that are only carried along. */
function readCarried(kind: string, parameters: FlatTable): Parts | undefined {
  switch (kind) {
    case 'binary':
      return { type: new Binary(), layout: { kind: 'offsets', width: 4, isText: false } };
    case 'large binary':
      return { type: new LargeBinary(), layout: { kind: 'offsets', width: 8, isText: false } };
    case 'binary view':
      return { type: new BinaryView(), layout: { kind: 'views', isText: false } };
    case 'fixed-size binary': {
      const width = notNegative(parameters.int32(0));
      return fixed(new FixedSizeBinary(width), width * 8);
    }
    case 'time': {
      const unit = readTimeUnit(parameters, TimeUnit.MILLISECOND);
      const width = oneOf(parameters.int32(1, 32), [unit < TimeUnit.MICROSECOND ? 32 : 64]);
      return fixed(new Time(unit, width), width);
    }
    case 'duration':
      return fixed(new Duration(readTimeUnit(parameters, TimeUnit.MILLISECOND)), 64);
    case 'interval': {
      const { YEAR_MONTH, DAY_TIME, MONTH_DAY_NANO } = IntervalUnit;
      const unit = oneOf(parameters.int16(0), [YEAR_MONTH, DAY_TIME, MONTH_DAY_NANO]);
      return fixed(new Interval(unit), [32, 64, 128][unit]!);
    }
    default:
      return undefined;
  }
}

/** Types with children, all only carried along. */
function readNested(kind: string, parameters: FlatTable, children: readonly Field[]): Parts | undefined {
  const [child] = children;
  const only = (): Field => {
    if (child === undefined || children.length > 1)
      throw invalid(`expected one child of ${kind}, got ${children.length}`);
    return child;
  };
  switch (kind) {
    case 'struct':
      return { type: new Struct([...children]), layout: { kind: 'struct' } };
    case 'list':
      return { type: new List(only()), layout: { kind: 'list', width: 4 } };
    case 'large list':
      return { type: new LargeList(only()), layout: { kind: 'list', width: 8 } };
    case 'fixed-size list': {
      const size = notNegative(parameters.int32(0));
      return { type: new FixedSizeList(size, only()), layout: { kind: 'fixed list', size } };
    }
    case 'map': {
      const entries = only() as Field<Struct<{ key: DataType; value: DataType }>>;
      if (!(entries.type instanceof Struct) || entries.type.children.length !== 2)
        throw invalid('expected entries of a map that are a struct of two, got another type');
      return { type: new Map_(entries, parameters.byte(0) !== 0), layout: { kind: 'list', width: 4 } };
    }
    default:
      return undefined;
  }
}

export function readInt(parameters: FlatTable): Int {
  return new Int(parameters.byte(1) !== 0, oneOf(parameters.int32(0), [8, 16, 32, 64]));
}

function readTimeUnit(parameters: FlatTable, absent: TimeUnit): TimeUnit {
  const { SECOND, MILLISECOND, MICROSECOND, NANOSECOND } = TimeUnit;
  return oneOf(parameters.int16(0, absent), [SECOND, MILLISECOND, MICROSECOND, NANOSECOND]);
}

function oneOf<T extends number>(value: number, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw invalid(`expected a type parameter of ${allowed.join(', ')}, got ${value}`);
  return found;
}

function notNegative(width: number): number {
  if (width < 0) throw invalid(`expected a width of 0 or more, got ${width}`);
  return width;
}
