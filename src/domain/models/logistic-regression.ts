import type { Moments } from '../../ports/engine.js';
import type { Json } from '../../ports/formats.js';
import type { ClassRows } from '../../ports/losses.js';
import type { FromSchema } from '../../ports/schema.js';
import { estimator, type EstimatorTools, type Features, type Lesson, type Prediction } from './estimator.js';
import { lbfgs } from './lbfgs.js';
import { fitIntercept, randomState } from './linear-model.js';
import { verifyLogistic } from './linear-state.js';
import { logisticObjective } from './logistic-loss.js';
import { newton, type Start } from './newton.js';
import type { Minimum, Objective, Search } from './objective.js';
import { checkFeatures, classTarget } from './sample.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    penalty: {
      description: 'On the squares of the coefficients, or none; the intercept has none.',
      enum: ['l2', 'none', null],
      default: 'l2',
    },
    C: {
      description: 'Inverse of the weight of the penalty.',
      type: 'number',
      exclusiveMinimum: 0,
      default: 1,
    },
    fit_intercept: fitIntercept,
    class_weight: {
      description: '`balanced`: each class counts the same, however many rows it has.',
      enum: ['balanced', null],
      default: null,
    },
    solver: {
      description:
        "scikit-learn's solvers have one solution, and this is it: by Newton's method, of many coefficients by L-BFGS. All names mean the same.",
      enum: ['lbfgs', 'newton-cg', 'newton-cholesky', 'sag', 'saga'],
      default: 'lbfgs',
    },
    max_iter: { description: 'Steps at most.', type: 'integer', minimum: 1, default: 100 },
    tol: {
      description: 'A fit ends when no part of the gradient of the mean loss is larger.',
      type: 'number',
      exclusiveMinimum: 0,
      default: 1e-4,
    },
    random_state: randomState,
  },
} as const;

type Parameters = Required<FromSchema<typeof parameters>>;

/** Of two classes one row of coefficients, that of the second; else one a class. */
interface State {
  /** Rows × columns, row-major. */
  readonly coef_: Float64Array;
  readonly intercept_: Float64Array;
  readonly n_iter_: number;
  readonly [key: string]: Float64Array | number;
}

/** Coefficients up to which steps are Newton's, whose cost grows with the square of their number. */
const NEWTON = 160;
/** Rows that a large fit begins with, one after the other: the latter leave little for all to change. */
const FEWEST = 2 ** 12;
const FEW = 2 ** 15;
/** How many times as many all rows must be. */
const LEAST_STRIDE = 3;
/** Part of what chance makes of a sample's minimum to which it is found. */
const NEAR = 1 / 16;
/** A sample has a Hessian of its own where that, which saves all rows a gradient, costs less: rows for each coefficient. */
const OWN_HESSIAN = 8;

function fit(lesson: Lesson<Parameters>): State {
  const moments = checkFeatures(lesson, 2);
  const { codes, counts } = classTarget(lesson);
  const { features, parameters: options, notes } = lesson;
  if (options.penalty !== 'l2' && options.C !== 1)
    notes.warn('ignored_parameter', 'C has no effect without a penalty');
  const rows: ClassRows = {
    columns: features.columns,
    codes,
    weights: weightsOf(counts, features.rows, options.class_weight === 'balanced'),
    intercept: options.fit_intercept,
    ...standardised(moments, features.rows, options.fit_intercept),
  };
  const total = counts.reduce((sum, count, code) => sum + count * rows.weights[code]!, 0);
  const minimum = minimise(rows, total, lesson);
  if (!minimum.converged)
    notes.warn(
      'not_converged',
      `after ${minimum.iterations} steps the gradient is still above tol ${options.tol}: more max_iter, scaled columns or a smaller C help`,
    );
  return { ...unscaled(minimum.w, rows), n_iter_: minimum.iterations };
}

function weightsOf(counts: Uint32Array, rows: number, balanced: boolean): Float64Array {
  return Float64Array.from(counts, (count) => (balanced ? rows / (counts.length * count) : 1));
}

/** Means and inverse standard deviations of the columns; without intercept inverse roots of their mean squares. */
function standardised(
  moments: readonly Moments[],
  rows: number,
  intercept: boolean,
): Pick<ClassRows, 'centres' | 'scales'> {
  const centres = new Float64Array(moments.length);
  const scales = new Float64Array(moments.length);
  moments.forEach(({ mean, m2, min, max }, j) => {
    const constant = min === max;
    if (intercept) centres[j] = constant ? min : mean;
    const spread = intercept ? (constant ? 0 : m2 / rows) : m2 / rows + mean * mean;
    scales[j] = spread > 0 && spread < Infinity ? 1 / Math.sqrt(spread) : 1;
  });
  return { centres, scales };
}

function minimise(rows: ClassRows, total: number, lesson: Lesson<Parameters>): Minimum {
  const { engine, space, parameters: options, checkpoint } = lesson;
  const outputs = outputsOf(rows);
  const size = outputs * (rows.columns.length + (rows.intercept ? 1 : 0));
  const penalty = penaltyOf(rows, outputs, (options.penalty === 'l2' ? options.C : Infinity) * total);
  const search: Search = {
    maxIter: options.max_iter,
    tol: options.tol,
    steepness: steepnessOf(rows, outputs),
    checkpoint,
  };
  const over = <T>(some: ClassRows, use: (objective: Objective) => T): T =>
    engine.losses.logistic(some, (loss) => use(logisticObjective(loss, outputs, penalty, checkpoint)));
  if (size > NEWTON) {
    const share = 1 / Math.max(2, outputs);
    const curvature = penalty.map((each) => each + share * (1 - share));
    return over(rows, (objective) => lbfgs(objective, curvature, search));
  }
  let start: Start = { w: new Float64Array(size) };
  // A long way is gone on few rows; more of them, then all, take it from there.
  const firsts = options.max_iter < 20 ? [] : [FEWEST, FEW];
  for (const few of firsts) {
    const stride = Math.floor(rows.codes.length / few);
    if (stride < LEAST_STRIDE) break;
    // With all rows' coefficients a sample's loss is above its least by half the number of them a row, about.
    const enough = (NEAR * size) / (2 * few);
    const begin = few * size < OWN_HESSIAN * rows.codes.length ? { w: start.w } : start;
    const first = space.scratch(() =>
      over(sampleOf(rows, stride, space), (objective) => newton(objective, begin, { ...search, enough })),
    );
    if (!first.converged) break;
    start = first;
  }
  return over(rows, (objective) => newton(objective, start, search));
}

/** Rows of coefficients. */
function outputsOf({ weights }: ClassRows): number {
  return weights.length === 2 ? 1 : weights.length;
}

/** Every `stride`-th row. */
function sampleOf(rows: ClassRows, stride: number, space: EstimatorTools['space']): ClassRows {
  const length = Math.ceil(rows.codes.length / stride);
  const columns = rows.columns.map((column) => {
    const few = space.float64(length);
    for (let row = 0; row < length; row++) few[row] = column[row * stride]!;
    return few;
  });
  const codes = new Int32Array(length);
  for (let row = 0; row < length; row++) codes[row] = rows.codes[row * stride]!;
  return { ...rows, columns, codes };
}

/** 1/`weight`, which is C · weight of all rows, in the units of scaled columns; none on the intercepts. */
function penaltyOf(rows: ClassRows, outputs: number, weight: number): Float64Array {
  const d = rows.columns.length;
  const width = d + (rows.intercept ? 1 : 0);
  return Float64Array.from({ length: outputs * width }, (_, i) =>
    i % width < d ? rows.scales[i % width]! ** 2 / weight : 0,
  );
}

/** The largest part of a gradient in the units of the columns as they came. */
function steepnessOf({ columns, centres, scales, intercept }: ClassRows, outputs: number) {
  const d = columns.length;
  const width = d + (intercept ? 1 : 0);
  return (gradient: Float64Array): number => {
    let largest = 0;
    for (let c = 0; c < outputs; c++) {
      const constant = intercept ? gradient[c * width + d]! : 0;
      largest = Math.max(largest, Math.abs(constant));
      for (let j = 0; j < d; j++)
        largest = Math.max(largest, Math.abs(gradient[c * width + j]! / scales[j]! + centres[j]! * constant));
    }
    return largest;
  };
}

function unscaled(
  w: Float64Array,
  { columns, centres, scales, intercept }: ClassRows,
): Pick<State, 'coef_' | 'intercept_'> {
  const d = columns.length;
  const width = d + (intercept ? 1 : 0);
  const outputs = w.length / width;
  const coef_ = Float64Array.from(
    { length: outputs * d },
    (_, i) => w[Math.floor(i / d) * width + (i % d)]! * scales[i % d]!,
  );
  const intercept_ = Float64Array.from({ length: outputs }, (_, c) =>
    centres.reduce((rest, centre, j) => rest - centre * coef_[c * d + j]!, intercept ? w[c * width + d]! : 0),
  );
  return { coef_, intercept_ };
}

function predict(
  { coef_, intercept_ }: State,
  { columns }: Features,
  { engine }: EstimatorTools,
): Prediction {
  const scores = { kind: 'linear', weights: coef_, starts: intercept_ } as const;
  return { kind: 'classes', ...engine.losses.probabilities(columns, scores) };
}

/** As scikit-learn shapes them. */
function attributes({ coef_, intercept_, n_iter_ }: State): Json {
  const d = coef_.length / intercept_.length;
  return {
    coef_: Array.from(intercept_, (_, c) => coef_.subarray(c * d, (c + 1) * d)),
    intercept_,
    n_iter_: [n_iter_],
  };
}

export const logisticRegression = estimator<Parameters, State>({
  name: 'logistic_regression',
  task: 'classification',
  description:
    "scikit-learn's LogisticRegression: of two classes by the sigmoid, of more by softmax, with a penalty on the squares of the coefficients.",
  parameters,
  fit,
  predict,
  verify: verifyLogistic,
  attributes,
});
