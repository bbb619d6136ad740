import type { Engine } from '../../ports/engine.js';
import type { Space } from '../../ports/space.js';
import type { Numbers } from '../../ports/tables.js';

/** Sums of squares between these are far from the ends of the doubles. */
const LEAST = 1e-290;
const MOST = 1e290;

/**
 * The column, or where the squares of its deviations leave the doubles one that is moved and scaled into [−1, 1]: a
 * correlation is the same. Missing values stay missing.
 */
export function withinRange(numbers: Numbers, engine: Engine, space: Space): Numbers {
  const { min, max, m2 } = engine.moments(numbers, 2);
  if (min === max || !Number.isFinite(max) || !Number.isFinite(min) || (m2 > LEAST && m2 < MOST))
    return numbers;
  // Halves, since a range may be beyond the largest double.
  const middle = max / 2 + min / 2;
  const reach = max / 2 - min / 2;
  const chunks = numbers.chunks.map((chunk) => {
    const values = space.float64(chunk.values.length);
    for (let row = 0; row < values.length; row++) values[row] = (chunk.values[row]! - middle) / reach;
    return { ...chunk, values };
  });
  return { length: numbers.length, chunks };
}
