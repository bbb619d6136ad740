import type { Engine } from '../../ports/engine.js';
import type { FromSchema } from '../../ports/schema.js';
import { fisherInterval } from './fisher.js';
import * as shared from './options.js';
import { pooledRanks, type PooledRanks } from './pooled-ranks.js';
import { needValues, refuse } from './refusals.js';
import type { Alternative } from './student.js';
import { twice, upperTail } from './tails.js';
import { hypothesisTest, type Tail } from './test.js';

const schema = {
  type: 'object',
  required: [],
  properties: {
    use_continuity: {
      description: 'Whether the asymptotic method corrects for continuity by 1/2.',
      type: 'boolean',
      default: true,
    },
    alternative: shared.alternative,
    method: {
      description:
        '`auto` is `exact` without ties where one sample has at most 8 values, else `asymptotic`. `exact` takes no notice of ties.',
      enum: ['auto', 'asymptotic', 'exact'],
      default: 'auto',
    },
    confidence_level: shared.confidence_level,
  },
} as const;

/** Products of sample sizes that are counted out. */
const MOST_EXACT = 1_000_000;
/** Of the two samples the smaller has more than these: the normal approximation holds. */
const ENOUGH = 8;

/** SciPy's `mannwhitneyu`: U of the first sample. */
export const mannwhitneyu = hypothesisTest<FromSchema<typeof schema>>({
  name: 'mannwhitneyu',
  summary: 'Mann–Whitney U test of two independent samples',
  description: "SciPy's `mannwhitneyu`: whether one of two distributions lies above the other.",
  takes: { kind: 'samples', least: 2, most: 2 },
  options: schema,
  example: { columns: { a: [19, 22, 16, 29, 24], b: [20, 11, 17, 12, null] } },
  run({ samples, options, pointer, engine, notes }) {
    const [first, second] = samples as [(typeof samples)[0], (typeof samples)[0]];
    const x = engine.order.sort(first.numbers);
    const y = engine.order.sort(second.numbers);
    const [n1, n2] = [x.length, y.length];
    needValues(n1, 1, { name: first.name, test: 'mannwhitneyu', pointer });
    needValues(n2, 1, { name: second.name, test: 'mannwhitneyu', pointer });
    const ranks = pooledRanks(x, y);
    const { u, tied } = ranks;
    const { alternative, use_continuity: continuity } = options;
    const small = Math.min(n1, n2) <= ENOUGH;
    const countable = n1 * n2 <= MOST_EXACT;
    if (options.method === 'exact' && !countable) {
      const detail = `expected samples of sizes whose product is at most ${MOST_EXACT} for method "exact", got ${n1} and ${n2}`;
      refuse(pointer, 'method', detail);
    }
    const wanted =
      options.method === 'auto' ? (small && tied === 0 ? 'exact' : 'asymptotic') : options.method;
    const exact = wanted === 'exact' && countable;
    if (exact !== (wanted === 'exact'))
      notes.warn('asymptotic', `samples of ${n1} and ${n2} values are too many for method "exact"`);
    const tail = exact
      ? exactTail(u, [n1, n2], alternative, engine)
      : asymptoticTail(ranks, [n1, n2], alternative, continuity, engine);
    const biserial = (2 * u) / (n1 * n2) - 1;
    const error = Math.sqrt((n1 + n2 + 1) / (3 * n1 * n2));
    return {
      statistic: u,
      tail,
      effectSize: {
        name: 'rank_biserial',
        value: biserial,
        confidenceInterval: fisherInterval(biserial, error, options.confidence_level, engine),
      },
      n: [n1, n2],
      assumptions: [
        // What is said of the method that was used: the exact one counts without ties, the other one needs numbers.
        { name: 'no_ties', test: null, pValue: null, holds: tied === 0 },
        ...(exact ? [] : [{ name: 'sample_size', test: null, pValue: null, holds: !small }]),
      ],
    };
  },
});

/** U of the side that the alternative looks at. */
function sided(u: number, [n1, n2]: readonly [number, number], alternative: Alternative): number {
  if (alternative === 'greater') return u;
  return alternative === 'less' ? n1 * n2 - u : Math.max(u, n1 * n2 - u);
}

function exactTail(
  u: number,
  sizes: readonly [number, number],
  alternative: Alternative,
  engine: Engine,
): Tail {
  const distribution = engine.distributions.mannWhitney(Math.min(...sizes), Math.max(...sizes));
  // SciPy cuts the half of a tie off.
  const tail = upperTail(distribution, Math.floor(sided(u, sizes, alternative)) - 1);
  return alternative === 'two-sided' ? twice(tail) : tail;
}

function asymptoticTail(
  { u, ties }: PooledRanks,
  sizes: readonly [number, number],
  alternative: Alternative,
  continuity: boolean,
  engine: Engine,
): Tail {
  const [n1, n2] = sizes;
  const n = n1 + n2;
  const product = n1 * n2;
  const deviation = Math.sqrt((product / 12) * (n + 1 - ties / (n * (n - 1))));
  const z = (sided(u, sizes, alternative) - product / 2 - (continuity ? 0.5 : 0)) / deviation;
  const tail = upperTail(engine.distributions.normal(), z);
  return alternative === 'two-sided' ? twice(tail) : tail;
}
