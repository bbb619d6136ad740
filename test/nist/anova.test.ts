/** One-way ANOVA: NIST's digits, exact arithmetic, SciPy's edges, laws. */
import fc from 'fast-check';
import { oneWayAnova, type AnovaTable } from '../../src/domain/anova.js';
import type { Row } from '../contract/columns.js';
import { batchesOf, column, expectNear, measured, noise } from '../contract/columns.js';
import { describeEngines } from '../contract/engines.js';
import { exactAnova } from '../contract/exact.js';
import { correctDigits } from './digits.js';
import { ANOVA } from './sets.js';

const sample = (minLength = 1): fc.Arbitrary<number[]> => fc.array(measured(), { minLength, maxLength: 20 });
const samples = (): fc.Arbitrary<number[][]> => fc.array(sample(), { minLength: 2, maxLength: 6 });

describeEngines((under) => {
  const anova = (...rows: readonly (readonly Row[])[]): AnovaTable =>
    oneWayAnova(
      rows.map((each) => column(each)),
      under().engine,
    );

  test.each(ANOVA)('NIST $name: all digits that float64 made of the decimals have', (set) => {
    const rows = set.samples.map((each) => [...each]);
    const table = anova(...rows);
    const exact = exactAnova(rows);
    expect(correctDigits(table.f, exact.f)).toBe(15);
    expect(correctDigits(table.ssBetween, exact.ssBetween)).toBe(15);
    expect(correctDigits(table.ssWithin, exact.ssWithin)).toBe(15);
  });

  test('any samples: the sums of exact arithmetic', () => {
    fc.assert(
      fc.property(samples(), (rows) => {
        const table = anova(...rows);
        const exact = exactAnova(rows);
        const scale = rows.flat().reduce((most, x) => Math.max(most, Math.abs(x)), 0) ** 2;
        expectNear(table.ssBetween, exact.ssBetween, 1e-14, exact.ssBetween + scale * 1e-30);
        expectNear(table.ssWithin, exact.ssWithin, under().tolerance.moments);
        expect(table.dfWithin).toBe(rows.flat().length - rows.length);
      }),
    );
  });

  test('the same whatever the batches, and missing values are skipped', () => {
    const gappy = fc.array(fc.option(measured(), { freq: 4, nil: null }), { maxLength: 30 });
    fc.assert(
      fc.property(
        gappy.chain((rows) => fc.tuple(fc.constant(rows), batchesOf(rows.length))),
        sample(),
        ([rows, batches], other) => {
          const { engine, arena } = under();
          const whole = anova(rows, other);
          expect(oneWayAnova([column(rows, batches, arena), column(other)], engine)).toEqual(whole);
          const present = rows.filter((row) => row !== null);
          expectNear(whole.ssBetween, anova(present, other).ssBetween, 1e-14);
          expect(whole.dfWithin).toBe(anova(present, other).dfWithin);
        },
      ),
    );
  });

  test('two samples: F is the square of Student’s t', () => {
    // SciPy 1.13.1: f_oneway([1, 2, 4, 8], [3, 3, 5]).statistic, and ttest_ind(…).statistic ** 2.
    expectNear(anova([1, 2, 4, 8], [3, 3, 5]).f, 0.00189465706707086, 1e-13);
  });

  test.each([
    [
      'all samples constant, one another',
      [[3, 3, 3], [5, 5], [4]],
      { f: Infinity, ssWithin: 0, rSquared: 1 },
    ],
    [
      'all values the same',
      [
        [0.1, 0.1, 0.1],
        [0.1, 0.1],
      ],
      { f: NaN, ssBetween: 0, ssWithin: 0 },
    ],
    ['one value a sample', [[1], [2], [3]], { f: NaN, dfWithin: 0 }],
    ['a sample with nothing', [[1, 2], [null]], { f: NaN, ssBetween: NaN, dfWithin: 0 }],
    [
      'an infinite value',
      [
        [1, 2],
        [Infinity, 1],
      ],
      { f: NaN },
    ],
    [
      'no difference',
      [
        [1, 2, 3],
        [3, 2, 1],
      ],
      { f: 0, ssBetween: 0, rSquared: 0 },
    ],
  ])('%s', (_, rows: Row[][], expected: Partial<AnovaTable>) => {
    expect(anova(...rows)).toMatchObject(expected);
  });

  test('a constant that no float64 sum of it keeps', () => {
    const constant = Array<number>(1001).fill(0.1);
    expect(anova(constant, constant)).toMatchObject({ f: NaN, ssBetween: 0, ssWithin: 0 });
    expect(anova(constant, [0.3, 0.3, 0.3]).f).toBe(Infinity);
  });

  test('twenty thousand values a sample far from 0', () => {
    const next = noise(5);
    const rows = Array.from({ length: 3 }, (_, shift) =>
      Array.from({ length: 20_000 }, () => 1e9 + shift / 64 + Math.round(next() * 1024) / 1024),
    );
    const table = anova(...rows);
    const exact = exactAnova(rows);
    expectNear(table.f, exact.f, 1e-13);
  });
});
