/** A smooth convex function of some numbers, made small by newton.ts or lbfgs.ts. */
export interface Objective {
  readonly size: number;
  /** Its value, its gradient and, where asked for, its Hessian. */
  readonly at: (w: Float64Array, curved: boolean) => Point;
}

export interface Point {
  readonly loss: number;
  readonly gradient: Float64Array;
  /** size × size. */
  readonly hessian?: Float64Array;
}

export interface Search {
  readonly maxIter: number;
  readonly tol: number;
  /** What is left to gain that is worth no step: 0 where it is not given. */
  readonly enough?: number;
  /** The largest part of a gradient in the units that `tol` has. */
  readonly steepness: (gradient: Float64Array) => number;
  readonly checkpoint: () => void;
}

export interface Minimum {
  readonly w: Float64Array;
  readonly iterations: number;
  readonly converged: boolean;
}

/** A step that was taken. */
interface Taken {
  readonly w: Float64Array;
  readonly point: Point;
}

/** Halvings of a step at most. */
const HALVINGS = 30;
const SUFFICIENT = 2 ** -11;

/**
 * The first of step, step/2, step/4 … that lowers the objective by a part of what its slope (gradient · step, negative)
 * promises, or that changes it by rounding only and makes the gradient smaller. Undefined where none does.
 */
export function searchLine(
  objective: Objective,
  w: Float64Array,
  from: Point,
  step: Float64Array,
  slope: number,
  curved: boolean,
): Taken | undefined {
  const rounding = 16 * Number.EPSILON * Math.abs(from.loss);
  for (let halving = 0; halving < HALVINGS; halving++) {
    const share = 2 ** -halving;
    const next = w.map((value, i) => value + share * step[i]!);
    const point = objective.at(next, curved);
    const change = point.loss - from.loss;
    if (change <= SUFFICIENT * share * slope) return { w: next, point };
    if (Math.abs(change) <= rounding && sizeOf(point.gradient) < sizeOf(from.gradient))
      return { w: next, point };
  }
  return undefined;
}

export function sizeOf(gradient: Float64Array): number {
  return gradient.reduce((sum, part) => sum + Math.abs(part), 0);
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
