import type { DistancesKernel } from '../../ports/engine.js';
import type { Arena } from './arena.js';
import { compensatedSum } from '../compensated.js';
import { BLOCK, chunkTable, chunkTables } from './columns.js';
import type { Team } from './team.js';

/** Running sums of a lane: assembly/distances.ts. */
const SCRATCH = 64;

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
  };
}
