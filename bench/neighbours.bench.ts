import type { Engine } from '../src/ports/engine.js';
import { blobs, normal } from './data.js';
import { placed, type Case, type Contest, type Stage } from './stage.js';

const NEIGHBOURS = 5;

/** The sum of the distances to the five nearest rows of each query. */
function nearest(stage: Stage, rows: number, queries: number, d: number): Contest {
  const drawn = (seed: number, length: number): Float64Array[] =>
    Array.from({ length: d }, (_, j) => normal(seed + j, length));
  const [unordered, asked] = [drawn(301, rows), drawn(401, queries)];
  const order = stage.js.neighbours.arrange(unordered);
  const columns = unordered.map((values) => Float64Array.from(order, (row) => values[row]!));
  const sum = (engine: Engine, of: { fitted: Float64Array[]; asked: Float64Array[] }): number => {
    let total = 0;
    const options = { count: NEIGHBOURS, metric: 'euclidean' } as const;
    engine.neighbours.nearest({ columns: of.fitted, order }, of.asked, options, ({ distances }) => {
      total += distances.reduce((part, distance) => part + distance, 0);
    });
    return total;
  };
  const place = (list: Float64Array[]): Float64Array[] => list.map((values) => placed(stage.arena, values));
  const ours = { fitted: place(columns), asked: place(asked) };
  return {
    ours: () => sum(stage.wasm, ours),
    rival: () => sum(stage.js, { fitted: columns, asked }),
    agree: 1e-9,
  };
}

function assign(stage: Stage, rows: number, d: number, k: number): Contest {
  const values = blobs(501, rows, d, k);
  const centers = Float64Array.from({ length: k * d }, (_, i) => values[i % d]![Math.floor(i / d)]!);
  const ours = values.map((one) => placed(stage.arena, one));
  return {
    ours: () => stage.wasm.neighbours.assign(ours, centers).inertia,
    rival: () => stage.js.neighbours.assign(values, centers).inertia,
    agree: 1e-9,
  };
}

// Floors: about half of the median ratio on two busy cores (Node 20).
export const cases: readonly Case[] = [
  {
    family: 'neighbours',
    name: '5 nearest of 20,000 × 4 to 5,000',
    rival: 'js engine',
    floor: 1.5,
    prepare: (stage) => nearest(stage, 20_000, 5_000, 4),
  },
  {
    family: 'neighbours',
    name: '5 nearest of 5,000 × 16 to 500',
    rival: 'js engine',
    floor: 6,
    prepare: (stage) => nearest(stage, 5_000, 500, 16),
  },
  {
    family: 'neighbours',
    name: 'nearest of 8 centres, 500,000 × 4',
    rival: 'js engine',
    floor: 2,
    prepare: (stage) => assign(stage, 500_000, 4, 8),
  },
];
