import type { Json } from '../ports/formats.js';
import { excerpt, Problem } from '../ports/problem.js';
import type { Cell, Column, TextColumn } from '../ports/tables.js';
import type { Grouping } from './grouping.js';
import type { Notes } from './notes.js';

/** Different values of a column that are counted one by one. */
const MOST_VALUES = 10_000_000;

/** How often each different value of a column is there, first-seen order. */
interface Tally {
  readonly counts: ArrayLike<number>;
  readonly valueAt: (place: number) => Cell;
}

/**
 * pandas' describe of a column that is not numeric: count, unique, top (the highest count, first seen among equals), freq;
 * `extended` adds missing and entropy. Python's True is 1 there, and so it is here.
 */
export function describeCategorical(column: Column, rows: number, extended: boolean, notes: Notes): Json {
  return statisticsOf(tallyOf(column, rows), rows, extended, column.name, notes);
}

/** The same of the rows of each group. */
export function describeCategoricalGroups(
  column: Column,
  { codes, sizes, labels }: Grouping,
  extended: boolean,
  notes: Notes,
): Json[] {
  const counters = Array.from(sizes, () => new Counter());
  let row = 0;
  let different = 0;
  for (const value of column.cells()) {
    const code = codes[row++]!;
    if (value === null || code < 0) continue;
    if (counters[code]!.add(value) && ++different > MOST_VALUES) throw tooMany(column);
  }
  return counters.map((counter, group) => {
    const where = ` of group ${JSON.stringify(excerpt(labels[group]!, 40))}`;
    return statisticsOf(counter, sizes[group]!, extended, column.name, notes, where);
  });
}

function tallyOf(column: Column, rows: number): Tally {
  if (!('numbers' in column)) {
    if (column.missing === rows) return new Counter();
    if (column.dictionary !== undefined) return tallyOfDictionary(column.dictionary);
  }
  const counter = new Counter();
  let different = 0;
  for (const value of column.cells()) {
    if (value !== null && counter.add(value) && ++different > MOST_VALUES) throw tooMany(column);
  }
  return counter;
}

const tallyOfDictionary = ({ counts, text }: NonNullable<TextColumn['dictionary']>): Tally => ({
  counts: counts(),
  valueAt: text,
});

function tooMany({ name }: Column): Problem {
  const detail = `expected at most ${MOST_VALUES} different values to count in a column, got more in ${JSON.stringify(excerpt(name))}`;
  return new Problem('out_of_memory', detail);
}

class Counter implements Tally {
  readonly #places = new Map<Cell, number>();
  /** As they came: true where a later 1 counts as the same. */
  readonly #values: Cell[] = [];
  readonly counts: number[] = [];

  /** Whether the value is new. */
  add(value: Cell): boolean {
    const key = typeof value === 'boolean' ? Number(value) : value;
    const place = this.#places.get(key);
    if (place !== undefined) {
      this.counts[place]!++;
      return false;
    }
    this.#places.set(key, this.counts.length);
    this.counts.push(1);
    this.#values.push(value);
    return true;
  }

  valueAt(place: number): Cell {
    return this.#values[place] ?? null;
  }
}

function statisticsOf(
  tally: Tally,
  rows: number,
  extended: boolean,
  column: string,
  notes: Notes,
  where = '',
): Json {
  const { counts } = tally;
  let [top, count, unique] = [0, 0, 0];
  for (let place = 0; place < counts.length; place++) {
    const times = counts[place]!;
    count += times;
    // A place of a dictionary may have lost its rows to a later key of the same name.
    if (times > 0) unique++;
    if (times > counts[top]!) top = place;
  }
  const found =
    count === 0
      ? { count, unique, top: null, freq: null }
      : { count, unique, top: tally.valueAt(top), freq: counts[top]! };
  if (!extended) return found;
  const entropy = notes.finite(entropyOf(counts, count), `entropy${where}`, column);
  return { ...found, missing: rows - count, entropy };
}

/** Shannon entropy of counts that add up to `total`, in nats: scipy.stats.entropy(counts). NaN of nothing. */
function entropyOf(counts: ArrayLike<number>, total: number): number {
  let sum = 0;
  for (let place = 0; place < counts.length; place++) sum += weightOf(counts[place]!);
  return entropyFrom(sum, total);
}

/** What a value that is there so many times adds to the sum of entropyFrom. */
export const weightOf = (times: number): number => (times > 1 ? times * Math.log(times) : 0);

/** ln n − Σ c ln c / n; `sum` is Σ c ln c. NaN of nothing. */
export function entropyFrom(sum: number, total: number): number {
  // Not below zero where rounding would have it so.
  return total === 0 ? NaN : Math.max(0, Math.log(total) - sum / total);
}
