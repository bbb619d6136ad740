import { excerpt, Problem } from '../ports/problem.js';
import type { Space } from '../ports/space.js';
import type { Chunk, Column, Numbers, NumericColumn, Table, TextColumn } from '../ports/tables.js';
import { noteInexact, refuseUnknown } from './columns.js';
import type { Notes } from './notes.js';

/** Rows by the values of a key column, as pandas' `groupby(key)`: groups in sorted order, rows without a key in none. */
export interface Grouping {
  readonly key: string;
  /** A row's group, from 0; −1 where its key is missing. */
  readonly codes: Int32Array;
  /** Keys as text: numbers as JSON writes them (and `inf`, `-inf`), `true`, `false`, instants in ISO 8601. */
  readonly labels: readonly string[];
  /** Rows of each group. */
  readonly sizes: Int32Array;
}

/** Groups that a column may have. */
export const MOST_GROUPS = 100_000;

/** What keys are told apart by. */
type Key = string | number;

/**
 * Groups rows by the column of that name; −0 and 0 are one key. Strings are in the order of their code points, instants in
 * that of time. Rows without a key are left out, with the warning `rows_dropped`. Throws, pointing at `pointer`, 422
 * `unknown_column`, `unsupported_type` for values of several types, and `invalid_option` for too many groups.
 */
export function groupRows(
  table: Table,
  name: string,
  pointer: string,
  space: Space,
  notes: Notes,
  most = MOST_GROUPS,
): Grouping {
  refuseUnknown(table, name, pointer);
  const column = table.column(name);
  const { rows } = table;
  const bytes = space.bytes(rows * 4);
  const codes = new Int32Array(bytes.buffer, bytes.byteOffset, rows);
  const keys = new Keys(
    codes,
    () => {
      const detail = `expected at most ${most} groups, got more in column ${JSON.stringify(excerpt(name))}`;
      return Problem.at(pointer, 'invalid_option', detail);
    },
    most,
  );
  if ('numbers' in column) {
    noteInexact(column, notes);
    codeNumbers(column.numbers, keys);
  } else if (column.dictionary !== undefined) codePlaces(column.dictionary, keys);
  else if (column.type === 'mixed' && column.missing < rows) {
    const detail = `expected a column of numbers, booleans, strings or timestamps to group by, got values of several types in ${JSON.stringify(excerpt(name))}`;
    throw Problem.at(pointer, 'unsupported_type', detail);
  } else codeCells(column, keys);
  const grouping = { key: name, codes, ...sorted(keys, column) };
  const dropped = rows - grouping.sizes.reduce((sum, size) => sum + size, 0);
  if (dropped > 0) notes.warn('rows_dropped', `${dropped} rows without a key left out of the groups`, name);
  return grouping;
}

/** Keys in first-seen order, while rows are given their codes. */
class Keys {
  readonly values: Key[] = [];
  readonly #known = new Map<Key, number>();

  constructor(
    readonly codes: Int32Array,
    readonly refusal: () => Problem,
    readonly most: number,
  ) {}

  codeOf(key: Key): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const code = this.add(key);
    this.#known.set(key, code);
    return code;
  }

  /** A key that is known not to be there yet. */
  add(key: Key): number {
    if (this.values.length === this.most) throw this.refusal();
    return this.values.push(key) - 1;
  }
}

function codeNumbers(numbers: Numbers, keys: Keys): void {
  // Rows of one group often follow each other.
  let last = NaN;
  let code = -1;
  let row = 0;
  for (const chunk of numbers.chunks) {
    for (let i = 0; i < chunk.values.length; i++, row++) {
      const value = presentValue(chunk, i);
      if (value !== last) {
        last = value;
        code = value === value ? keys.codeOf(value) : -1;
      }
      keys.codes[row] = code;
    }
  }
}

function codeCells(column: TextColumn, keys: Keys): void {
  let row = 0;
  for (const cell of column.cells()) keys.codes[row++] = cell === null ? -1 : keys.codeOf(String(cell));
}

function codePlaces({ places, text }: NonNullable<TextColumn['dictionary']>, keys: Keys): void {
  const codeAt: (number | undefined)[] = [];
  places().forEach((place, row) => {
    keys.codes[row] = place < 0 ? -1 : (codeAt[place] ??= keys.add(text(place)));
  });
}

/** Labels in order, sizes; the codes are made those of that order. */
function sorted({ values, codes }: Keys, column: Column): Pick<Grouping, 'labels' | 'sizes'> {
  const order = Array.from(values.keys());
  const compare = COMPARE[column.type];
  order.sort((a, b) => compare(values[a]!, values[b]!));
  const rankOf = new Int32Array(order.length);
  order.forEach((code, rank) => {
    rankOf[code] = rank;
  });
  const sizes = new Int32Array(order.length);
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]!;
    if (code < 0) continue;
    const rank = rankOf[code]!;
    codes[row] = rank;
    sizes[rank]!++;
  }
  return { labels: order.map((code) => labelOf(values[code]!, column.type)), sizes };
}

function labelOf(key: Key, type: Column['type']): string {
  if (type === 'boolean') return String(key === 1);
  if (typeof key === 'string') return key;
  return Number.isFinite(key) ? JSON.stringify(key) : key > 0 ? 'inf' : '-inf';
}

const byNumber = (a: Key, b: Key): number => Number(a) - Number(b) || 0;
const byText = (a: Key, b: Key): number => compareCodePoints(String(a), String(b));
const COMPARE: Readonly<Record<Column['type'], (a: Key, b: Key) => number>> = {
  number: (a, b) => (a === b ? 0 : byNumber(a, b)),
  boolean: byNumber,
  string: byText,
  mixed: byText,
  timestamp: (a, b) => compareInstants(String(a), String(b)),
};

/** As Python compares strings; JavaScript's own order is that of UTF-16, where surrogates come before U+E000. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return inOrder(x) - inOrder(y);
  }
  return a.length - b.length;
}

const inOrder = (unit: number): number =>
  unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;

/** ISO 8601 in UTC, to the millisecond or finer; or nanoseconds, `… ns`, in years that ISO 8601 does not have. */
function compareInstants(a: string, b: string): number {
  const difference = milliseconds(a) - milliseconds(b);
  // The same millisecond: the digits behind decide, and a shorter text is the earlier one.
  return difference !== 0 ? difference : compareCodePoints(a.replace('Z', ''), b.replace('Z', ''));
}

function milliseconds(instant: string): number {
  if (instant.endsWith(' ns')) return Number(instant.slice(0, -3)) / 1e6;
  // Digits beyond the millisecond are left to the comparison of texts.
  return Date.parse(instant.replace(/(\.\d{3})\d+/u, '$1'));
}

function presentValue({ values, validity, bitOffset }: Chunk, row: number): number {
  const bit = bitOffset + row;
  return validity === null || ((validity[bit >> 3]! >> (bit & 7)) & 1) === 1 ? values[row]! : NaN;
}

/**
 * A column's values of each group, in row order, each group's in one chunk: all of them one run of memory in `space`,
 * missing values NaN. A counting sort by the codes: one pass, whatever the number of groups.
 */
export function splitNumbers(
  { numbers }: Pick<NumericColumn, 'numbers'>,
  { codes, sizes }: Grouping,
  space: Space,
): Numbers[] {
  const next = new Int32Array(sizes.length);
  let total = 0;
  sizes.forEach((size, group) => {
    next[group] = total;
    total += size;
  });
  const all = space.float64(total);
  let start = 0;
  for (const chunk of numbers.chunks) {
    for (let i = 0; i < chunk.values.length; i++) {
      const code = codes[start + i]!;
      if (code >= 0) all[next[code]!++] = presentValue(chunk, i);
    }
    start += chunk.values.length;
  }
  return Array.from(sizes, (length, group) => {
    const values = all.subarray(next[group]! - length, next[group]);
    return { length, chunks: [{ values, validity: null, bitOffset: 0 }] };
  });
}
