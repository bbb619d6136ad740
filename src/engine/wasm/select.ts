import type { SelectKernel } from '../../ports/engine.js';
import type { Numbers } from '../../ports/tables.js';
import { quantilesAt, ranksOf } from '../quantiles.js';
import type { Arena } from './arena.js';
import { BLOCK, chunkTables } from './columns.js';
import { boundsOf, findRanks, sampleRanks, type Counted } from './sieve.js';
import type { Team } from './team.js';

/** Layout: assembly/select.ts. */
const PLAN = 64;
const TABLES = 6 * 2048 * 4;
const NAMES = ['chunks', 'entries', 'rows', 'keys', 'count', 'ranks', 'rankCount', 'out'] as const;
const SIEVE = ['tallies', 'bounds', 'intervals', 'blocks', 'sample'] as const;
type Field = (typeof NAMES)[number] | (typeof SIEVE)[number];
const PLACE = Object.fromEntries([...NAMES, ...SIEVE].map((name, i) => [name, i])) as Record<Field, number>;

/** Rows from which a column is sieved first. */
const SIEVED_FROM = 32_768;
/** Quantiles up to which one pass looks at all of them. */
const MOST_INTERVALS = 6;
/** A sample is one row of so many, up to a size whose intervals hold a thirtieth of the rows. */
const SAMPLED = 32;
const MOST_SAMPLE = 16_384;
/** Keys of columns that are selected from together: 64 MiB. */
const MOST_KEYS = 2 ** 23;

/** Plans of some columns of equal length, as the kernels see them. */
class Plans {
  readonly pointer: number;
  readonly #words: Int32Array;

  constructor(arena: Arena, columns: readonly Numbers[]) {
    this.pointer = arena.take(columns.length * PLAN);
    this.#words = arena.int32At(this.pointer, (columns.length * PLAN) / 4).fill(0);
    const rows = columns[0]?.length ?? 0;
    const { tables, counts } = chunkTables(arena, columns);
    const blocks = Math.ceil(rows / BLOCK);
    columns.forEach((_, i) => {
      this.set(i, 'chunks', arena.int32At(tables, columns.length)[i]!);
      this.set(i, 'entries', arena.int32At(counts, columns.length)[i]!);
      this.set(i, 'rows', rows);
      this.set(i, 'keys', arena.take((rows + 2 * blocks + 1) * 8));
    });
  }

  set(column: number, field: Field, value: number): void {
    this.#words[(column * PLAN) / 4 + PLACE[field]] = value;
  }

  get(column: number, field: Field): number {
    return this.#words[(column * PLAN) / 4 + PLACE[field]]!;
  }
}

/** Quantiles of columns of equal length, remembered for those that were learnt together. */
export class Quantiles {
  readonly #known = new WeakMap<Numbers, { readonly q: readonly number[]; readonly values: number[] }>();

  constructor(
    readonly arena: Arena,
    readonly team: Team,
    readonly sievedFrom = SIEVED_FROM,
  ) {}

  /** Computes the quantiles of columns of equal length in one go. */
  learn(columns: readonly Numbers[], q: readonly number[]): void {
    this.#compute(columns, q).forEach((values, i) => {
      this.#known.set(columns[i]!, { q: [...q], values });
    });
  }

  readonly of: SelectKernel = (column, q) => {
    const known = this.#known.get(column);
    if (known?.q.length === q.length && known.q.every((value, i) => value === q[i])) return [...known.values];
    return this.#compute([column], q)[0]!;
  };

  /** In groups of columns, so that their keys do not take more than they must. */
  #compute(columns: readonly Numbers[], q: readonly number[]): number[][] {
    const rows = columns[0]?.length ?? 0;
    const together = Math.max(1, Math.floor(MOST_KEYS / (rows + 1)));
    const results: number[][] = [];
    for (let from = 0; from < columns.length; from += together) {
      const group = columns.slice(from, from + together);
      results.push(...this.arena.scratch(() => this.#quantiles(group, rows, q)));
    }
    return results;
  }

  #quantiles(columns: readonly Numbers[], rows: number, q: readonly number[]): number[][] {
    const sieved = rows >= this.sievedFrom && new Set(q).size <= MOST_INTERVALS;
    const found = sieved ? this.#sieve(columns, rows, q) : columns.map(() => undefined);
    const rest = columns.filter((_, i) => found[i] === undefined);
    const whole = this.arena.scratch(() => this.#descend(rest, rows, q));
    return found.map((values) => values ?? whole.shift()!);
  }

  /** From all keys. */
  #descend(columns: readonly Numbers[], rows: number, q: readonly number[]): number[][] {
    if (columns.length === 0) return [];
    const { arena, team } = this;
    const plans = new Plans(arena, columns);
    team.run('keys', columns.length, rows * columns.length, [plans.pointer]);
    const ranks = columns.map((_, i) => ranksOf(plans.get(i, 'count'), q));
    const values = this.#values(plans, ranks, rows);
    return columns.map((_, i) => quantilesAt(plans.get(i, 'count'), q, ranks[i]!, values[i]!));
  }

  /** The values at some ranks of each plan's keys. */
  #values(plans: Plans, ranks: readonly Int32Array[], keys: number): Float64Array[] {
    const { arena, team } = this;
    const out = ranks.map((wanted, i) => {
      const pointer = arena.take(wanted.length * 8);
      plans.set(i, 'ranks', arena.place(wanted));
      plans.set(i, 'rankCount', wanted.length);
      plans.set(i, 'out', pointer);
      return arena.float64At(pointer, wanted.length);
    });
    const tables = arena.take(TABLES * team.lanes);
    team.run('ranks', ranks.length, keys * ranks.length, [plans.pointer, tables]);
    return out;
  }

  /** By a sample and one pass over the rows; undefined for a column whose sample misled or was too small. */
  #sieve(columns: readonly Numbers[], rows: number, q: readonly number[]): (number[] | undefined)[] {
    const { arena, team } = this;
    const plans = new Plans(arena, columns);
    const sample = Math.min(MOST_SAMPLE, Math.ceil(rows / SAMPLED));
    columns.forEach((_, i) => {
      plans.set(i, 'sample', sample);
    });
    team.run('sample', columns.length, sample * columns.length, [plans.pointer]);
    const counts = columns.map((_, i) => plans.get(i, 'count'));
    const sampled = counts.map((count) => sampleRanks(count, q));
    const values = this.#values(plans, sampled, sample);
    const intervals = counts.map((count, i) => boundsOf(count, q, sampled[i]!, values[i]!));

    const blocks = Math.ceil(rows / BLOCK);
    const width = 2 + 2 * Math.ceil(Math.max(...intervals.map(({ length }) => length)) / 3) * 3;
    intervals.forEach((bounds, i) => {
      const padded = (width - 2) / 2;
      const at = arena.float64At(arena.take(padded * 16), padded * 2).fill(NaN);
      bounds.forEach(({ low, high }, j) => {
        at.set([low, high], j * 2);
      });
      plans.set(i, 'tallies', arena.take(blocks * width * 4));
      plans.set(i, 'bounds', at.byteOffset);
      plans.set(i, 'intervals', padded);
      plans.set(i, 'blocks', blocks);
    });
    team.run('filter', blocks * columns.length, rows * columns.length, [plans.pointer, blocks]);

    const counted = columns.map((_, i) =>
      total(arena.int32At(plans.get(i, 'tallies'), blocks * width), width, intervals[i]!.length),
    );
    const ranks = counted.map(({ present }) => ranksOf(present, q));
    const finds = ranks.map((wanted, i) => findRanks(wanted, intervals[i]!, counted[i]!));
    const kept = finds.map((found) =>
      Int32Array.from(found?.flatMap((find) => ('kept' in find ? [find.kept] : [])) ?? []),
    );
    const order = this.#values(plans, kept, Math.ceil(rows / 16));
    return finds.map((found, i) => {
      if (found === undefined) return undefined;
      let next = 0;
      const values = found.map((find) => ('kept' in find ? order[i]![next++]! : find.value));
      return quantilesAt(counted[i]!.present, q, ranks[i]!, values);
    });
  }
}

/** Sums of the blocks' tallies; layout: assembly/sieve.ts. */
function total(tallies: Int32Array, width: number, intervals: number): Counted {
  const sums = new Array<number>(width).fill(0);
  for (let i = 0; i < tallies.length; i++) sums[i % width]! += tallies[i]!;
  const every = (from: number): number[] => Array.from({ length: intervals }, (_, j) => sums[from + 2 * j]!);
  return { present: sums[1]!, below: every(2), upTo: every(3) };
}
