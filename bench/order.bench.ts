import { bitmap, column, normal } from './data.js';
import { placed, type Case, type Contest, type Stage } from './stage.js';

const ROWS = 1_000_000;

const figure = (values: Float64Array): number =>
  values[0]! + values[values.length >> 1]! + values[values.length - 1]! + values.length;

function sorting(stage: Stage, values: Float64Array): Contest {
  const ours = column(placed(stage.arena, values));
  const theirs = column(values);
  return {
    ours: () => stage.arena.scratch(() => figure(stage.wasm.order.sort(ours))),
    rival: () => figure(stage.js.order.sort(theirs)),
    agree: 0,
  };
}

function ranking(stage: Stage, values: Float64Array, validity: Uint8Array | null): Contest {
  const ours = column(placed(stage.arena, values), validity);
  const theirs = column(values, validity);
  const total = (engine: Stage['wasm'], numbers: typeof ours): number => {
    const { ranks, ties, distinct } = engine.order.rank(numbers);
    return ranks.reduce((sum, rank, i) => (rank === rank ? sum + rank * (i & 15) : sum), ties + distinct);
  };
  return {
    ours: () => stage.arena.scratch(() => total(stage.wasm, ours)),
    rival: () => total(stage.js, theirs),
    agree: 1e-12,
  };
}

// Floors: about half of the lowest median ratio of several runs (two cores, Node 20): 10.5, 11.7, 14.1 and 22.9.
export const cases: readonly Case[] = [
  {
    family: 'order',
    name: 'sort, 1,000,000 rows',
    rival: 'js engine',
    floor: 5,
    prepare: (stage) => sorting(stage, normal(701, ROWS)),
  },
  {
    family: 'order',
    name: 'sort, nine different values',
    rival: 'js engine',
    floor: 5.5,
    prepare: (stage) =>
      sorting(
        stage,
        normal(702, ROWS).map((value) => Math.round(value)),
      ),
  },
  {
    family: 'order',
    name: 'ranks, one in ten missing',
    rival: 'js engine',
    floor: 7,
    prepare: (stage) => ranking(stage, normal(703, ROWS), bitmap(704, ROWS, 0.1)),
  },
  {
    family: 'order',
    name: 'pairs, 200,000 rows',
    rival: 'js engine',
    floor: 11,
    prepare: (stage) => {
      const x = normal(705, 200_000);
      const y = normal(706, 200_000).map((value, i) => value + x[i]! / 3);
      const ours = [x, y].map((values) => column(placed(stage.arena, values)));
      const theirs = [x, y].map((values) => column(values));
      return {
        ours: () => stage.wasm.order.pairs(ours[0]!, ours[1]!).discordant,
        rival: () => stage.js.order.pairs(theirs[0]!, theirs[1]!).discordant,
        agree: 0,
      };
    },
  },
];
