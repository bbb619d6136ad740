import type { Engine } from '../../ports/engine.js';
import type { LinearFit } from '../linear/least-squares.js';
import { factorise, solveFactor } from './cholesky.js';
import { gramOf, interceptOf } from './gram.js';

/**
 * Share of its square that the other columns must leave of each column: the answer then has twelve digits, the error of
 * compensated sums of products being some 1e-16 over this.
 */
const LEAST_SHARE = 1e-3;
/** Share of y that must be left over, for as many digits of what is. */
const LEAST_RESIDUAL = 1e-3;

/**
 * Least squares of many rows and well-conditioned columns by sums of products, which takes one look at the rows; the same
 * answer as `leastSquares`, to twelve digits. Undefined where sums of products would keep fewer.
 */
export function byNormalEquations(
  columns: readonly Float64Array[],
  y: Float64Array,
  fitIntercept: boolean,
  engine: Engine,
): LinearFit | undefined {
  const [rows, rank] = [y.length, columns.length];
  const dfResidual = rows - rank - (fitIntercept ? 1 : 0);
  if (dfResidual <= 0) return undefined;
  const gram = gramOf(columns, y, fitIntercept, engine);
  if (columns.some((_, j) => farOff(gram.means[j]!, gram.products[j * (rank + 1)]! / rows))) return undefined;
  const factor = factorise(gram.products, rank);
  if (factor === undefined || factor.share < LEAST_SHARE || !(gram.squares > 0)) return undefined;
  const coefficients = solveFactor(factor, gram.target);
  const explained = coefficients.reduce((sum, coefficient, j) => sum + coefficient * gram.target[j]!, 0);
  const residual = gram.squares - explained;
  if (!(residual > LEAST_RESIDUAL * gram.squares)) return undefined;
  const variance = residual / dfResidual;
  const { inverse, condition } = inverseOf(gram.products, rank, (column) => solveFactor(factor, column));
  const ofMeans = quadratic(inverse, gram.means);
  return {
    coefficients,
    intercept: fitIntercept ? interceptOf(gram, coefficients) : 0,
    standardErrors: coefficients.map((_, j) => Math.sqrt(variance * inverse[j * (rank + 1)]!)),
    interceptStandardError: fitIntercept ? Math.sqrt(variance * (1 / rows + ofMeans)) : 0,
    rank,
    pivots: [...columns.keys()],
    collinear: [],
    condition,
    residualSumOfSquares: residual,
    totalSumOfSquares: gram.squares,
    dfModel: rank,
    dfResidual,
    rSquared: explained / gram.squares,
    f: explained / rank / variance,
    residualStandardError: Math.sqrt(variance),
  };
}

/** A mean that dwarfs the spread leaves the intercept few digits. */
function farOff(mean: number, variance: number): boolean {
  return mean * mean > 1e6 * variance;
}

/** The inverse of a symmetric matrix, and the condition of the root of its scaled form, in the 1-norm of squares. */
function inverseOf(
  matrix: Float64Array,
  order: number,
  solve: (column: Float64Array) => Float64Array,
): { inverse: Float64Array; condition: number } {
  const inverse = new Float64Array(order * order);
  const root = (i: number): number => Math.sqrt(matrix[i * (order + 1)]!);
  let [norm, ofInverse] = [0, 0];
  for (let j = 0; j < order; j++) {
    const unit = new Float64Array(order);
    unit[j] = 1;
    const column = solve(unit);
    inverse.set(column, j * order);
    let [sum, other] = [0, 0];
    for (let i = 0; i < order; i++) {
      sum += Math.abs(matrix[i * order + j]!) / root(i) / root(j);
      other += Math.abs(column[i]!) * root(i) * root(j);
    }
    norm = Math.max(norm, sum);
    ofInverse = Math.max(ofInverse, other);
  }
  return { inverse, condition: Math.sqrt(norm * ofInverse) };
}

/** v' · matrix · v. */
function quadratic(matrix: Float64Array, v: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < v.length; i++)
    for (let j = 0; j < v.length; j++) sum += v[i]! * matrix[i * v.length + j]! * v[j]!;
  return sum;
}
