import type { FromSchema } from '../../ports/schema.js';
import type { Engine, Moments } from '../../ports/engine.js';
import { normalities } from './normality.js';
import * as shared from './options.js';
import { upperTail } from './tails.js';
import { type EffectSize, hypothesisTest } from './test.js';
import { varianceOf } from './variance.js';

const schema = {
  type: 'object',
  required: [],
  properties: { confidence_level: shared.confidence_level },
} as const;

/** SciPy's `bartlett`: the samples' log variances against that of all, corrected; χ² with k − 1 degrees of freedom. */
export const bartlett = hypothesisTest<FromSchema<typeof schema>>({
  name: 'bartlett',
  summary: 'Whether normal samples have equal variances',
  description:
    "SciPy's `bartlett`. `effect_size` is the largest variance over the smallest; of two samples with the interval of the F distribution.",
  takes: { kind: 'samples', least: 2, most: Infinity },
  moments: 4,
  options: schema,
  example: { columns: { a: [5.1, 4.9, 6.2, 5.8], b: [1, 9, 4, 12] } },
  run({ samples, options, engine, space }) {
    const moments = samples.map(({ numbers }) => engine.moments(numbers, 4));
    const k = moments.length;
    const statistic = bartlettOf(moments);
    return {
      statistic,
      tail: upperTail(engine.distributions.chi2(k - 1), statistic),
      effectSize: varianceRatio(moments, options.confidence_level, engine),
      n: moments.map(({ count }) => count),
      assumptions: normalities(samples, engine, space),
    };
  },
});

function bartlettOf(moments: readonly Moments[]): number {
  const k = moments.length;
  const sum = (of: (each: Moments) => number): number => moments.reduce((total, each) => total + of(each), 0);
  if (moments.some(({ count }) => count === 0)) return NaN;
  const df = sum(({ count }) => count) - k;
  const pooled = sum((each) => (each.count - 1) * varianceOf(each)) / df;
  const numerator = df * Math.log(pooled) - sum((each) => (each.count - 1) * Math.log(varianceOf(each)));
  return numerator / (1 + (sum(({ count }) => 1 / (count - 1)) - 1 / df) / (3 * (k - 1)));
}

function varianceRatio(moments: readonly Moments[], level: number, { distributions }: Engine): EffectSize {
  const sorted = [...moments].sort((a, b) => varianceOf(b) - varianceOf(a));
  const [largest, smallest] = [sorted[0]!, sorted.at(-1)!];
  const undefinedOne = moments.some((each) => Number.isNaN(varianceOf(each)));
  const value = undefinedOne ? NaN : varianceOf(largest) / varianceOf(smallest);
  if (moments.length > 2 || !Number.isFinite(value))
    return { name: 'variance_ratio', value, confidenceInterval: null };
  const f = distributions.f(largest.count - 1, smallest.count - 1);
  const alpha = (1 - level) / 2;
  const confidenceInterval = [value / f.upperQuantile(alpha), value / f.quantile(alpha)] as const;
  return { name: 'variance_ratio', value, confidenceInterval };
}
