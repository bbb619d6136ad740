import type { FromSchema } from '../../ports/schema.js';
import { spearman, spearmanTail } from './correlation.js';
import { fisherInterval } from './fisher.js';
import * as shared from './options.js';
import { needValues } from './refusals.js';
import { numbersOf } from './samples.js';
import { hypothesisTest } from './test.js';

const schema = {
  type: 'object',
  required: [],
  properties: { alternative: shared.alternative, confidence_level: shared.confidence_level },
} as const;

/** Pairs from which Student's t is near the distribution of ρ. */
const ENOUGH = 10;

/** SciPy's `spearmanr` of two columns. */
export const spearmanr = hypothesisTest<FromSchema<typeof schema>>({
  name: 'spearmanr',
  summary: "Spearman's rank correlation of two columns",
  description: "SciPy's `spearmanr`: ρ, and whether it is 0 by Student's t.",
  takes: { kind: 'pairs', least: 2, most: 2 },
  options: schema,
  example: { columns: { x: [1, 2, 3, 4, 5], y: [5, 6, 7, 8, 7] } },
  run({ samples, options, pointer, engine, notes }) {
    const n = samples[0]!.numbers.length;
    needValues(n, 1, { test: 'spearmanr', pointer });
    const ranks = samples.map(({ name, numbers }) => {
      const { ranks: own, distinct } = engine.order.rank(numbers);
      if (distinct === 1) notes.warn('constant_input', 'all values are equal: there is no correlation', name);
      return numbersOf(own);
    });
    const { m2, c } = engine.comoments(ranks);
    const rho = n < 2 ? NaN : spearman({ n, m2x: m2[0]!, m2y: m2[3]!, c: c[1]! });
    // Bonett and Wright 2000.
    const error = Math.sqrt((1 + (rho * rho) / 2) / (n - 3));
    return {
      statistic: rho,
      tail: spearmanTail(rho, n, options.alternative, engine),
      effectSize: {
        name: 'rho',
        value: rho,
        confidenceInterval: n > 3 ? fisherInterval(rho, error, options.confidence_level, engine) : null,
      },
      n: [n],
      assumptions: [{ name: 'sample_size', test: null, pValue: null, holds: n >= ENOUGH }],
    };
  },
});
