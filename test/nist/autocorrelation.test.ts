/** Autocorrelation: exact arithmetic, missing values, batches, edges. */
import fc from 'fast-check';
import { autocorrelation } from '../../src/domain/autocorrelation.js';
import type { Numbers } from '../../src/ports/tables.js';
import { batchesOf, column, everyRows, expectNear, measured, noise, type Row } from '../contract/columns.js';
import { describeEngines } from '../contract/engines.js';
import { exactAutocorrelation } from '../contract/exact.js';
import { correctDigits } from './digits.js';
import { UNIVARIATE } from './sets.js';

const gappy = fc.array(fc.option(measured(), { freq: 5, nil: null }), { minLength: 3, maxLength: 40 });

describeEngines((under) => {
  const of = (rows: Numbers, lag: number): number => autocorrelation(rows, lag, under().engine);

  test.each(UNIVARIATE)('NIST $name: all digits that float64 made of the decimals have', ({ values }) => {
    for (const lag of [1, 2]) {
      const exact = exactAutocorrelation([...values], lag);
      expect(correctDigits(of(column([...values]), lag), exact)).toBe(15);
    }
  });

  test('any values with gaps: the sums of exact arithmetic over the pairs that are there', () => {
    fc.assert(
      fc.property(gappy, fc.integer({ min: 0, max: 5 }), (rows, lag) => {
        const got = of(column(rows), lag);
        const exact = exactAutocorrelation(rows, lag);
        if (Number.isNaN(exact)) expect(got).toBeNaN();
        else expectNear(got, exact, 1e-14, Math.abs(exact) + 1e-12);
      }),
    );
  });

  test('the same whatever the batches', () => {
    fc.assert(
      fc.property(
        gappy.chain((rows) => fc.tuple(fc.constant(rows), batchesOf(rows.length))),
        ([rows, batches]) => {
          expect(of(column(rows, batches, under().arena), 1)).toBe(of(column(rows), 1));
        },
      ),
    );
  });

  test.each<[string, Row[], number, number]>([
    ['nothing', [], 1, NaN],
    ['all missing', [null, null], 1, NaN],
    ['one value', [3], 1, NaN],
    ['a constant', Array<Row>(1001).fill(0.1), 1, NaN],
    ['an infinite value', [1, Infinity, 2], 1, NaN],
    ['lag 0', [1, 2, 4], 0, 1],
    ['a lag beyond the end', [1, 2, 4], 3, 0],
    ['alternating', [1, -1, 1, -1], 1, -0.75],
  ])('%s', (_, rows, lag, expected) => {
    expect(of(column(rows), lag)).toBe(expected);
  });

  test.each([
    ['noise', 1, 0],
    ['far from 0', 1, 1e9],
    ['lag 7', 7, 1000],
  ])('a long series, %s: the sums of exact arithmetic', (_, lag, offset) => {
    const next = noise(lag);
    let level = 0;
    const rows = Array.from({ length: 40_001 }, () => {
      level = level * 0.5 + next();
      return offset + level;
    });
    const exact = exactAutocorrelation(rows, lag);
    expectNear(of(column(rows), lag), exact, 1e-14, 1);
    expectNear(of(column(rows, everyRows(rows.length, 5000)), lag), exact, 1e-14, 1);
  });
});
