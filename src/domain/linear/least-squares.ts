/**
 * Linear least squares, for as many correct digits as float64 input allows.
 *
 * Source: Householder QR with column pivoting (triangle.ts) tells which columns are independent. A system of few rows is
 * factored again in double-double arithmetic; of a large one the solution is refined: Å. Björck, "Stability analysis of
 * the method of seminormal equations for linear least squares problems", Linear Algebra and its Applications 88/89, 1987,
 * with residuals in double-double arithmetic, so that each step gains the digits that the condition leaves of float64.
 */
import { add, multiply, subtract, widened } from '../double-double.js';
import type { DoubleDouble } from '../double-double.js';
import { nullSpace, takeOff } from './null-space.js';
import { solve, type Solution } from './solution.js';
import { residualsOf, systemOf, totalSquares, uncentred, type System } from './system.js';
import { forwardWide } from './wide.js';

export interface LinearOptions {
  readonly fitIntercept: boolean;
  /** One a row, none negative; a row of weight 0 takes no part. */
  readonly weights?: Float64Array;
  /** Called between blocks of rows; what it throws ends the fit. */
  readonly checkpoint?: () => void;
}

export interface LinearFit {
  /** One a column. Where columns are collinear, those of least norm, as scikit-learn's `LinearRegression`. */
  readonly coefficients: Float64Array;
  /** 0 without intercept. */
  readonly intercept: number;
  /** NaN without degrees of freedom. */
  readonly standardErrors: Float64Array;
  readonly interceptStandardError: number;
  /** Of the columns; less their means, where there is an intercept. */
  readonly rank: number;
  /** Independent columns in the order in which they were chosen. */
  readonly pivots: readonly number[];
  /** Columns that are made of others, or constant beside an intercept. */
  readonly collinear: readonly number[];
  /** Estimate of the condition of the independent columns, centred and of norm 1: in the 1-norm. 1 of no column. */
  readonly condition: number;
  readonly residualSumOfSquares: number;
  /** About the mean where there is an intercept, else about 0. */
  readonly totalSumOfSquares: number;
  readonly dfModel: number;
  readonly dfResidual: number;
  /** NaN where y does not vary. */
  readonly rSquared: number;
  /** Of all independent columns at once. ∞ where the fit is exact. */
  readonly f: number;
  readonly residualStandardError: number;
}

/** What a coefficient adds to y is the rounding of double-double arithmetic below this share of y, times the condition. */
const NOISE = 2 ** -90;

/**
 * Coefficients that make Σ w · (y − intercept − Σ coefficient · column)² least, with their standard errors, R² and F.
 * Columns and y are complete and finite and have the same length, at least 1.
 *
 * Time grows with rows · columns² (and columns³), memory beside the rows with columns²: the caller bounds the columns.
 * Standard errors of large ill-conditioned systems have the digits that the condition leaves of float64's 16; those of
 * systems solved in double-double arithmetic, and all coefficients, have what the input allows.
 */
export function leastSquares(
  columns: readonly Float64Array[],
  y: Float64Array,
  { fitIntercept, weights, checkpoint = () => undefined }: LinearOptions,
): LinearFit {
  const system = systemOf(columns, y, fitIntercept, weights);
  const solution = solve(system, checkpoint);
  const { chosen, dependent } = solution.choice;
  const free = nullSpace(
    solution.choice,
    system.columns.map(({ scale }) => scale),
  );
  const total = totalSquares(system);
  const { coefficients, intercept } = coefficientsOf(system, solution, free, total);
  const residual = solution.squares ?? residualsAt(system, coefficients, intercept);
  const rows = weights === undefined ? y.length : weights.reduce((count, w) => count + (w > 0 ? 1 : 0), 0);
  const dfResidual = rows - chosen.length - (fitIntercept ? 1 : 0);
  const variance = dfResidual > 0 ? residual.hi / dfResidual : NaN;
  const explained = Math.max(0, subtract(total, residual).hi);
  const unit = system.y.scale;
  const residualStandardError = Math.sqrt(variance) / unit;
  const spread = spreadOf(system, solution, free);
  return {
    coefficients,
    intercept,
    standardErrors: spread.coefficients.map((x) => x * residualStandardError),
    interceptStandardError: fitIntercept ? spread.intercept * residualStandardError : 0,
    rank: chosen.length,
    pivots: chosen,
    collinear: dependent.map(({ column }) => column).sort((a, b) => a - b),
    condition: solution.condition,
    residualSumOfSquares: residual.hi / unit / unit,
    totalSumOfSquares: total.hi / unit / unit,
    dfModel: chosen.length,
    dfResidual,
    rSquared: explained / total.hi,
    f: explained / chosen.length / variance,
    residualStandardError,
  };
}

/** Coefficients of the columns as they came, rounded; of least norm where they are not the only ones. */
function coefficientsOf(
  { columns, y, intercept }: System,
  { choice: { chosen, norms }, coefficients, means, condition }: Solution,
  free: readonly Float64Array[],
  total: DoubleDouble,
): { coefficients: Float64Array; intercept: number } {
  const lead = intercept ? 1 : 0;
  const back = (value: DoubleDouble, factor: number): DoubleDouble => ({
    hi: value.hi * factor,
    lo: value.lo * factor,
  });
  const exact = columns.map(() => widened(0));
  const noise = NOISE * condition;
  chosen.forEach((j, q) => {
    const coefficient = coefficients[q + lead]!;
    if (Math.abs(coefficient.hi) * norms[j]! < noise * Math.sqrt(total.hi)) return;
    exact[j] = back(coefficient, columns[j]!.scale / y.scale);
  });
  const rounded = Float64Array.from(exact, ({ hi }) => hi);
  takeOff(free, rounded);
  // Adding zero turns −0 into 0.
  for (let j = 0; j < rounded.length; j++) rounded[j]! += 0;
  if (!intercept) return { coefficients: rounded, intercept: 0 };
  let constant = add(widened(y.centre), back(coefficients[0]!, 1 / y.scale));
  let reach = Math.abs(y.centre) + 1 / y.scale;
  columns.forEach(({ centre, scale }, j) => {
    const coefficient = free.length > 0 ? widened(rounded[j]!) : exact[j]!;
    constant = subtract(constant, multiply(widened(centre), coefficient));
    reach += Math.abs(centre * coefficient.hi);
    // What the choice of least norm moved, times what the centre is off the mean by.
    const moved = subtract(coefficient, exact[j]!).hi;
    constant = subtract(constant, widened((moved * means[j]!) / scale));
  });
  return { coefficients: rounded, intercept: Math.abs(constant.hi) < noise * reach ? 0 : constant.hi };
}

/** Σ w · r² of the rounded coefficients, in the system's units: nothing, where they are exact. */
function residualsAt(system: System, coefficients: Float64Array, intercept: number): DoubleDouble {
  const { columns, y } = system;
  const units = [...coefficients].map((value, j) => widened((value / columns[j]!.scale) * y.scale));
  const all = system.intercept ? [widened(intercept * y.scale), ...units] : units;
  return residualsOf(uncentred(system), [...columns.keys()], all).squares;
}

/** Standard errors where the residuals' is 1. */
function spreadOf(
  { columns, intercept }: System,
  { choice: { chosen }, factor, inverse, means, onesNorm }: Solution,
  free: readonly Float64Array[],
): { coefficients: Float64Array; intercept: number } {
  const rank = chosen.length;
  const squares = new Float64Array(columns.length);
  let ofIntercept = 1 / onesNorm ** 2;
  for (let k = 0; k < rank; k++) {
    const vector = new Float64Array(columns.length);
    chosen.forEach((j, q) => {
      vector[j] = inverse[k * rank + q]! * columns[j]!.scale;
    });
    takeOff(free, vector);
    let missing = 0;
    vector.forEach((x, j) => {
      // In the system's units, where a square does not leave the range of float64.
      squares[j]! += (x / columns[j]!.scale) ** 2;
      missing += x * (columns[j]!.centre + means[j]! / columns[j]!.scale);
    });
    ofIntercept += missing * missing;
  }
  if (intercept && free.length === 0) {
    const target = [widened(1), ...chosen.map((j) => widened(-columns[j]!.centre * columns[j]!.scale))];
    ofIntercept = forwardWide(factor, target).reduce((sum, { hi }) => sum + hi * hi, 0);
  }
  const roots = squares.map((square, j) => Math.sqrt(square) * columns[j]!.scale);
  return { coefficients: roots, intercept: Math.sqrt(ofIntercept) };
}
