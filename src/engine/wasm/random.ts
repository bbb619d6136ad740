import type { RandomKernel } from '../../ports/engine.js';
import type { Arena } from './arena.js';
import type { Kernels } from './exports.js';

/** 624 words and the index of the next. */
export const GENERATOR_BYTES = 2500;

export function random(kernels: Kernels, arena: Arena): RandomKernel {
  return (seed, count) =>
    arena.scratch(() => {
      const state = arena.take(GENERATOR_BYTES);
      const out = arena.take(count * 8);
      kernels.random_seed(state, seed);
      kernels.random_doubles(state, out, count);
      return arena.float64At(out, count).slice();
    });
}
