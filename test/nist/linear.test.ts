/** Least squares: NIST's systems in exact arithmetic, long and short; rank, least norm, weights; laws. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { leastSquares, type LinearFit } from '../../src/domain/linear/least-squares.js';
import { expectNear, noise } from '../contract/columns.js';
import { exactLeastSquares } from '../contract/exact.js';
import { correctDigits } from './digits.js';
import { LINEAR } from './sets.js';

type Rows = readonly (readonly number[])[];

const fit = (
  columns: Rows,
  y: readonly number[],
  fitIntercept = true,
  weights?: readonly number[],
): LinearFit =>
  leastSquares(
    columns.map((column) => Float64Array.from(column)),
    Float64Array.from(y),
    { fitIntercept, ...(weights === undefined ? {} : { weights: Float64Array.from(weights) }) },
  );

const exact = (
  columns: Rows,
  y: readonly number[],
  fitIntercept = true,
): NonNullable<ReturnType<typeof exactLeastSquares>> =>
  exactLeastSquares([...(fitIntercept ? [y.map(() => 1)] : []), ...columns], y)!;

const allOf = ({ intercept, coefficients }: LinearFit, fitIntercept = true): number[] => [
  ...(fitIntercept ? [intercept] : []),
  ...coefficients,
];

const repeated = (values: Float64Array, times: number): Float64Array => {
  const all = new Float64Array(values.length * times);
  for (let time = 0; time < times; time++) all.set(values, time * values.length);
  return all;
};

test.each(LINEAR)('NIST $name: all digits that float64 made of the decimals have', (set) => {
  const { columns, y, fitIntercept } = set;
  const got = leastSquares(columns, y, { fitIntercept });
  const want = exact(
    columns.map((column) => [...column]),
    [...y],
    fitIntercept,
  );
  expect(got.rank).toBe(columns.length);
  expect(correctDigits(allOf(got, fitIntercept), want.coefficients)).toBe(15);
  const error = Math.sqrt(want.squares / got.dfResidual);
  const errors = [...(fitIntercept ? [got.interceptStandardError] : []), ...got.standardErrors];
  // Wampler2 is a perfect fit but for the rounding of y: what is left of it is rounding of the coefficients.
  if (set.name === 'Wampler2') {
    expect(got.residualSumOfSquares).toBeLessThan(1e-28);
    expect(got.f).toBeGreaterThan(1e30);
    return;
  }
  expect(correctDigits(got.residualSumOfSquares, want.squares)).toBeGreaterThan(14.5);
  expect(
    correctDigits(
      errors,
      want.variances.map((v) => Math.sqrt(v) * error),
    ),
  ).toBeGreaterThan(14.5);
});

test.each(LINEAR)('NIST $name, its rows over and over: refined to the same digits', (set) => {
  const { columns, y, fitIntercept } = set;
  const times = Math.ceil(2 ** 20 / y.length / (columns.length + 1));
  const got = leastSquares(
    columns.map((column) => repeated(column, times)),
    repeated(y, times),
    { fitIntercept },
  );
  const want = exact(
    columns.map((column) => [...column]),
    [...y],
    fitIntercept,
  );
  expect(got.rank).toBe(columns.length);
  expect(correctDigits(allOf(got, fitIntercept), want.coefficients)).toBeGreaterThan(14.5);
  if (set.name === 'Wampler1' || set.name === 'Wampler2') return;
  expectNear(got.residualSumOfSquares, want.squares * times, 1e-14);
  // Errors come from float64's R: the condition, of which Filip has 4e9, takes digits of them.
  const scale = Math.sqrt(want.squares / (got.dfResidual / times));
  const lead = fitIntercept ? 1 : 0;
  got.standardErrors.forEach((error, j) => {
    expectNear(error * Math.sqrt(times), scale * Math.sqrt(want.variances[j + lead]!), got.condition * 1e-15);
  });
});

interface Case {
  readonly name: string;
  readonly columns: Rows;
  readonly y: readonly number[];
  readonly fitIntercept: boolean;
  readonly weights: readonly number[] | null;
  readonly coefficients: readonly number[];
  readonly intercept: number;
  readonly rank: number;
  readonly score: number | null;
}

const CASES = (
  JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'linear.json'), 'utf8')) as {
    readonly linear: readonly Case[];
  }
).linear;

test.each(CASES)('scikit-learn: $name', ({ columns, y, fitIntercept, weights, ...expected }) => {
  const got = fit(columns, y, fitIntercept, weights ?? undefined);
  const scale = Math.max(...expected.coefficients.map(Math.abs));
  expect(got.rank).toBe(expected.rank);
  expect(got.pivots).toHaveLength(expected.rank);
  expect([...got.pivots, ...got.collinear].sort((a, b) => a - b)).toEqual([...columns.keys()]);
  got.coefficients.forEach((coefficient, j) => {
    expectNear(coefficient, expected.coefficients[j]!, 1e-9, scale);
  });
  expectNear(got.intercept, expected.intercept, 1e-9, Math.max(scale, Math.abs(expected.intercept)));
  if (expected.score !== null) expectNear(got.rSquared, expected.score, 1e-12);
});

const system = (value: fc.Arbitrary<number>): fc.Arbitrary<{ columns: number[][]; y: number[] }> =>
  fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 6, max: 20 })).chain(([d, rows]) => {
    const column = fc.array(value, { minLength: rows, maxLength: rows });
    return fc.record({ columns: fc.array(column, { minLength: d, maxLength: d }), y: column });
  });

const measurement = fc.integer({ min: -9999, max: 9999 }).map((x) => x / 100);

test('any columns: exact arithmetic’s coefficients, residuals and errors, or found dependent', () => {
  fc.assert(
    fc.property(
      system(fc.oneof(measurement, fc.constantFrom(0, 1))),
      fc.boolean(),
      ({ columns, y }, intercept) => {
        const got = fit(columns, y, intercept);
        const want = exactLeastSquares([...(intercept ? [y.map(() => 1)] : []), ...columns], y);
        if (want === null) {
          expect(got.rank).toBeLessThan(columns.length);
          return;
        }
        expect(got.rank).toBe(columns.length);
        allOf(got, intercept).forEach((coefficient, j) => {
          expectNear(
            coefficient,
            want.coefficients[j]!,
            1e-14,
            Math.max(Math.abs(want.coefficients[j]!), 1e-12),
          );
        });
        const y2 = y.reduce((sum, value) => sum + value * value, 0);
        expectNear(got.residualSumOfSquares, want.squares, 1e-14, want.squares + y2 * 1e-14);
        got.standardErrors.forEach((error, j) => {
          const variance = want.variances[j + (intercept ? 1 : 0)]! / got.dfResidual;
          expectNear(error ** 2, variance * got.residualSumOfSquares, 1e-13);
        });
      },
    ),
  );
});

test('what integers made is recovered exactly, with nothing left', () => {
  const whole = fc.integer({ min: -1000, max: 1000 });
  fc.assert(
    fc.property(system(whole), fc.array(whole, { minLength: 5, maxLength: 5 }), ({ columns, y }, b) => {
      const made = y.map((_, row) => columns.reduce((sum, column, j) => sum + column[row]! * b[j]!, b[4]!));
      const got = fit(columns, made);
      if (got.rank < columns.length) return;
      expect(allOf(got)).toEqual([b[4], ...columns.map((_, j) => b[j])].map((x) => x! + 0));
      expect(got.residualSumOfSquares).toBe(0);
    }),
  );
});

test('the residuals are orthogonal to every column, also to dependent ones', () => {
  fc.assert(
    fc.property(system(measurement), fc.boolean(), ({ columns, y }, intercept) => {
      const all = [...columns, columns[0]!.map((x, row) => x - columns.at(-1)![row]!)];
      const got = fit(all, y, intercept);
      const residuals = y.map((value, row) =>
        all.reduce((rest, column, j) => rest - got.coefficients[j]! * column[row]!, value - got.intercept),
      );
      for (const column of [...all, ...(intercept ? [y.map(() => 1)] : [])]) {
        const product = column.reduce((sum, x, row) => sum + x * residuals[row]!, 0);
        const sizes = all.reduce(
          (sum, other, j) => sum + Math.abs(got.coefficients[j]!) * Math.hypot(...other),
          1,
        );
        expect(Math.abs(product)).toBeLessThan(
          1e-13 * Math.hypot(...column) * (sizes + Math.hypot(...y)) + 1e-9,
        );
      }
    }),
  );
});

test('the order of columns changes nothing but the order of coefficients', () => {
  fc.assert(
    fc.property(system(measurement), ({ columns, y }) => {
      const forth = fit(columns, y);
      const back = fit(columns.toReversed(), y);
      expect(back.rank).toBe(forth.rank);
      [...back.coefficients].reverse().forEach((coefficient, j) => {
        expectNear(coefficient, forth.coefficients[j]!, 1e-13, Math.abs(forth.coefficients[j]!) + 1e-10);
      });
    }),
  );
});

test('a weight of three is a row three times, and of none no row', () => {
  fc.assert(
    fc.property(
      system(measurement).chain(({ columns, y }) =>
        fc.record({
          columns: fc.constant(columns),
          y: fc.constant(y),
          weights: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: y.length, maxLength: y.length }),
        }),
      ),
      ({ columns, y, weights }) => {
        fc.pre(weights.some((weight) => weight > 0));
        const times = <T>(values: readonly T[]): T[] =>
          values.flatMap((value, row) => Array<T>(weights[row]!).fill(value));
        const weighted = fit(columns, y, true, weights);
        const copied = fit(columns.map(times), times(y));
        expect(weighted.rank).toBe(copied.rank);
        const size = Math.max(1, ...copied.coefficients.map(Math.abs));
        weighted.coefficients.forEach((coefficient, j) => {
          expectNear(coefficient, copied.coefficients[j]!, 1e-12 * copied.condition, size);
        });
        expectNear(weighted.totalSumOfSquares, copied.totalSumOfSquares, 1e-13);
      },
    ),
  );
});

test.each([1e-200, 1e-12, 1e12, 1e200])('units of %d: the same fit', (unit) => {
  const next = noise(3);
  const columns = [1, 2, 3].map(() => Array.from({ length: 40 }, () => next()));
  const y = Array.from({ length: 40 }, (_, row) => columns[0]![row]! - 2 * columns[1]![row]! + next());
  const plain = fit(columns, y);
  const scaled = fit(
    columns.map((column, j) => (j === 0 ? column.map((x) => x * unit) : column)),
    y,
  );
  expectNear(scaled.coefficients[0]! * unit, plain.coefficients[0]!, 1e-13);
  expectNear(scaled.standardErrors[0]! * unit, plain.standardErrors[0]!, 1e-13);
  expectNear(scaled.rSquared, plain.rSquared, 1e-13);
});

test.each([2, 3, 4])('powers of years to degree %d are ill-conditioned, not dependent', (degree) => {
  const years = Array.from({ length: 31 }, (_, year) => 1990 + year);
  const columns = Array.from({ length: degree }, (_, power) => years.map((year) => year ** (power + 1)));
  const y = years.map((year) => Math.round(1000 * Math.sin(year)));
  const got = fit(columns, y);
  expect(got).toMatchObject({ rank: degree, collinear: [] });
  expect(got.condition).toBeGreaterThan([0, 0, 5e2, 5e5, 2e8][degree]!);
  expect(correctDigits(allOf(got), exact(columns, y).coefficients)).toBe(15);
});

test('many rows: the sum of two columns is told from one that is nearly it', () => {
  const next = noise(11);
  const rows = 200_000;
  const [a, b] = [0, 1].map(() => Float64Array.from({ length: rows }, () => 1000 + next()));
  const sum = a!.map((x, row) => x + b![row]!);
  const nearly = sum.map((x) => x + 1e-9 * next());
  const y = a!.map((x) => x + next());
  const options = { fitIntercept: true };
  expect(leastSquares([a!, b!, sum], y, options)).toMatchObject({ rank: 2 });
  expect(leastSquares([a!, b!, nearly], y, options)).toMatchObject({ rank: 3, collinear: [] });
});

test('edges', () => {
  expect(fit([], [1, 2, 4])).toMatchObject({ rank: 0, condition: 1, totalSumOfSquares: 42 / 9 });
  expect(fit([[1, 2]], [3, 5])).toMatchObject({ intercept: 1, dfResidual: 0, f: NaN, rSquared: 1 });
  expect(fit([[1, 2, 3]], [0.1, 0.1, 0.1])).toMatchObject({ intercept: 0.1, rSquared: NaN });
  expect(fit([[7]], [3])).toMatchObject({ rank: 0, intercept: 3 });
  expect(fit([[1, 2, 3]], [3, 5, 7])).toMatchObject({ intercept: 1, f: Infinity, rSquared: 1 });
  expect(fit([[1, NaN, 3]], [3, 5, 7]).rSquared).toBeNaN();
  expect(fit([[1, 2, 3]], [3, Infinity, 7]).intercept).toBeNaN();
});
