import type { ChiSquare, Engine, Moments } from '../../ports/engine.js';
import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { expectedCountsOf } from './chi2-contingency.js';
import { refuseNegative } from './counts.js';
import { chiSquareEffect } from './effects.js';
import * as shared from './options.js';
import { chiSquareTail } from './power-divergence.js';
import { hypothesisTest, type Sample } from './test.js';
import { squaresOf } from './variance.js';

const schema = {
  type: 'object',
  required: [],
  properties: {
    ddof: {
      description: 'What the degrees of freedom are less than categories − 1.',
      type: 'integer',
      minimum: 0,
      default: 0,
    },
    confidence_level: shared.confidence_level,
  },
} as const;

/** Relative difference that sums of observed and expected counts may have, as in SciPy. */
const SAME_SUM = 1e-8;

/** SciPy's `chisquare`: Σ (observed − expected)² / expected. */
export const chisquare = hypothesisTest<FromSchema<typeof schema>>({
  name: 'chisquare',
  summary: 'χ² test of counts against expected ones',
  description:
    "SciPy's `chisquare`: the first column has the observed counts, the second the expected ones, which are all the same without it. `effect_size` is Cohen's w, with the interval of the noncentral χ² distribution.",
  takes: { kind: 'pairs', least: 1, most: 2 },
  options: schema,
  example: { columns: { observed: [16, 18, 16, 14, 12, 12] } },
  run({ samples, options, pointer, engine }) {
    const [observed, given] = samples.map((sample) => countsIn(sample, pointer('columns'), engine)) as [
      Counts,
      Counts?,
    ];
    const { sum: total, count } = observed.moments;
    if (given !== undefined) refuseOtherSum(total, given.moments.sum, pointer('columns'));
    const { statistic, least } =
      given === undefined
        ? uniform(observed.moments)
        : engine.distances.chiSquare([observed.values], { expected: given.values });
    const df = count - 1 - options.ddof;
    return {
      statistic,
      tail: chiSquareTail(statistic, df, engine),
      df,
      effectSize: chiSquareEffect('cohen_w', statistic, df, total, 1, options.confidence_level, engine),
      n: [total],
      assumptions: [expectedCountsOf(least)],
    };
  },
});

interface Counts {
  readonly values: Float64Array;
  readonly moments: Moments;
}

/** Counts of a sample of complete rows. Throws 422 for a negative one. */
function countsIn({ name, numbers }: Sample, pointer: string, engine: Engine): Counts {
  const values = numbers.chunks[0]?.values ?? new Float64Array();
  const moments = engine.moments(numbers, 2);
  if (moments.min < 0) refuseNegative(values, name, pointer);
  return { values, moments };
}

function refuseOtherSum(total: number, sum: number, pointer: string): void {
  if (!(Math.abs(total - sum) / Math.min(total, sum) > SAME_SUM)) return;
  const detail = `expected sums of observed and expected counts that agree to ${SAME_SUM}, got ${total} and ${sum}`;
  throw Problem.at(pointer, 'invalid_option', detail);
}

/** Where all expected counts are the mean, deviations from them are those of the variance. */
function uniform(moments: Moments): ChiSquare {
  const { count, mean } = moments;
  if (count === 0) return { statistic: 0, least: Infinity };
  return { statistic: Number.isFinite(mean) ? squaresOf(moments) / mean : NaN, least: mean };
}
