/** Quantiles are those of a sort and NumPy's `linear` rule, to the last bit, whatever the batches. */
import fc from 'fast-check';
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
import { GOLDEN, goldenNumber } from './golden.js';

const TENTHS = Array.from({ length: 11 }, (_, i) => i / 10);
const QUARTERS = { min: 0, '25%': 0.25, '50%': 0.5, '75%': 0.75, max: 1 } as const;

/** h = (n − 1) q, t its fraction: a + (b − a) t below one half, b − (b − a)(1 − t) from there on. */
function bySorting(rows: readonly Row[], q: readonly number[]): number[] {
  const sorted = present(rows).sort((a, b) => a - b);
  return q.map((fraction) => {
    const h = (sorted.length - 1) * fraction;
    const a = sorted[Math.floor(h)]!;
    const b = sorted[Math.min(Math.floor(h) + 1, sorted.length - 1)]!;
    const t = h - Math.floor(h);
    return (t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t)) + 0;
  });
}

describeEngines((under) => {
  const select = (rows: readonly Row[], q: readonly number[]): number[] =>
    under().engine.select(column(rows), q);

  test('nothing present: NaN for each', () => {
    expect(select([], [0, 0.5])).toEqual([NaN, NaN]);
    expect(select([null, NaN, null], [0.5, 1, 0.5])).toEqual([NaN, NaN, NaN]);
    expect(select([1, 2], [])).toEqual([]);
  });

  test('one row is all its quantiles', () => {
    expect(select([null, 42, null], TENTHS)).toEqual(TENTHS.map(() => 42));
  });

  test('quantiles come in the order they are asked for', () => {
    expect(select([4, 1, 3, 2], [1, 0, 0.5, 0, 0.25])).toEqual([4, 1, 2.5, 1, 1.75]);
  });

  test('zeros of both signs are one zero', () => {
    expect(select([-0], [0, 0.5, 1])).toEqual([0, 0, 0]);
    expect(select([-0, 0, -0, 0, -0], TENTHS)).toEqual(TENTHS.map(() => 0));
  });

  test('infinities are ordered', () => {
    const rows = [Infinity, 1, -Infinity, 2, 3];
    expect(select(rows, [0.25, 0.5])).toEqual([1, 2]);
    // As in NumPy: between an infinity and anything else there is no interpolating.
    expect(select(rows, [0, 0.75, 1])).toEqual([NaN, NaN, NaN]);
  });

  test.each(GOLDEN.filter((one) => one.numeric.length > 0))(
    'pandas: $name',
    ({ rows, numeric, expected }) => {
      for (const name of numeric) {
        const got = select(rows(name), Object.values(QUARTERS));
        Object.keys(QUARTERS).forEach((text, i) => {
          expectNear(got[i]!, goldenNumber(expected.summary[name]![text]!), 1e-15);
        });
      }
    },
  );

  test('the quantiles of a sort', () => {
    fc.assert(
      fc.property(
        anyRows(300, fc.oneof(measured(), extreme())),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
        (rows, q) => {
          const both = [...q, 0, 1];
          if (present(rows).length > 0) expect(select(rows, both)).toEqual(bySorting(rows, both));
        },
      ),
      { numRuns: 4000 },
    );
  });

  test('the same bits whatever the batches', () => {
    fc.assert(
      fc.property(
        anyRows(200, extreme()).chain((rows) => fc.tuple(fc.constant(rows), batchesOf(rows.length))),
        ([rows, batches]) => {
          const { engine, arena } = under();
          const whole = engine.select(column(rows), TENTHS);
          expect(engine.select(column(rows, batches, arena), TENTHS)).toEqual(whole);
        },
      ),
      { numRuns: 3000 },
    );
  });

  const next = noise(5);
  const long = (value: (i: number) => number): number[] => Array.from({ length: 70001 }, (_, i) => value(i));
  test.each([
    ['noise', long(() => next() - 0.5)],
    ['neighbouring values', long(() => 1 + Math.floor(next() * 5000) * 2 ** -52)],
    ['few values', long((i) => (i * 7919) % 3)],
    ['one value', long(() => -1.5)],
    ['a sorted column', long((i) => i)],
    ['a falling column', long((i) => -i)],
    ['subnormal values', long((i) => ((i * 31) % 1000) * 5e-324)],
    ['values of every size', long(() => (next() - 0.5) * 2 ** Math.floor(next() * 2000 - 1000))],
  ])('70,001 rows: %s', (_, rows) => {
    const q = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];
    const { engine, arena } = under();
    const expected = bySorting(rows, q);
    expect(engine.select(column(rows), q)).toEqual(expected);
    const split = column(rows, everyRows(rows.length, 9973, { bitOffset: 5, inPlace: true }), arena);
    expect(engine.select(split, q)).toEqual(expected);
    // Selecting leaves the column as it was.
    expect(engine.select(split, q)).toEqual(expected);
  });
});
