import type { Case } from './stage.js';

const COUNT = 1_000_000;

// Floors: about two thirds of the lowest median ratio of several runs (two cores, Node 20): 4.2.
export const cases: readonly Case[] = [
  {
    family: 'random',
    name: 'RandomState(42).random_sample(1,000,000)',
    rival: 'js engine',
    floor: 2.8,
    prepare: ({ wasm, js }) => ({
      ours: () => wasm.random(42, COUNT)[COUNT - 1]!,
      rival: () => js.random(42, COUNT)[COUNT - 1]!,
      agree: 0,
    }),
  },
];
