/** Co-moments of pairs of columns: against NumPy and exact arithmetic, whatever the batches and the gaps. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Comoments } from '../../src/ports/engine.js';
import { anyRows, batchesOf, column, everyRows, expectNear, extreme, measured, noise } from './columns.js';
import type { Row } from './columns.js';
import { describeEngines } from './engines.js';
import { exactComoment, exactSum } from './exact.js';

interface Fixture {
  readonly name: string;
  readonly columns: readonly Row[][];
  readonly pairs: readonly {
    readonly i: number;
    readonly j: number;
    readonly n: number;
    readonly means: readonly [number, number];
    readonly cov: readonly (readonly number[])[];
    readonly r: number;
    readonly slope: number;
  }[];
}

const FIXTURES = JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'comoments.json'), 'utf8')) as {
  readonly comoments: readonly Fixture[];
};

/** What there is of one pair. */
interface Pair {
  readonly n: number;
  readonly meanX: number;
  readonly meanY: number;
  readonly m2x: number;
  readonly m2y: number;
  readonly c: number;
  readonly r: number;
}

function pairOf({ counts, means, m2, c }: Comoments, i = 0, j = 1): Pair {
  const d = Math.sqrt(counts.length);
  const [ij, ji] = [i * d + j, j * d + i];
  const [m2x, m2y] = [m2[ij]!, m2[ji]!];
  const r = c[ij]! / Math.sqrt(m2x) / Math.sqrt(m2y);
  return { n: counts[ij]!, meanX: means[ij]!, meanY: means[ji]!, m2x, m2y, c: c[ij]!, r };
}

/** Rows in which both are present. */
function common(x: readonly Row[], y: readonly Row[]): [number[], number[]] {
  const both = x.flatMap((a, row) => (a === null || y[row] === null ? [] : [[a, y[row]!] as const]));
  return [both.map(([a]) => a), both.map(([, b]) => b)];
}

const gappy = (next: () => number, share: number, x: number): Row => (next() < share ? null : x);

/** d columns of the same length, each complete or with gaps. */
const tables = (d: number, maxLength: number, value: fc.Arbitrary<number>): fc.Arbitrary<Row[][]> =>
  fc.nat(maxLength).chain((rows) => {
    const length = { minLength: rows, maxLength: rows };
    const gaps = fc.array(fc.option(value, { freq: 4, nil: null }), length);
    return fc.array(fc.oneof(fc.array<Row>(value, length), gaps), { minLength: d, maxLength: d });
  });

describeEngines((under) => {
  const comoments = (...columns: readonly (readonly Row[])[]): Comoments =>
    under().engine.comoments(columns.map((rows) => column(rows)));
  const pair = (x: readonly Row[], y: readonly Row[]): Pair => pairOf(comoments(x, y));

  /** Every pair against exact arithmetic. */
  function expectExact(got: Comoments, columns: readonly (readonly Row[])[]): void {
    const near = under().tolerance.comoments;
    columns.forEach((x, i) => {
      columns.slice(i).forEach((y, after) => {
        const own = pairOf(got, i, i + after);
        const [xs, ys] = common(x, y);
        expect(own.n).toBe(xs.length);
        if (xs.length === 0) {
          expect(own).toMatchObject({ meanX: NaN, meanY: NaN, m2x: 0, m2y: 0, c: 0 });
          return;
        }
        const [m2x, m2y] = [exactComoment(xs, xs), exactComoment(ys, ys)];
        const mean = (sum: number, m2: number): [number, number] => {
          const exact = sum / xs.length;
          return [exact, Math.abs(exact) + Math.sqrt(m2 / xs.length)];
        };
        const [meanX, scaleX] = mean(exactSum(xs), m2x);
        const [meanY, scaleY] = mean(exactSum(ys), m2y);
        expectNear(own.meanX, meanX, near, scaleX);
        expectNear(own.meanY, meanY, near, scaleY);
        expectNear(own.m2x, m2x, near);
        expectNear(own.m2y, m2y, near);
        expectNear(own.c, exactComoment(xs, ys), near, Math.sqrt(m2x) * Math.sqrt(m2y));
      });
    });
  }

  test('no columns, no rows, nothing present', () => {
    expect(comoments().c).toHaveLength(0);
    const none = { n: 0, meanX: NaN, meanY: NaN, m2x: 0, m2y: 0, c: 0 };
    expect(pair([], [])).toMatchObject(none);
    expect(pair([null, null], [null, 1])).toMatchObject(none);
    expect(pair([1, null, 3, NaN], [null, 2, null, 4])).toMatchObject(none);
    expect(pairOf(comoments([1, null], [null, 2]), 0, 0)).toMatchObject({ n: 1, meanX: 1, m2x: 0, c: 0 });
  });

  test.each([0, -0, 0.1, -1e300, 5e-324])('one row of %d and another number', (x) => {
    const only = { n: 1, meanX: x + 0, meanY: 3, m2x: 0, m2y: 0, c: 0 };
    expect(pair([x], [3])).toMatchObject(only);
    expect(pair([null, x, 1e9], [7, 3, null])).toMatchObject(only);
  });

  test('by hand', () => {
    const got = comoments([1, 2, 3, 4], [2, 4, 6, 9], [null, 1, -1, 3]);
    expect(Array.from(got.counts)).toEqual([4, 4, 3, 4, 4, 3, 3, 3, 3]);
    expect(Array.from(got.means.subarray(0, 6))).toEqual([2.5, 2.5, 3, 5.25, 5.25, 19 / 3]);
    expect(Array.from(got.m2.subarray(0, 3))).toEqual([5, 5, 2]);
    expect(pairOf(got, 0, 1)).toMatchObject({ m2x: 5, m2y: 26.75, c: 11.5 });
    expect(pairOf(got, 2, 0)).toMatchObject({ n: 3, meanX: 1, meanY: 3, m2x: 8, m2y: 2, c: 2 });
    expect(got.c[5]).toBeCloseTo(6, 14);
  });

  test.each(FIXTURES.comoments)('NumPy and SciPy: $name', ({ columns, pairs }) => {
    const got = comoments(...columns);
    const near = under().tolerance.comoments;
    for (const { i, j, n, means, cov, r, slope } of pairs) {
      const own = pairOf(got, i, j);
      expect(own.n).toBe(n);
      expectNear(own.meanX, means[0], near);
      expectNear(own.meanY, means[1], near);
      expectNear(own.m2x / (n - 1), cov[0]![0]!, near);
      expectNear(own.m2y / (n - 1), cov[1]![1]!, near);
      expectNear(own.c / (n - 1), cov[0]![1]!, near, Math.sqrt(cov[0]![0]! * cov[1]![1]!));
      expectNear(own.r, r, near, 1);
      expectNear(own.c / own.m2x, slope, near, Math.sqrt(cov[1]![1]! / cov[0]![0]!));
    }
    expectExact(got, columns);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 22, 27, 40])('%d columns, some with gaps', (d) => {
    for (const share of [0, 0.1, 1]) {
      const next = noise(d);
      const columns = Array.from({ length: d }, (_, i) =>
        Array.from({ length: 45 }, () => gappy(next, i % 3 === 0 ? share / 2 : 0, next() * 10 ** (i % 7))),
      );
      expectExact(comoments(...columns), columns);
    }
  });

  test('every pair is that of exact arithmetic', () => {
    fc.assert(
      fc.property(tables(3, 300, measured()), fc.constantFrom(0, 1000, -123456.7, 1e9), (small, offset) => {
        const columns = small.map((rows, i) => rows.map((x) => (x === null || i === 0 ? x : x + offset)));
        expectExact(comoments(...columns), columns);
      }),
      { numRuns: 150 },
    );
  });

  test('a pair whose rows lie elsewhere than its columns keeps its digits', () => {
    const next = noise(5);
    // The rows both have are 1e9 away from the others, with a spread of one.
    const x = Array.from({ length: 999 }, (_, i) => (i % 3 === 0 ? 1e9 : i % 3 === 1 ? -1e9 : 0) + next());
    const y = Array.from({ length: 999 }, (_, i): Row => (i % 3 === 0 ? next() - x[i]! / 3 : null));
    const z = Array.from({ length: 999 }, (_, i): Row => (i % 3 === 1 ? null : 7));
    expectExact(comoments(x, y, z), [x, y, z]);
    // One row in common: exactly its values.
    const one = pair([1e9, 0.1, -1e9], [null, 0.3, null]);
    expect(one).toMatchObject({ n: 1, meanX: 0.1, meanY: 0.3, m2x: 0, m2y: 0, c: 0 });
  });

  test.each([0, 0.1])('offsets of 1e9 with unit spread keep the correlation, share missing %d', (share) => {
    const next = noise(17);
    const x = Array.from({ length: 5000 }, () => 1e9 + next());
    const y = x.map((value) => gappy(next, share, 1e9 + 0.5 * (value - 1e9) + 0.5 * next()));
    const own = pair(x, y);
    const [xs, ys] = common(x, y);
    const exact = exactComoment(xs, ys) / Math.sqrt(exactComoment(xs, xs) * exactComoment(ys, ys));
    expect(exact).toBeGreaterThan(0.5);
    expectNear(own.r, exact, 1e-9);
    expectNear(
      pair(
        x,
        x.map((value) => value - 1e9),
      ).r,
      1,
      1e-9,
    );
  });

  test.each([2, 3, 100, 5000, 66000])('perfect correlation of %d rows is 1 within 1e-15', (length) => {
    const next = noise(length);
    const x = Array.from({ length }, () => Math.floor(next() * 2 ** 20));
    const lines = [(v: number) => 3 * v + 1, (v: number) => -7 * v - 2 ** 21, (v: number) => v / 1024];
    for (const share of [0, 0.1]) {
      const gaps = x.map((value) => gappy(next, length > 3 ? share : 0, value));
      lines.forEach((line, at) => {
        const own = pair(gaps, x.map(line));
        expectNear(own.r, at === 1 ? -1 : 1, 1e-15);
      });
    }
  });

  test.each([0.1, 1e9 / 3, -7e-300, 1e200])('a column of %d alone has no spread', (constant) => {
    const next = noise(23);
    for (const length of [2, 9, 1000, 65536 + 1001]) {
      const x = Array.from({ length }, () => gappy(next, 0.1, next()));
      for (const share of [0, 0.3]) {
        const got = pair(
          x,
          Array.from({ length }, () => gappy(next, share, constant)),
        );
        expect(got).toMatchObject({ m2y: 0, c: 0 });
        expectNear(got.meanY, constant, 2 ** -52);
      }
    }
  });

  test('infinities are values, only of the pairs that have them', () => {
    const got = comoments([1, 2, Infinity, 4], [1, 3, null, 7], [1, 2, 3, 4], [-Infinity, Infinity, 1, 2]);
    expect(pairOf(got, 0, 1)).toMatchObject({ n: 3, meanX: 7 / 3, c: pairOf(got, 1, 2).c });
    expect(pairOf(got, 0, 2)).toMatchObject({ n: 4, meanX: Infinity, meanY: 2.5, m2x: NaN, m2y: 5, c: NaN });
    expect(pairOf(got, 3, 1)).toMatchObject({ n: 3, meanX: NaN, m2x: NaN, c: NaN });
    const late = Array.from({ length: 140000 }, (_, i) => (i === 70000 ? -Infinity : i));
    const far = pair(
      late,
      late.map((_, i) => i % 2),
    );
    expect(far).toMatchObject({ n: 140000, meanX: -Infinity, meanY: 0.5, m2x: NaN, m2y: 35000, c: NaN });
  });

  test('the same bits whatever the batches', () => {
    fc.assert(
      fc.property(
        fc.oneof(tables(3, 200, extreme()), tables(3, 400, measured())).chain((columns) => {
          const rows = columns[0]!.length;
          return fc.tuple(fc.constant(columns), fc.array(batchesOf(rows), { minLength: 3, maxLength: 3 }));
        }),
        ([columns, batches]) => {
          const { engine, arena } = under();
          const split = columns.map((rows, i) => column(rows, batches[i], arena));
          expect(engine.comoments(split)).toEqual(comoments(...columns));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('symmetric; the diagonal is the column alone; a pair does not depend on other columns', () => {
    fc.assert(
      fc.property(tables(5, 150, measured()), (columns) => {
        const got = comoments(...columns);
        columns.forEach((x, i) => {
          expect(pairOf(got, i, i)).toEqual(pairOf(comoments(x), 0, 0));
          expect(got.c[i * 6]).toBe(got.m2[i * 6]);
          for (let j = i + 1; j < 5; j++) {
            expect(got.c[i * 5 + j]).toBe(got.c[j * 5 + i]);
            expect(pairOf(got, i, j)).toEqual(pair(x, columns[j]!));
          }
        });
      }),
      { numRuns: 100 },
    );
  });

  test('the diagonal is what moments say', () => {
    fc.assert(
      fc.property(anyRows(300), (rows) => {
        const { engine, tolerance } = under();
        const own = pairOf(comoments(rows), 0, 0);
        const { count, mean, m2 } = engine.moments(column(rows), 2);
        expect(own.n).toBe(count);
        expectNear(own.meanX, mean, tolerance.moments, Math.abs(mean) + Math.sqrt(m2));
        expectNear(own.m2x, m2, tolerance.moments);
      }),
      { numRuns: 100 },
    );
  });

  test('shifts change the means alone, powers of two scale exactly', () => {
    const whole = fc.integer({ min: -(2 ** 20), max: 2 ** 20 });
    fc.assert(
      fc.property(tables(2, 200, whole), whole, fc.integer({ min: -40, max: 40 }), ([x, y], shift, power) => {
        const own = pair(x!, y!);
        const near = under().tolerance.comoments;
        const moved = pair(
          x!.map((v) => (v === null ? v : v + shift)),
          y!,
        );
        expect(moved.n).toBe(own.n);
        expectNear(moved.meanX, own.meanX + shift, near, Math.abs(own.meanX) + Math.abs(shift));
        expectNear(moved.m2x, own.m2x, near);
        expectNear(moved.c, own.c, near, Math.sqrt(own.m2x * own.m2y));
        const factor = 2 ** power;
        const scaled = pair(
          x!.map((v) => (v === null ? v : v * factor)),
          y!,
        );
        expect(scaled).toMatchObject({
          meanX: own.meanX * factor,
          m2x: own.m2x * factor ** 2,
          c: own.c * factor,
        });
      }),
      { numRuns: 150 },
    );
  });

  describe('columns of several blocks', () => {
    const length = 2 * 65536 + 1235;
    const drawn = (seed: number, share: number): Row[] => {
      const next = noise(seed);
      // Blocks with different means and spreads.
      return Array.from({ length }, (_, i) =>
        gappy(next, share, Math.floor(next() * 2000) + (i >> 16) * 5000 * (seed % 3)),
      );
    };

    test('merged sums are those of exact arithmetic', () => {
      const columns = [drawn(1, 0), drawn(2, 0.1)];
      // A gap in one block only: it is complete in the others.
      columns[0]![70000] = null;
      expectExact(comoments(...columns), columns);
    });

    test('a block with nothing in common changes nothing', () => {
      const [x, y] = [drawn(7, 0).slice(0, 65536), drawn(8, 0.1).slice(0, 65536)];
      const gap = Array<null>(65536).fill(null);
      const own = pair(x, y);
      expect(pair([...x, ...gap], [...y, ...x])).toEqual(own);
      expect(pair([...y, ...x], [...gap, ...y])).toEqual(own);
    });

    test('the same bits whatever the batches', () => {
      const { engine, arena } = under();
      const columns = [drawn(1, 0), drawn(2, 0.05), drawn(3, 0)];
      const whole = comoments(...columns);
      const held = { bitOffset: 7, under: NaN, inPlace: true };
      for (const [at, size] of [127, 1000, 65537].entries()) {
        const split = columns.map((rows, i) =>
          column(rows, everyRows(length, i === at ? 4093 : size, i === 2 ? {} : held), arena),
        );
        expect(engine.comoments(split)).toEqual(whole);
      }
    });
  });
});
