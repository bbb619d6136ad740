/**
 * 32-bit numbers of NumPy's `RandomState(seed)`: MT19937 seeded with `init_genrand`. The engine's random kernel gives
 * doubles of two of them, in which the low bits are gone that NumPy's shuffle takes.
 * Source: M. Matsumoto, T. Nishimura, "Mersenne Twister", ACM TOMACS 8 (1998).
 */
function mersenneTwister(seed: number): () => number {
  const state = new Uint32Array(N);
  state[0] = seed;
  for (let i = 1; i < N; i++) {
    const before = state[i - 1]! ^ (state[i - 1]! >>> 30);
    state[i] = Math.imul(before, 1_812_433_253) + i;
  }
  let place = N;
  return () => {
    if (place === N) {
      twist(state);
      place = 0;
    }
    let y = state[place++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}

const N = 624;
const M = 397;

function twist(state: Uint32Array): void {
  for (let i = 0; i < N; i++) {
    const y = (state[i]! & 0x80000000) | (state[(i + 1) % N]! & 0x7fffffff);
    state[i] = state[(i + M) % N]! ^ (y >>> 1) ^ ((y & 1) === 0 ? 0 : 0x9908b0df);
  }
}

/**
 * 0 to `length` − 1 as `RandomState(seed).shuffle` leaves them: from the end, each is exchanged with one not behind it,
 * whose place is the first 32-bit number, cut to as many bits as the greatest place has, that is not beyond it.
 */
export function shuffled(seed: number, length: number): Int32Array {
  const order = Int32Array.from({ length }, (_, i) => i);
  const next = mersenneTwister(seed);
  for (let i = length - 1; i > 0; i--) {
    const mask = 2 ** (32 - Math.clz32(i)) - 1;
    let j: number;
    do j = (next() & mask) >>> 0;
    while (j > i);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}
