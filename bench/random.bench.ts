import type { Case } from './stage.js';

const COUNT = 1_000_000;

export const cases: readonly Case[] = [
  {
    family: 'random',
    name: 'RandomState(42).random_sample(1,000,000)',
    rival: 'js engine',
    floor: 1,
    prepare: ({ wasm, js }) => ({
      ours: () => wasm.random(42, COUNT)[COUNT - 1]!,
      rival: () => js.random(42, COUNT)[COUNT - 1]!,
      agree: 0,
    }),
  },
];
