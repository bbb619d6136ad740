/** Count, sum, mean, centred powers, extremes: against pandas, NIST and exact arithmetic, whatever the batches. */
import fc from 'fast-check';
import type { Moments } from '../../src/ports/engine.js';
import {
  anyRows,
  batchesOf,
  column,
  correctDigits,
  everyRows,
  expectNear,
  extreme,
  measured,
  noise,
  present,
  type Row,
} from './columns.js';
import { describeEngines } from './engines.js';
import { exactMoments, exactSum } from './exact.js';
import { GOLDEN, goldenNumber } from './golden.js';
import { UNIVARIATE } from '../nist/sets.js';

describeEngines((under) => {
  const moments = (rows: readonly Row[], order: 2 | 4 = 4): Moments =>
    under().engine.moments(column(rows), order);

  test.each([
    ['no rows', []],
    ['all missing', [null, null, null]],
    ['all missing, many', Array<null>(100).fill(null)],
  ])('%s: nothing present', (_, rows: null[]) => {
    const empty = {
      count: 0,
      sum: 0,
      mean: NaN,
      m2: 0,
      m3: 0,
      m4: 0,
      min: Infinity,
      max: -Infinity,
    };
    expect(moments(rows)).toEqual(empty);
    expect(moments(rows, 2)).toEqual(empty);
  });

  test.each([0, -0, 7.25, -1e300, 5e-324])('one row of %d', (x) => {
    const zero = x + 0;
    const only = { count: 1, sum: zero, mean: zero, m2: 0, m3: 0, m4: 0, min: zero, max: zero };
    expect(moments([x])).toEqual(only);
    expect(moments([null, x, null])).toEqual(only);
  });

  test('zeros of both signs are one zero', () => {
    for (const rows of [
      [0, -0],
      [-0, 0],
      Array<number>(16).fill(-0),
      [...Array<number>(8).fill(0), ...Array<number>(8).fill(-0)],
    ]) {
      expect(moments(rows)).toMatchObject({ sum: 0, mean: 0, min: 0, max: 0 });
    }
  });

  test('infinities are values', () => {
    expect(moments([1, Infinity, 3])).toEqual({
      count: 3,
      sum: Infinity,
      mean: Infinity,
      m2: NaN,
      m3: NaN,
      m4: NaN,
      min: 1,
      max: Infinity,
    });
    expect(moments([1, -Infinity, 3], 2)).toMatchObject({ sum: -Infinity, min: -Infinity, max: 3 });
    const both = Array.from({ length: 40 }, (_, i) => (i === 9 ? Infinity : i === 30 ? -Infinity : i));
    expect(moments(both)).toMatchObject({ count: 40, sum: NaN, mean: NaN, min: -Infinity, max: Infinity });
  });

  test('a sum beyond float64 is infinite, its count and extremes are not', () => {
    const rows = Array<number>(24).fill(1.5e308);
    expect(moments(rows, 2)).toMatchObject({ count: 24, sum: Infinity, min: 1.5e308, max: 1.5e308 });
  });

  test('order 2 leaves the higher powers at 0, also where they are known', () => {
    const rows = [1, 2, 4, 8, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
    const asked = column(rows);
    const whole = under().engine.moments(asked, 4);
    expect(whole.m3).not.toBe(0);
    expect(under().engine.moments(asked, 2)).toEqual({ ...whole, m3: 0, m4: 0 });
    expect(under().engine.moments(asked, 4)).toEqual(whole);
    expect(moments(rows, 2)).toEqual({ ...whole, m3: 0, m4: 0 });
  });

  test.each(GOLDEN.filter((one) => one.numeric.length > 0))('pandas: $name', ({ rows, expected }) => {
    const { tolerance } = under();
    for (const [name, more] of Object.entries(expected.moments ?? {})) {
      const summary = expected.summary[name]!;
      const golden = (text: string): number => goldenNumber(summary[text]!);
      const got = moments(rows(name));
      const n = got.count;
      expect(n).toBe(golden('count'));
      expect(got.min).toBe(golden('min'));
      expect(got.max).toBe(golden('max'));
      const near = (actual: number, wanted: number, scale?: number): void => {
        expectNear(actual, wanted, tolerance.moments, scale);
      };
      near(got.mean, golden('mean'));
      near(got.sum, goldenNumber(more['sum']!));
      if (n > 1) near(Math.sqrt(got.m2 / (n - 1)), golden('std'));
      if (n > 1) near(got.m2 / (n - 1), goldenNumber(more['var']!));
      // pandas centres on a mean that is rounded: far from zero its third power shows it.
      const deviation = Math.sqrt(got.m2 / (n - 1));
      const rounded = (4 * 2 ** -52 * Math.abs(got.mean)) / deviation / tolerance.moments;
      if (n > 2 && got.m2 > 0) {
        const skew = ((n / (n - 1) / (n - 2)) * got.m3) / deviation ** 3;
        near(skew, goldenNumber(more['skew']!), Math.max(1, Math.abs(skew)) + rounded);
      }
      if (n > 3 && got.m2 > 0) {
        const raw = ((n * (n + 1)) / ((n - 1) * (n - 2) * (n - 3))) * (got.m4 / deviation ** 4);
        const kurtosis = raw - (3 * (n - 1) ** 2) / ((n - 2) * (n - 3));
        near(kurtosis, goldenNumber(more['kurt']!), Math.max(1, raw) + rounded);
      }
      const exact = exactMoments(present(rows(name)));
      near(got.m2, exact.m2);
      near(got.m3, exact.m3, got.m2 * deviation);
      near(got.m4, exact.m4);
    }
  });

  test.each(UNIVARIATE)('NIST: $name', ({ name, values, mean, deviation }) => {
    const rows = [...values];
    const got = moments(rows, 2);
    expect(correctDigits(got.mean, mean)).toBe(15);
    const own = Math.sqrt(got.m2 / (rows.length - 1));
    // The floors have one decimal.
    const digits = Math.round(correctDigits(own, deviation) * 10) / 10;
    expect(digits).toBeGreaterThanOrEqual(under().tolerance.nist[name]!);
    // What float64 made of the decimal rows has all digits.
    expect(correctDigits(own, Math.sqrt(exactMoments(rows).m2 / (rows.length - 1)))).toBe(15);
  });

  test('the same bits whatever the batches', () => {
    fc.assert(
      fc.property(
        anyRows(200, extreme()).chain((rows) => fc.tuple(fc.constant(rows), batchesOf(rows.length))),
        fc.constantFrom<2 | 4>(2, 4),
        ([rows, batches], order) => {
          const { engine, arena } = under();
          const whole = engine.moments(column(rows), order);
          expect(engine.moments(column(rows, batches, arena), order)).toEqual(whole);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('a missing row adds nothing, a NaN is a missing row', () => {
    fc.assert(
      fc.property(anyRows(60), (rows) => {
        const got = moments(rows.map((row) => row ?? NaN));
        const without = moments(present(rows));
        expect(got.count).toBe(without.count);
        expect([got.min, got.max]).toEqual([without.min, without.max]);
        const scale = present(rows).reduce((total, x) => total + Math.abs(x), 0);
        expectNear(got.sum, without.sum, 1e-15, scale);
        expectNear(got.m2, without.m2, under().tolerance.moments);
      }),
    );
  });

  test('sums are those of exact arithmetic, to a rounding and what cancels twice', () => {
    const wide = fc.double({ min: -1e200, max: 1e200, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            wide,
            wide.map((x) => x * 1e-20),
          ),
          { minLength: 1 },
        ),
        (rows) => {
          const got = moments(rows, 2);
          const { sum, mean } = exactMoments(rows);
          const second = rows.length * 2 ** -104 * rows.reduce((total, x) => total + Math.abs(x), 0);
          expect(Math.abs(got.sum - sum)).toBeLessThanOrEqual(2 ** -52 * Math.abs(sum) + second);
          expect(Math.abs(got.mean - mean)).toBeLessThanOrEqual(2 ** -51 * Math.abs(mean) + second);
          expect(got.min).toBe(Math.min(...rows) + 0);
          expect(got.max).toBe(Math.max(...rows) + 0);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('centred powers are those of exact arithmetic', () => {
    fc.assert(
      fc.property(
        fc.array(measured(), { minLength: 2, maxLength: 300 }),
        fc.constantFrom(0, 1000, -123456.7),
        (small, offset) => {
          const rows = small.map((x) => x + offset);
          const got = moments(rows);
          const exact = exactMoments(rows);
          const deviation = Math.sqrt(exact.m2 / rows.length);
          const near = under().tolerance.moments;
          // A spread below the rounding of the mean is noise.
          const noise = (2 ** -52 * offset) ** 2 * rows.length;
          expectNear(got.m2, exact.m2, near, exact.m2 + noise / near);
          expectNear(got.m3, exact.m3, near, exact.m2 * deviation + noise / near);
          expectNear(got.m4, exact.m4, near, exact.m4 + noise / near);
        },
      ),
      { numRuns: 200 },
    );
  });

  describe('columns of several blocks', () => {
    const length = 2 * 65536 + 1234;

    test('alternating series keep every digit', () => {
      const rows = Array.from({ length }, (_, i) => [1e16, 1, -1e16, 1][i % 4]!);
      const got = moments(rows, 2);
      const exact = exactSum(rows);
      expect(got.sum).toBe(exact);
      expect(got.mean).toBe(exact / length);
    });

    test('merged powers are those of exact arithmetic', () => {
      const next = noise(7);
      // Blocks with different means, spreads and gaps.
      const rows: Row[] = Array.from({ length }, (_, i) => {
        const x = Math.floor(next() * 2000) + (i >> 16) * 5000;
        return next() < 0.1 ? null : x;
      });
      const got = moments(rows);
      const exact = exactMoments(present(rows));
      const near = under().tolerance.moments;
      expect(got.count).toBe(present(rows).length);
      expect(got.sum).toBe(exact.sum);
      expectNear(got.m2, exact.m2, near);
      expectNear(got.m3, exact.m3, near, exact.m2 * Math.sqrt(exact.m2 / got.count));
      expectNear(got.m4, exact.m4, near);
    });

    test('a block with nothing present changes nothing', () => {
      const next = noise(3);
      const block = Array.from({ length: 65536 }, () => next());
      const gap = Array<null>(65536).fill(null);
      const whole = moments(block);
      expect(moments([...block, ...gap])).toEqual(whole);
      expect(moments([...gap, ...block])).toEqual(whole);
    });

    test('the same bits whatever the batches', () => {
      const next = noise(11);
      const rows: Row[] = Array.from({ length }, () => {
        const x = (next() - 0.5) * 10 ** Math.floor(next() * 12);
        return next() < 0.05 ? null : x;
      });
      const { engine, arena } = under();
      const whole = engine.moments(column(rows), 4);
      for (const size of [1000, 4093, 65536, 65537, 100003]) {
        for (const extra of [{}, { bitOffset: 3 }, { bitOffset: 7, under: NaN, inPlace: true }]) {
          const split = column(rows, everyRows(length, size, extra), arena);
          expect(engine.moments(split, 4)).toEqual(whole);
        }
      }
    });
  });
});
