const N = 624;
const M = 397;

/**
 * `numpy.random.RandomState(seed)`: what scikit-learn shuffles and splits by, one draw after another. `seed` in [0, 2^32).
 *
 * Source: M. Matsumoto, T. Nishimura, "Mersenne Twister", 1998 (init_genrand); NumPy's legacy `random_interval`, `shuffle`
 * and `choice`, whose order of draws is frozen (NEP 19).
 */
export class RandomState {
  readonly #state = new Uint32Array(N);
  #index = N;

  constructor(seed: number) {
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < N; i++) {
      const before = state[i - 1]!;
      state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  /** What `from` goes on with: 624 words and the place of the next, 624: they are used up. */
  state(): { readonly words: Uint32Array; readonly index: number } {
    return { words: this.#state.slice(), index: this.#index };
  }

  static from({ words, index }: { readonly words: Uint32Array; readonly index: number }): RandomState {
    const random = new RandomState(0);
    random.#state.set(words);
    random.#index = index;
    return random;
  }

  /** 32 random bits, as a signed integer. */
  word(): number {
    if (this.#index === N) {
      twist(this.#state);
      this.#index = 0;
    }
    let y = this.#state[this.#index++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >>> 18);
  }

  /** An integer of 0 … `largest`, at most 2^32 − 1: the low bits of a word, again while they are beyond it. */
  interval(largest: number): number {
    if (largest === 0) return 0;
    const mask = 2 ** (32 - Math.clz32(largest)) - 1;
    for (;;) {
      const drawn = (this.word() & mask) >>> 0;
      if (drawn <= largest) return drawn;
    }
  }

  /** `random_sample()`: a double of 53 bits in [0, 1). */
  sample(): number {
    const high = this.word() >>> 5;
    return (high * 67108864 + (this.word() >>> 6)) / 9007199254740992;
  }

  /** `shuffle(values)`, in place: Fisher and Yates from the end. */
  shuffle(values: Uint32Array): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.interval(i);
      const moved = values[i]!;
      values[i] = values[j]!;
      values[j] = moved;
    }
  }

  /** `permutation(count)`: the numbers 0 … count − 1 in its order. */
  permutation(count: number): Uint32Array {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    this.shuffle(order);
    return order;
  }
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < N; i++) {
    const y = (state[i]! & 0x80000000) | (state[i + 1 === N ? 0 : i + 1]! & 0x7fffffff);
    const from = i + M < N ? i + M : i + M - N;
    state[i] = state[from]! ^ (y >>> 1) ^ ((y & 1) === 0 ? 0 : 0x9908b0df);
  }
}
