/**
 * NumPy's RandomState: MT19937 (Matsumoto, Nishimura 1998) seeded by init_genrand, doubles of 53 bits.
 *
 * The generator lives in the caller's memory, 2,500 bytes: 624 words of state, then the index of the next word.
 */
const N: i32 = 624;
const M: i32 = 397;

// @ts-ignore: decorator
@inline
function word(state: usize, index: i32): u32 {
  return load<u32>(state + ((<usize>index) << 2));
}

/** OUT state: 2,500 bytes. `seed` in [0, 2^32). */
export function random_seed(state: usize, seed: u32): void {
  let previous = seed;
  store<u32>(state, previous);
  for (let i = 1; i < N; i++) {
    previous = 1812433253 * (previous ^ (previous >> 30)) + <u32>i;
    store<u32>(state + ((<usize>i) << 2), previous);
  }
  store<i32>(state, N, 2496);
}

function refill(state: usize): void {
  for (let i = 0; i < N; i++) {
    const y = (word(state, i) & 0x80000000) | (word(state, (i + 1) % N) & 0x7fffffff);
    const twist = (y >> 1) ^ (0x9908b0df & (0 - (y & 1)));
    store<u32>(state + ((<usize>i) << 2), word(state, (i + M) % N) ^ twist);
  }
}

function next(state: usize): u32 {
  let index = load<i32>(state, 2496);
  if (index >= N) {
    refill(state);
    index = 0;
  }
  let y = word(state, index);
  store<i32>(state, index + 1, 2496);
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >> 18);
}

/** OUT out: `count` doubles in [0, 1), as `RandomState.random_sample(count)` gives them. */
export function random_doubles(state: usize, out: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const high = <f64>(next(state) >> 5);
    const low = <f64>(next(state) >> 6);
    store<f64>(out + ((<usize>i) << 3), (high * 67108864.0 + low) / 9007199254740992.0);
  }
}
