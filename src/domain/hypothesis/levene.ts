import type { FromSchema } from '../../ports/schema.js';
import { deviations, type Center } from './deviations.js';
import { etaSquared } from './effects.js';
import * as shared from './options.js';
import { upperTail } from './tails.js';
import { hypothesisTest } from './test.js';

const schema = {
  type: 'object',
  required: [],
  properties: {
    center: {
      description: 'What deviations are taken from, in each sample.',
      enum: ['mean', 'median', 'trimmed'],
      default: 'median',
    },
    proportiontocut: {
      description: 'Share of the values that is cut off at either end, with `center` `trimmed`.',
      type: 'number',
      minimum: 0,
      maximum: 0.5,
      default: 0.05,
    },
    confidence_level: shared.confidence_level,
  },
} as const;

/** SciPy's `levene`: one-way analysis of variance of |x − center|. */
export const levene = hypothesisTest<FromSchema<typeof schema>>({
  name: 'levene',
  summary: 'Whether samples have equal variances, robust against other shapes',
  description:
    "SciPy's `levene`, with its `center` and `proportiontocut`. `effect_size` is η² of the deviations: how much of their sum of squares lies between the samples.",
  takes: { kind: 'samples', least: 2, most: Infinity },
  options: schema,
  example: { columns: { a: [5.1, 4.9, 6.2, 5.8], b: [1, 9, 4, 12] } },
  run({ samples, options, pointer, engine, space }) {
    const { center: kind, proportiontocut: cut, confidence_level: level } = options;
    const center: Center = kind === 'trimmed' ? { kind, cut } : { kind };
    const {
      f,
      dfBetween,
      dfWithin,
      etaSquared: share,
      n,
    } = deviations(samples, center, engine, space, () => pointer('proportiontocut'));
    return {
      statistic: f,
      tail: upperTail(engine.distributions.f(dfBetween, dfWithin), f),
      effectSize: etaSquared(share, f, dfBetween, dfWithin, level, engine),
      n,
      assumptions: [],
    };
  },
});
