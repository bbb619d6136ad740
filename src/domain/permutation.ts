/**
 * `numpy.random.RandomState(seed).permutation(count)`: the numbers 0 … count − 1 in its order; what scikit-learn draws
 * samples and splits by. `seed` in [0, 2^32), `count` at most 2^32.
 *
 * Source: M. Matsumoto, T. Nishimura, "Mersenne Twister", 1998; Fisher and Yates from the end, as NumPy's legacy `shuffle`,
 * each place drawn by its `random_interval`: the low bits of a word, again while they are beyond it.
 */
export function permutation(seed: number, count: number): Uint32Array {
  const next = words(seed);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const mask = 2 ** (32 - Math.clz32(i)) - 1;
    let j: number;
    do j = (next() & mask) >>> 0;
    while (j > i);
    const moved = order[i]!;
    order[i] = order[j]!;
    order[j] = moved;
  }
  return order;
}

const N = 624;
const M = 397;

/** MT19937 seeded by init_genrand: its words of 32 bits, one a call, as signed integers. */
function words(seed: number): () => number {
  const state = new Uint32Array(N);
  state[0] = seed;
  for (let i = 1; i < N; i++) {
    const before = state[i - 1]!;
    state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
  }
  let index = N;
  return () => {
    if (index === N) {
      twist(state);
      index = 0;
    }
    let y = state[index++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >>> 18);
  };
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < N; i++) {
    const y = (state[i]! & 0x80000000) | (state[i + 1 === N ? 0 : i + 1]! & 0x7fffffff);
    const from = i + M < N ? i + M : i + M - N;
    state[i] = state[from]! ^ (y >>> 1) ^ ((y & 1) === 0 ? 0 : 0x9908b0df);
  }
}
