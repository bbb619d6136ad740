import type { Engine } from '../src/ports/engine.js';
import { AGGREGATES } from '../src/ports/windows.js';
import { normal } from './data.js';
import { placed, type Case, type Contest, type Stage } from './stage.js';

const ROWS = 1_000_000;

/** Both engines over one series; the figure is the last value. */
function contest(stage: Stage, make: (engine: Engine, values: Float64Array) => Float64Array): Contest {
  const values = normal(511, ROWS);
  const ours = placed(stage.arena, values);
  return {
    ours: () => stage.arena.scratch(() => make(stage.wasm, ours)[ROWS - 1]!),
    rival: () => make(stage.js, values)[ROWS - 1]!,
    agree: 1e-9,
  };
}

const one = (
  name: string,
  floor: number,
  make: (engine: Engine, values: Float64Array) => Float64Array,
): Case => ({
  family: 'windows',
  name: `${name}, 1,000,000 rows`,
  rival: 'js engine',
  floor,
  prepare: (stage) => contest(stage, make),
});

const FLOORS = { mean: 4, sum: 4, std: 1.8, min: 3, max: 3 } as const;

// Floors: less than half the median ratios of several runs (two cores, Node 20): 10 to 20, 8.6, 8, 3.8, 6.4, 6.8 and 8.1.
export const cases: readonly Case[] = [
  one('differences', 4, (engine, values) => engine.windows.diff(values, 1)),
  ...AGGREGATES.map((aggregate) =>
    one(`rolling ${aggregate} of 50`, FLOORS[aggregate], ({ windows }, values) =>
      windows.rolling(values, { window: 50, least: 50, aggregate }),
    ),
  ),
  one('exponentially weighted means', 3.5, ({ windows }, values) =>
    windows.fading(values, { alpha: 2 / 21, adjust: true }),
  ),
];
