/**
 * The limited-memory BFGS method, for more coefficients than a Hessian of them is worth.
 *
 * Source: J. Nocedal, S. Wright, "Numerical Optimization", 2nd edition, algorithms 7.4 and 7.5.
 */
import { dot, searchLine, type Minimum, type Objective, type Search } from './objective.js';

/** Steps that are remembered. */
const MEMORY = 12;

/** A step, and what it changed of the gradient. */
export interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly product: number;
}

/** From 0. `curvature`: the Hessian's diagonal, about. */
export function lbfgs(
  objective: Objective,
  curvature: Float64Array,
  { maxIter, tol, steepness, checkpoint }: Search,
): Minimum {
  let w: Float64Array = new Float64Array(objective.size);
  let point = objective.at(w, false);
  const pairs: Pair[] = [];
  for (let iteration = 0; ; iteration++) {
    checkpoint();
    if (steepness(point.gradient) <= tol) return { w, iterations: iteration, converged: true };
    if (iteration === maxIter) return { w, iterations: iteration, converged: false };
    const step = direction(point.gradient, pairs, (d) => scaled(d, pairs.at(-1), curvature));
    const taken = searchLine(objective, w, point, step, dot(point.gradient, step), false);
    if (taken === undefined) {
      // Rounding is all that is left; but a step that many others shaped may be bad.
      if (pairs.length === 0) return { w, iterations: iteration, converged: true };
      pairs.length = 0;
      continue;
    }
    const made = pairOf(w, taken.w, point.gradient, taken.point.gradient);
    if (made.product > 0) pairs.push(made);
    if (pairs.length > MEMORY) pairs.shift();
    ({ w, point } = taken);
  }
}

export function pairOf(w: Float64Array, next: Float64Array, before: Float64Array, after: Float64Array): Pair {
  const step = next.map((value, i) => value - w[i]!);
  const change = after.map((value, i) => value - before[i]!);
  return { step, change, product: dot(step, change) };
}

/** By the inverse of the curvature, as large as the last step found it. */
function scaled(d: Float64Array, last: Pair | undefined, curvature: Float64Array): Float64Array {
  let scale = 1;
  if (last !== undefined)
    scale = last.product / last.change.reduce((sum, part, i) => sum + (part * part) / curvature[i]!, 0);
  return d.map((part, i) => part * (scale / curvature[i]!));
}

/**
 * Minus the gradient by the inverse Hessian as the remembered steps have it, of which `inverse` is what was known before
 * them. Each pair's product is above 0.
 */
export function direction(
  gradient: Float64Array,
  pairs: readonly Pair[],
  inverse: (d: Float64Array) => Float64Array,
): Float64Array {
  const rest = gradient.map((part) => -part);
  const shares = pairs.map(() => 0);
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { step, change, product } = pairs[k]!;
    const share = dot(step, rest) / product;
    shares[k] = share;
    for (let i = 0; i < rest.length; i++) rest[i]! -= share * change[i]!;
  }
  const d = inverse(rest);
  pairs.forEach(({ step, change, product }, k) => {
    const share = shares[k]! - dot(change, d) / product;
    for (let i = 0; i < d.length; i++) d[i]! += share * step[i]!;
  });
  return d;
}
