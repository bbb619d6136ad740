import type { Distribution } from '../ports/maps.js';

/** Numbers of a line. */
export const LINE = 4;

/**
 * What interpolating in a distribution needs of each quantile: the middle of the references that its equals have, its
 * reference, the slope to the next quantile, and the reference there.
 */
export function linesOf({ quantiles, references }: Distribution): Float64Array {
  const lines = new Float64Array(quantiles.length * LINE);
  let first = 0;
  for (let i = 0; i < quantiles.length; i++) {
    if (quantiles[i] !== quantiles[first]) first = i;
    const [r, s] = [references[i]!, references[i + 1] ?? references[i]!];
    const slope = (s - r) / (quantiles[i + 1]! - quantiles[i]!);
    lines.set([0.5 * (r + references[first]!), r, slope, s], i * LINE);
  }
  return lines;
}
