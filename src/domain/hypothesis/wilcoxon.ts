import type { Engine } from '../../ports/engine.js';
import type { FromSchema } from '../../ports/schema.js';
import type { Space } from '../../ports/space.js';
import { fisherInterval } from './fisher.js';
import * as shared from './options.js';
import { pooledRanks } from './pooled-ranks.js';
import { needValues, refuse } from './refusals.js';
import { numbersOf, presentValues } from './samples.js';
import type { Alternative } from './student.js';
import { lowerTail, symmetricTail, twoSided, upperTail } from './tails.js';
import { hypothesisTest, type Sample, type Tail } from './test.js';

const schema = {
  type: 'object',
  required: [],
  properties: {
    zero_method: {
      description:
        'Differences of 0: `wilcox` drops them, `pratt` ranks them and drops their ranks, `zsplit` splits their ranks.',
      enum: ['wilcox', 'pratt', 'zsplit'],
      default: 'wilcox',
    },
    correction: {
      description: 'Whether the normal approximation corrects for continuity by 1/2.',
      type: 'boolean',
      default: false,
    },
    alternative: shared.alternative,
    method: {
      description: '`auto` is `exact` up to 50 differences of which none is 0, else `approx`.',
      enum: ['auto', 'exact', 'approx'],
      default: 'auto',
    },
    confidence_level: shared.confidence_level,
  },
} as const;

const MOST_EXACT = 1000;

/** Differences by their sign. */
interface Signed {
  /** Ascending absolute values. */
  readonly positive: Float64Array;
  readonly negative: Float64Array;
  readonly zeros: number;
}

/** SciPy's `wilcoxon` of two columns, or of one column of differences. */
export const wilcoxon = hypothesisTest<FromSchema<typeof schema>>({
  name: 'wilcoxon',
  summary: 'Wilcoxon signed-rank test of pairs or differences',
  description:
    "SciPy's `wilcoxon`: whether differences are symmetric about 0. Two columns are subtracted, one is taken as differences.",
  takes: { kind: 'pairs', least: 1, most: 2 },
  options: schema,
  example: { columns: { x: [6, 8, 14, 16, 23, 24, 28], y: [3, 9, 10, 8, 2, 21, 20] } },
  run({ samples, options, pointer, engine, space, notes }) {
    const { positive, negative, zeros } = signed(samples, engine, space);
    const rows = positive.length + negative.length + zeros;
    needValues(rows, 1, {
      ...(samples.length === 1 && { name: samples[0]!.name }),
      test: 'wilcoxon',
      pointer,
    });
    const { zero_method: zeroMethod, alternative, confidence_level: level } = options;
    const ranks = pooledRanks(positive, negative);
    const approximate = options.method === 'approx' || zeros > 0 || (options.method === 'auto' && rows > 50);
    if (!approximate && rows > MOST_EXACT) {
      refuse(pointer, 'method', `expected at most ${MOST_EXACT} differences for method "exact", got ${rows}`);
    }
    if (options.method === 'exact' && zeros > 0)
      notes.warn('asymptotic', `${zeros} differences are 0: method "approx" in place of "exact"`);
    if (approximate && zeros === rows && zeroMethod !== 'zsplit') {
      const detail = `expected a difference other than 0 for zero_method ${JSON.stringify(zeroMethod)}, got ${rows} times 0`;
      refuse(pointer, 'zero_method', detail);
    }
    if (approximate && rows < 10)
      notes.warn('small_sample', `${rows} differences are few for the normal approximation`);
    const ranked = zeroMethod === 'wilcox' ? 0 : zeros;
    const p = positive.length;
    const count = rows - zeros + ranked;
    const ofZeros = zeroMethod === 'zsplit' ? (zeros * (zeros + 1)) / 4 : 0;
    const plus = ranks.u + (p * (p + 1)) / 2 + p * ranked + ofZeros;
    const dropped = zeroMethod === 'pratt' ? zeros : 0;
    const all = (count * (count + 1)) / 2 - (dropped * (dropped + 1)) / 2;
    const minus = all - plus;
    const ties = ranks.ties + (zeroMethod === 'zsplit' ? zeros ** 3 - zeros : 0);
    const variance = (sixfold(count) - sixfold(dropped) - ties / 2) / 24;
    const z = corrected((plus - all / 2) / Math.sqrt(variance), variance, options);
    const tail = approximate
      ? symmetricTail(engine.distributions.normal(), z, alternative)
      : exactTail(plus, rows, alternative, engine);
    const biserial = (plus - minus) / all;
    return {
      statistic: alternative === 'two-sided' ? Math.min(plus, minus) : plus,
      tail,
      effectSize: {
        name: 'rank_biserial',
        value: biserial,
        confidenceInterval: fisherInterval(biserial, standardError(count), level, engine),
      },
      n: [rows],
      assumptions: [
        { name: 'no_zeros', test: null, pValue: null, holds: zeros === 0 },
        { name: 'no_ties', test: null, pValue: null, holds: ranks.tied === 0 },
        ...(approximate ? [{ name: 'sample_size', test: null, pValue: null, holds: rows >= 10 }] : []),
        { name: 'symmetry', test: null, pValue: null, holds: null },
      ],
      ...(options.method === 'approx' && {
        more: { zstatistic: notes.finite(alternative === 'two-sided' ? -Math.abs(z) : z, 'zstatistic') },
      }),
    };
  },
});

const sixfold = (n: number): number => n * (n + 1) * (2 * n + 1);

function corrected(
  z: number,
  variance: number,
  { correction, alternative }: { correction: boolean; alternative: Alternative },
): number {
  if (!correction) return z;
  const sign = alternative === 'two-sided' ? Math.sign(z) : alternative === 'greater' ? 1 : -1;
  return z - (sign * 0.5) / Math.sqrt(variance);
}

/** Of the rank-biserial correlation of pairs after Fisher's transformation (Kerby 2014; as in R's effectsize). */
function standardError(n: number): number {
  return Math.sqrt(sixfold(n) / 6) / ((n * (n + 1)) / 2);
}

/** SciPy cuts the half of a tie off. */
function exactTail(plus: number, n: number, alternative: Alternative, engine: Engine): Tail {
  const distribution = engine.distributions.wilcoxon(n);
  const k = Math.floor(plus);
  const [below, above] = [lowerTail(distribution, k), upperTail(distribution, k - 1)];
  if (alternative === 'two-sided') return twoSided(below, above);
  return alternative === 'less' ? below : above;
}

function signed(samples: readonly Sample[], engine: Engine, space: Space): Signed {
  const [x, y] = samples.map(({ numbers }) => presentValues(numbers, space));
  const rows = x!.length;
  const positive = space.float64(rows);
  const negative = space.float64(rows);
  let [up, down, zeros] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const difference = y === undefined ? x![row]! : x![row]! - y[row]!;
    if (difference > 0) positive[up++] = difference;
    else if (difference < 0) negative[down++] = -difference;
    else if (difference === 0) zeros++;
  }
  return {
    positive: engine.order.sort(numbersOf(positive.subarray(0, up))),
    negative: engine.order.sort(numbersOf(negative.subarray(0, down))),
    zeros,
  };
}
