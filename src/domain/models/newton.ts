/**
 * Newton's method with a line search.
 *
 * Source: S. Boyd, L. Vandenberghe, "Convex Optimization", 2004, section 9.5; for the steps by an older Hessian C. T. Kelley,
 * "Iterative Methods for Linear and Nonlinear Equations", 1995, section 5.4 (the chord method).
 */
import { factorise, solveFactor, type Factor } from './cholesky.js';
import {
  dot,
  searchLine,
  sizeOf,
  type Minimum,
  type Objective,
  type Point,
  type Search,
} from './objective.js';

/** An older Hessian is kept while a step leaves at most this share of the gradient. */
const KEPT = 1 / 8;
/** A step that promises less than this share of the value changes nothing but rounding. */
const ROUNDING = Number.EPSILON;

/** Where to begin, and a factor of the Hessian near there, for the first steps. */
export interface Start {
  readonly w: Float64Array;
  readonly factor?: Factor;
}

/**
 * From `start` until no part of the gradient is above `tol` and half the square of the Newton decrement, which is about what
 * is left to gain, is at most its square; that last step is taken too. At most `maxIter` steps.
 */
export function newton(
  objective: Objective,
  start: Start,
  { maxIter, tol, steepness, checkpoint }: Search,
): Minimum & { readonly factor?: Factor } {
  let { w, factor } = start;
  let point = objective.at(w, factor === undefined);
  for (let iteration = 1; iteration <= maxIter; iteration++) {
    checkpoint();
    factor = point.hessian === undefined ? factor! : factorOf(point.hessian, objective.size);
    const step = solveFactor(factor, point.gradient).map((part) => -part);
    const slope = dot(point.gradient, step);
    const left = -slope / 2;
    const done = steepness(point.gradient) <= tol && left <= tol * tol;
    if (done || left <= ROUNDING * Math.abs(point.loss))
      return { w: w.map((value, i) => value + step[i]!), iterations: iteration, converged: true, factor };
    const old = point.hessian === undefined;
    const taken = searchLine(objective, w, point, step, slope, !old);
    if (taken === undefined) {
      // Of an older Hessian the step may have been bad; of this one, nothing is left to gain.
      if (!old) return { w, iterations: iteration, converged: true, factor };
      point = objective.at(w, true);
      continue;
    }
    const gain = sizeOf(taken.point.gradient) / sizeOf(point.gradient);
    w = taken.w;
    point = old && gain > KEPT ? objective.at(w, true) : taken.point;
  }
  return { w, iterations: maxIter, converged: converges(point, tol, steepness), ...(factor && { factor }) };
}

function converges({ gradient }: Point, tol: number, steepness: Search['steepness']): boolean {
  return steepness(gradient) <= tol;
}

/** Of a Hessian that rounding has made indefinite, with as little on its diagonal as makes it definite. */
function factorOf(hessian: Float64Array, size: number): Factor {
  const matrix = Float64Array.from(hessian);
  for (let added = 2 ** -46; ; added *= 64) {
    const factor = factorise(matrix, size);
    if (factor !== undefined) return factor;
    for (let i = 0; i < size; i++) {
      const at = i * (size + 1);
      matrix[at] = Math.max(Math.abs(hessian[at]!), Number.MIN_VALUE * 2 ** 60) * (1 + added);
    }
    if (added > 2 ** 20) throw new Error('a Hessian that is not finite');
  }
}
