import type { FromSchema } from '../../ports/schema.js';
import { descendGram, descendRows, type Descent, type Penalty, type Sweeps } from './coordinate-descent.js';
import { estimator, type Lesson } from './estimator.js';
import { gramOf, interceptOf } from './gram.js';
import { fitIntercept, predictLinear, randomState, type LinearState } from './linear-model.js';
import { verifyRegression } from './linear-state.js';
import { checkFeatures, numbersOf, regressionTarget } from './sample.js';

const shared = {
  alpha: {
    description: 'Weight of the penalty.',
    type: 'number',
    minimum: 0,
    default: 1,
  },
  fit_intercept: fitIntercept,
  max_iter: {
    description: 'Sweeps over the coefficients at most.',
    type: 'integer',
    minimum: 1,
    default: 1000,
  },
  tol: {
    description: "A fit ends when the duality gap is below this share of y's sum of squares.",
    type: 'number',
    minimum: 0,
    default: 1e-4,
  },
  positive: { description: 'Whether no coefficient may be negative.', type: 'boolean', default: false },
  selection: { description: 'Coefficients are taken in their order.', enum: ['cyclic'], default: 'cyclic' },
  random_state: randomState,
} as const;

const lassoParameters = { type: 'object', additionalProperties: false, properties: shared } as const;

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...shared,
    l1_ratio: {
      description:
        'Share of the penalty on the sizes of the coefficients; the rest is on half their squares.',
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0.5,
    },
  },
} as const;

type Parameters = Required<FromSchema<typeof parameters>>;
type LassoParameters = Required<FromSchema<typeof lassoParameters>>;

interface State extends LinearState {
  readonly n_iter_: number;
  readonly dual_gap_: number;
  readonly [key: string]: Float64Array | number;
}

/** Values up to which residuals are kept: more exact than sums of products, and no slower. */
const FEW = 2 ** 16;
/** Columns up to which all their products are. */
const MOST_PAIRED = 2048;

function fit(lesson: Lesson<Parameters>): State {
  checkFeatures(lesson);
  const y = regressionTarget(lesson);
  const { features, parameters: options, notes, checkpoint } = lesson;
  const { alpha, l1_ratio, positive, max_iter, tol } = options;
  const penalty = {
    l1: alpha * l1_ratio * features.rows,
    l2: alpha * (1 - l1_ratio) * features.rows,
    positive,
  };
  if (alpha === 0)
    notes.warn(
      'no_penalty',
      'alpha is 0: coordinate descent is slow without a penalty; use linear_regression',
    );
  const { columns, rows } = features;
  const byPairs = rows * columns.length > FEW && columns.length <= Math.min(MOST_PAIRED, rows);
  const { descent, intercept } = lesson.space.scratch(() =>
    (byPairs ? overPairs : overRows)(lesson, y, penalty, { maxIter: max_iter, tol, checkpoint }),
  );
  if (!descent.converged)
    notes.warn(
      'not_converged',
      `after ${descent.iterations} iterations the duality gap is ${descent.gap.toPrecision(4)}, expected below ${tol} of y's sum of squares: more max_iter, a larger alpha or scaled columns help`,
    );
  return {
    coef_: descent.coefficients,
    intercept_: intercept,
    n_iter_: descent.iterations,
    dual_gap_: descent.gap / rows,
  };
}

type Fitted = { readonly descent: Descent; readonly intercept: number };

function overPairs(lesson: Lesson<Parameters>, y: Float64Array, penalty: Penalty, sweeps: Sweeps): Fitted {
  const { features, engine, parameters: options } = lesson;
  const gram = gramOf(features.columns, y, options.fit_intercept, engine);
  const descent = descendGram(gram, penalty, sweeps);
  return { descent, intercept: interceptOf(gram, descent.coefficients) };
}

function overRows(lesson: Lesson<Parameters>, y: Float64Array, penalty: Penalty, sweeps: Sweeps): Fitted {
  const { features, engine, space, parameters: options } = lesson;
  const meanOf = (values: Float64Array): number => {
    if (!options.fit_intercept) return 0;
    const { mean, min, max } = engine.moments(numbersOf(values), 1);
    return min === max ? min : mean;
  };
  const means = Float64Array.from(features.columns, meanOf);
  const meanY = meanOf(y);
  const centred = (values: Float64Array, mean: number): Float64Array => {
    const out = space.float64(values.length);
    for (let row = 0; row < out.length; row++) out[row] = values[row]! - mean;
    return out;
  };
  const columns = features.columns.map((column, j) => centred(column, means[j]!));
  const descent = descendRows(columns, centred(y, meanY), penalty, sweeps);
  return { descent, intercept: interceptOf({ means, meanY }, descent.coefficients) };
}

export const elasticNet = estimator<Parameters, State>({
  name: 'elastic_net',
  task: 'regression',
  description:
    "scikit-learn's ElasticNet by cyclic coordinate descent: least squares with a penalty on the sizes and on the squares of the coefficients.",
  parameters,
  fit,
  predict: predictLinear,
  verify: verifyRegression,
});

export const lasso = estimator<LassoParameters, State>({
  name: 'lasso',
  task: 'regression',
  description:
    "scikit-learn's Lasso by cyclic coordinate descent: least squares with a penalty on the sizes of the coefficients, many of which become 0.",
  parameters: lassoParameters,
  fit: (lesson) => fit({ ...lesson, parameters: { ...lesson.parameters, l1_ratio: 1 } }),
  predict: predictLinear,
  verify: verifyRegression,
});
