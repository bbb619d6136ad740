import type { FromSchema } from '../../ports/schema.js';
import { oneWayAnova } from '../anova.js';
import { etaSquared } from './effects.js';
import { equalVariance } from './equal-variance.js';
import { normalities } from './normality.js';
import * as shared from './options.js';
import { upperTail } from './tails.js';
import { hypothesisTest } from './test.js';

const schema = {
  type: 'object',
  required: [],
  properties: { confidence_level: shared.confidence_level },
} as const;

/** SciPy's `f_oneway`: the mean square between samples over that within. */
export const fOneway = hypothesisTest<FromSchema<typeof schema>>({
  name: 'f_oneway',
  summary: 'One-way analysis of variance: whether samples have the same mean',
  description:
    "SciPy's `f_oneway`, with the degrees of freedom and the sums of squares between and within samples. `effect_size` is η² with the interval of the noncentral F distribution.",
  takes: { kind: 'samples', least: 2, most: Infinity },
  moments: 4,
  options: schema,
  example: { columns: { a: [5.1, 4.9, 6.2], b: [6.1, 6.9, 7.2], c: [5.5, 5.9, 6.4] } },
  run({ samples, options, engine, space, notes }) {
    const columns = samples.map(({ numbers }) => numbers);
    const { f, dfBetween, dfWithin, ssBetween, ssWithin, rSquared } = oneWayAnova(columns, engine);
    if (ssWithin === 0) notes.warn('zero_variance', 'all values of each sample are equal: F is not finite');
    return {
      statistic: f,
      tail: upperTail(engine.distributions.f(dfBetween, dfWithin), f),
      effectSize: etaSquared(rSquared, f, dfBetween, dfWithin, options.confidence_level, engine),
      n: columns.map((column) => engine.moments(column, 2).count),
      assumptions: [...normalities(samples, engine, space), equalVariance(samples, engine, space)],
      more: {
        df_between: dfBetween,
        df_within: dfWithin,
        ss_between: notes.finite(ssBetween, 'ss_between'),
        ss_within: notes.finite(ssWithin, 'ss_within'),
      },
    };
  },
});
