import type { FromSchema } from '../../ports/schema.js';
import { Problem } from '../../ports/problem.js';
import { estimator, type Lesson } from './estimator.js';
import { numbersOf } from './kmeans.js';
import { verifyGaussian } from './linear-state.js';
import { type ClassTarget, classTarget } from './targets.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    priors: {
      description: 'Probabilities of the classes, in their order; null: their shares of the rows.',
      anyOf: [
        { type: 'array', items: { type: 'number', minimum: 0, maximum: 1 }, minItems: 1 },
        { type: 'null' },
      ],
      default: null,
    },
    var_smoothing: {
      description: 'Part of the greatest variance of a column that is added to all variances.',
      type: 'number',
      minimum: 0,
      default: 1e-9,
    },
  },
} as const;
type Parameters = FromSchema<typeof parameters>;

/** `theta_` and `var_`: classes × columns, row-major. */
type State = {
  readonly class_prior_: Float64Array;
  readonly class_count_: Float64Array;
  readonly epsilon_: number;
  readonly theta_: Float64Array;
  readonly var_: Float64Array;
};

/** scikit-learn's GaussianNB: each column normal in each class, independent of the others. */
export const gaussianNb = estimator<Parameters, State>({
  name: 'gaussian_nb',
  task: 'classification',
  description: 'Naive Bayes: columns normal in each class and independent.',
  parameters,
  fit(lesson) {
    const { features, parameters: given } = lesson;
    const target = classTarget(lesson);
    const classes = target.classes.length;
    const prior = priorsOf(lesson, target);
    const epsilon = given.var_smoothing * greatestVariance(lesson);
    const counts = new Float64Array(classes);
    for (const code of target.codes) counts[code]!++;
    const d = features.columns.length;
    const theta = new Float64Array(classes * d);
    const spread = new Float64Array(classes * d);
    features.columns.forEach((column, j) => {
      const { means, squares } = within(column, target.codes, counts);
      for (let c = 0; c < classes; c++) {
        theta[c * d + j] = means[c]!;
        spread[c * d + j] = squares[c]! / counts[c]! + epsilon;
      }
    });
    return {
      class_prior_: prior ?? counts.map((count) => count / features.rows),
      class_count_: counts,
      epsilon_: epsilon,
      theta_: theta,
      var_: spread,
    };
  },
  predict(state, { columns, rows }, { engine }) {
    const { theta_: means, var_: variances } = state;
    // Scores of one class are those of two to the kernel, which has the other's as 0.
    if (state.class_prior_.length === 1)
      return { kind: 'classes', codes: new Int32Array(rows), probabilities: new Float64Array(rows).fill(1) };
    const scores = { kind: 'normal', means, variances, starts: logarithmsAtMeans(state) } as const;
    return { kind: 'classes', ...engine.losses.probabilities(columns, scores) };
  },
  verify: verifyGaussian,
  attributes({ class_prior_, class_count_, epsilon_, theta_, var_ }) {
    const d = theta_.length / class_prior_.length;
    const rows = (all: Float64Array): Float64Array[] =>
      Array.from(class_prior_, (_, c) => all.subarray(c * d, (c + 1) * d));
    return { class_prior_, class_count_, epsilon_, theta_: rows(theta_), var_: rows(var_) };
  },
});

/** Of all columns, population variance. */
function greatestVariance({ features, engine }: Lesson<Parameters>): number {
  const columns = features.columns.map(numbersOf);
  engine.ahead.moments(columns, 2);
  return columns.reduce((most, column) => Math.max(most, engine.moments(column, 2).m2 / features.rows), 0);
}

/** Throws 422 for priors that do not fit the classes. */
function priorsOf(
  { parameters: { priors }, pointer }: Lesson<Parameters>,
  { classes }: ClassTarget,
): Float64Array | null {
  if (priors === null) return null;
  const refuse = (detail: string): Problem => Problem.at(pointer('priors'), 'invalid_option', detail);
  if (priors.length !== classes.length)
    throw refuse(
      `expected priors to have a number for each of ${classes.length} classes, got ${priors.length}`,
    );
  const sum = priors.reduce((total, prior) => total + prior, 0);
  // NumPy's `isclose`.
  if (Math.abs(sum - 1) > 1e-8 + 1e-5) throw refuse(`expected priors to sum to 1, got ${sum}`);
  return Float64Array.from(priors);
}

/** Means of a column in the classes, and sums of the squared deviations from them, corrected for the means' rounding. */
function within(
  column: Float64Array,
  codes: Int32Array,
  counts: Float64Array,
): { means: Float64Array; squares: Float64Array } {
  const means = new Float64Array(counts.length);
  for (let i = 0; i < column.length; i++) means[codes[i]!]! += column[i]!;
  for (let c = 0; c < counts.length; c++) means[c]! /= counts[c]!;
  const rest = new Float64Array(counts.length);
  const squares = new Float64Array(counts.length);
  for (let i = 0; i < column.length; i++) {
    const c = codes[i]!;
    const deviation = column[i]! - means[c]!;
    rest[c]! += deviation;
    squares[c]! += deviation * deviation;
  }
  for (let c = 0; c < counts.length; c++) {
    means[c]! += rest[c]! / counts[c]!;
    squares[c]! -= (rest[c]! * rest[c]!) / counts[c]!;
  }
  return { means, squares };
}

/** Of each class the logarithm of its prior by its density at its means. */
function logarithmsAtMeans({ class_prior_, theta_, var_ }: State): Float64Array {
  const d = theta_.length / class_prior_.length;
  return class_prior_.map((prior, c) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += Math.log(2 * Math.PI * var_[c * d + j]!);
    return Math.log(prior) - 0.5 * sum;
  });
}
