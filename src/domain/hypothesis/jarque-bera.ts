import type { FromSchema } from '../../ports/schema.js';
import { needValues } from './refusals.js';
import { NO_TAIL, upperTail } from './tails.js';
import { hypothesisTest } from './test.js';

const schema = { type: 'object', required: [], properties: {} } as const;

/** The χ² distribution of the statistic holds beyond this many values. */
const ENOUGH = 2000;

/** SciPy's `jarque_bera`. */
export const jarqueBera = hypothesisTest<FromSchema<typeof schema>>({
  name: 'jarque_bera',
  summary: 'Jarque–Bera test for normality',
  description:
    "SciPy's `jarque_bera`: whether skew and kurtosis of a sample are those of a normal distribution.",
  takes: { kind: 'samples', least: 1, most: 1 },
  options: schema,
  example: { columns: { a: [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236] } },
  run({ samples, pointer, engine, notes }) {
    const [{ name, numbers }] = samples as [(typeof samples)[0]];
    const { count: n, m2, m3, m4 } = engine.moments(numbers, 4);
    needValues(n, 1, { name, test: 'jarque_bera', pointer });
    if (m2 === 0) notes.warn('zero_variance', 'all values are equal: skew and kurtosis are not finite', name);
    const variance = m2 / n;
    const skew = m3 / n / variance ** 1.5;
    const kurtosis = m4 / n / variance ** 2 - 3;
    const statistic = (n / 6) * (skew ** 2 + kurtosis ** 2 / 4);
    return {
      statistic,
      tail: Number.isNaN(statistic) ? NO_TAIL : upperTail(engine.distributions.chi2(2), statistic),
      n: [n],
      assumptions: [{ name: 'sample_size', test: null, pValue: null, holds: n > ENOUGH }],
      more: { skew: notes.finite(skew, 'skew'), kurtosis: notes.finite(kurtosis, 'kurtosis') },
    };
  },
});
