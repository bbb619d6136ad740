import type { Engine } from '../../ports/engine.js';
import type { FromSchema } from '../../ports/schema.js';
import { FAMILIES } from './cdfs.js';
import { gapsToCdf } from './ecdf.js';
import * as shared from './options.js';
import { needValues, refuse } from './refusals.js';
import type { Alternative } from './student.js';
import { twice, upperTail } from './tails.js';
import { hypothesisTest, type Tail } from './test.js';

const NAMES = Object.keys(FAMILIES) as (keyof typeof FAMILIES)[];

const schema = {
  type: 'object',
  required: [],
  properties: {
    cdf: {
      description: "SciPy's name of the distribution that is assumed.",
      enum: NAMES,
      default: 'norm',
    },
    args: {
      description:
        'Parameters of the distribution in SciPy’s order: its shapes, then location and scale, which are 0 and 1 when absent.',
      type: 'array',
      items: { type: 'number' },
      maxItems: 4,
      default: [],
    },
    alternative: shared.alternative,
    method: {
      description:
        'Distribution of D: `exact` (also `auto`), `approx` (twice the one-sided one), `asymp` (its limit). One-sided ones are exact.',
      enum: ['auto', 'exact', 'approx', 'asymp'],
      default: 'auto',
    },
  },
} as const;

/** SciPy's `ks_1samp`. Its effect is D itself, so there is no other. */
export const ks1samp = hypothesisTest<FromSchema<typeof schema>>({
  name: 'ks_1samp',
  summary: 'Kolmogorov–Smirnov test of one sample against a distribution',
  description: "SciPy's `ks_1samp`: whether a sample comes from a given continuous distribution.",
  takes: { kind: 'samples', least: 1, most: 1 },
  options: schema,
  example: { columns: { a: [-0.9, -0.2, 0.1, 0.6, 1.4] }, options: { cdf: 'norm', args: [0, 1] } },
  run({ samples, options, pointer, engine, notes }) {
    const [{ name, numbers }] = samples as [(typeof samples)[0]];
    const cdf = cdfOf(options, pointer, engine);
    const sorted = engine.order.sort(numbers);
    const n = sorted.length;
    needValues(n, 1, { name, test: 'ks_1samp', pointer });
    const { above, below } = gapsToCdf(sorted, cdf);
    const { alternative, method } = options;
    const up = alternative === 'greater' || (alternative === 'two-sided' && above.size > below.size);
    const gap = up ? above : below;
    return {
      statistic: gap.size,
      tail: tailOf(gap.size, n, alternative, method, engine),
      n: [n],
      assumptions: [{ name: 'no_ties', test: null, pValue: null, holds: distinct(sorted) }],
      more: {
        statistic_location: notes.finite(gap.location, 'statistic_location'),
        statistic_sign: up ? 1 : -1,
      },
    };
  },
});

/** F with the parameters that were given. Throws Problem for parameters that it has none for. */
function cdfOf(
  { cdf: name, args }: { cdf: keyof typeof FAMILIES; args: readonly number[] },
  pointer: (option: string) => string,
  engine: Engine,
): (x: number) => number {
  const { shapes, cdf } = FAMILIES[name];
  if (args.length < shapes || args.length > shapes + 2) {
    const wanted = shapes === 0 ? 'at most 2 parameters' : `${shapes} to ${shapes + 2} parameters`;
    refuse(pointer, 'args', `expected ${wanted} for ${name}, got ${args.length}`);
  }
  const own = args.slice(0, shapes);
  const [location = 0, scale = 1] = args.slice(shapes);
  if (!(scale > 0)) refuse(pointer, 'args', `expected a scale above 0 for ${name}, got ${scale}`);
  const wrong = own.find((shape) => !(shape > 0));
  if (wrong !== undefined)
    refuse(pointer, 'args', `expected shape parameters above 0 for ${name}, got ${wrong}`);
  const standard = cdf(own, engine.distributions);
  return (x) => standard((x - location) / scale);
}

function tailOf(
  d: number,
  n: number,
  alternative: Alternative,
  method: 'auto' | 'exact' | 'approx' | 'asymp',
  { distributions }: Engine,
): Tail {
  if (alternative !== 'two-sided') return upperTail(distributions.smirnovOneSided(n), d);
  if (method === 'asymp') return upperTail(distributions.kolmogorov(), d * Math.sqrt(n));
  if (method === 'approx') return twice(upperTail(distributions.smirnovOneSided(n), d));
  return upperTail(distributions.kolmogorovExact(n), d);
}

function distinct(sorted: Float64Array): boolean {
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) return false;
  return true;
}
