import type { Engine } from '../../ports/engine.js';
import { numbersOf } from './sample.js';

/** What linear models with a squared loss need of rows: sums of products, about the means where there is an intercept. */
export interface Gram {
  /** d × d, row-major: X'X. */
  readonly products: Float64Array;
  /** X'y. */
  readonly target: Float64Array;
  /** y'y. */
  readonly squares: number;
  /** Of the columns and of y: 0 without intercept. */
  readonly means: Float64Array;
  readonly meanY: number;
}

/** Takes one look at the rows: the engine's co-moments, compensated sums. */
export function gramOf(
  columns: readonly Float64Array[],
  y: Float64Array,
  intercept: boolean,
  engine: Engine,
): Gram {
  const d = columns.length;
  const order = d + 1;
  const { c, means } = engine.comoments([...columns, y].map(numbersOf));
  const rows = y.length;
  // All pairs have all rows: [i, ·] is the mean of column i.
  const mean = Float64Array.from({ length: order }, (_, i) => means[i * order + i]!);
  const entry = (i: number, j: number): number =>
    c[i * order + j]! + (intercept ? 0 : rows * mean[i]! * mean[j]!);
  const products = new Float64Array(d * d);
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) products[i * d + j] = entry(i, j);
  return {
    products,
    target: Float64Array.from({ length: d }, (_, i) => entry(i, d)),
    squares: entry(d, d),
    means: intercept ? mean.slice(0, d) : new Float64Array(d),
    meanY: intercept ? mean[d]! : 0,
  };
}

/** The intercept of coefficients of centred columns. */
export function interceptOf(
  { means, meanY }: Pick<Gram, 'means' | 'meanY'>,
  coefficients: Float64Array,
): number {
  return coefficients.reduce((rest, coefficient, j) => rest - coefficient * means[j]!, meanY);
}
