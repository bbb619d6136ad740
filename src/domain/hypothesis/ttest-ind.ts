import type { Engine } from '../../ports/engine.js';
import type { FromSchema } from '../../ports/schema.js';
import type { Space } from '../../ports/space.js';
import { cohenD } from './effects.js';
import { equalVariance } from './equal-variance.js';
import { normalities } from './normality.js';
import * as shared from './options.js';
import { numbersOf } from './samples.js';
import { studentInterval, studentTail } from './student.js';
import { hypothesisTest, type Sample } from './test.js';
import { squaresOf } from './variance.js';

const schema = {
  type: 'object',
  required: [],
  properties: {
    equal_var: {
      description: "Whether the variances are taken to be equal; else Welch's test.",
      type: 'boolean',
      default: true,
    },
    alternative: shared.alternative,
    trim: {
      description: "Share of the values that is cut off at either end: with more than 0, Yuen's test.",
      type: 'number',
      minimum: 0,
      exclusiveMaximum: 0.5,
      default: 0,
    },
    confidence_level: shared.confidence_level,
  },
} as const;

/** What the test needs of a sample: of a trimmed one, `n` values are left, and `squares` is of the winsorized values. */
interface Summary {
  readonly n: number;
  readonly mean: number;
  readonly squares: number;
}

/** SciPy's `ttest_ind`: Student's, with `equal_var` false Welch's, with `trim` Yuen's. */
export const ttestInd = hypothesisTest<FromSchema<typeof schema>>({
  name: 'ttest_ind',
  summary: 'T-test for the means of two independent samples',
  description:
    "SciPy's `ttest_ind` without permutations. `effect_size` is Cohen's d with the pooled standard deviation of all values, whatever `equal_var` and `trim`.",
  takes: { kind: 'samples', least: 2, most: 2 },
  moments: 4,
  options: schema,
  example: { columns: { a: [5.1, 4.9, 6.2, 5.8], b: [6.1, 6.9, 7.2, 6.8] } },
  run({ samples, options, engine, space, notes }) {
    const { equal_var: pooled, alternative, trim, confidence_level: level } = options;
    const all = samples.map((sample) => summaryOf(sample, engine));
    const used = trim === 0 ? all : samples.map((sample) => trimmedSummary(sample, trim, engine, space));
    const [a, b] = used as [Summary, Summary];
    const { df, error } = pooled ? pooledError(a, b) : welchError(a, b);
    const estimate = a.mean - b.mean;
    const statistic = estimate / error;
    if (error === 0) notes.warn('zero_variance', 'all values of each sample are equal: t is not finite');
    return {
      statistic,
      tail: studentTail(statistic, df, alternative, engine.student),
      df,
      confidenceInterval: studentInterval(estimate, error, df, alternative, level, engine.student),
      effectSize: pooledEffect(all as [Summary, Summary], level, engine),
      n: all.map(({ n }) => n),
      assumptions: [...normalities(samples, engine, space), equalVariance(samples, engine, space)],
    };
  },
});

function summaryOf({ numbers }: Sample, engine: Engine): Summary {
  const moments = engine.moments(numbers, 4);
  return { n: moments.count, mean: moments.mean, squares: squaresOf(moments) };
}

/** Yuen (Biometrika 61, 1974): the mean of what is left, and squares about the mean of what is replaced by its ends. */
function trimmedSummary({ numbers }: Sample, trim: number, engine: Engine, space: Space): Summary {
  return space.scratch(() => {
    const sorted = engine.order.sort(numbers);
    const n = sorted.length;
    const cut = Math.floor(n * trim);
    const left = engine.moments(numbersOf(sorted.subarray(cut, n - cut)), 2);
    if (cut > 0) sorted.fill(sorted[cut]!, 0, cut).fill(sorted[n - cut - 1]!, n - cut);
    const squares = squaresOf(engine.moments(numbersOf(sorted), 2));
    return { n: left.count, mean: left.mean, squares };
  });
}

/** A sample of one value adds nothing to the squares. */
function pooledError(a: Summary, b: Summary): { df: number; error: number } {
  if (a.n === 0 || b.n === 0) return { df: NaN, error: NaN };
  const df = a.n + b.n - 2;
  return { df, error: Math.sqrt(((a.squares + b.squares) / df) * (1 / a.n + 1 / b.n)) };
}

/** Degrees of freedom by Welch and Satterthwaite; 1 where they are undefined, as in SciPy. */
function welchError(a: Summary, b: Summary): { df: number; error: number } {
  if (a.n === 0 || b.n === 0) return { df: NaN, error: NaN };
  const x = a.squares / (a.n - 1) / a.n;
  const y = b.squares / (b.n - 1) / b.n;
  const df = (x + y) ** 2 / (x ** 2 / (a.n - 1) + y ** 2 / (b.n - 1));
  return { df: Number.isNaN(df) ? 1 : df, error: Math.sqrt(x + y) };
}

function pooledEffect([a, b]: [Summary, Summary], level: number, engine: Engine): ReturnType<typeof cohenD> {
  const { df, error } = pooledError(a, b);
  return cohenD((a.mean - b.mean) / error, df, Math.sqrt(1 / (1 / a.n + 1 / b.n)), level, engine);
}
