/** Series: what each window, each pair of rows and each weighted sum gives by itself, also over many segments and blocks. */
import fc from 'fast-check';
import { AGGREGATES, type Aggregate } from '../../src/ports/windows.js';
import { noise } from './columns.js';
import { describeEngines } from './engines.js';

const value = fc.oneof(
  { arbitrary: fc.double({ min: -1000, max: 1000, noNaN: true }), weight: 5 },
  fc.constantFrom(NaN, 1, 1, 2, 0, -0, Infinity, -Infinity),
);
const series = fc.array(value, { maxLength: 400 }).map((values) => Float64Array.from(values));

/** Finite values of the window that ends in a row. */
const windowAt = (values: Float64Array, row: number, window: number): number[] =>
  Array.from(values.subarray(Math.max(0, row - window + 1), row + 1)).filter(Number.isFinite);

const sum = (list: readonly number[]): number => list.reduce((total, x) => total + x, 0);
const mean = (list: readonly number[]): number => sum(list) / list.length;

/** Of at least one value, of std two. */
const ALONE: Readonly<Record<Aggregate, (list: readonly number[]) => number>> = {
  mean,
  sum,
  std: (list) => {
    const middle = mean(list);
    return Math.sqrt(sum(list.map((x) => (x - middle) ** 2)) / (list.length - 1));
  },
  min: (list) => list.reduce((least, x) => (x < least ? x : least), Infinity),
  max: (list) => list.reduce((most, x) => (x > most ? x : most), -Infinity),
};

/** What a window gives; NaN where it has too few values. */
function alone(list: readonly number[], aggregate: Aggregate, least: number): number {
  if (list.length < least) return NaN;
  if (list.length === 0) return aggregate === 'sum' ? 0 : NaN;
  return aggregate === 'std' && list.length < 2 ? NaN : ALONE[aggregate](list);
}

/** Equal within a tolerance, which grows with the value; NaN is NaN. */
function expectClose(got: number, want: number, tolerance: number, place: string): void {
  if (Number.isNaN(want) && Number.isNaN(got)) return;
  if (Math.abs(got - want) <= tolerance * Math.max(1, Math.abs(want))) return;
  throw new Error(`expected ${want} ${place}, got ${got}`);
}

/** The first row in which two series are not the same; −1: none. */
const firstDifference = (got: Float64Array, want: Float64Array): number =>
  got.length === want.length ? want.findIndex((x, row) => !Object.is(x + 0, got[row]! + 0)) : 0;

/** Weighted means by their definition. */
function faded(values: Float64Array, alpha: number, adjust: boolean): number[] {
  let [total, weights, known] = [0, 0, NaN];
  return Array.from(values, (x) => {
    total *= 1 - alpha;
    weights *= 1 - alpha;
    if (!Number.isFinite(x)) return known;
    const fresh = adjust || Number.isNaN(known) ? 1 : alpha;
    total += fresh * x;
    weights += fresh;
    known = total / weights;
    if (!adjust) [total, weights] = [known, 1];
    return known;
  });
}

/** A walk with gaps, runs of equal values and an infinity, over three blocks. */
function walk(length: number): Float64Array {
  const next = noise(31);
  let at = 100;
  return Float64Array.from({ length }, (_, i) => {
    at += next();
    if (i % 17 === 3) return NaN;
    if (i % 10_007 === 5) return Infinity;
    return i % 8192 < 300 ? 7.1 : at;
  });
}

describeEngines((under) => {
  test('values are moved and subtracted', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: -450, max: 450 }), (values, periods) => {
        const { windows } = under().engine;
        const moved = Array.from(values, (_, row) => values[row - periods] ?? NaN);
        expect(Array.from(windows.shift(values, periods))).toEqual(moved);
        expect(Array.from(windows.diff(values, periods))).toEqual(moved.map((x, row) => values[row]! - x));
      }),
      { numRuns: 100 },
    );
  });

  test.each(AGGREGATES)('%s of each window is what the window gives by itself', (aggregate) => {
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 450 }), fc.nat({ max: 5 }), (values, window, few) => {
        const least = Math.min(few, window);
        const got = under().engine.windows.rolling(values, { window, least, aggregate });
        expect(got).toHaveLength(values.length);
        values.forEach((_, row) => {
          const want = alone(windowAt(values, row, window), aggregate, least);
          expectClose(got[row]!, want, aggregate === 'std' ? 2e-5 : 1e-9, `in row ${row}`);
        });
      }),
      { numRuns: 60 },
    );
  });

  test('equal values have exactly their mean, and no deviation, whatever came before', () => {
    const values = Float64Array.from({ length: 20_000 }, (_, i) => (i % 100 < 10 ? 1e6 / (i + 1) : 0.1));
    const { windows } = under().engine;
    const options = { window: 50, least: 50 };
    const means = windows.rolling(values, { ...options, aggregate: 'mean' });
    const deviations = windows.rolling(values, { ...options, aggregate: 'std' });
    for (let row = 99; row < values.length; row += 100)
      expect([means[row], deviations[row]]).toEqual([0.1, 0]);
  });

  test.each([1, 2, 50, 5_000, 20_000, 2 ** 31])('windows of %i rows over several blocks', (window) => {
    const { engine, arena } = under();
    const cells = walk(2 * 65536 + 77);
    const values = arena?.float64(cells.length) ?? new Float64Array(cells.length);
    values.set(cells);
    const least = Math.min(window, 40);
    const step = window > 5_000 ? 16_382 : 4_095;
    for (const aggregate of AGGREGATES) {
      const got = engine.windows.rolling(values, { window, least, aggregate });
      for (let row = 0; row < got.length; row += row % 8192 < 2 ? 1 : step) {
        const want = alone(windowAt(cells, row, window), aggregate, least);
        expectClose(got[row]!, want, aggregate === 'std' ? 1e-7 : 1e-9, `in row ${row}, ${aggregate}`);
      }
    }
  });

  test('a series of several blocks moves', () => {
    const values = walk(2 * 65536 + 77);
    const { windows } = under().engine;
    for (const periods of [1, -1, 70_000, -70_000, 2 ** 31 - 1, -(2 ** 31)]) {
      const moved = Float64Array.from(values, (_, row) => values[row - periods] ?? NaN);
      const less = values.map((x, row) => x - moved[row]!);
      expect(firstDifference(windows.shift(values, periods), moved)).toBe(-1);
      expect(firstDifference(windows.diff(values, periods), less)).toBe(-1);
    }
  });

  test.each([true, false])('weighted means are those of their definition, adjust %p', (adjust) => {
    fc.assert(
      fc.property(series, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, alpha) => {
        const got = under().engine.windows.fading(values, { alpha, adjust });
        faded(values, alpha, adjust).forEach((want, row) => {
          expectClose(got[row]!, want, 1e-9, `in row ${row}`);
        });
      }),
      { numRuns: 60 },
    );
  });

  test.each([0.001, 0.1, 0.9, 1])('weighted means over several blocks, alpha %f', (alpha) => {
    const values = walk(2 * 65536 + 77);
    // Longer than any weight lasts, over whole segments; nothing above the first value.
    values.fill(NaN, 0, 10_000).fill(NaN, 30_000, 60_000);
    for (const adjust of [true, false]) {
      const got = under().engine.windows.fading(values, { alpha, adjust });
      faded(values, alpha, adjust).forEach((want, row) => {
        expectClose(got[row]!, want, 1e-9, `in row ${row}`);
      });
    }
  });

  test('a series without rows', () => {
    const { windows } = under().engine;
    const none = new Float64Array(0);
    for (const aggregate of AGGREGATES)
      expect(windows.rolling(none, { window: 3, least: 1, aggregate })).toHaveLength(0);
    expect(windows.fading(none, { alpha: 0.5, adjust: true })).toHaveLength(0);
    expect(windows.diff(none, 1)).toHaveLength(0);
  });
});
