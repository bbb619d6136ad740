import type { MapsKernel } from '../src/ports/maps.js';
import { normal } from './data.js';
import { placed, type Case, type Contest, type Stage } from './stage.js';

const ROWS = 1_000_000;

/** The last number of what a map makes of so many columns. */
const contest =
  (columns: number, map: (maps: MapsKernel, columns: readonly Float64Array[]) => Float64Array) =>
  (stage: Stage): Contest => {
    const theirs = Array.from({ length: columns }, (_, i) => normal(511 + i, ROWS));
    const ours = theirs.map((values) => placed(stage.arena, values));
    return {
      ours: () => stage.arena.scratch(() => map(stage.wasm.maps, ours).at(-1)!),
      rival: () => map(stage.js.maps, theirs).at(-1)!,
      agree: 1e-9,
    };
  };

const QUANTILES = Float64Array.from({ length: 1000 }, (_, i) => (i - 500) / 150);
const REFERENCES = Array.from(QUANTILES, (_, i) => i / 999);
const SCALING = { centre: 1, divisor: 3, factor: 2, shift: -1 };

// Floors: about half of the median ratio of one run (two cores, busy with other work, Node 20).
const MAPS: readonly [string, number, number, Parameters<typeof contest>[1]][] = [
  ['gaps of four columns', 3, 4, (maps, columns) => Float64Array.of(maps.gaps(columns)[3]!.missing)],
  ['scaling', 3.5, 1, (maps, columns) => maps.scale(columns, [SCALING])[0]!],
  ['products', 5, 2, (maps, [x, y]) => maps.multiply([x!], [y!])[0]!],
  [
    'projection of four columns on two axes',
    5,
    4,
    (maps, columns) =>
      maps.project(
        columns,
        [0, 1, 0, 1],
        [
          [1, 2, 3, 4],
          [4, 3, 2, 1],
        ],
      )[1]!,
  ],
  ['places among four edges', 8, 1, (maps, [x]) => maps.places(x!, [-1, 0, 1, 2])],
  [
    'shares of a thousand quantiles',
    8,
    1,
    (maps, [x]) => maps.shares(x!, { quantiles: QUANTILES, references: REFERENCES, isNormal: false }),
  ],
  ['Yeo-Johnson logarithms', 2.5, 1, (maps, columns) => maps.logarithms(columns)[0]!],
  ['Yeo-Johnson powers', 2.5, 1, (maps, columns) => maps.powers(columns, [0.7])[0]!],
];

export const cases: readonly Case[] = MAPS.map(([name, floor, columns, map]) => ({
  family: 'maps',
  name: `${name}, 1,000,000 rows`,
  rival: 'js engine',
  floor,
  prepare: contest(columns, map),
}));
