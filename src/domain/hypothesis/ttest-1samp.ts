import type { FromSchema } from '../../ports/schema.js';
import { cohenD } from './effects.js';
import { normality } from './normality.js';
import * as shared from './options.js';
import { studentInterval, studentTail } from './student.js';
import { hypothesisTest } from './test.js';
import { squaresOf } from './variance.js';

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
  description:
    "SciPy's `ttest_1samp`: whether the mean of a column is `popmean`. `effect_size` is Cohen's d, the difference in standard deviations.",
  takes: { kind: 'samples', least: 1, most: 1 },
  moments: 4,
  options: schema,
  example: { columns: { a: [5.1, 4.9, 6.2, 5.8] }, options: { popmean: 5 } },
  run({ samples, options, engine, space, notes }) {
    const { popmean, alternative, confidence_level: level } = options;
    const sample = samples[0]!;
    const moments = engine.moments(sample.numbers, 4);
    const { count: n, mean } = moments;
    const df = n - 1;
    const squares = squaresOf(moments);
    const error = Math.sqrt(squares / df / n);
    if (n > 1 && squares === 0)
      notes.warn('zero_variance', 'all values are equal: t is not finite', sample.name);
    const statistic = (mean - popmean) / error;
    return {
      statistic,
      tail: studentTail(statistic, df, alternative, engine.student),
      df: n === 0 ? NaN : df,
      confidenceInterval: studentInterval(mean, error, df, alternative, level, engine.student),
      effectSize: cohenD(statistic, df, Math.sqrt(n), level, engine),
      n: [n],
      assumptions: [normality(sample, engine, space)],
    };
  },
});
