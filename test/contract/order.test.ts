/** Orders, ranks and Kendall's pairs: against SciPy and their definitions, whatever the batches. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { PairCounts, Ranks } from '../../src/ports/order.js';
import {
  anyRows,
  batchesOf,
  column,
  everyRows,
  expectNear,
  extreme,
  measured,
  noise,
  present,
  type Row,
} from './columns.js';
import { describeEngines } from './engines.js';

interface Fixture {
  readonly name: string;
  readonly columns: readonly [Row[], Row[]];
  readonly expected: {
    readonly x: readonly Row[];
    readonly y: readonly Row[];
    readonly tiecorrect_x: number;
    readonly tiecorrect_y: number;
    readonly tau_b: number;
    readonly tau_c: number;
    readonly z: number;
  };
}

const { order: FIXTURES } = JSON.parse(
  readFileSync(join(__dirname, '..', 'fixtures', 'order.json'), 'utf8'),
) as { readonly order: readonly Fixture[] };

/** Values ascending, with one zero. */
const ascending = (rows: readonly Row[]): number[] =>
  present(rows)
    .filter((value) => !Number.isNaN(value))
    .map((value) => value + 0)
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

/** Rows that hold each value. */
function groupsOf(values: readonly number[]): Map<number, number> {
  const groups = new Map<number, number>();
  for (const value of values) groups.set(value, (groups.get(value) ?? 0) + 1);
  return groups;
}

/** Ranks by their definition: how many are smaller, and the mean place among equals. */
function ranksOf(rows: readonly Row[]): Ranks {
  const groups = groupsOf(ascending(rows));
  const rank = new Map<number, number>();
  let before = 0;
  let ties = 0;
  for (const [value, t] of groups) {
    rank.set(value, before + (t + 1) / 2);
    before += t;
    ties += t ** 3 - t;
  }
  const ranks = Float64Array.from(rows, (row) => rank.get((row ?? NaN) + 0) ?? NaN);
  if (rank.has(NaN)) throw new Error('a missing value has no rank');
  return { ranks, count: before, ties, distinct: groups.size };
}

/** Every pair looked at. */
function pairsOf(x: readonly Row[], y: readonly Row[]): PairCounts {
  const rows = x.flatMap((a, i) => {
    const b = y[i];
    return a === null || b === null || a !== a || b !== b ? [] : [[a + 0, b! + 0] as const];
  });
  const counts = { concordant: 0, discordant: 0, tiedX: 0, tiedY: 0, tiedBoth: 0 };
  rows.forEach(([a, b], i) => {
    for (const [c, d] of rows.slice(0, i)) {
      if (a === c) counts.tiedX++;
      if (b === d) counts.tiedY++;
      if (a === c && b === d) counts.tiedBoth++;
      if (a !== c && b !== d) counts[a < c === b < d ? 'concordant' : 'discordant']++;
    }
  });
  return {
    count: rows.length,
    ...counts,
    x: termsOf(rows.map(([a]) => a)),
    y: termsOf(rows.map(([, b]) => b)),
  };
}

function termsOf(values: readonly number[]): PairCounts['x'] {
  const sizes = [...groupsOf(values).values()];
  const sum = (term: (t: number) => number): number => sizes.reduce((total, t) => total + term(t), 0);
  return { t1: sum((t) => t * (t - 1) * (t - 2)), t2: sum((t) => t * (t - 1) * (2 * t + 5)) };
}

/** Rows in the order of x, each with those before it whose y is greater, from a tree of counts (Fenwick 1994). */
function discordantOf(x: readonly number[], y: readonly number[]): number {
  const values = [...new Set(y)].sort((a, b) => b - a);
  const place = new Map(values.map((value, i) => [value, i + 1]));
  const tree = new Float64Array(values.length + 1);
  const rows = x.map((_, i) => i).sort((a, b) => x[a]! - x[b]!);
  let sum = 0;
  for (let from = 0, to = 0; from < rows.length; from = to) {
    while (to < rows.length && x[rows[to]!] === x[rows[from]!]) to++;
    const group = rows.slice(from, to).map((row) => place.get(y[row]!)!);
    for (const own of group) for (let at = own - 1; at > 0; at -= at & -at) sum += tree[at]!;
    for (const own of group) for (let at = own; at < tree.length; at += at & -at) tree[at]!++;
  }
  return sum;
}

/** Two columns of the same length. */
const twoColumns = (maxLength: number, value: fc.Arbitrary<number>): fc.Arbitrary<[Row[], Row[]]> =>
  fc
    .array(fc.tuple(fc.option(value, { freq: 6, nil: null }), fc.option(value, { freq: 6, nil: null })), {
      maxLength,
    })
    .map((rows) => [rows.map(([x]) => x), rows.map(([, y]) => y)]);

const few = (): fc.Arbitrary<number> => fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(-0, 0.5));

describeEngines((under) => {
  const { sort, rank, pairs } = {
    sort: (rows: readonly Row[]) => under().engine.order.sort(column(rows)),
    rank: (rows: readonly Row[]) => under().engine.order.rank(column(rows)),
    pairs: (x: readonly Row[], y: readonly Row[]) => under().engine.order.pairs(column(x), column(y)),
  };
  /** Zeros of either sign are one. */
  const plain = (values: Float64Array): number[] => Array.from(values, (value) => value + 0);

  test('nothing present', () => {
    for (const rows of [[], [null], [null, NaN, null]]) {
      expect(sort(rows)).toHaveLength(0);
      expect(rank(rows)).toEqual({
        ranks: new Float64Array(rows.length).fill(NaN),
        count: 0,
        ties: 0,
        distinct: 0,
      });
      expect(pairs(rows, rows)).toEqual(pairsOf([], []));
    }
    expect(pairs([1, null, NaN, 2], [null, 1, 2, NaN])).toEqual(pairsOf([], []));
    expect(pairs([1], [2])).toEqual(pairsOf([1], [2]));
  });

  test('infinities are values, zeros of both signs are one', () => {
    const rows = [Infinity, -0, 3, -Infinity, 0, null, NaN, Infinity, 5e-324];
    expect(plain(sort(rows))).toEqual([-Infinity, 0, 0, 5e-324, 3, Infinity, Infinity]);
    expect(rank(rows)).toEqual({
      ranks: Float64Array.of(6.5, 2.5, 5, 1, 2.5, NaN, NaN, 6.5, 4),
      count: 7,
      ties: 12,
      distinct: 5,
    });
    expect(pairs([Infinity, -Infinity, 0, -0], [1, Infinity, -0, 0])).toEqual({
      count: 4,
      concordant: 2,
      discordant: 3,
      tiedX: 1,
      tiedY: 1,
      tiedBoth: 1,
      x: { t1: 0, t2: 18 },
      y: { t1: 0, t2: 18 },
    });
  });

  test.each(FIXTURES)('SciPy: $name', ({ columns: [x, y], expected }) => {
    for (const [rows, ranks, correction] of [
      [x, expected.x, expected.tiecorrect_x],
      [y, expected.y, expected.tiecorrect_y],
    ] as const) {
      const got = rank(rows);
      expect(got.ranks).toEqual(Float64Array.from(ranks, (own) => own ?? NaN));
      expectNear(1 - got.ties / (got.count ** 3 - got.count), correction, 1e-15, 1);
    }
    const got = pairs(x, y);
    const { count: n, concordant, discordant, tiedX, tiedY, tiedBoth } = got;
    const total = (n * (n - 1)) / 2;
    expect(concordant + discordant + tiedX + tiedY - tiedBoth).toBe(total);
    const difference = concordant - discordant;
    expectNear(difference / Math.sqrt(total - tiedX) / Math.sqrt(total - tiedY), expected.tau_b, 1e-14);
    const both = x.flatMap((a, i) => (a === null || y[i] === null ? [] : [[a, y[i]!] as const]));
    const m = Math.min(...[0, 1].map((side) => new Set(both.map((row) => row[side])).size));
    expectNear((2 * difference) / (n ** 2 * ((m - 1) / m)), expected.tau_c, 1e-14);
    const ordered = n * (n - 1);
    const variance =
      (ordered * (2 * n + 5) - got.x.t2 - got.y.t2) / 18 +
      (2 * tiedX * tiedY) / ordered +
      (got.x.t1 * got.y.t1) / (9 * ordered * (n - 2));
    expectNear(Math.abs(difference) / Math.sqrt(variance), expected.z, 1e-9);
  });

  test('the order and the ranks of the definition', () => {
    fc.assert(
      fc.property(anyRows(300, fc.oneof(measured(), extreme())), (rows) => {
        expect(plain(sort(rows))).toEqual(ascending(rows));
        expect(rank(rows)).toEqual(ranksOf(rows));
      }),
      { numRuns: 300 },
    );
  });

  test('the pairs of the definition', () => {
    fc.assert(
      fc.property(
        fc.oneof(twoColumns(120, few()), twoColumns(120, fc.oneof(measured(), extreme()))),
        ([x, y]) => {
          expect(pairs(x, y)).toEqual(pairsOf(x, y));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('the same bits whatever the batches', () => {
    fc.assert(
      fc.property(
        twoColumns(200, fc.oneof(few(), extreme())).chain(([x, y]) =>
          fc.tuple(fc.constant(x), fc.constant(y), batchesOf(x.length), batchesOf(x.length)),
        ),
        ([x, y, ofX, ofY]) => {
          const { engine, arena } = under();
          const [a, b] = [column(x, ofX, arena), column(y, ofY, arena)];
          expect(Array.from(engine.order.sort(a))).toEqual(Array.from(sort(x)));
          expect(engine.order.rank(b)).toEqual(rank(y));
          expect(engine.order.pairs(a, b)).toEqual(pairs(x, y));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('what a kernel gave stays as it is while others run, and columns are left as they were', () => {
    const { engine, arena } = under();
    const next = noise(3);
    const rows = Array.from({ length: 5000 }, () => next() - 0.5);
    const numbers = column(rows, everyRows(5000, 5000, { inPlace: true }), arena);
    const sorted = engine.order.sort(numbers);
    const { ranks } = engine.order.rank(numbers);
    const copies = [Array.from(sorted), Array.from(ranks)];
    engine.order.pairs(numbers, numbers);
    engine.order.rank(numbers);
    engine.order.sort({ length: 5000, chunks: [{ values: sorted, validity: null, bitOffset: 0 }] });
    expect([Array.from(sorted), Array.from(ranks)]).toEqual(copies);
    expect(Array.from(numbers.chunks[0]!.values)).toEqual(rows);
  });

  const next = noise(5);
  const long = (value: (i: number) => number): number[] => Array.from({ length: 70_001 }, (_, i) => value(i));
  const LONG: readonly (readonly [string, number[]])[] = [
    ['noise', long(() => next() - 0.5)],
    ['neighbouring values', long(() => 1 + Math.floor(next() * 50_000) * 2 ** -52)],
    ['few values', long((i) => (i * 7919) % 3)],
    ['one value', long(() => -1.5)],
    ['a sorted column', long((i) => i)],
    ['a falling column', long((i) => -i)],
    ['subnormal values', long((i) => ((i * 31) % 1000) * 5e-324)],
    ['values of every size', long(() => (next() - 0.5) * 2 ** Math.floor(next() * 2000 - 1000))],
    ['one value far out', long((i) => (i === 7777 ? 1e300 : next()))],
    ['half of it infinite', long((i) => (i % 2 === 0 ? next() : i % 4 === 1 ? Infinity : -Infinity))],
    [
      'every 137th row, where a sample might look, unlike the rest',
      long((i) => (i % 137 === 0 ? next() * 1e9 : next())),
    ],
    ['a lump beside a few', long((i) => (i % 50 === 0 ? next() : next() * 1e-9))],
  ];
  test.each(LONG)('70,001 rows: %s', (_, rows) => {
    const { engine, arena } = under();
    const expected = ascending(rows);
    const ranks = ranksOf(rows);
    const split = everyRows(rows.length, 9973, { bitOffset: 5, inPlace: true });
    for (const numbers of [column(rows), column(rows, split, arena)]) {
      expect(
        sameBits(
          engine.order.sort(numbers).map((value) => value + 0),
          Float64Array.from(expected),
        ),
      ).toBe(true);
      const got = engine.order.rank(numbers);
      expect(sameBits(got.ranks, ranks.ranks)).toBe(true);
      expect([got.count, got.ties, got.distinct]).toEqual([ranks.count, ranks.ties, ranks.distinct]);
    }
    // A column goes with itself, and against itself.
    const own = column(rows);
    const against = column(rows.map((value) => -value));
    const pairsTied = [...groupsOf(rows.map((value) => value + 0)).values()].reduce(
      (sum, t) => sum + (t * (t - 1)) / 2,
      0,
    );
    const total = (rows.length * (rows.length - 1)) / 2;
    const tied = { tiedX: pairsTied, tiedY: pairsTied, tiedBoth: pairsTied };
    expect(engine.order.pairs(own, own)).toMatchObject({
      concordant: total - pairsTied,
      discordant: 0,
      ...tied,
    });
    expect(engine.order.pairs(own, against)).toMatchObject({
      concordant: 0,
      discordant: total - pairsTied,
      ...tied,
    });
  });

  const hash = (i: number): number => (Math.imul(i, 0x9e3779b1) >>> 8) / 2 ** 24;
  test.each([
    ['noise', hash, (i: number) => hash(i + 7_000_000)],
    ['noise that goes with x', hash, (i: number) => hash(i) + hash(i + 7_000_000)],
    ['few values of both', (i: number) => Math.floor(hash(i) * 5), (i: number) => Math.floor(hash(~i) * 9)],
    ['many values of few x', (i: number) => Math.floor(hash(i) * 3), (i: number) => hash(~i)],
    // More than a block of rows whose places in the order of y differ in their lowest bits alone.
    ['two values, one of them rare', hash, (i: number) => (i % 233 === 0 ? 0 : 1)],
  ])('pairs of 70,001 rows: %s', (_, ofX, ofY) => {
    const rows = Array.from({ length: 70_001 }, (_, i) => i);
    const [x, y] = [rows.map(ofX), rows.map(ofY)];
    expect(pairs(x, y).discordant).toBe(discordantOf(x, y));
  });

  test('discordant pairs of several blocks: blocks that are out of order, each in order by itself', () => {
    const [blocks, size] = [7, 20_011];
    const x = Array.from({ length: blocks * size }, (_, i) => i);
    const y = x.map((i) => ((Math.floor(i / size) * 3) % blocks) * size + (i % size));
    const between = Array.from({ length: blocks }, (_, i) => (i * 3) % blocks);
    const crossed = between.flatMap((a, i) => between.slice(0, i).filter((b) => b > a)).length;
    expect(pairs(x, y).discordant).toBe(crossed * size ** 2);
  });
});

function sameBits(a: Float64Array, b: Float64Array): boolean {
  return (
    Buffer.compare(
      Buffer.from(a.buffer, a.byteOffset, a.byteLength),
      Buffer.from(b.buffer, b.byteOffset, b.byteLength),
    ) === 0
  );
}
