import { bitmap, column, mulberry32, normal } from './data.js';
import { placed, type Case, type Contest, type Stage } from './stage.js';

const ROWS = 1_000_000;

function contest(stage: Stage, groups: number, validity: Uint8Array | null): Contest {
  const next = mulberry32(401);
  const labels = Int32Array.from({ length: ROWS }, () => Math.floor(next() * groups));
  const values = normal(402, ROWS);
  const ours = column(placed(stage.arena, values), validity);
  const theirs = column(values, validity);
  const ourLabels = stage.arena.int32At(stage.arena.place(labels), ROWS);
  const total = (means: Float64Array): number => means.reduce((sum, mean, i) => sum + mean * (i + 1), 0);
  return {
    ours: () => total(stage.wasm.groups(ours, ourLabels, groups)),
    rival: () => total(stage.js.groups(theirs, labels, groups)),
    agree: 1e-10,
  };
}

// Floors: about two thirds of the lowest median ratio of several runs (two cores, Node 20): 2.8 and 2.
export const cases: readonly Case[] = [
  {
    family: 'groups',
    name: 'means of 3 groups, 1,000,000 rows',
    rival: 'js engine',
    floor: 1.8,
    prepare: (stage) => contest(stage, 3, null),
  },
  {
    family: 'groups',
    name: 'means of 32 groups, one in ten missing',
    rival: 'js engine',
    floor: 1.3,
    prepare: (stage) => contest(stage, 32, bitmap(403, ROWS, 0.1)),
  },
];
