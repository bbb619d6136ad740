import { Bool, type Data, Dictionary, Float64, Int32, makeData, Utf8, Vector } from 'apache-arrow';
import { Problem } from '../../ports/problem.js';
import type { Cell, Column, Numbers, TextColumn } from '../../ports/tables.js';
import { isValid } from './bits.js';

/** Whether values of a column are written from where they are. */
export type MayStay = (values: Float64Array | Int32Array) => boolean;

/**
 * A column as Arrow data: numbers as float64, booleans as bits, categories as codes of 32 bits into a dictionary, all else
 * as UTF-8 text. Missing values are null, zeros behind. Without nulls it is the column's own memory where that `mayStay`.
 */
export function dataOf(column: Column, mayStay: MayStay): Data {
  if ('numbers' in column)
    return column.type === 'number' ? doubles(column.numbers, mayStay) : bits(column.numbers);
  const { categories } = column;
  return categories === undefined ? text(column.cells()) : coded(categories, column.missing, mayStay);
}

function coded(
  { texts, codes }: NonNullable<TextColumn['categories']>,
  nullCount: number,
  mayStay: MayStay,
): Data<Dictionary> {
  const type = new Dictionary(new Utf8(), new Int32());
  const dictionary = new Vector([text(texts)]);
  const { length } = codes;
  if (nullCount === 0) {
    const data = mayStay(codes) ? codes : codes.slice();
    return makeData({ type, length, nullCount, data, dictionary });
  }
  const data = codes.slice();
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  for (let row = 0; row < length; row++) {
    if (data[row]! >= 0) nullBitmap[row >> 3]! |= 1 << (row & 7);
    else data[row] = 0;
  }
  return makeData({ type, length, nullCount, nullBitmap, data, dictionary });
}

interface Nulls {
  readonly nullBitmap: Uint8Array;
  readonly nullCount: number;
}

/** One values buffer of all chunks; `set` is called with each present value and its row. */
function present({ length, chunks }: Numbers, set: (row: number, value: number) => void): Nulls {
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  let row = 0;
  let count = 0;
  for (const { values, validity, bitOffset } of chunks) {
    for (let i = 0; i < values.length; i++, row++) {
      const value = values[i]!;
      if (value !== value || (validity !== null && !isValid(validity, bitOffset + i))) continue;
      nullBitmap[row >> 3]! |= 1 << (row & 7);
      set(row, value);
      count++;
    }
  }
  return { nullBitmap, nullCount: length - count };
}

function doubles(numbers: Numbers, mayStay: MayStay): Data<Float64> {
  const { length, chunks } = numbers;
  const [only] = chunks;
  const type = new Float64();
  if (chunks.length === 1 && only!.validity === null) {
    const { values } = only!;
    if (!hasNaN(values)) {
      const data = mayStay(values) ? values : values.slice();
      return makeData({ type, length, nullCount: 0, data });
    }
    const data = values.slice();
    const nullBitmap = new Uint8Array(Math.ceil(length / 8));
    const nullCount = markPresent(data, nullBitmap);
    return makeData({ type, length, nullCount, nullBitmap, data });
  }
  const data = new Float64Array(length);
  const nulls = present(numbers, (row, value) => {
    data[row] = value;
  });
  return makeData({ type, length, ...nulls, data });
}

function hasNaN(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (values[i] !== values[i]) return true;
  return false;
}

/** A bit for every value that is not NaN, zeros in place of NaN. Returns how many those are. */
function markPresent(data: Float64Array, bitmap: Uint8Array): number {
  let missing = 0;
  for (let start = 0, byte = 0; start < data.length; start += 8, byte++) {
    const end = Math.min(start + 8, data.length);
    let bits = 0;
    for (let row = start; row < end; row++) {
      if (data[row] === data[row]) bits |= 1 << (row - start);
      else {
        data[row] = 0;
        missing++;
      }
    }
    bitmap[byte] = bits;
  }
  return missing;
}

function bits(numbers: Numbers): Data<Bool> {
  const { length } = numbers;
  const data = new Uint8Array(Math.ceil(length / 8));
  const nulls = present(numbers, (row, value) => {
    if (value !== 0) data[row >> 3]! |= 1 << (row & 7);
  });
  return makeData({ type: new Bool(), length, ...nulls, data });
}

/** Bytes that offsets of 32 bits can reach. */
const MOST_TEXT = 2 ** 31 - 1;

function text(cells: Iterable<Cell>): Data<Utf8> {
  const encoder = new TextEncoder();
  const offsets: number[] = [0];
  const valid: boolean[] = [];
  let bytes = new Uint8Array(1024);
  let [end, nullCount] = [0, 0];
  for (const cell of cells) {
    if (cell === null) nullCount++;
    else {
      const string = typeof cell === 'string' ? cell : JSON.stringify(cell);
      if (bytes.length - end < string.length * 3) {
        const grown = new Uint8Array(Math.max(bytes.length * 2, end + string.length * 3));
        grown.set(bytes);
        bytes = grown;
      }
      end += encoder.encodeInto(string, bytes.subarray(end)).written;
      if (end > MOST_TEXT)
        throw new Problem(
          'out_of_memory',
          `expected at most ${MOST_TEXT} bytes of text in a column, got more`,
        );
    }
    offsets.push(end);
    valid.push(cell !== null);
  }
  const length = valid.length;
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  valid.forEach((is, row) => {
    if (is) nullBitmap[row >> 3]! |= 1 << (row & 7);
  });
  const data = bytes.subarray(0, end);
  return makeData({
    type: new Utf8(),
    length,
    nullCount,
    nullBitmap: nullCount === 0 ? undefined : nullBitmap,
    valueOffsets: Int32Array.from(offsets),
    data,
  });
}
