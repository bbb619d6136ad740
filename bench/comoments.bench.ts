import type { Numbers } from '../src/ports/tables.js';
import { bitmap, column, normal } from './data.js';
import { placed, type Case, type Contest, type Stage } from './stage.js';

/** Columns that go together a little, away from zero. */
function values(rows: number, columns: number): Float64Array[] {
  const common = normal(501, rows);
  return Array.from({ length: columns }, (_, i) =>
    normal(502 + i, rows).map((own, row) => 10 + own + common[row]!),
  );
}

function contest(stage: Stage, rows: number, columns: number, missing: number): Contest {
  const plain = values(rows, columns);
  const bits = plain.map((_, i) => (missing === 0 ? null : bitmap(560 + i, rows, missing)));
  const ours = plain.map((one, i) => column(placed(stage.arena, one), bits[i]));
  const theirs = plain.map((one, i) => column(one, bits[i]));
  const digest = (engine: Stage['wasm'], of: readonly Numbers[]): number => {
    const { means, m2, c } = engine.comoments(of);
    return means.reduce((total, mean, i) => total + mean + (m2[i]! + c[i]!) / rows, 0);
  };
  return { ours: () => digest(stage.wasm, ours), rival: () => digest(stage.js, theirs), agree: 1e-12 };
}

// Floors: half of what a quiet machine gives (26, 42 and 7.5 at the least), for another of the same kind gave 15.6 to the first.
export const cases: readonly Case[] = [
  {
    family: 'comoments',
    name: '1,000,000 × 4',
    rival: 'js engine',
    floor: 12,
    prepare: (stage) => contest(stage, 1_000_000, 4, 0),
  },
  {
    family: 'comoments',
    name: '250,000 × 16',
    rival: 'js engine',
    floor: 20,
    prepare: (stage) => contest(stage, 250_000, 16, 0),
  },
  {
    family: 'comoments',
    name: '1,000,000 × 2, one in ten missing',
    rival: 'js engine',
    floor: 3.7,
    prepare: (stage) => contest(stage, 1_000_000, 2, 0.1),
  },
];
