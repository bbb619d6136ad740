/** Maps from columns to columns: against their definitions, the same bits whatever the rows beside. */
import fc from 'fast-check';
import type { Distribution } from '../../src/ports/maps.js';
import { extreme, expectNear, measured, noise } from './columns.js';
import { describeEngines } from './engines.js';

const TOLERANCE = 1e-12;

const values = (value: fc.Arbitrary<number>, maxLength = 50): fc.Arbitrary<Float64Array> =>
  fc
    .array(fc.oneof({ weight: 6, arbitrary: value }, { weight: 1, arbitrary: fc.constant(NaN) }), {
      maxLength,
    })
    .map((list) => Float64Array.from(list));

const ascending = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b);

/** Row after row the same number; by a loop, for Jest takes seconds for columns of this length. */
function expectSame(got: readonly Float64Array[], want: readonly Float64Array[]): void {
  expect(got.map(({ length }) => length)).toEqual(want.map(({ length }) => length));
  got.forEach((column, i) => {
    const row = column.findIndex((value, at) => !Object.is(value, want[i]![at]!));
    if (row >= 0) throw new Error(`column ${i}, row ${row}: expected ${want[i]![row]}, got ${column[row]}`);
  });
}

/** Two blocks and a part, gaps among them. */
const long = (seed: number): Float64Array => {
  const next = noise(seed);
  return Float64Array.from({ length: 2 * 65536 + 77 }, (_, row) =>
    row % 11 === 3 ? NaN : (next() - 0.5) * 10 ** (row % 4),
  );
};

const powerOf = (x: number, lambda: number): number => {
  if (x >= 0) return lambda === 0 ? Math.log1p(x) : Math.expm1(lambda * Math.log1p(x)) / lambda;
  const power = 2 - lambda;
  return power === 0 ? -Math.log1p(-x) : -Math.expm1(power * Math.log1p(-x)) / power;
};

/** scikit-learn's, by two interpolations: from below and from above. */
function shareOf(x: number, { quantiles, references }: Distribution): number {
  const [low, high] = [quantiles[0]!, quantiles.at(-1)!];
  if (x === low) return 0;
  if (x === high) return 1;
  if (x < low) return references[0]!;
  if (x > high) return references.at(-1)!;
  const first = quantiles.indexOf(x);
  if (first >= 0) return (references[first]! + references[quantiles.lastIndexOf(x)]!) / 2;
  const to = quantiles.findIndex((one) => one > x);
  const [a, b, r, s] = [quantiles[to - 1]!, quantiles[to]!, references[to - 1]!, references[to]!];
  return r + ((x - a) / (b - a)) * (s - r);
}

describeEngines((under) => {
  test('counts what is missing and what is infinite', () => {
    const { maps } = under().engine;
    fc.assert(
      fc.property(values(extreme()), (column) => {
        const missing = column.filter(Number.isNaN).length;
        const infinite = column.filter((x) => Math.abs(x) === Infinity).length;
        expect(maps.gaps([column])).toEqual([{ missing, infinite }]);
      }),
    );
    expect(maps.gaps([long(1), long(2).fill(Infinity, 65535, 65537)])).toEqual([
      { missing: 11923, infinite: 0 },
      { missing: 11923, infinite: 2 },
    ]);
    expect(maps.gaps([])).toEqual([]);
  });

  test('scales and multiplies every row', () => {
    const { maps } = under().engine;
    const [x, y] = [long(3), long(4)];
    const scalings = [
      { centre: 1.5, divisor: 3, factor: 2, shift: -1 },
      { centre: -2, divisor: 0.1, factor: 1, shift: 0 },
    ];
    const scaled = maps.scale([x, y], scalings);
    const products = maps.multiply([x, y, y], [y, y, x]);
    const wanted = [x, y].map((column, i) => {
      const { centre, divisor, factor, shift } = scalings[i]!;
      return column.map((value) => ((value - centre) / divisor) * factor + shift);
    });
    expectSame(scaled, wanted);
    const product = x.map((value, row) => value * y[row]!);
    expectSame(products, [product, y.map((value) => value * value), product]);
  });

  test('projects on several axes, the same bits for the same row wherever it lies', () => {
    const { maps } = under().engine;
    const columns = [5, 6, 7].map(long);
    const centres = [0.25, -1, 3];
    const weights = [
      [1, 2, 3],
      [0.5, -0.1, 0],
      [-1, 0.3, 7],
    ];
    const whole = maps.project(columns, centres, weights);
    const wanted = weights.map((own) =>
      columns[0]!.map((_, row) =>
        own.reduce((sum, weight, i) => sum + (columns[i]![row]! - centres[i]!) * weight, 0),
      ),
    );
    expectSame(whole, wanted);
    const starts = [2, -0.5, 1e9];
    const begun = weights.map((own, k) =>
      columns[0]!.map((_, row) =>
        own.reduce((sum, weight, i) => sum + (columns[i]![row]! - centres[i]!) * weight, starts[k]!),
      ),
    );
    expectSame(maps.project(columns, centres, weights, starts), begun);
    const shifted = columns.map((column) => column.slice(3, 1000));
    expectSame(
      maps.project(shifted, centres, weights.slice(0, 2)),
      whole.slice(0, 2).map((column) => column.slice(3, 1000)),
    );
  });

  test('a place is how many edges a value has reached', () => {
    const { maps } = under().engine;
    fc.assert(
      fc.property(values(measured()), fc.array(measured(), { maxLength: 40 }), (column, list) => {
        const edges = ascending(list);
        expect(Array.from(maps.places(column, edges))).toEqual(
          Array.from(column, (x) => (Number.isNaN(x) ? NaN : edges.filter((edge) => edge <= x).length)),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('a share interpolates, equal quantiles share the middle', () => {
    const { maps } = under().engine;
    fc.assert(
      fc.property(
        values(measured()),
        fc.array(measured(), { minLength: 1, maxLength: 40 }),
        (column, list) => {
          const quantiles = Float64Array.from(ascending(list));
          const references = Array.from(quantiles, (_, i) => i / Math.max(1, quantiles.length - 1));
          const distribution = { quantiles, references, isNormal: false };
          // The quantiles themselves, too.
          const all = Float64Array.of(...column, ...quantiles);
          const got = maps.shares(all, distribution);
          all.forEach((x, row) => {
            expectNear(got[row]!, Number.isNaN(x) ? NaN : shareOf(x, distribution), TOLERANCE, 1);
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  test('shares as quantiles of the normal distribution end at those of 1e-7', () => {
    const { maps } = under().engine;
    const got = maps.shares(Float64Array.of(-9, 0, 0.25, 0.5, 1 - 1e-8, 1, 7, NaN), {
      quantiles: Float64Array.of(0, 0.5, 1),
      references: [0, 0.5, 1],
      isNormal: true,
    });
    const end = 5.199337582290661;
    [-end, -end, -0.6744897501960817, 0, end, end, end, NaN].forEach((want, row) => {
      expectNear(got[row]!, want, 1e-9);
    });
  });

  test('powers are those of Yeo and Johnson', () => {
    const { maps } = under().engine;
    const next = noise(10);
    const drawn = Array.from({ length: 400 }, (_, i) => (next() - 0.5) * 10 ** ((i % 40) - 20));
    const column = Float64Array.of(
      ...drawn,
      0,
      -0,
      Number.MIN_VALUE,
      0.41421,
      0.41422,
      2 ** 53,
      1e300,
      1e-12,
      -1e-12,
      0.3,
      -0.3,
      1,
      -1,
      25,
      -25,
      1e6,
      -1e6,
      NaN,
    );
    const [logs] = maps.logarithms([column]);
    column.forEach((x, row) => {
      expectNear(logs![row]!, Math.sign(x) * Math.log1p(Math.abs(x)), TOLERANCE);
    });
    for (const lambda of [0, 1e-18, 1e-5, 0.3, 1, 1.7, 2 - 1e-6, 2, 3, -0.9, 40]) {
      const [got] = maps.powers([logs!], [lambda]);
      column.forEach((x, row) => {
        // Powers of what is far away lose as many digits as their exponents have; of the least number there is none to lose.
        if (Math.abs(x) > 1e7 || Math.abs(x) === Number.MIN_VALUE) return;
        const want = powerOf(x, lambda);
        expectNear(got![row]!, want, TOLERANCE);
      });
    }
    expect(Array.from(maps.logarithms([Float64Array.of(Infinity, -Infinity)])[0]!)).toEqual([
      Infinity,
      -Infinity,
    ]);
    expect(maps.powers([Float64Array.of(700)], [3])[0]![0]).toBe(Infinity);
    expect(maps.powers([Float64Array.of(-700)], [0])[0]![0]).toBe(-Infinity);
  });

  test('several blocks have the bits of each alone', () => {
    const { maps } = under().engine;
    const column = long(9);
    const part = column.slice(65536 + 1, 65536 + 1000);
    const cut = (whole: Float64Array): Float64Array => whole.slice(65536 + 1, 65536 + 1000);
    const [logs, own] = [maps.logarithms([column])[0]!, maps.logarithms([part])[0]!];
    expect(own).toEqual(cut(logs));
    expect(maps.powers([own], [0.7])[0]).toEqual(cut(maps.powers([logs], [0.7])[0]!));
    const quantiles = Float64Array.from({ length: 100 }, (_, i) => -50 + i);
    const references = Array.from(quantiles, (_, i) => i / 99);
    for (const isNormal of [false, true]) {
      const distribution = { quantiles, references, isNormal };
      expect(maps.shares(part, distribution)).toEqual(cut(maps.shares(column, distribution)));
    }
    expect(maps.places(part, [-1, 0, 1])).toEqual(cut(maps.places(column, [-1, 0, 1])));
  });
});
