import { RandomState } from '../random-state.js';

/** `randint(0, below)`, 1 ≤ below ≤ 2^32. */
export const integer = (random: RandomState, below: number): number => random.interval(below - 1);

/** `choice(count, size, replace=False)`: the first of a permutation. */
export const choose = (random: RandomState, count: number, size: number): Int32Array =>
  Int32Array.from(random.permutation(count).subarray(0, size));

/** Seeds that scikit-learn gives the members of an ensemble: `randint(iinfo(int32).max)` for each. */
export function memberSeeds(seed: number, members: number): number[] {
  const random = new RandomState(seed);
  return Array.from({ length: members }, () => integer(random, 0x7fffffff));
}

/** Where the generator inside a tree begins. */
export const xorshiftState = (seed: number): number => integer(new RandomState(seed), 0x7fffffff);

/**
 * scikit-learn's generator inside a tree, seeded as its splitters are: an xorshift of 32 bits of which the low 31 are given.
 * Source: G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003).
 */
export function xorshift(seed: number): () => number {
  let state = xorshiftState(seed);
  return () => {
    if (state === 0) state = 1;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0x7fffffff;
  };
}
