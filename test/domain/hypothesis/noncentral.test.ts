/** Noncentral χ² against mpmath, roots, and intervals of noncentralities against the distributions they invert. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  noncentralChi2,
  noncentralChi2Limits,
  noncentralFLimits,
  noncentralTLimits,
} from '../../../src/domain/hypothesis/noncentral.js';
import { poissonDensity } from '../../../src/domain/hypothesis/poisson.js';
import { rootOf } from '../../../src/domain/hypothesis/root.js';
import { describeEngines } from '../../contract/engines.js';

const { ncx2 } = JSON.parse(
  readFileSync(join(__dirname, '..', '..', 'fixtures', 'noncentral.json'), 'utf8'),
) as { ncx2: { x: number; df: number; nc: number; cdf: number }[] };

describeEngines((under) => {
  test.each(ncx2)('P(χ² ≤ $x) with df $df and noncentrality $nc', ({ x, df, nc, cdf }) => {
    const { distributions } = under().engine;
    expect(Math.abs(noncentralChi2(x, df, nc, distributions) / cdf - 1)).toBeLessThan(1e-11);
  });

  test('limits put the statistic at the ends of its distribution', () => {
    const { distributions } = under().engine;
    for (const level of [0.5, 0.95, 0.999]) {
      const alpha = (1 - level) / 2;
      const [low, high] = noncentralTLimits(2.5, 7, level, distributions);
      expect(distributions.noncentralT(7, low).sf(2.5)).toBeCloseTo(alpha, 9);
      expect(distributions.noncentralT(7, high).cdf(2.5)).toBeCloseTo(alpha, 9);
      const f = noncentralFLimits(60, 3, 20, level, distributions);
      expect(distributions.noncentralF(3, 20, f[0]).cdf(60)).toBeCloseTo(1 - alpha, 9);
      expect(distributions.noncentralF(3, 20, f[1]).cdf(60)).toBeCloseTo(alpha, 9);
      const c = noncentralChi2Limits(40, 3, level, distributions);
      expect(noncentralChi2(40, 3, c[0], distributions)).toBeCloseTo(1 - alpha, 9);
      expect(noncentralChi2(40, 3, c[1], distributions)).toBeCloseTo(alpha, 9);
    }
  });

  test('a small statistic has the limits 0, none at all NaN, level 1 everything', () => {
    const { distributions } = under().engine;
    expect(noncentralFLimits(1e-6, 3, 20, 0.95, distributions)).toEqual([0, 0]);
    expect(noncentralChi2Limits(0, 3, 0.95, distributions)).toEqual([0, 0]);
    expect(noncentralChi2Limits(NaN, 3, 0.95, distributions)).toEqual([NaN, NaN]);
    expect(noncentralTLimits(Infinity, 3, 0.95, distributions)).toEqual([NaN, NaN]);
    expect(noncentralTLimits(1, 3, 1, distributions)).toEqual([-Infinity, Infinity]);
    expect(noncentralFLimits(4, 3, 9, 1, distributions)).toEqual([0, Infinity]);
  });

  test('beyond a hundred million χ² is normal, and the limits go on without a step', () => {
    const { distributions } = under().engine;
    const [low, high] = noncentralChi2Limits(0.9999999e8, 5, 0.95, distributions);
    const [lowAfter, highAfter] = noncentralChi2Limits(1.0000001e8, 5, 0.95, distributions);
    expect(Math.abs(lowAfter - low - 20) / 1e8).toBeLessThan(1e-7);
    expect(Math.abs(highAfter - high - 20) / 1e8).toBeLessThan(1e-7);
  });
});

test('the probabilities of a Poisson distribution are one together', () => {
  for (const mu of [0.01, 1, 17.5, 900]) {
    let sum = 0;
    for (let k = 0; k < 2 * mu + 200; k++) sum += poissonDensity(k, mu);
    expect(Math.abs(sum - 1)).toBeLessThan(1e-12);
  }
});

test('a root is found from anywhere, rising or falling, above a floor', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: -1e3, max: 1e3, noNaN: true }),
      fc.boolean(),
      (root, start, falls) => {
        const f = (x: number): number => (falls ? -1 : 1) * Math.tanh((x - root) / 50);
        expect(Math.abs(rootOf(f, start, 1) - root)).toBeLessThan(1e-9 * Math.max(1, Math.abs(root)));
      },
    ),
  );
  expect(rootOf((x) => x - 1e-12, 5, 1, 0)).toBeCloseTo(1e-12, 20);
  expect(rootOf(() => NaN, 0, 1)).toBeNaN();
  expect(rootOf(() => 1, 0, 1)).toBeNaN();
});
