import type { Engine } from '../src/ports/engine.js';
import { blobs, column, mulberry32 } from './data.js';
import { placed, type Case, type Contest, type Stage } from './stage.js';

function contest(stage: Stage, rows: number, columns: number, clusters: readonly number[]): Contest {
  const values = blobs(901, rows, columns, 6);
  const next = mulberry32(902);
  // Neighbours share a label as those of a fit would; one row in ten has another.
  const labelings = clusters.map((k) =>
    values[0]!.reduce((labels, x, row) => {
      labels[row] = next() < 0.1 ? Math.floor(next() * k) : Math.abs(Math.floor((x * k) / 20)) % k;
      return labels;
    }, new Int32Array(rows)),
  );
  const ours = values.map((one) => column(placed(stage.arena, one)));
  const theirs = values.map((one) => column(one));
  const digest = (engine: Engine, of: typeof ours): number =>
    engine.silhouette(of, labelings).reduce((sum, score) => sum + 1 + score, 0);
  return {
    ours: () => digest(stage.wasm, ours),
    rival: () => digest(stage.js, theirs),
    agree: 1e-12,
  };
}

// Floors: half of what a machine of two cores gives (Node 20: 9.5 and 12.4), for another of the same kind.
export const cases: readonly Case[] = [
  {
    family: 'silhouette',
    name: '4,000 × 4, 5 clusters',
    rival: 'js engine',
    floor: 4.5,
    prepare: (stage) => contest(stage, 4_000, 4, [5]),
  },
  {
    family: 'silhouette',
    name: '4,000 × 4, 2 to 10 clusters',
    rival: 'js engine',
    floor: 6,
    prepare: (stage) => contest(stage, 4_000, 4, [2, 3, 4, 5, 6, 7, 8, 9, 10]),
  },
];
