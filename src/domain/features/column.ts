import type { Space } from '../../ports/space.js';
import {
  type Cell,
  type Column,
  type ColumnType,
  type Numbers,
  numericCells,
  type NumericColumn,
} from '../../ports/tables.js';

/** A column of a table that transformers work on. */
export type Feature = NumberFeature | TextFeature;

/** Float64 values, NaN where missing. Nobody writes to `values` once the column is made. */
export interface NumberFeature {
  readonly name: string;
  readonly type: 'number' | 'boolean';
  readonly values: Float64Array;
}

/** Text, or values of several types. */
export interface TextFeature {
  readonly name: string;
  readonly type: 'string' | 'timestamp' | 'mixed';
  readonly length: number;
  readonly missing: number;
  /** Null where missing. */
  readonly cells: () => Iterable<Cell>;
  /** Of timestamps, where they are known as such: milliseconds since 1970, NaN where missing. */
  readonly instants?: () => Float64Array;
}

/** A value that is not missing. */
export type Present = Exclude<Cell, null>;

/** Text as codes into its different values, in first-seen order; −1 where missing. */
export interface Coded {
  readonly codes: Int32Array;
  readonly texts: readonly Present[];
}

export const isNumber = (feature: Feature): feature is NumberFeature => 'values' in feature;

export const lengthOf = (feature: Feature): number =>
  isNumber(feature) ? feature.values.length : feature.length;

/** Room for `length` float64 values, not cleared. Throws Problem `out_of_memory`. */
export function room(space: Space, length: number): Float64Array {
  const { buffer, byteOffset } = space.bytes(length * 8);
  return new Float64Array(buffer, byteOffset, length);
}

/** Columns of a request. A column without a single value is of numbers, all missing, whatever its format called it. */
export function featureOf(column: Column, rows: number, space: Space): Feature {
  const { name } = column;
  if ('numbers' in column) return { name, type: column.type, values: valuesOf(column.numbers, space) };
  const { type, missing } = column;
  if (missing === rows) return numberFeature(name, room(space, rows).fill(NaN));
  const { instants } = column;
  const cells = (): Iterable<Cell> => column.cells();
  return { name, type, length: rows, missing, cells, ...(instants === undefined ? {} : { instants }) };
}

/** In place where the values lie in one run without a bitmap, else a copy with NaN where they are missing. */
function valuesOf({ length, chunks }: Numbers, space: Space): Float64Array {
  const [only] = chunks;
  if (chunks.length === 1 && only!.validity === null) return only!.values;
  const out = room(space, length);
  let start = 0;
  for (const { values, validity, bitOffset } of chunks) {
    out.set(values, start);
    if (validity !== null) {
      for (let row = 0; row < values.length; row++) {
        const bit = bitOffset + row;
        if (((validity[bit >> 3]! >> (bit & 7)) & 1) === 0) out[start + row] = NaN;
      }
    }
    start += values.length;
  }
  return out;
}

/** As the engine takes them. */
export const numbersOf = ({ values }: NumberFeature): Numbers => ({
  length: values.length,
  chunks: [{ values, validity: null, bitOffset: 0 }],
});

/** As an answer takes them. */
export function columnOf(feature: Feature): Column {
  if (!isNumber(feature)) return feature;
  const { name, type } = feature;
  const numbers = numbersOf(feature);
  return {
    name,
    type,
    numbers,
    inexact: 0,
    cells: () => numericCells(type, numbers),
  } satisfies NumericColumn;
}

/** A column of numbers. */
export const numberFeature = (
  name: string,
  values: Float64Array,
  type: 'number' | 'boolean' = 'number',
): NumberFeature => ({ name, type, values });

/** Text of codes. */
export function codedFeature(
  name: string,
  type: Exclude<ColumnType, 'number' | 'boolean'>,
  { codes, texts }: Coded,
): TextFeature {
  let missing = 0;
  for (const code of codes) if (code < 0) missing++;
  return {
    name,
    type,
    length: codes.length,
    missing,
    cells: () => cellsOf(codes, texts),
  };
}

function* cellsOf(codes: Int32Array, texts: readonly Present[]): Iterable<Cell> {
  for (const code of codes) yield code < 0 ? null : texts[code]!;
}

/** Each value's code; `most`: different texts up to which it goes on, beyond is null. */
export function codesOf(feature: TextFeature, most = Infinity): Coded | null {
  const places = new Map<Present, number>();
  const texts: Present[] = [];
  const codes = new Int32Array(feature.length);
  let row = 0;
  for (const cell of feature.cells()) {
    let code = -1;
    if (cell !== null) {
      code = places.get(cell) ?? -1;
      if (code < 0) {
        if (texts.length === most) return null;
        code = texts.length;
        places.set(cell, code);
        texts.push(cell);
      }
    }
    codes[row++] = code;
  }
  return { codes, texts };
}

interface Gaps {
  readonly missing: number;
  readonly infinite: number;
}

const counted = new WeakMap<Float64Array, Gaps>();

/** How many values are NaN, and how many infinite. */
export function gapsIn(values: Float64Array): Gaps {
  const known = counted.get(values);
  if (known !== undefined) return known;
  let sum = 0;
  // 0 of finite numbers, else NaN. By index: an iterator over shared memory costs thirty times as much.
  for (let row = 0; row < values.length; row++) sum += values[row]! - values[row]!;
  let [odd, missing] = [0, 0];
  if (sum !== 0) {
    for (let row = 0; row < values.length; row++) {
      if (values[row]! - values[row]! !== 0) odd++;
      if (values[row] !== values[row]) missing++;
    }
  }
  const gaps = { missing, infinite: odd - missing };
  counted.set(values, gaps);
  return gaps;
}

/** How many values are missing. */
export const missingIn = (feature: Feature): number =>
  isNumber(feature) ? gapsIn(feature.values).missing : feature.missing;

/** The rows whose entry in `kept` is 1, `rows` of them. */
export function keepRows(feature: Feature, kept: Uint8Array, rows: number, space: Space): Feature {
  if (isNumber(feature)) {
    const { name, type, values } = feature;
    const out = room(space, rows);
    let at = 0;
    for (let row = 0; row < values.length; row++) if (kept[row] === 1) out[at++] = values[row]!;
    return { name, type, values: out };
  }
  const cells = [...feature.cells()].filter((_, row) => kept[row] === 1);
  const missing = cells.reduce<number>((sum, cell) => sum + (cell === null ? 1 : 0), 0);
  const { name, type, instants } = feature;
  const left = { name, type, length: rows, missing, cells: () => cells };
  if (instants === undefined) return left;
  return { ...left, instants: () => instants().filter((_, row) => kept[row] === 1) };
}
