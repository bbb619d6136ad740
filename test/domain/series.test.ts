import fc from 'fast-check';
import { brent } from '../../src/domain/features/brent.js';
import { symmetricEigen } from '../../src/domain/features/eigen.js';
import { fourier, fourierOfReal } from '../../src/domain/features/fourier.js';
import { rollingMedian } from '../../src/domain/features/median.js';
import { permutation } from '../../src/domain/permutation.js';
import { pythonFloat } from '../../src/domain/features/names.js';
import { normalQuantile } from '../../src/domain/features/normal.js';
import { singularOf } from '../../src/domain/features/singular.js';
import { rollingExtreme, rollingStd, rollingSum, type Window } from '../../src/domain/features/windows.js';

const finite = fc.double({ min: -1000, max: 1000, noNaN: true });
const series = fc.array(fc.oneof({ arbitrary: finite, weight: 5 }, fc.constantFrom(NaN, 1, 1, 2)), {
  maxLength: 400,
});

/** Present values of each window. */
const windowsOf = (values: readonly number[], window: number): number[][] =>
  values.map((_, row) =>
    values.slice(Math.max(0, row - window + 1), row + 1).filter((value) => value === value),
  );

function expectClose(got: Float64Array, want: readonly number[], tolerance: number): void {
  expect(got).toHaveLength(want.length);
  want.forEach((value, i) => {
    if (Number.isNaN(value)) expect([i, got[i]]).toEqual([i, NaN]);
    else if (!(Math.abs(got[i]! - value) <= tolerance)) throw new Error(`${i}: ${got[i]} is not ${value}`);
  });
}

describe('rolling windows give what each window gives by itself', () => {
  const mean = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;
  const median = (list: readonly number[]): number => {
    const sorted = [...list].sort((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half]! + sorted[half - 1]!) / 2;
  };
  const std = (list: readonly number[]): number =>
    Math.sqrt(list.reduce((sum, x) => sum + (x - mean(list)) ** 2, 0) / (list.length - 1));
  const cases: [string, (window: Window, out: Float64Array) => void, (list: number[]) => number, number][] = [
    [
      'mean',
      (window, out) => {
        rollingSum(window, true, out);
      },
      mean,
      1,
    ],
    [
      'sum',
      (window, out) => {
        rollingSum(window, false, out);
      },
      (list) => list.reduce((sum, x) => sum + x, 0),
      1,
    ],
    ['std', rollingStd, std, 2],
    [
      'min',
      (window, out) => {
        rollingExtreme(window, 1, out);
      },
      (list) => Math.min(...list),
      1,
    ],
    [
      'max',
      (window, out) => {
        rollingExtreme(window, -1, out);
      },
      (list) => Math.max(...list),
      1,
    ],
    ['median', rollingMedian, median, 1],
  ];
  test.each(cases)('%s', (_, roll, of, needed) => {
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 300 }), fc.nat({ max: 4 }), (values, window, least) => {
        const out = new Float64Array(values.length);
        roll({ values: Float64Array.from(values), window, least: Math.max(1, Math.min(least, window)) }, out);
        const want = windowsOf(values, window).map((list) =>
          list.length < Math.max(needed, Math.min(least, window)) ? NaN : of(list),
        );
        expectClose(out, want, 2e-5 * (needed - 1) + 1e-9);
      }),
      { numRuns: 150 },
    );
  });
});

describe('fourier', () => {
  const direct = (re: readonly number[], im: readonly number[]): [number[], number[]] => {
    const n = re.length;
    const out: [number[], number[]] = [[], []];
    for (let k = 0; k < n; k++) {
      let [sr, si] = [0, 0];
      for (let j = 0; j < n; j++) {
        const angle = (-2 * Math.PI * ((j * k) % n)) / n;
        sr += re[j]! * Math.cos(angle) - im[j]! * Math.sin(angle);
        si += re[j]! * Math.sin(angle) + im[j]! * Math.cos(angle);
      }
      out[0].push(sr);
      out[1].push(si);
    }
    return out;
  };
  const scale = (list: readonly number[]): number => 1e-12 * list.reduce((sum, x) => sum + Math.abs(x), 1);

  test('is the sum that defines it, of any length', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(finite, finite), { minLength: 1, maxLength: 130 }), (values) => {
        const [re, im] = [values.map(([x]) => x), values.map(([, y]) => y)];
        const [wantRe, wantIm] = direct(re, im);
        const got = fourier({ re: Float64Array.from(re), im: Float64Array.from(im) });
        expectClose(got.re, wantRe, scale([...re, ...im]));
        expectClose(got.im, wantIm, scale([...re, ...im]));
      }),
      { numRuns: 200 },
    );
  });

  test('of real values, by half the length where it is even', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 130 }), (values) => {
        const [wantRe, wantIm] = direct(
          values,
          values.map(() => 0),
        );
        const { re, im } = fourierOfReal(Float64Array.from(values));
        const terms = (values.length >> 1) + 1;
        expectClose(re.subarray(0, terms), wantRe.slice(0, terms), scale(values));
        expectClose(im.subarray(0, terms), wantIm.slice(0, terms), scale(values));
      }),
      { numRuns: 200 },
    );
  });
});

describe('decompositions', () => {
  const matrix = fc
    .integer({ min: 1, max: 12 })
    .chain((d) =>
      fc.array(fc.array(finite, { minLength: d, maxLength: d }), { minLength: 1, maxLength: 20 }),
    );

  test('eigenvectors are orthonormal, and turned and stretched by their values the matrix again', () => {
    fc.assert(
      fc.property(matrix, (rows) => {
        const d = rows[0]!.length;
        const entry = (i: number, j: number): number => rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0);
        const square = Float64Array.from({ length: d * d }, (_, at) => entry(Math.floor(at / d), at % d));
        const { values, vectors } = symmetricEigen(square.slice(), d);
        const tolerance = 1e-12 * (1 + Math.abs(values[0]!)) * d;
        for (let i = 0; i < d; i++) {
          expect(i === 0 || values[i]! <= values[i - 1]!).toBe(true);
          for (let j = 0; j < d; j++) {
            const dot = vectors[i]!.reduce((sum, x, k) => sum + x * vectors[j]![k]!, 0);
            expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThan(1e-12);
            const back = values.reduce((sum, value, k) => sum + value * vectors[k]![i]! * vectors[k]![j]!, 0);
            expect(Math.abs(back - square[i * d + j]!)).toBeLessThanOrEqual(tolerance);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  test('singular values are the roots of the eigenvalues', () => {
    fc.assert(
      fc.property(matrix, (rows) => {
        const d = rows[0]!.length;
        const columns = Array.from({ length: d }, (_, j) => Float64Array.from(rows, (row) => row[j]!));
        const square = Float64Array.from({ length: d * d }, (_, at) =>
          rows.reduce((sum, row) => sum + row[Math.floor(at / d)]! * row[at % d]!, 0),
        );
        const { values } = symmetricEigen(square, d);
        const found = singularOf(columns).values;
        expect(found).toHaveLength(Math.min(d, rows.length));
        found.forEach((value, i) => {
          expect(Math.abs(value ** 2 - Math.max(0, values[i]!))).toBeLessThanOrEqual(
            1e-11 * (1 + values[0]!),
          );
        });
      }),
      { numRuns: 100 },
    );
  });
});

test('brent finds the least point of a parabola, and none of what only falls', () => {
  fc.assert(
    fc.property(finite, (least) => {
      const found = brent((x) => (x - least) ** 2);
      expect(Math.abs(found! - least)).toBeLessThan(1e-6 * (1 + Math.abs(least)));
    }),
  );
  expect(brent(() => NaN)).toBeNull();
});

test.each([
  [0, 10, [2, 8, 4, 9, 1, 6, 7, 3, 0, 5]],
  [7, 17, [13, 11, 16, 8, 5, 2, 1, 0, 14, 10]],
  [42, 1000, [521, 737, 740, 660, 411, 678, 626, 513, 859, 136]],
])('RandomState(%d).shuffle of %d', (seed, length, first) => {
  const order = permutation(seed, length);
  expect([...order.subarray(0, first.length)]).toEqual(first);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
});

// scipy.stats.norm.ppf
test.each([
  [1e-300, -37.0470962993612],
  [1e-20, -9.262340089798409],
  [0.001, -3.090232306167813],
  [0.1, -1.2815515655446004],
  [0.3, -0.5244005127080409],
  [0.75, 0.6744897501960817],
  [0.99999, 4.264890793923841],
])('quantile of the normal distribution at %d', (p, want) => {
  expect(Math.abs(normalQuantile(p) / want - 1)).toBeLessThan(2e-15);
});

test.each([
  [0.1, '0.1'],
  [1, '1.0'],
  [-0.5, '-0.5'],
  [1e16, '1e+16'],
  [123456789012345680, '1.2345678901234568e+17'],
  [1e-5, '1e-05'],
  [0.0001, '0.0001'],
  [1e-100, '1e-100'],
])('Python writes %d as %s', (value, want) => {
  expect(pythonFloat(value)).toBe(want);
});
