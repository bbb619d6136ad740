import type { PairCounts } from '../../ports/order.js';
import type { FromSchema } from '../../ports/schema.js';
import {
  asymptoticKendallTail,
  exactKendallTail,
  isExact,
  MOST_EXACT,
  pairsOf,
  tauB,
  tauC,
} from './correlation.js';
import { fisherInterval } from './fisher.js';
import * as shared from './options.js';
import { needValues, refuse } from './refusals.js';
import { NO_TAIL } from './tails.js';
import { hypothesisTest } from './test.js';

const schema = {
  type: 'object',
  required: [],
  properties: {
    variant: {
      description: '`b` corrects τ for ties, `c` for the shape of the table of values.',
      enum: ['b', 'c'],
      default: 'b',
    },
    method: {
      description:
        '`auto` is `exact` without ties up to 33 pairs, and where at most one pair is out of order, else `asymptotic`.',
      enum: ['auto', 'asymptotic', 'exact'],
      default: 'auto',
    },
    alternative: shared.alternative,
    confidence_level: shared.confidence_level,
  },
} as const;

/** Pairs from which the normal approximation is near. */
const ENOUGH = 10;

/** SciPy's `kendalltau`. */
export const kendalltau = hypothesisTest<FromSchema<typeof schema>>({
  name: 'kendalltau',
  summary: "Kendall's rank correlation of two columns",
  description: "SciPy's `kendalltau`: τ-b or τ-c, and whether it is 0.",
  takes: { kind: 'pairs', least: 2, most: 2 },
  options: schema,
  example: { columns: { x: [12, 2, 1, 12, 2], y: [1, 4, 7, 1, 0] } },
  run({ samples, options, pointer, engine, notes }) {
    const [x, y] = samples as [(typeof samples)[0], (typeof samples)[0]];
    const pairs = engine.order.pairs(x.numbers, y.numbers);
    const { count: n, tiedX, tiedY } = pairs;
    needValues(n, 1, { test: 'kendalltau', pointer });
    const total = pairsOf(n);
    for (const [name, tied] of [
      [x.name, tiedX],
      [y.name, tiedY],
    ] as const) {
      if (tied === total) notes.warn('constant_input', 'all values are equal: there is no correlation', name);
    }
    const constant = tiedX === total || tiedY === total;
    const exact = !constant && exactly(options.method, pairs, pointer);
    const distinct = (): number =>
      Math.min(engine.order.rank(x.numbers).distinct, engine.order.rank(y.numbers).distinct);
    const tau = constant ? NaN : options.variant === 'b' ? tauB(pairs) : tauC(pairs, distinct());
    const tail = exact ? exactKendallTail : asymptoticKendallTail;
    return {
      statistic: tau,
      tail: constant ? NO_TAIL : tail(pairs, options.alternative, engine),
      effectSize: {
        name: options.variant === 'b' ? 'tau_b' : 'tau_c',
        value: tau,
        // Fieller, Hartley and Pearson 1957.
        confidenceInterval:
          n > 4 ? fisherInterval(tau, Math.sqrt(0.437 / (n - 4)), options.confidence_level, engine) : null,
      },
      n: [n],
      assumptions: [
        { name: 'no_ties', test: null, pValue: null, holds: tiedX === 0 && tiedY === 0 },
        ...(exact ? [] : [{ name: 'sample_size', test: null, pValue: null, holds: n >= ENOUGH }]),
      ],
    };
  },
});

/** Whether p is counted out. Throws Problem where that was asked for and cannot be done. */
function exactly(
  method: 'auto' | 'asymptotic' | 'exact',
  pairs: PairCounts,
  pointer: (option: string) => string,
): boolean {
  const { count, concordant, discordant, tiedX, tiedY } = pairs;
  if (method === 'auto') return isExact(pairs);
  if (method === 'asymptotic') {
    if (count < 3) refuse(pointer, 'method', `expected at least 3 pairs for "asymptotic", got ${count}`);
    return false;
  }
  if (tiedX > 0 || tiedY > 0)
    refuse(pointer, 'method', `expected no ties for "exact", got ${tiedX} tied pairs in x and ${tiedY} in y`);
  if (count > MOST_EXACT && Math.min(concordant, discordant) > 1)
    refuse(pointer, 'method', `expected at most ${MOST_EXACT} pairs for "exact", got ${count}`);
  return true;
}
