/**
 * Newton's method with a line search.
 *
 * Source: S. Boyd, L. Vandenberghe, "Convex Optimization", 2004, section 9.5; for the steps by an older Hessian C. T. Kelley,
 * "Iterative Methods for Linear and Nonlinear Equations", 1995, section 5.4 (the chord method), and what those steps show by
 * the updates of J. Nocedal, S. Wright, "Numerical Optimization", 2nd edition, algorithm 7.4.
 */
import { factorise, solveFactor, type Factor } from './cholesky.js';
import { direction, pairOf, type Pair } from './lbfgs.js';
import {
  dot,
  searchLine,
  sizeOf,
  type Minimum,
  type Objective,
  type Point,
  type Search,
} from './objective.js';

/** An older Hessian is kept while a step leaves at most this share of the gradient, or so few more are likely to end it. */
const KEPT = 1 / 8;
const FEW_STEPS = 3;
/** A step that promises less than this share of the value changes nothing but rounding. */
const ROUNDING = Number.EPSILON;

/** Where to begin, and a factor of the Hessian near there, for the first steps. */
export interface Start {
  readonly w: Float64Array;
  readonly factor?: Factor;
}

/**
 * From `start` until no part of the gradient is above `tol` and half the square of the Newton decrement, which is about what
 * is left to gain, is at most its square; or until that is at most `enough`. That last step is taken too. At most `maxIter`
 * steps.
 */
export function newton(
  objective: Objective,
  start: Start,
  { maxIter, tol, enough = 0, steepness, checkpoint }: Search,
): Minimum & { readonly factor?: Factor } {
  let { w, factor } = start;
  const isLarge = enough > 0 || factor !== undefined;
  let point = objective.at(w, factor === undefined);
  // Since the Hessian that the factor is of.
  const pairs: Pair[] = [];
  for (let iteration = 1; iteration <= maxIter; iteration++) {
    checkpoint();
    const { hessian } = point;
    const old = hessian === undefined;
    if (!old) pairs.length = 0;
    const known: Factor = old ? factor! : factorOf(hessian, objective.size);
    factor = known;
    const step = direction(point.gradient, pairs, (d) => solveFactor(known, d));
    const slope = dot(point.gradient, step);
    const left = -slope / 2;
    const done = left <= enough || (steepness(point.gradient) <= tol && left <= tol * tol);
    if (done || left <= ROUNDING * Math.abs(point.loss))
      return { w: w.map((value, i) => value + step[i]!), iterations: iteration, converged: true, factor };
    // What is left is squared by a step of the Hessian at hand: of many rows no further one is made where that is little.
    const isFar = !isLarge || left * left > Math.max(tol * tol, enough);
    const taken = searchLine(objective, w, point, step, slope, !old && isFar);
    if (taken === undefined) {
      // Of an older Hessian the step may have been bad; of this one, nothing is left to gain.
      if (!old) return { w, iterations: iteration, converged: true, factor };
      point = objective.at(w, true);
      continue;
    }
    const pair = pairOf(w, taken.w, point.gradient, taken.point.gradient);
    if (pair.product > 0) pairs.push(pair);
    const gain = sizeOf(taken.point.gradient) / sizeOf(point.gradient);
    w = taken.w;
    const isSlow = gain > KEPT && left * gain ** (2 * FEW_STEPS + 2) > tol * tol;
    point = old && isSlow ? objective.at(w, true) : taken.point;
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
