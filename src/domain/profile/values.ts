import { excerpt, Problem } from '../../ports/problem.js';
import type { Space } from '../../ports/space.js';
import type { Cell, Chunk, Column, NumericColumn, TextColumn } from '../../ports/tables.js';

/** Different values of a column that are told apart. */
const MOST_VALUES = 10_000_000;

type Dictionary = NonNullable<TextColumn['dictionary']>;
export type Value = Exclude<Cell, null>;

/** The values of a column that are no numbers, each by its place in first-seen order. */
export interface Coded {
  /** A row's place, −1 where it is missing. */
  readonly codes: Int32Array;
  readonly values: readonly Value[];
  /** Rows of each value. */
  readonly counts: readonly number[];
}

/**
 * Gives the different values of a column numbers. In a column of several types true is 1 and false 0, as Python has it.
 * Throws 413 `out_of_memory` beyond ten million of them.
 */
export function codeValues(column: TextColumn, rows: number, space: Space): Coded {
  const codes = int32(space, rows);
  if (column.dictionary !== undefined) return codePlaces(column.dictionary, codes);
  codes.fill(-1);
  const places = new Map<Value, number>();
  const values: Value[] = [];
  const counts: number[] = [];
  let row = -1;
  for (const cell of column.cells()) {
    row++;
    if (cell === null) continue;
    const key = typeof cell === 'boolean' ? Number(cell) : cell;
    const known = places.get(key);
    if (known !== undefined) {
      codes[row] = known;
      counts[known]!++;
      continue;
    }
    if (values.length === MOST_VALUES) {
      const detail = `expected at most ${MOST_VALUES} different values in a column, got more in ${JSON.stringify(excerpt(column.name))}`;
      throw new Problem('out_of_memory', detail);
    }
    places.set(key, values.length);
    codes[row] = values.length;
    values.push(cell);
    counts.push(1);
  }
  return { codes, values, counts };
}

/** Of strings that have numbers already; those of which no row is left are none. */
function codePlaces({ places, counts: countsOf, text }: Dictionary, codes: Int32Array): Coded {
  codes.set(places());
  const values: string[] = [];
  const counts: number[] = [];
  const all = countsOf();
  const codeAt = Int32Array.from(all, (count, place) => {
    if (count === 0) return -1;
    counts.push(count);
    return values.push(text(place)) - 1;
  });
  if (values.length < all.length)
    for (let row = 0; row < codes.length; row++) codes[row] = codes[row]! < 0 ? -1 : codeAt[codes[row]!]!;
  return { codes, values, counts };
}

/** Room for whole numbers, not cleared. */
export function int32(space: Space, length: number): Int32Array {
  const bytes = space.bytes(length * 4);
  return new Int32Array(bytes.buffer, bytes.byteOffset, length);
}

/** The value of a row, NaN where it is missing. */
export function presentValue({ values, validity, bitOffset }: Chunk, row: number): number {
  const bit = bitOffset + row;
  return validity === null || ((validity[bit >> 3]! >> (bit & 7)) & 1) === 1 ? values[row]! : NaN;
}

/** The finite values among ascending ones: those between the infinities. */
export function finiteOf(sorted: Float64Array): Float64Array {
  return sorted.subarray(countBelow(sorted, -Number.MAX_VALUE), countBelow(sorted, Infinity));
}

/** How many of ascending values are less than a bound. */
export function countBelow(sorted: Float64Array, bound: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Calls `each` with every different one of ascending values, and how often it is there. */
export function runs(sorted: Float64Array, each: (value: number, count: number) => void): void {
  for (let start = 0; start < sorted.length;) {
    let end = start + 1;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    // Zero has one sign.
    each(sorted[start]! + 0, end - start);
    start = end;
  }
}

export const isNumeric = (column: Column): column is NumericColumn => 'numbers' in column;
