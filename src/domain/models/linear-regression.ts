import type { Engine } from '../../ports/engine.js';
import type { FromSchema } from '../../ports/schema.js';
import { leastSquares, type LinearFit } from '../linear/least-squares.js';
import { estimator, type Lesson } from './estimator.js';
import { fitIntercept, predictLinear, type LinearState } from './linear-model.js';
import { verifyRegression } from './linear-state.js';
import { byNormalEquations } from './normal-equations.js';
import { checkFeatures, regressionTarget } from './sample.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    fit_intercept: fitIntercept,
    positive: { description: 'Coefficients of any sign only.', enum: [false], default: false },
    confidence_level: {
      description: 'Of the intervals of the coefficients.',
      type: 'number',
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      default: 0.95,
    },
  },
} as const;

type Parameters = Required<FromSchema<typeof parameters>>;

/** What is known of a coefficient beside its value: null where it is not defined. */
interface Inference {
  readonly name: string;
  readonly coefficient: number;
  readonly standard_error: number | null;
  readonly t: number | null;
  readonly p_value: number | null;
  readonly log10_p: number | null;
  readonly confidence_interval: readonly [number | null, number | null];
  // Lets it be read as JSON.
  readonly [key: string]: string | number | null | readonly (number | null)[];
}

interface State extends LinearState {
  readonly rank_: number;
  /** Of the independent columns, each of norm 1: an estimate in the 1-norm. */
  readonly condition: number;
  /** The intercept first, where there is one. */
  readonly coefficients: readonly Inference[];
  readonly collinear: readonly string[];
  readonly r2: number | null;
  readonly f: number | null;
  readonly df_model: number;
  readonly df_residual: number;
  readonly residual_standard_error: number | null;
  readonly [key: string]: LinearState[keyof LinearState] | readonly Inference[] | readonly string[] | null;
}

/** The condition at which the data's own rounding takes half of a coefficient's digits. */
const ILL = 2 ** 26;

/** Values from which sums of products are tried first, and the most columns of which all pairs are taken. */
const LARGE = 2 ** 18;
const MOST_PAIRED = 512;

/** Finite values as they are, others as null; with `notes` said of which. */
type Finite = (value: number, what: string) => number | null;

function inference(
  name: string,
  coefficient: number,
  error: number,
  dfResidual: number,
  level: number,
  { student }: Engine,
  finite: Finite,
): Inference {
  const t = coefficient / error;
  const known = dfResidual > 0 && error > 0 && Number.isFinite(t);
  const reach = known ? error * student.quantile((1 + level) / 2, dfResidual) : NaN;
  return {
    name,
    coefficient,
    standard_error: finite(error, `standard_error of ${name}`),
    t: finite(t, `t of ${name}`),
    p_value: known ? student.tail(t, dfResidual) : null,
    log10_p: known ? student.log10Tail(t, dfResidual) : null,
    confidence_interval: known ? [coefficient - reach, coefficient + reach] : [null, null],
  };
}

function warnOf(fit: LinearFit, names: readonly string[], { notes }: Lesson<Parameters>): void {
  if (names.length > 0) {
    const listed = names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : '');
    notes.warn(
      'collinear_columns',
      `constant, or made of other columns: ${listed}; of all coefficients that fit equally well these have the least norm`,
    );
  }
  if (fit.dfResidual <= 0)
    notes.warn('no_degrees_of_freedom', 'as many coefficients as rows: no standard errors, t and p-values');
  else if (fit.condition > ILL)
    notes.warn(
      'ill_conditioned',
      `the columns are nearly collinear (condition ${fit.condition.toPrecision(2)}): small changes of the data change the coefficients`,
    );
}

function solve(
  columns: readonly Float64Array[],
  y: Float64Array,
  fitIntercept: boolean,
  engine: Engine,
): LinearFit {
  const large = y.length * columns.length > LARGE && columns.length <= MOST_PAIRED;
  const solved = large ? byNormalEquations(columns, y, fitIntercept, engine) : undefined;
  return solved ?? leastSquares(columns, y, { fitIntercept });
}

function fit(lesson: Lesson<Parameters>): State {
  const { features, engine, notes, parameters: options } = lesson;
  checkFeatures(lesson);
  const y = regressionTarget(lesson);
  const solved = solve(features.columns, y, options.fit_intercept, engine);
  const collinear = solved.collinear.map((j) => features.names[j]!);
  warnOf(solved, collinear, lesson);
  // Without degrees of freedom that is said once, and for all.
  const finite: Finite = (value, what) =>
    solved.dfResidual > 0 || Number.isFinite(value) ? notes.finite(value, what) : null;
  const about = (name: string, coefficient: number, error: number): Inference =>
    inference(name, coefficient, error, solved.dfResidual, options.confidence_level, engine, finite);
  const coefficients = features.names.map((name, j) =>
    about(name, solved.coefficients[j]!, solved.standardErrors[j]!),
  );
  if (options.fit_intercept)
    coefficients.unshift(about('intercept', solved.intercept, solved.interceptStandardError));
  return {
    coef_: solved.coefficients,
    intercept_: solved.intercept,
    rank_: solved.rank,
    condition: solved.condition,
    coefficients,
    collinear,
    r2: finite(solved.rSquared, 'r2'),
    f: finite(solved.f, 'f'),
    df_model: solved.dfModel,
    df_residual: solved.dfResidual,
    residual_standard_error: finite(solved.residualStandardError, 'residual_standard_error'),
  };
}

export const linearRegression = estimator<Parameters, State>({
  name: 'linear_regression',
  task: 'regression',
  description:
    "scikit-learn's LinearRegression by a pivoted QR factorisation, refined in double-double arithmetic, so that ill-conditioned columns are solved to their digits; of many rows and well-conditioned columns by sums of products, to twelve digits. Collinear columns get the coefficients of least norm, and a warning. Each coefficient comes with its standard error, t, p-value and confidence interval.",
  parameters,
  fit,
  predict: predictLinear,
  verify: verifyRegression,
});
