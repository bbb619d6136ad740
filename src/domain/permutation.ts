import { RandomState } from './random-state.js';

/**
 * `numpy.random.RandomState(seed).permutation(count)`: the numbers 0 … count − 1 in its order; what scikit-learn draws
 * samples and splits by. `seed` in [0, 2^32), `count` at most 2^32.
 */
export function permutation(seed: number, count: number): Uint32Array {
  return new RandomState(seed).permutation(count);
}
