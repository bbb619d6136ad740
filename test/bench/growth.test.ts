import { exponents, growthOf, growthTable, laneTable, steep, type Series } from '../../bench/growth.js';
import { fits } from '../../bench/scaling.js';

const SIZES = [1e3, 1e4, 1e5, 1e6, 1e7];
const series = (takes: readonly number[], sizes = SIZES): Series => ({
  name: 'moments',
  by: 'rows',
  unit: 'row',
  units: sizes.slice(0, takes.length),
  points: takes.map((ms, i) => ({ size: sizes[i]!, takes: ms })),
});

describe('exponents of growth', () => {
  test('are one for what is linear and two for what is quadratic, none for the first size', () => {
    expect(exponents(series([1, 10, 100]).points)).toEqual([
      null,
      expect.closeTo(1, 12),
      expect.closeTo(1, 12),
    ]);
    expect(exponents(series([1, 100]).points)).toEqual([null, expect.closeTo(2, 12)]);
  });
  test('take the distance of the sizes into account', () => {
    const { points } = series([1, 2, 8], [2, 4, 8]);
    expect(exponents(points)).toEqual([null, expect.closeTo(1, 12), expect.closeTo(2, 12)]);
  });
  test('of nothing are nothing', () => {
    expect(exponents([])).toEqual([]);
  });
});

describe('a growth table', () => {
  test('has the time a unit of work', () => {
    const { points } = growthOf({ ...series([1, 10]), units: [2e3, 2e4] });
    expect(points.map(({ perUnit }) => perUnit)).toEqual([500, 500]);
    expect(() => growthOf({ ...series([1, 10]), units: [1] })).toThrow('expected units of 2 sizes, got 1');
  });
  test('names what grows too fast, by how much, beyond the first sizes', () => {
    const linear = growthOf(series([1, 2, 3, 30, 300]));
    // Caches end between the first sizes, and that is no finding.
    const cached = growthOf(series([1, 50, 2500, 25_000, 250_000]));
    const quadratic = growthOf(series([1, 10, 100, 1000, 100_000]));
    expect(steep([linear, cached])).toEqual([]);
    expect(steep([linear, quadratic])).toEqual([
      'moments, rows 10,000,000: expected an exponent of at most 1.3, got 2',
    ]);
    expect(steep([linear], 0.9)).toHaveLength(2);
  });
  test('names what is no number', () => {
    expect(steep([growthOf(series([1, 10, 100, NaN, 1]))])).toHaveLength(2);
    // From nothing to something is infinitely steep.
    expect(steep([growthOf(series([1, 10, 100, 0, 1]))])).toHaveLength(1);
  });
  test('is written with a line a size', () => {
    expect(growthTable(growthOf(series([0.01, 0.1]))).split('\n')).toEqual([
      '| rows   | takes   | a row | exponent |',
      '| ------ | ------- | ----- | -------- |',
      '| 1,000  | 0.01 ms | 10 ns |          |',
      '| 10,000 | 0.1 ms  | 10 ns | 1.00     |',
    ]);
  });
});

test('sizes that need more than three gigabytes, or more than is free, are left out', () => {
  expect(fits(3e7, 4, 20e9)).toBe(true);
  expect(fits(1e8, 4, 20e9)).toBe(false);
  expect(fits(3e7, 4, 1e9)).toBe(false);
});

test('lanes are a table with how many times faster than the first they are', () => {
  const points = [
    { lanes: 1, takes: 18 },
    { lanes: 2, takes: 10 },
  ];
  expect(laneTable([{ name: 'k-means', points }]).split('\n')).toEqual([
    '| what    | one lane | 2 lanes       |',
    '| ------- | -------- | ------------- |',
    '| k-means | 18 ms    | 10 ms (1.8 ×) |',
  ]);
  const [, , , alone] = laneTable([
    { name: 'k-means', points },
    { name: 'select', points: points.slice(0, 1) },
  ]).split('\n');
  expect(alone).toBe('| select  | 18 ms    |               |');
});
