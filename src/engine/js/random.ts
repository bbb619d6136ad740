import type { RandomKernel } from '../../ports/engine.js';

const N = 624;
const M = 397;

/** NumPy's RandomState: MT19937 by init_genrand; calls give the next `count` doubles of 53 bits. */
export function generator(seed: number): (count: number) => Float64Array {
  const state = new Uint32Array(N);
  state[0] = seed;
  for (let i = 1; i < N; i++) {
    const previous = state[i - 1]! ^ (state[i - 1]! >>> 30);
    state[i] = Math.imul(1812433253, previous) + i;
  }
  let index = N;
  const next = (): number => {
    if (index === N) {
      for (let i = 0; i < N; i++) {
        const y = (state[i]! & 0x80000000) | (state[(i + 1) % N]! & 0x7fffffff);
        state[i] = state[(i + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      index = 0;
    }
    let y = state[index++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  return (count) =>
    Float64Array.from(
      { length: count },
      () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992,
    );
}

export const random: RandomKernel = (seed, count) => generator(seed)(count);
