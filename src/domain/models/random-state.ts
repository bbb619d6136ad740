import { words } from '../permutation.js';

/** NumPy's `RandomState(seed)`, as far as estimators draw from it: the same numbers in the same order. */
export interface RandomState {
  /** `randint(0, below)`, 1 ≤ below ≤ 2^32. */
  readonly integer: (below: number) => number;
  /** `random_sample()`: in [0, 1), 53 bits. */
  readonly double: () => number;
  /** `choice(count, size, replace=False)`: the first of a permutation. */
  readonly choose: (count: number, size: number) => Int32Array;
}

/**
 * Source of the draws: NumPy 1.26, `legacy` paths of `random_bounded_uint64_fill` (the low bits of a word, again while they
 * are beyond the greatest) and of `shuffle` (Fisher and Yates from the end).
 */
export function randomState(seed: number): RandomState {
  const next = words(seed);
  const integer = (below: number): number => {
    const greatest = below - 1;
    if (greatest === 0) return 0;
    const mask = greatest > 0x7fffffff ? -1 : 2 ** (32 - Math.clz32(greatest)) - 1;
    let drawn: number;
    do drawn = (next() & mask) >>> 0;
    while (drawn > greatest);
    return drawn;
  };
  const double = (): number => {
    const high = next() >>> 5;
    const low = next() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  };
  const choose = (count: number, size: number): Int32Array => {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = integer(i + 1);
      const moved = order[i]!;
      order[i] = order[j]!;
      order[j] = moved;
    }
    return order.slice(0, size);
  };
  return { integer, double, choose };
}

/** Seeds that scikit-learn gives the members of an ensemble: `randint(iinfo(int32).max)` for each. */
export function memberSeeds(seed: number, members: number): number[] {
  const state = randomState(seed);
  return Array.from({ length: members }, () => state.integer(0x7fffffff));
}

/**
 * scikit-learn's generator inside a tree, seeded as its splitters are: an xorshift of 32 bits of which the low 31 are given.
 * Source: G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003).
 */
export function xorshift(seed: number): () => number {
  let state = randomState(seed).integer(0x7fffffff);
  return () => {
    if (state === 0) state = 1;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0x7fffffff;
  };
}
