import type { Moments } from '../../ports/engine.js';
import type { FromSchema } from '../../ports/schema.js';
import type { Space } from '../../ports/space.js';
import type { Numbers } from '../../ports/tables.js';
import { pairwiseMean } from './pairwise.js';
import { needValues } from './refusals.js';
import { presentValues } from './samples.js';
import { NO_TAIL, upperTail } from './tails.js';
import { hypothesisTest } from './test.js';

const schema = { type: 'object', required: [], properties: {} } as const;

/** Below these the skew's z is none, and the kurtosis' a guess. */
const LEAST = 8;
const ENOUGH = 20;

/** SciPy's `normaltest`: D'Agostino and Pearson's K². */
export const normaltest = hypothesisTest<FromSchema<typeof schema>>({
  name: 'normaltest',
  summary: "D'Agostino and Pearson's test for normality",
  description:
    "SciPy's `normaltest`: whether skew and kurtosis of a sample are those of a normal distribution. Eight values at least.",
  takes: { kind: 'samples', least: 1, most: 1 },
  options: schema,
  example: { columns: { a: [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236] } },
  run({ samples, pointer, engine, space, notes }) {
    const [{ name, numbers }] = samples as [(typeof samples)[0]];
    const moments = engine.moments(numbers, 4);
    const { count: n } = moments;
    needValues(n, LEAST, { name, test: 'normaltest', pointer });
    const shape = shapeOf(moments);
    if (Number.isNaN(shape.skew))
      notes.warn('zero_variance', 'all values are nearly equal: skew and kurtosis are not finite', name);
    if (n < ENOUGH) notes.warn('small_sample', `${n} values are few for the test of kurtosis`, name);
    const skew = settled(shape.skew, numbers, moments, space);
    const k2 = skewZ(skew, n) ** 2 + kurtosisZ(shape.kurtosis, n) ** 2;
    return {
      statistic: k2,
      tail: Number.isNaN(k2) ? NO_TAIL : upperTail(engine.distributions.chi2(2), k2),
      n: [n],
      assumptions: [{ name: 'sample_size', test: null, pValue: null, holds: n >= ENOUGH }],
      more: {
        skew: notes.finite(shape.skew, 'skew'),
        kurtosis: notes.finite(shape.kurtosis, 'kurtosis'),
      },
    };
  },
});

/** Biased skew and excess kurtosis, as SciPy's; NaN where values are equal to fifteen digits of their mean. */
export function shapeOf({ count: n, mean, m2, m3, m4 }: Moments): { skew: number; kurtosis: number } {
  const variance = m2 / n;
  if (variance <= (1e-15 * mean) ** 2) return { skew: NaN, kurtosis: NaN };
  return { skew: m3 / n / variance ** 1.5, kurtosis: m4 / n / variance ** 2 - 3 };
}

/**
 * SciPy takes a skew of exactly 0 for 1 (a guard that does more than it should), and whether symmetric values have one
 * depends on the roundings of its sums. Near 0 these are made again as it makes them.
 */
function settled(skew: number, numbers: Numbers, { mean }: Moments, space: Space): number {
  if (!(Math.abs(skew) < 1e-9)) return skew;
  const values = presentValues(numbers, space);
  const centre = pairwiseMean(values);
  const cubes = values.map((value) => (value - centre) ** 2 * (value - centre));
  const squares = values.map((value) => (value - centre) ** 2);
  const variance = pairwiseMean(squares);
  return variance <= (1e-15 * mean) ** 2 ? skew : pairwiseMean(cubes) / variance ** 1.5;
}

/** z of the skew: D'Agostino 1970. */
export function skewZ(skew: number, n: number): number {
  const y = skew * Math.sqrt(((n + 1) * (n + 3)) / (6 * (n - 2)));
  const beta2 = (3 * (n ** 2 + 27 * n - 70) * (n + 1) * (n + 3)) / ((n - 2) * (n + 5) * (n + 7) * (n + 9));
  const w2 = Math.sqrt(2 * (beta2 - 1)) - 1;
  const delta = 1 / Math.sqrt(0.5 * Math.log(w2));
  const alpha = Math.sqrt(2 / (w2 - 1));
  return delta * Math.asinh((y === 0 ? 1 : y) / alpha);
}

/** z of the kurtosis: Anscombe and Glynn 1983. */
export function kurtosisZ(excess: number, n: number): number {
  const mean = (3 * (n - 1)) / (n + 1);
  const variance = (24 * n * (n - 2) * (n - 3)) / ((n + 1) * (n + 1) * (n + 3) * (n + 5));
  const x = (excess + 3 - mean) / Math.sqrt(variance);
  const rootBeta1 =
    ((6 * (n * n - 5 * n + 2)) / ((n + 7) * (n + 9))) *
    Math.sqrt((6 * (n + 3) * (n + 5)) / (n * (n - 2) * (n - 3)));
  const a = 6 + (8 / rootBeta1) * (2 / rootBeta1 + Math.sqrt(1 + 4 / rootBeta1 ** 2));
  const denominator = 1 + x * Math.sqrt(2 / (a - 4));
  if (denominator === 0) return NaN;
  const root = Math.sign(denominator) * Math.cbrt((1 - 2 / a) / Math.abs(denominator));
  return (1 - 2 / (9 * a) - root) / Math.sqrt(2 / (9 * a));
}
