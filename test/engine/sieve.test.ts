/** Quantiles by a sample and one pass: exact also where the sample misleads, and with many intervals or equal values. */
import fc from 'fast-check';
import { Quantiles } from '../../src/engine/wasm/select.js';
import { boundsOf, findRanks, sampleRanks } from '../../src/engine/wasm/sieve.js';
import { type Operation, Team } from '../../src/engine/wasm/team.js';
import { quantilesAt, ranksOf } from '../../src/engine/quantiles.js';
import { column, noise } from '../contract/columns.js';
import { openKernels } from '../contract/engines.js';

const MASK = (1n << 64n) - 1n;

/** Where assembly/sieve.ts looks: one row of every stretch. */
function sampled(rows: number, sample: number): number[] {
  const scatter = (index: number): number => {
    let z = (BigInt(index + 1) * 0x9e3779b97f4a7c15n) & MASK;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
    return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 53;
  };
  const stretch = rows / sample;
  return Array.from({ length: sample }, (_, i) => Math.min(Math.floor((i + scatter(i)) * stretch), rows - 1));
}

function bySorting(values: readonly number[], q: readonly number[]): number[] {
  const sorted = Float64Array.from(values).sort();
  const ranks = ranksOf(sorted.length, q);
  return quantilesAt(
    sorted.length,
    q,
    ranks,
    Array.from(ranks, (rank) => sorted[rank]!),
  );
}

class Watched extends Team {
  readonly seen: Operation[] = [];

  override run(operation: Operation, units: number, values: number, args: readonly number[]): void {
    this.seen.push(operation);
    super.run(operation, units, values, args);
  }
}

describe.each(['release', 'debug'] as const)('%s', (build) => {
  const { kernels, arena } = openKernels(build);
  const team = new Watched(kernels, arena);
  const quantiles = new Quantiles(arena, team);
  const rows = 40_000;
  const select = (values: readonly number[], q: readonly number[]): number[] => {
    team.seen.length = 0;
    return quantiles.of(column(values), q);
  };

  test('a sample that saw nothing of the rest: all keys are looked at, and the answer is exact', () => {
    const next = noise(3);
    const values = Array.from({ length: rows }, () => 1 + next());
    for (const row of sampled(rows, rows / 32)) values[row] = 0;
    const q = [0.1, 0.5, 0.9];
    expect(select(values, q)).toEqual(bySorting(values, q));
    expect(team.seen).toEqual(['sample', 'ranks', 'filter', 'ranks', 'keys', 'ranks']);
  });

  test('a sample that saw what it should: one pass', () => {
    const next = noise(4);
    const values = Array.from({ length: rows }, () => next() ** 3);
    const q = [0.25, 0.5, 0.75];
    expect(select(values, q)).toEqual(bySorting(values, q));
    expect(team.seen).toEqual(['sample', 'ranks', 'filter', 'ranks']);
  });

  test('six quantiles in one pass, seven by the descent', () => {
    const next = noise(5);
    const values = Array.from({ length: rows }, () => next() - 0.5);
    const many = Array.from({ length: 7 }, (_, i) => i / 6);
    expect(select(values, many.slice(1))).toEqual(bySorting(values, many.slice(1)));
    expect(team.seen).toContain('filter');
    expect(select(values, many)).toEqual(bySorting(values, many));
    expect(team.seen).not.toContain('filter');
  });

  test('equal values, infinities, both zeros, most of it missing', () => {
    const next = noise(6);
    const kinds: ((i: number) => number)[] = [
      () => 7,
      () => Math.floor(next() * 3),
      (i) => (i % 3 === 0 ? Infinity : i % 3 === 1 ? -Infinity : next()),
      (i) => (i % 2 === 0 ? 0 : -0),
      (i) => (i % 97 === 0 ? next() : NaN),
      () => NaN,
    ];
    for (const kind of kinds) {
      const values = Array.from({ length: rows }, (_, i) => kind(i));
      const present = values.filter((value) => !Number.isNaN(value));
      for (const q of [[0.5], [0, 0.3, 1], [0.01, 0.02, 0.5, 0.98, 0.99]])
        expect(select(values, q)).toEqual(present.length === 0 ? q.map(() => NaN) : bySorting(present, q));
    }
  });
});

test('every rank that an exact count finds is found', () => {
  const value = fc.integer({ min: -20, max: 20 });
  const fractions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 400 }),
      fc.array(value, { maxLength: 50 }),
      fractions,
      (values, sample, q) => {
        const sorted = sample.toSorted((a, b) => a - b);
        const wanted = sampleRanks(sorted.length, q);
        const intervals = boundsOf(
          sorted.length,
          q,
          wanted,
          Array.from(wanted, (rank) => sorted[rank]!),
        );
        // Apart from each other, and ascending.
        intervals.slice(1).forEach(({ low }, i) => {
          expect(low).toBeGreaterThan(intervals[i]!.high);
        });
        const all = values.toSorted((a, b) => a - b);
        const ranks = ranksOf(all.length, q);
        const finds = findRanks(ranks, intervals, {
          present: all.length,
          below: intervals.map(({ low }) => all.filter((x) => x < low).length),
          upTo: intervals.map(({ high }) => all.filter((x) => x <= high).length),
        });
        const kept = all.filter((x) =>
          intervals.some(({ low, high }) => low < high && x >= low && x <= high),
        );
        const inside = Array.from(ranks).every((rank) =>
          intervals.some(({ low, high }) => all[rank]! >= low && all[rank]! <= high),
        );
        expect(finds === undefined).toBe(!inside);
        finds?.forEach((find, i) => {
          expect('value' in find ? find.value : kept[find.kept]).toBe(all[ranks[i]!]);
        });
      },
    ),
  );
});
