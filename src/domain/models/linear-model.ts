import type { EstimatorTools, Features, Prediction } from './estimator.js';

/** What a linear regression learnt, under scikit-learn's names. */
export interface LinearState {
  /** One a column. */
  readonly coef_: Float64Array;
  readonly intercept_: number;
}

/** Rows that are worked on at a time: a block of the result stays in the nearest cache. */
const BLOCK = 1024;

/** intercept + Σ coefficient · column, written to `out`. */
export function combine(
  columns: readonly Float64Array[],
  coefficients: Float64Array,
  intercept: number,
  out: Float64Array,
): Float64Array {
  const even = columns.length - (columns.length % 4);
  for (let start = 0; start < out.length; start += BLOCK) {
    const end = Math.min(start + BLOCK, out.length);
    out.fill(intercept, start, end);
    for (let j = 0; j < even; j += 4) addFour(columns, coefficients, j, start, end, out);
    for (let j = even; j < columns.length; j++) addOne(columns[j]!, coefficients[j]!, start, end, out);
  }
  return out;
}

function addFour(
  columns: readonly Float64Array[],
  coefficients: Float64Array,
  j: number,
  start: number,
  end: number,
  out: Float64Array,
): void {
  const [a, b, c, d] = [columns[j]!, columns[j + 1]!, columns[j + 2]!, columns[j + 3]!];
  const [p, q, r, s] = [coefficients[j]!, coefficients[j + 1]!, coefficients[j + 2]!, coefficients[j + 3]!];
  for (let row = start; row < end; row++)
    out[row]! += p * a[row]! + q * b[row]! + (r * c[row]! + s * d[row]!);
}

function addOne(
  column: Float64Array,
  coefficient: number,
  start: number,
  end: number,
  out: Float64Array,
): void {
  for (let row = start; row < end; row++) out[row]! += coefficient * column[row]!;
}

/** A linear regression's predictions. */
export function predictLinear(
  { coef_, intercept_ }: LinearState,
  { columns, rows }: Features,
  { space }: EstimatorTools,
): Prediction {
  return { kind: 'numbers', values: combine(columns, coef_, intercept_, space.float64(rows)) };
}

/** Parameters that linear models share, as JSON Schema. */
export const fitIntercept = {
  description: 'Whether an intercept is fitted; without it the model goes through the origin.',
  type: 'boolean',
  default: true,
} as const;

export const randomState = {
  description: "Taken for scikit-learn's sake: nothing of this fit is left to chance.",
  type: ['integer', 'null'],
  default: null,
} as const;
