import type { FromSchema } from '../../ports/schema.js';
import { cohenD } from './effects.js';
import { normality } from './normality.js';
import * as shared from './options.js';
import { numbersOf } from './samples.js';
import { studentInterval, studentTail } from './student.js';
import { hypothesisTest } from './test.js';
import { squaresOf } from './variance.js';

const schema = {
  type: 'object',
  required: [],
  properties: { alternative: shared.alternative, confidence_level: shared.confidence_level },
} as const;

/** SciPy's `ttest_rel`: that of one sample, of the differences. */
export const ttestRel = hypothesisTest<FromSchema<typeof schema>>({
  name: 'ttest_rel',
  summary: 'T-test for the means of two related samples',
  description:
    "SciPy's `ttest_rel`: whether the mean of the differences between two columns is 0. `effect_size` is Cohen's d of the differences (d_z): their mean in their standard deviations.",
  takes: { kind: 'pairs', least: 2, most: 2, grouped: true },
  moments: 1,
  options: schema,
  example: { columns: { before: [5.1, 4.9, 6.2, 5.8], after: [5.6, 5, 6.9, 5.7] } },
  run({ samples, options, engine, space, notes }) {
    const { alternative, confidence_level: level } = options;
    const [a, b] = samples as [(typeof samples)[0], (typeof samples)[0]];
    return space.scratch(() => {
      const numbers = numbersOf(engine.distances.differences(a.numbers, b.numbers));
      const moments = engine.moments(numbers, 4);
      const { count: n, mean } = moments;
      const df = n - 1;
      const squares = squaresOf(moments);
      const error = Math.sqrt(squares / df / n);
      if (n > 1 && squares === 0) notes.warn('zero_variance', 'all differences are equal: t is not finite');
      const statistic = mean / error;
      return {
        statistic,
        tail: studentTail(statistic, df, alternative, engine.student),
        df: n === 0 ? NaN : df,
        confidenceInterval: studentInterval(mean, error, df, alternative, level, engine.student),
        effectSize: cohenD(statistic, df, Math.sqrt(n), level, engine),
        n: [n],
        assumptions: [normality({ name: `${a.name} - ${b.name}`, numbers }, engine, space)],
      };
    });
  },
});
