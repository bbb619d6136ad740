import type { Numbers } from '../src/ports/tables.js';
import { bitmap, column, normal } from './data.js';
import { placed, type Case, type Contest, type Stage } from './stage.js';

const ROWS = 1_000_000;
const QUARTILES = [0.25, 0.5, 0.75];
const PERCENTILES = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

const total = (values: readonly number[]): number =>
  values.reduce((sum, value, i) => sum + value * (i + 1), 0);

const against = (stage: Stage, numbers: Numbers, q: readonly number[]): Contest => {
  const [chunk] = numbers.chunks;
  const ours = column(placed(stage.arena, chunk!.values), chunk!.validity);
  return {
    ours: () => total(stage.wasm.select(ours, q)),
    rival: () => total(stage.js.select(numbers, q)),
    agree: 0,
  };
};

/** Few different values: the case that degrades quickselects. */
const ratings = (): Numbers => column(normal(202, ROWS).map((value) => Math.round(value)));

// Floors: about two thirds of the lowest median ratio of several runs (two cores, Node 20): 9.8, 5.5 and 4.5.
export const cases: readonly Case[] = [
  {
    family: 'select',
    name: 'quartiles, 1,000,000 rows',
    rival: 'js engine',
    floor: 6.5,
    prepare: (stage) => against(stage, column(normal(201, ROWS)), QUARTILES),
  },
  {
    family: 'select',
    name: 'nine percentiles, one in ten missing',
    rival: 'js engine',
    floor: 3.7,
    prepare: (stage) => against(stage, column(normal(203, ROWS), bitmap(204, ROWS, 0.1)), PERCENTILES),
  },
  {
    family: 'select',
    name: 'quartiles, nine different values',
    rival: 'js engine',
    floor: 3,
    prepare: (stage) => against(stage, ratings(), QUARTILES),
  },
  {
    family: 'select',
    name: 'quartiles, 1,000,000 rows',
    rival: 'jstat',
    prepare(stage) {
      const values = normal(201, ROWS);
      const list = Array.from(values);
      const { ours } = against(stage, column(values), QUARTILES);
      return { ours, rival: () => total(stage.rivals.jStat.quantiles(list, QUARTILES, 1, 1)), agree: 1e-12 };
    },
  },
  {
    family: 'select',
    name: 'quartiles, 1,000,000 rows',
    rival: 'simple-statistics',
    prepare(stage) {
      const values = normal(201, ROWS);
      const list = Array.from(values);
      const { ours } = against(stage, column(values), QUARTILES);
      // It does not interpolate: neighbours of a million rows differ in the sixth digit.
      return { ours, rival: () => total(stage.rivals.simple!.quantile(list, QUARTILES)), agree: 1e-4 };
    },
  },
];
