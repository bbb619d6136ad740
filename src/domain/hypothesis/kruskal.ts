import type { FromSchema } from '../../ports/schema.js';
import { needValues, refuse } from './refusals.js';
import { numbersOf, pooled } from './samples.js';
import { upperTail } from './tails.js';
import { hypothesisTest } from './test.js';

const schema = { type: 'object', required: [], properties: {} } as const;

/** Of the sample the χ² approximation holds from this many values. */
const ENOUGH = 5;

/** SciPy's `kruskal`: H, corrected for ties. */
export const kruskal = hypothesisTest<FromSchema<typeof schema>>({
  name: 'kruskal',
  summary: 'Kruskal–Wallis H test of independent samples',
  description: "SciPy's `kruskal`: whether the medians of two or more samples are equal.",
  takes: { kind: 'samples', least: 2, most: Infinity },
  options: schema,
  example: { columns: { a: [1, 3, 5, 7, 9], b: [2, 4, 6, 8, 10], c: [6, 7, 8, 9, 11] } },
  run({ samples, pointer, engine }) {
    const { ranks, count: total, ties } = engine.order.rank(pooled(samples.map(({ numbers }) => numbers)));
    const correction = 1 - ties / (total ** 3 - total);
    let from = 0;
    let squares = 0;
    const n = samples.map(({ name, numbers }) => {
      const { count, sum } = engine.moments(numbersOf(ranks.subarray(from, from + numbers.length)), 1);
      needValues(count, 1, { name, test: 'kruskal', pointer });
      from += numbers.length;
      // Rank sums are exact, and so is what they are above the one expected.
      const above = sum - (count * (total + 1)) / 2;
      squares += (above * above) / count;
      return count;
    });
    if (correction === 0)
      refuse(pointer, 'columns', 'expected different values for kruskal, got all the same');
    const h = (12 / (total * (total + 1)) / correction) * squares;
    const df = samples.length - 1;
    return {
      statistic: h,
      tail: upperTail(engine.distributions.chi2(df), h),
      df,
      // No closed form of its interval is at hand.
      effectSize: { name: 'epsilon_squared', value: h / (total - 1), confidenceInterval: null },
      n,
      assumptions: [
        { name: 'sample_size', test: null, pValue: null, holds: n.every((count) => count >= ENOUGH) },
        { name: 'equal_shapes', test: null, pValue: null, holds: null },
      ],
    };
  },
});
