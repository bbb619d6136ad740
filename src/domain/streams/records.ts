import { excerpt } from '../../ports/problem.js';
import type { Cell, Chunk, Column, NumericColumn, Table, TextColumn } from '../../ports/tables.js';
import type { Rejected } from './fold.js';

/** Why records cannot be taken, the first reason of each. */
export class Rejections {
  readonly #reasons = new Map<number, string>();
  readonly #marks: Uint8Array;

  constructor(rows: number) {
    this.#marks = new Uint8Array(rows);
  }

  add(row: number, reason: string): void {
    if (this.#marks[row] === 1) return;
    this.#marks[row] = 1;
    this.#reasons.set(row, reason);
  }

  has(row: number): boolean {
    return this.#marks[row] === 1;
  }

  list(): Rejected[] {
    return [...this.#reasons].sort(([a], [b]) => a - b).map(([row, reason]) => ({ row, reason }));
  }
}

/** An instant's greatest size in ECMAScript, in ms. */
const MOST_TIME = 8.64e15;
const quoted = (text: string): string => JSON.stringify(excerpt(text, 60));

/** Event times in ms, fractions cut off downwards; NaN in records that are rejected. */
export function readTimes(table: Table, name: string, rejections: Rejections): Float64Array {
  const times = new Float64Array(table.rows).fill(NaN);
  const refuse = (row: number, got: string): void => {
    rejections.add(row, `expected a time in column ${quoted(name)}, got ${got}`);
  };
  const set = (row: number, time: number, shown: () => string): void => {
    if (Math.abs(time) <= MOST_TIME) times[row] = Math.floor(time);
    else refuse(row, shown());
  };
  if (!table.names.includes(name)) {
    for (let row = 0; row < table.rows; row++) refuse(row, 'no such column');
    return times;
  }
  const column = table.column(name);
  if ('numbers' in column && column.type === 'number') {
    eachNumber(column, (row, value) => {
      set(row, value, () => (value !== value ? 'none' : `${value} ms`));
    });
    return times;
  }
  const instants = 'instants' in column ? column.instants() : undefined;
  if (instants !== undefined) {
    for (let row = 0; row < table.rows; row++)
      set(row, instants[row]!, () => 'none, or one that is too far from 1970');
    return times;
  }
  eachCell(column, (row, cell) => {
    if (cell === null) refuse(row, 'none');
    else if (typeof cell === 'number') set(row, cell, () => `${cell} ms`);
    else if (typeof cell === 'string') set(row, instantOf(cell), () => quoted(cell));
    else refuse(row, String(cell));
  });
  return times;
}

const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/u;

/** ISO 8601 with its zone in ms; NaN of other text. */
function instantOf(text: string): number {
  if (!ISO.test(text)) return NaN;
  return Date.parse(text.replace(' ', 'T').replace(/(\.\d{3})\d+/u, '$1'));
}

/** What records are told apart by: the text of a key, and which each has. */
export interface KeyCodes {
  /** Of each record; −1 of those that are rejected. Null: all have the key null. */
  readonly codes: Int32Array | null;
  readonly keys: readonly (string | null)[];
}

/** Characters of a key. */
const MOST_KEY = 512;

/**
 * Keys as text: numbers as JSON writes them, `true`, `false`, instants in ISO 8601. The number 1 and the text "1" are one key.
 * A record without one is rejected.
 */
export function readKeys(table: Table, name: string | null, rejections: Rejections): KeyCodes {
  if (name === null) return { codes: null, keys: [null] };
  const codes = new Int32Array(table.rows).fill(-1);
  const keys: string[] = [];
  const known = new Map<string, number>();
  const codeOf = (text: string): number => {
    const key = text.toWellFormed();
    if (key.length > MOST_KEY) return -1;
    const code = known.get(key) ?? keys.push(key) - 1;
    known.set(key, code);
    return code;
  };
  const refuse = (row: number, got: string): void => {
    rejections.add(
      row,
      `expected a key of at most ${MOST_KEY} characters in column ${quoted(name)}, got ${got}`,
    );
  };
  const set = (row: number, code: number): void => {
    if (code < 0) refuse(row, 'a longer one');
    codes[row] = code;
  };
  if (!table.names.includes(name)) {
    for (let row = 0; row < table.rows; row++) refuse(row, 'no such column');
    return { codes, keys };
  }
  const column = table.column(name);
  if ('numbers' in column && column.type === 'number') {
    const byNumber = new Map<number, number>();
    eachNumber(column, (row, value) => {
      if (value !== value) {
        refuse(row, 'none');
        return;
      }
      let code = byNumber.get(value);
      if (code === undefined) byNumber.set(value, (code = codeOf(keyText(value))));
      set(row, code);
    });
    return { codes, keys };
  }
  const dictionary = 'dictionary' in column ? column.dictionary : undefined;
  if (dictionary !== undefined) {
    const codeAt: (number | undefined)[] = [];
    dictionary.places().forEach((place, row) => {
      if (place < 0) refuse(row, 'none');
      else set(row, (codeAt[place] ??= codeOf(dictionary.text(place))));
    });
    return { codes, keys };
  }
  eachCell(column, (row, cell) => {
    if (cell === null) refuse(row, 'none');
    else set(row, codeOf(typeof cell === 'number' ? keyText(cell) : String(cell)));
  });
  return { codes, keys };
}

const keyText = (value: number): string =>
  Number.isFinite(value) ? JSON.stringify(value) : value > 0 ? 'inf' : '-inf';

/** Columns of numbers, NaN where a record has none. */
export type Values = ReadonlyMap<string, NumericColumn['numbers']>;

/**
 * Of the columns that are `named`, and of all others that have numbers if `all`, but not `except`. Where a column has values of
 * several types its numbers are taken; in one that is named anything else rejects the record, as it was named for its numbers.
 */
export function readValues(
  table: Table,
  named: ReadonlySet<string>,
  all: boolean,
  except: ReadonlySet<string | null>,
  rejections: Rejections,
): Values {
  const values = new Map<string, NumericColumn['numbers']>();
  for (const name of table.names) {
    if (except.has(name) || !(all || named.has(name))) continue;
    const column = table.column(name);
    const numbers =
      'numbers' in column && column.type === 'number'
        ? column.numbers
        : numbersAmong(column, table.rows, named.has(name), rejections);
    if (numbers !== undefined) values.set(name.toWellFormed(), numbers);
  }
  return values;
}

function numbersAmong(
  column: Column,
  rows: number,
  isNamed: boolean,
  rejections: Rejections,
): NumericColumn['numbers'] | undefined {
  if (!isNamed && column.type !== 'mixed') return undefined;
  let values: Float64Array | undefined;
  eachCell(column, (row, cell) => {
    if (typeof cell === 'number') (values ??= new Float64Array(rows).fill(NaN))[row] = cell;
    else if (cell !== null && isNamed) {
      const got = typeof cell === 'string' ? quoted(cell) : String(cell);
      rejections.add(row, `expected a number in column ${quoted(column.name)}, got ${got}`);
    }
  });
  return values && { length: rows, chunks: [{ values, validity: null, bitOffset: 0 }] };
}

/** Calls with each record's number, NaN where it has none. */
export function eachNumber(column: NumericColumn, told: (row: number, value: number) => void): void {
  let row = 0;
  for (const chunk of column.numbers.chunks)
    for (let i = 0; i < chunk.values.length; i++) told(row++, numberAt(chunk, i));
}

export function numberAt({ values, validity, bitOffset }: Chunk, i: number): number {
  if (validity === null) return values[i]!;
  const bit = bitOffset + i;
  return ((validity[bit >> 3]! >> (bit & 7)) & 1) === 1 ? values[i]! : NaN;
}

export function eachCell(column: Column | TextColumn, told: (row: number, cell: Cell) => void): void {
  let row = 0;
  for (const cell of column.cells()) told(row++, cell);
}
