import type { Engine } from '../../ports/engine.js';
import type { FromSchema } from '../../ports/schema.js';
import { largestGaps } from './ecdf.js';
import * as shared from './options.js';
import { needValues } from './refusals.js';
import { log10CrossingOnce } from './smirnov.js';
import type { Alternative } from './student.js';
import { upperTail } from './tails.js';
import { hypothesisTest, type Tail } from './test.js';
import type { Notes } from '../notes.js';

const schema = {
  type: 'object',
  required: [],
  properties: {
    alternative: shared.alternative,
    method: {
      description: '`auto` is `exact` up to 10,000 values in each sample, else `asymp`.',
      enum: ['auto', 'exact', 'asymp'],
      default: 'auto',
    },
  },
} as const;

const MOST_AUTO = 10_000;
/** Steps of counting paths, the product of the sizes; of equal sizes there is a formula. */
const MOST_EXACT = 4e8;
/** SciPy's greatest least common multiple of the sizes. */
const INT32 = 2147483647;

interface Sizes {
  readonly n1: number;
  readonly n2: number;
  /** Least common multiple. */
  readonly lcm: number;
}

/** SciPy's `ks_2samp`. Its effect is D itself, so there is no other. */
export const ks2samp = hypothesisTest<FromSchema<typeof schema>>({
  name: 'ks_2samp',
  summary: 'Kolmogorov–Smirnov test of two independent samples',
  description: "SciPy's `ks_2samp`: whether two samples come from one continuous distribution.",
  takes: { kind: 'samples', least: 2, most: 2 },
  options: schema,
  example: { columns: { a: [0.1, 0.4, 0.7, 1.1], b: [0.5, 0.9, 1.3, 1.6] } },
  run({ samples, options, pointer, engine, notes }) {
    const [first, second] = samples as [(typeof samples)[0], (typeof samples)[0]];
    const x = engine.order.sort(first.numbers);
    const y = engine.order.sort(second.numbers);
    const [n1, n2] = [x.length, y.length];
    needValues(n1, 1, { name: first.name, test: 'ks_2samp', pointer });
    needValues(n2, 1, { name: second.name, test: 'ks_2samp', pointer });
    const { alternative } = options;
    const { above, below, ties } = largestGaps(x, y);
    const down = alternative === 'less' || (alternative === 'two-sided' && below.size > above.size);
    const gap = down ? below : above;
    const sizes = { n1, n2, lcm: (n1 / divisor(n1, n2)) * n2 };
    const exact = isExact(options.method, sizes, alternative, notes);
    // Of the exact method's D the numerator is a whole number, and SciPy rounds it to that.
    const steps = Math.round(gap.size * sizes.lcm);
    const d = exact ? steps / sizes.lcm : gap.size;
    return {
      statistic: d,
      tail: exact
        ? exactTail(d, steps, sizes, alternative, engine)
        : asymptoticTail(d, sizes, alternative, engine),
      n: [n1, n2],
      assumptions: [{ name: 'no_ties', test: null, pValue: null, holds: ties === 0 }],
      more: {
        statistic_location: notes.finite(gap.location, 'statistic_location'),
        statistic_sign: down ? -1 : 1,
      },
    };
  },
});

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

function isExact(
  method: 'auto' | 'exact' | 'asymp',
  { n1, n2, lcm }: Sizes,
  alternative: Alternative,
  notes: Notes,
): boolean {
  if (method === 'asymp' || (method === 'auto' && Math.max(n1, n2) > MOST_AUTO)) return false;
  const product = lcm / divisor(n1, n2);
  const counted = alternative !== 'two-sided' && n1 !== n2;
  if (product < INT32 && (n1 === n2 || n1 * n2 <= MOST_EXACT) && !(counted && overflows(n1, n2))) return true;
  notes.warn('asymptotic', `samples of ${n1} and ${n2} values are too many for method "exact"`);
  return false;
}

/** Whether the number of paths, a binomial coefficient, is beyond a double: SciPy then gives exact counting up. */
function overflows(n1: number, n2: number): boolean {
  let paths = 1;
  for (let k = 1; k <= Math.min(n1, n2) && paths < Infinity; k++) paths *= (Math.max(n1, n2) + k) / k;
  return paths === Infinity;
}

function exactTail(
  d: number,
  steps: number,
  { n1, n2 }: Sizes,
  alternative: Alternative,
  engine: Engine,
): Tail {
  if (steps === 0) return { p: 1, log10: 0 };
  const sides = alternative === 'two-sided' ? 'two-sided' : 'one-sided';
  const p = Math.min(1, engine.distributions.smirnovTwoSample(n1, n2, sides).sf(d));
  if (p > 1e-290) return { p, log10: Math.log10(p) };
  // Out here no path crosses both lines that counts.
  return { p, log10: log10CrossingOnce(n1, n2, steps) + (sides === 'two-sided' ? Math.log10(2) : 0) };
}

/** Two-sided by Kolmogorov's distribution of the effective number of values, one-sided by Hodges 1958, equation 5.3. */
function asymptoticTail(d: number, { n1, n2 }: Sizes, alternative: Alternative, engine: Engine): Tail {
  const [m, n] = [Math.max(n1, n2), Math.min(n1, n2)];
  const effective = (m * n) / (m + n);
  if (alternative === 'two-sided')
    return upperTail(engine.distributions.kolmogorovExact(halfToEven(effective)), d);
  const z = Math.sqrt(effective) * d;
  const exponent = Math.min(0, -2 * z * z - (2 * z * (m + 2 * n)) / Math.sqrt(m * n * (m + n)) / 3);
  return { p: Math.exp(exponent), log10: exponent / Math.LN10 };
}

/** NumPy's `round`. */
function halfToEven(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
