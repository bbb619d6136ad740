import type { FromSchema } from '../../ports/schema.js';
import * as shared from './options.js';
import { studentInterval, studentTail } from './student.js';
import { hypothesisTest } from './test.js';

const schema = {
  type: 'object',
  required: ['popmean'],
  properties: {
    popmean: { description: 'Expected mean under the null hypothesis.', type: 'number' },
    alternative: shared.alternative,
    confidence_level: shared.confidence_level,
  },
} as const;

/** SciPy's `ttest_1samp`: t = (mean − popmean) / √(v / n), df = n − 1. */
export const ttest1samp = hypothesisTest<FromSchema<typeof schema>>({
  name: 'ttest_1samp',
  summary: 'T-test for the mean of one sample',
  description: "SciPy's `ttest_1samp`: whether the mean of a column is `popmean`.",
  takes: { kind: 'samples', least: 1, most: 1 },
  options: schema,
  example: { columns: { a: [5.1, 4.9, 6.2, 5.8] }, options: { popmean: 5 } },
  run({ samples, options, engine, notes }) {
    const { popmean, alternative, confidence_level: level } = options;
    const [{ name, numbers }] = samples as [(typeof samples)[0]];
    const { count: n, mean, m2 } = engine.moments(numbers, 2);
    const df = n - 1;
    const error = Math.sqrt(m2 / df / n);
    if (n > 1 && m2 === 0) notes.warn('zero_variance', 'all values are equal: t is not finite', name);
    const statistic = (mean - popmean) / error;
    return {
      statistic,
      tail: studentTail(statistic, df, alternative, engine.student),
      df,
      confidenceInterval: studentInterval(mean, error, df, alternative, level, engine.student),
      n: [n],
      assumptions: [],
    };
  },
});
