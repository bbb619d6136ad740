/** Distributions of the tests against values of 50 digits and counts, laws of tails and quantiles, and the edges. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type {
  Continuous,
  Discrete,
  Distribution,
  DistributionsKernel,
} from '../../src/ports/distributions.js';
import { expectNear } from './columns.js';
import { describeEngines } from './engines.js';

type Method = keyof Continuous | keyof Discrete;
type Row = readonly [
  name: keyof DistributionsKernel,
  parameters: readonly (number | string)[],
  method: Method,
  x: number,
  value: number | string,
];
const { exact, scipy } = JSON.parse(
  readFileSync(join(__dirname, '..', 'fixtures', 'distributions.json'), 'utf8'),
) as { exact: readonly Row[]; scipy: readonly Row[] };

/** Relative: twelve digits of a probability in the body, ten of one in the tail; nine of the non-central ones. */
const toleranceOf = ([name, , method, , value]: Row): number => {
  if (name === 'noncentralT' || name === 'noncentralF') return 1e-9;
  return method.startsWith('log10') || Number(value) > 1e-16 ? 1e-12 : 1e-10;
};

type Made = Partial<Record<Method, (x: number) => number>>;
const make = (kernel: DistributionsKernel, [name, parameters]: Row): Made =>
  (kernel[name] as (...parameters: readonly (number | string)[]) => Made)(...parameters);
const answer = (kernel: DistributionsKernel, row: Row): number => make(kernel, row)[row[2]]!(row[3]);
const wanted = (value: number | string): number =>
  value === 'inf' ? Infinity : value === '-inf' ? -Infinity : Number(value);

const expectRow = (kernel: DistributionsKernel, row: Row, tolerance: number): void => {
  try {
    expectNear(answer(kernel, row), wanted(row[4]), tolerance);
  } catch (error) {
    throw new Error(`${row[0]}(${row[1].join(', ')}).${row[2]}(${row[3]}): ${(error as Error).message}`);
  }
};

const exponent = (low: number, high: number): fc.Arbitrary<number> =>
  fc.double({ min: low, max: high, noNaN: true }).map((x) => 10 ** x);
const probability = fc.oneof(exponent(-300, -0.4), fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }));

describeEngines((under) => {
  const kernel = (): DistributionsKernel => under().engine.distributions;

  test.each([...new Set(exact.map(([name]) => name))])('%s has the digits of the reference', (name) => {
    for (const row of exact) if (row[0] === name) expectRow(kernel(), row, toleranceOf(row));
  });

  test.each([...new Set(scipy.map(([name]) => name))])(
    '%s is SciPy’s, whatever method its size asks for',
    (name) => {
      for (const row of scipy) if (row[0] === name) expectRow(kernel(), row, 1e-8);
    },
  );

  const families: readonly [string, fc.Arbitrary<(kernel: DistributionsKernel) => Continuous>][] = [
    ['normal', fc.constant((k) => k.normal())],
    ['t', exponent(-0.3, 7).map((df) => (k) => k.t(df))],
    ['chi2', exponent(-0.3, 7).map((df) => (k) => k.chi2(df))],
    [
      'f',
      fc.tuple(exponent(0, 6), exponent(0, 6)).map(
        ([a, b]) =>
          (k) =>
            k.f(a, b),
      ),
    ],
    [
      'beta',
      fc.tuple(exponent(-0.3, 5), exponent(-0.3, 5)).map(
        ([a, b]) =>
          (k) =>
            k.beta(a, b),
      ),
    ],
    ['kolmogorov', fc.constant((k) => k.kolmogorov())],
    ['kolmogorovExact', fc.integer({ min: 1, max: 100 }).map((n) => (k) => k.kolmogorovExact(n))],
    ['smirnovOneSided', fc.integer({ min: 1, max: 500 }).map((n) => (k) => k.smirnovOneSided(n))],
  ];

  test.each(families)('quantiles of %s lie where the tail is p, also a tiny one', (_, family) => {
    fc.assert(
      fc.property(family, probability, fc.boolean(), (of, p, upper) => {
        const made = of(kernel());
        const x = upper ? made.upperQuantile(p) : made.quantile(p);
        const log10 = (at: number): number => (upper ? made.log10Sf(at) : made.log10Cdf(at));
        // Beyond, x is not held to its digits.
        if (Math.abs(x) < 1e-290 || Math.abs(x) > 1e300) return;
        // One step of x may be many of p: the goal lies between its neighbours.
        const [low, high] = [log10(x - 4e-15 * Math.abs(x)), log10(x + 4e-15 * Math.abs(x))].sort(
          (a, b) => a - b,
        );
        const goal = Math.log10(p);
        const slack = 1e-10 + 1e-13 * Math.abs(goal);
        expect(low!).toBeLessThanOrEqual(goal + slack);
        expect(high!).toBeGreaterThanOrEqual(goal - slack);
      }),
      { numRuns: 60 },
    );
  });

  test.each(families)('tails of %s add to 1 and agree with their logarithms', (_, family) => {
    fc.assert(
      fc.property(family, exponent(-3, 1.5), (of, x) => {
        const { cdf, sf, log10Cdf, log10Sf } = of(kernel());
        expectNear(cdf(x) + sf(x), 1, 1e-11);
        for (const [p, log10] of [
          [cdf(x), log10Cdf(x)],
          [sf(x), log10Sf(x)],
        ] as const) {
          if (p > 1e-300) expectNear(log10, Math.log10(p), 1e-12, 1 + Math.abs(log10));
          else expect(log10).toBeLessThan(-299);
        }
      }),
      { numRuns: 60 },
    );
  });

  const counts: readonly [string, fc.Arbitrary<(kernel: DistributionsKernel) => Discrete>][] = [
    [
      'binomial',
      fc.tuple(fc.integer({ min: 0, max: 400 }), fc.double({ min: 0, max: 1, noNaN: true })).map(
        ([n, p]) =>
          (k) =>
            k.binomial(n, p),
      ),
    ],
    [
      'hypergeometric',
      fc.tuple(fc.integer({ min: 1, max: 400 }), fc.nat(400), fc.nat(400)).map(
        ([total, kind, drawn]) =>
          (k) =>
            k.hypergeometric(total, Math.min(kind, total), Math.min(drawn, total)),
      ),
    ],
    ['wilcoxon', fc.nat(40).map((n) => (k) => k.wilcoxon(n))],
    ['kendall', fc.integer({ min: 1, max: 30 }).map((n) => (k) => k.kendall(n))],
    [
      'mannWhitney',
      fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 })).map(
        ([m, n]) =>
          (k) =>
            k.mannWhitney(m, n),
      ),
    ],
  ];

  test.each(counts)('points of %s add to its tails, and a quantile is the least count', (_, family) => {
    fc.assert(
      fc.property(
        family,
        fc.integer({ min: -2, max: 410 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (of, k, p) => {
          const made = of(kernel());
          let sum = 0;
          for (let i = 0; i <= k; i++) sum += made.pmf(i);
          expectNear(made.cdf(k), sum, 1e-10, 1e-10 + sum);
          expectNear(made.cdf(k) + made.sf(k), 1, 1e-11);
          const least = made.quantile(p);
          // At p = 1 it is the end of the support, where the CDF may have been 1 for long.
          if (p > 0) expect(made.cdf(least)).toBeGreaterThanOrEqual(p);
          if (p < 1) expect(made.cdf(least - 1)).toBeLessThan(p === 0 ? 1e-300 : p);
          expect(made.cdf(k + 0.5)).toBe(made.cdf(k));
          expect(made.sf(k + 0.5)).toBe(made.sf(k));
          expect(made.pmf(k + 0.5)).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('parameters outside their domain and NaN give NaN', () => {
    const k = kernel();
    const none: readonly Distribution[] = [
      k.t(0),
      k.t(-1),
      k.t(NaN),
      k.chi2(0),
      k.chi2(NaN),
      k.f(0, 1),
      k.f(1, -2),
      k.f(NaN, 2),
      k.beta(0, 1),
      k.beta(1, NaN),
      k.binomial(-1, 0.5),
      k.binomial(1.5, 0.5),
      k.binomial(3, 1.1),
      k.binomial(3, NaN),
      k.hypergeometric(0, 0, 0),
      k.hypergeometric(5, 6, 1),
      k.hypergeometric(5, 1, 6),
      k.hypergeometric(5, 1.5, 2),
      k.noncentralT(0, 1),
      k.noncentralT(1, NaN),
      k.noncentralT(1, 1e13),
      k.noncentralF(3, 10, 1e300),
      k.noncentralF(1, 1, -1),
      k.noncentralF(0, 1, 1),
      k.kolmogorovExact(0),
      k.kolmogorovExact(2.5),
      k.smirnovOneSided(0),
      k.smirnovOneSided(NaN),
      k.wilcoxon(-1),
      k.wilcoxon(1001),
      k.mannWhitney(0, 3),
      k.mannWhitney(2, 2.5),
      k.mannWhitney(1001, 1000),
      k.kendall(0),
      k.kendall(NaN),
    ];
    for (const made of none) {
      const quantile = 'quantile' in made ? [(made as Discrete).quantile(0.3)] : [];
      for (const value of [made.cdf(0.4), made.sf(0.4), made.log10Cdf(0.4), made.log10Sf(0.4), ...quantile]) {
        expect(value).toBeNaN();
      }
    }
    const made: readonly (Continuous | Discrete)[] = [k.normal(), k.t(3), k.chi2(3), k.f(2, 3), k.beta(2, 3)];
    const more = [k.binomial(5, 0.5), k.hypergeometric(9, 4, 3), k.kolmogorov(), k.kolmogorovExact(5)];
    for (const one of [
      ...made,
      ...more,
      k.smirnovOneSided(5),
      k.wilcoxon(5),
      k.mannWhitney(3, 4),
      k.kendall(5),
    ]) {
      for (const value of [
        one.cdf(NaN),
        one.sf(NaN),
        one.quantile(NaN),
        one.quantile(-0.1),
        one.quantile(1.1),
      ]) {
        expect(value).toBeNaN();
      }
    }
    expect(k.smirnovTwoSample(3, 0, 'two-sided').sf(0.5)).toBeNaN();
    expect(k.smirnovTwoSample(3, 4, 'one-sided').sf(NaN)).toBeNaN();
  });

  test('at the ends of the support and beyond', () => {
    const k = kernel();
    const ends: readonly [Continuous, number, number][] = [
      [k.normal(), -Infinity, Infinity],
      [k.t(3), -Infinity, Infinity],
      [k.chi2(3), 0, Infinity],
      [k.f(2, 3), 0, Infinity],
      [k.beta(2, 3), 0, 1],
      [k.kolmogorov(), 0, Infinity],
      [k.kolmogorovExact(5), 0.1, 1],
      [k.smirnovOneSided(5), 0, 1],
    ];
    for (const [made, low, high] of ends) {
      for (const x of [low, -Infinity]) {
        expect([made.cdf(x), made.sf(x), made.log10Cdf(x), made.log10Sf(x) + 0]).toEqual([
          0,
          1,
          -Infinity,
          0,
        ]);
      }
      for (const x of [high, Infinity]) {
        expect([made.cdf(x), made.sf(x), made.log10Cdf(x) + 0, made.log10Sf(x)]).toEqual([
          1,
          0,
          0,
          -Infinity,
        ]);
      }
      expect([made.quantile(0), made.quantile(1)]).toEqual([low, high]);
      expect([made.upperQuantile(0), made.upperQuantile(1)]).toEqual([high, low]);
    }
    const counted: readonly [Discrete, number, number][] = [
      [k.binomial(5, 0.4), 0, 5],
      [k.hypergeometric(10, 7, 5), 2, 5],
      [k.wilcoxon(4), 0, 10],
      [k.mannWhitney(2, 3), 0, 6],
      [k.kendall(4), 0, 6],
    ];
    for (const [made, low, high] of counted) {
      for (const x of [low - 1, low - 0.5, -Infinity]) {
        expect([made.cdf(x), made.sf(x), made.log10Cdf(x), made.log10Sf(x) + 0]).toEqual([
          0,
          1,
          -Infinity,
          0,
        ]);
      }
      for (const x of [high, high + 0.5, Infinity]) {
        expect([made.cdf(x), made.sf(x), made.log10Cdf(x) + 0, made.log10Sf(x)]).toEqual([
          1,
          0,
          0,
          -Infinity,
        ]);
      }
      expect([made.pmf(low - 1), made.pmf(high + 1), made.pmf(low + 0.5)]).toEqual([0, 0, 0]);
      // SciPy's: one below the support.
      expect([made.quantile(0), made.quantile(1)]).toEqual([low - 1, high]);
    }
    expect([k.binomial(5, 0).cdf(0), k.binomial(5, 1).sf(4), k.binomial(0, 0.5).cdf(0)]).toEqual([1, 1, 1]);
    expect([k.wilcoxon(0).cdf(0), k.kendall(1).cdf(0), k.kendall(1).pmf(0)]).toEqual([1, 1, 1]);
    const paths = k.smirnovTwoSample(4, 6, 'two-sided');
    expect([paths.sf(0), paths.sf(1.5)]).toEqual([1, 0]);
  });

  test('of parameters beyond all data the answer is there at once', () => {
    const k = kernel();
    // The skewness √(8/df) moves the mean off the median by a sixth of it.
    expectNear(k.chi2(2e15).sf(2e15), 0.5 - Math.sqrt(8 / 2e15) / 6 / Math.sqrt(2 * Math.PI), 1e-13);
    expectNear(k.beta(1e15, 1e15).sf(0.5), 0.5, 1e-13);
    expectNear(k.t(1e300).sf(1.96), k.normal().sf(1.96), 1e-12);
    expectNear(k.f(3, 1e300).sf(2), k.chi2(3).sf(6), 1e-12);
    expectNear(k.chi2(1e300).quantile(0.3), 1e300, 1e-12);
    expectNear(k.binomial(1e15, 1e-14).cdf(8), 0.3328196787507189, 1e-11);
    expectNear(k.noncentralF(3, 10, 1e12).sf(1e12 / 3), k.chi2(10).cdf(10), 1e-9);
    expectNear(k.noncentralT(2, 1e12).sf(1e12), k.chi2(2).cdf(2), 1e-9);
  });

  test('where the probability underflows its logarithm goes on', () => {
    const k = kernel();
    // ln P(Z > z) → −z²/2 − ln(z √2π) − 1/z²
    expectNear(k.normal().log10Sf(1e5), (-5e9 - Math.log(1e5 * Math.sqrt(2 * Math.PI))) / Math.LN10, 1e-14);
    expectNear(k.chi2(2).log10Sf(1e7), -5e6 / Math.LN10, 1e-14);
    expectNear(k.beta(1e5, 1).log10Cdf(0.1), -1e5, 1e-14);
    expectNear(k.binomial(1e6, 0.5).log10Cdf(0), -1e6 * Math.log10(2), 1e-14);
    expectNear(k.kolmogorov().log10Sf(100), (Math.LN2 - 2e4) / Math.LN10, 1e-14);
    expectNear(k.smirnovOneSided(1000).log10Sf(0.9995), 1000 * Math.log10(0.0005), 1e-12);
    expectNear(k.kolmogorovExact(1000).log10Sf(0.9995), Math.log10(2) + 1000 * Math.log10(0.0005), 1e-12);
    expectNear(k.mannWhitney(1000, 1000).log10Cdf(0), -600.3113621048074, 1e-14);
    expectNear(k.wilcoxon(1000).log10Cdf(0), -1000 * Math.log10(2), 1e-14);
  });
});
