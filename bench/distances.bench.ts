import { bitmap, column, normal } from './data.js';
import { placed, type Case, type Contest, type Stage } from './stage.js';

const ROWS = 1_000_000;

function sums(stage: Stage, validity: Uint8Array | null): Contest {
  const values = normal(501, ROWS);
  const ours = column(placed(stage.arena, values), validity);
  const theirs = column(values, validity);
  return {
    ours: () => stage.wasm.distances.sums([ours], [0.25])[0]!,
    rival: () => stage.js.distances.sums([theirs], [0.25])[0]!,
    agree: 1e-10,
  };
}

function differences(stage: Stage): Contest {
  const [x, y] = [normal(502, ROWS), normal(503, ROWS)];
  const [a, b] = [column(placed(stage.arena, x)), column(placed(stage.arena, y))];
  const last = (values: Float64Array): number => values[ROWS - 1]!;
  return {
    ours: () => stage.arena.scratch(() => last(stage.wasm.distances.differences(a, b))),
    rival: () => last(stage.js.distances.differences(column(x), column(y))),
    agree: 0,
  };
}

// Floors: about two thirds of the lowest median ratio of several runs (two cores, Node 20).
export const cases: readonly Case[] = [
  {
    family: 'distances',
    name: 'distances from a centre, 1,000,000 rows',
    rival: 'js engine',
    floor: 3,
    prepare: (stage) => sums(stage, null),
  },
  {
    family: 'distances',
    name: 'distances from a centre, one in ten missing',
    rival: 'js engine',
    floor: 3,
    prepare: (stage) => sums(stage, bitmap(504, ROWS, 0.1)),
  },
  {
    family: 'distances',
    name: 'differences of two columns, 1,000,000 rows',
    rival: 'js engine',
    floor: 3,
    prepare: differences,
  },
];
