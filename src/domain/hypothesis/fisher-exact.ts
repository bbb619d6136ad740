import type { Discrete } from '../../ports/distributions.js';
import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { type Counts, countsOf } from './counts.js';
import { type FourCounts, oddsRatioInterval } from './odds-ratio.js';
import * as shared from './options.js';
import { deviance, stirlingError } from './poisson.js';
import { lowerTail, NO_TAIL, upperTail } from './tails.js';
import { hypothesisTest, type Tail } from './test.js';

const schema = {
  type: 'object',
  required: [],
  properties: { alternative: shared.alternative, confidence_level: shared.confidence_level },
} as const;

/** SciPy's `fisher_exact`: tables with the same sides, of which none is likelier than the one observed. */
export const fisherExact = hypothesisTest<FromSchema<typeof schema>>({
  name: 'fisher_exact',
  summary: "Fisher's exact test of independence in a 2 × 2 table of counts",
  description:
    "SciPy's `fisher_exact`. Two columns of numbers are the columns of the table; two columns of strings or booleans are cross-tabulated. The statistic is the sample odds ratio, infinite where the table has a zero off its diagonal; the interval of `effect_size` is the exact conditional one, two-sided.",
  takes: { kind: 'table', least: 2, most: 2 },
  options: schema,
  example: { columns: { sick: [7, 15], well: [17, 5] } },
  run(question) {
    const { options, pointer, engine } = question;
    const counts = countsOf(question);
    const table = fourCounts(counts, pointer('columns'));
    const [a, b, c, d] = table;
    const n = [a + b + c + d];
    const more = counts.labels ?? {};
    // As SciPy: of a table with an empty side every answer is as likely.
    if (a + b === 0 || c + d === 0 || a + c === 0 || b + d === 0) {
      const effectSize = { name: 'odds_ratio', value: NaN, confidenceInterval: null };
      return { statistic: NaN, tail: { p: 1, log10: 0 }, effectSize, n, assumptions: [], more };
    }
    const statistic = b > 0 && c > 0 ? (a * d) / (b * c) : Infinity;
    const confidenceInterval = oddsRatioInterval(table, options.confidence_level, engine);
    const tailOf = TAILS[options.alternative];
    return {
      statistic,
      tail: tailOf(table, engine.distributions.hypergeometric(a + b + c + d, a + b, a + c)),
      effectSize: { name: 'odds_ratio', value: statistic, confidenceInterval },
      n,
      assumptions: [],
      more,
    };
  },
});

/** Throws 422 for anything but two by two whole numbers. */
function fourCounts({ cells, rows, columns }: Counts, pointer: string): FourCounts {
  if (rows !== 2 || columns !== 2) {
    const detail = `expected a table of 2 rows and 2 columns for fisher_exact, got ${rows} by ${columns}`;
    throw Problem.at(pointer, 'invalid_option', detail);
  }
  const [a, b, c, d] = cells as unknown as FourCounts;
  const broken = [a, b, c, d].find((count) => !Number.isSafeInteger(count));
  if (broken !== undefined || !Number.isSafeInteger(a + b + c + d)) {
    const detail = `expected whole counts with a sum below 2^53 for fisher_exact, got ${broken ?? a + b + c + d}`;
    throw Problem.at(pointer, 'invalid_option', detail);
  }
  return [a, b, c, d];
}

/** Probabilities of tables that differ by less than this are the same: those of mirrored tables are, up to rounding. */
const SAME = 1e-10;

const TAILS: Readonly<Record<'two-sided' | 'less' | 'greater', (table: FourCounts, of: Discrete) => Tail>> = {
  less: ([a], of) => lowerTail(of, a),
  greater: ([a], of) => upperTail(of, a - 1),
  'two-sided': twoSided,
};

/** Both tails as far as their tables are not likelier than the observed one. */
function twoSided(table: FourCounts, of: Discrete): Tail {
  const [a, b, c, d] = table;
  const [lowest, highest] = [Math.max(0, a - d), a + Math.min(b, c)];
  const mode = Math.floor(((a + c + 1) * (a + b + 1)) / (a + b + c + d + 2));
  const density = logDensity(table);
  const exact = density(a) + SAME;
  if (density(mode) <= exact) return { p: 1, log10: 0 };
  if (a < mode) {
    const lower = lowerTail(of, a);
    // The last table beyond the mode that is likelier: what is behind it counts.
    const last = search((k) => density(k) > exact, mode, highest);
    return last === highest ? lower : sum(lower, upperTail(of, last));
  }
  const upper = upperTail(of, a - 1);
  const last = -search((k) => density(-k) > exact, -mode, -lowest);
  return last === lowest ? upper : sum(upper, lowerTail(of, last - 1));
}

/** The last whole number in [from, to] for which a condition holds that holds for `from`, and from some point on no more. */
function search(holds: (k: number) => boolean, from: number, to: number): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = high - Math.floor((high - low) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function sum(a: Tail, b: Tail): Tail {
  if (Number.isNaN(a.p + b.p)) return NO_TAIL;
  const [more, less] = a.log10 >= b.log10 ? [a.log10, b.log10] : [b.log10, a.log10];
  const log10 = more === -Infinity ? more : more + Math.log1p(10 ** (less - more)) / Math.LN10;
  return { p: Math.min(a.p + b.p, 1), log10: Math.min(log10, 0) };
}

/** ln of the hypergeometric probability of k in the first cell, sides as they are; by Loader's saddle point. */
function logDensity([a, b, c, d]: FourCounts): (k: number) => number {
  const [kind, other, drawn, total] = [a + b, c + d, a + c, a + b + c + d];
  const p = drawn / total;
  const whole = binomial(drawn, total, p);
  return (k) => binomial(k, kind, p) + binomial(drawn - k, other, p) - whole;
}

/** ln of the binomial probability of k in n; p in (0, 1). */
function binomial(k: number, n: number, p: number): number {
  if (k === 0) return n * Math.log1p(-p);
  if (k === n) return n * Math.log(p);
  const rest = n - k;
  return (
    stirlingError(n) -
    stirlingError(k) -
    stirlingError(rest) -
    deviance(k, n * p) -
    deviance(rest, n * (1 - p)) -
    0.5 * Math.log((2 * Math.PI * k * rest) / n)
  );
}
