import type { FromSchema } from '../../ports/schema.js';
import { leastSquares } from '../linear/least-squares.js';
import { factorise, solveFactor } from './cholesky.js';
import { estimator, type Lesson } from './estimator.js';
import { gramOf, interceptOf } from './gram.js';
import { fitIntercept, predictLinear, randomState, type LinearState } from './linear-model.js';
import { verifyRegression } from './linear-state.js';
import { checkFeatures, regressionTarget } from './sample.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    alpha: {
      description: 'Weight of the penalty on the squares of the coefficients.',
      type: 'number',
      minimum: 0,
      default: 1,
    },
    fit_intercept: fitIntercept,
    solver: {
      description:
        "scikit-learn's solvers have one solution, and this is it: `cholesky` and, where that keeps too few digits, orthogonal factors, always with `svd`. The iterative solvers' names mean `auto`.",
      enum: ['auto', 'svd', 'cholesky', 'lsqr', 'sparse_cg', 'sag', 'saga'],
      default: 'auto',
    },
    positive: { description: 'Coefficients of any sign only.', enum: [false], default: false },
    max_iter: {
      description: "Of scikit-learn's iterative solvers; taken, and not needed.",
      type: ['integer', 'null'],
      minimum: 1,
      default: null,
    },
    tol: {
      description: "Of scikit-learn's iterative solvers; taken, and not needed.",
      type: 'number',
      minimum: 0,
      default: 1e-4,
    },
    random_state: randomState,
  },
} as const;

type Parameters = Required<FromSchema<typeof parameters>>;

interface State extends LinearState {
  /** The way that was taken: `cholesky`, or `svd` for orthogonal factors. */
  readonly solver_: string;
  readonly [key: string]: Float64Array | number | string;
}

/** Share of a diagonal below which the normal equations keep fewer than nine or ten digits. */
const LEAST_SHARE = 1e-6;
/** Columns beyond which a matrix of all pairs is not made, where there are fewer rows. */
const WIDE = 2048;

function fit(lesson: Lesson<Parameters>): State {
  checkFeatures(lesson);
  const y = regressionTarget(lesson);
  const { alpha, fit_intercept, solver } = lesson.parameters;
  const { columns } = lesson.features;
  if (alpha > 0 && solver !== 'svd' && columns.length <= Math.max(WIDE, y.length)) {
    const solved = byNormalEquations(columns, y, alpha, fit_intercept, lesson);
    if (solved !== undefined) return solved;
  }
  return lesson.space.scratch(() => byOrthogonalFactors(columns, y, alpha, fit_intercept, lesson));
}

function byNormalEquations(
  columns: readonly Float64Array[],
  y: Float64Array,
  alpha: number,
  intercept: boolean,
  { engine }: Lesson<Parameters>,
): State | undefined {
  const gram = gramOf(columns, y, intercept, engine);
  const order = columns.length;
  const matrix = Float64Array.from(gram.products);
  for (let i = 0; i < order; i++) matrix[i * order + i]! += alpha;
  const factor = factorise(matrix, order);
  if (factor === undefined || factor.share < LEAST_SHARE) return undefined;
  const coef_ = solveFactor(factor, gram.target);
  return { coef_, intercept_: interceptOf(gram, coef_), solver_: 'cholesky' };
}

/**
 * Least squares with a row √alpha · e_j for each column, of which y is 0: the penalty as residuals. Ones, which those rows
 * have none of, stand for the intercept.
 */
function byOrthogonalFactors(
  columns: readonly Float64Array[],
  y: Float64Array,
  alpha: number,
  intercept: boolean,
  { space }: Lesson<Parameters>,
): State {
  if (alpha === 0) {
    const { coefficients, intercept: constant } = leastSquares(columns, y, { fitIntercept: intercept });
    return { coef_: coefficients, intercept_: constant, solver_: 'svd' };
  }
  const rows = y.length + columns.length;
  const extended = (values: Float64Array, place: number): Float64Array => {
    const longer = space.float64(rows);
    longer.set(values);
    if (place >= 0) longer[y.length + place] = Math.sqrt(alpha);
    return longer;
  };
  const all = columns.map(extended);
  if (intercept) all.push(space.float64(rows).fill(1, 0, y.length));
  const { coefficients } = leastSquares(all, extended(y, -1), { fitIntercept: false });
  return {
    coef_: coefficients.slice(0, columns.length),
    intercept_: intercept ? coefficients[columns.length]! : 0,
    solver_: 'svd',
  };
}

export const ridge = estimator<Parameters, State>({
  name: 'ridge',
  task: 'regression',
  description:
    "scikit-learn's Ridge: least squares with a penalty on the squares of the coefficients, solved exactly.",
  parameters,
  fit,
  predict: predictLinear,
  verify: verifyRegression,
});
