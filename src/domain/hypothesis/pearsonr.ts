import type { FromSchema } from '../../ports/schema.js';
import { pearson, pearsonTail } from './correlation.js';
import { fisherInterval } from './fisher.js';
import { normalities } from './normality.js';
import * as shared from './options.js';
import { needValues } from './refusals.js';
import { withinRange } from './scaling.js';
import type { Alternative } from './student.js';
import { hypothesisTest, type Interval } from './test.js';

const schema = {
  type: 'object',
  required: [],
  properties: { alternative: shared.alternative, confidence_level: shared.confidence_level },
} as const;

/** SciPy's `pearsonr`. */
export const pearsonr = hypothesisTest<FromSchema<typeof schema>>({
  name: 'pearsonr',
  summary: "Pearson's correlation of two columns",
  description: "SciPy's `pearsonr`: r, whether it is 0, and its interval by Fisher's transformation.",
  takes: { kind: 'pairs', least: 2, most: 2 },
  options: schema,
  example: { columns: { x: [1, 2, 3, 4, 5, 6, 7], y: [10, 9, 2.5, 6, 4, 3, 2] } },
  run({ samples, options, pointer, engine, space, notes }) {
    const [x, y] = samples as [(typeof samples)[0], (typeof samples)[0]];
    const { alternative, confidence_level: level } = options;
    const n = x.numbers.length;
    needValues(n, 2, { test: 'pearsonr', pointer });
    for (const { name, numbers } of [x, y]) {
      const { min, max } = engine.moments(numbers, 2);
      if (min === max) notes.warn('constant_input', 'all values are equal: there is no correlation', name);
    }
    const { m2, c } = engine.comoments([x, y].map(({ numbers }) => withinRange(numbers, engine, space)));
    const r = pearson({ n, m2x: m2[0]!, m2y: m2[3]!, c: c[1]! });
    const interval = (side: Alternative): Interval =>
      n > 3 ? fisherInterval(r, Math.sqrt(1 / (n - 3)), level, engine, side) : [-1, 1];
    return {
      statistic: r,
      tail: pearsonTail(r, n, alternative, engine),
      confidenceInterval: interval(alternative),
      effectSize: { name: 'r', value: r, confidenceInterval: interval('two-sided') },
      n: [n],
      assumptions: normalities(samples, engine, space),
    };
  },
});
