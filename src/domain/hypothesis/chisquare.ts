import { excerpt, Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { expectedCountsOf } from './chi2-contingency.js';
import { CompensatedSum } from './compensated-sum.js';
import { chiSquareEffect } from './effects.js';
import * as shared from './options.js';
import { chiSquareTail, powerDivergence } from './power-divergence.js';
import { hypothesisTest, type Sample } from './test.js';

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
    const [observed, given] = samples.map((sample) => countsIn(sample, pointer('columns'))) as [
      Float64Array,
      Float64Array?,
    ];
    const total = sumOf(observed);
    const expected = given ?? new Float64Array(observed.length).fill(total / observed.length);
    const sum = sumOf(expected);
    if (given !== undefined && Math.abs(total - sum) / Math.min(total, sum) > SAME_SUM) {
      const detail = `expected sums of observed and expected counts that agree to ${SAME_SUM}, got ${total} and ${sum}`;
      throw Problem.at(pointer('columns'), 'invalid_option', detail);
    }
    const statistic = powerDivergence(observed, expected, 1);
    const df = observed.length - 1 - options.ddof;
    return {
      statistic,
      tail: chiSquareTail(statistic, df, engine),
      df,
      effectSize: chiSquareEffect('cohen_w', statistic, df, total, 1, options.confidence_level, engine),
      n: [total],
      assumptions: [expectedCountsOf(expected)],
    };
  },
});

/** Counts of a sample of complete rows. Throws 422 for a negative one. */
function countsIn({ name, numbers }: Sample, pointer: string): Float64Array {
  const values = numbers.chunks[0]?.values ?? new Float64Array();
  const negative = values.find((count) => count < 0);
  if (negative === undefined) return values;
  const detail = `expected counts, got ${negative} in column ${JSON.stringify(excerpt(name))}`;
  throw Problem.at(pointer, 'invalid_option', detail);
}

function sumOf(values: Float64Array): number {
  const sum = new CompensatedSum();
  for (const value of values) sum.add(value);
  return sum.value;
}
