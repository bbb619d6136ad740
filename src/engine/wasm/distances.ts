import type { DistancesKernel } from '../../ports/engine.js';
import type { Arena } from './arena.js';
import { compensatedSum } from '../compensated.js';
import { BLOCK, chunkTable, chunkTables } from './columns.js';
import type { Team } from './team.js';

/** Running sums of a lane: assembly/distances.ts. */
const SCRATCH = 64;
/** Sums of a tile's rows: assembly/contingency.ts. */
const TILE = 4096;

export function distances(arena: Arena, team: Team): DistancesKernel {
  return {
    sums: (columns, centers) =>
      arena.scratch(() => {
        const rows = columns[0]?.length ?? 0;
        const blocks = Math.ceil(rows / BLOCK);
        const units = blocks * columns.length;
        const { tables, counts } = chunkTables(arena, columns);
        const centres = arena.place(Float64Array.from(centers));
        const sums = arena.take(units * 8);
        const scratch = arena.take(SCRATCH * team.lanes);
        team.run('distances', units, rows * columns.length, [tables, counts, blocks, centres, sums, scratch]);
        return columns.map((_, i) => compensatedSum(arena.float64At(sums + i * blocks * 8, blocks)));
      }),
    differences: (x, y) => {
      const bytes = arena.take(x.length * 8);
      arena.scratch(() => {
        const args = [chunkTable(arena, x), x.chunks.length, chunkTable(arena, y), y.chunks.length, bytes];
        team.run('differences', Math.ceil(x.length / BLOCK), x.length, args);
      });
      return arena.float64At(bytes, x.length);
    },
    chiSquare: (observed, against) =>
      arena.scratch(() => {
        const rows = observed[0]?.length ?? 0;
        const units = Math.ceil(rows / BLOCK);
        const places = observed.map((column) => arena.place(column));
        const columns = arena.take(places.length * 4);
        arena.int32At(columns, places.length).set(places);
        const sums = 'sums' in against ? against.sums : [1];
        const sides = arena.place(Float64Array.from([...sums, compensatedSum(sums)]));
        const expected = 'sums' in against ? 0 : arena.place(against.expected);
        const out = arena.take(units * 16);
        const scratch = arena.take(TILE * team.lanes);
        const args = [columns, places.length, rows, sides, expected, out, scratch];
        team.run('chiSquares', units, rows * places.length, args);
        const parts = arena.float64At(out, units * 2);
        return {
          statistic: compensatedSum(parts.filter((_, i) => i % 2 === 0)),
          least: parts.reduce((least, value, i) => (i % 2 === 0 ? least : Math.min(least, value)), Infinity),
        };
      }),
  };
}
