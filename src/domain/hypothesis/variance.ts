import type { Moments } from '../../ports/engine.js';

/** Σ(x − mean)², exactly 0 of a constant, whose mean may be rounded. */
export function squaresOf({ m2, min, max }: Moments): number {
  return min === max ? 0 : m2;
}

/** With ddof 1; NaN of fewer than two values. */
export function varianceOf(moments: Moments): number {
  return moments.count === 0 ? NaN : squaresOf(moments) / (moments.count - 1);
}
