import type { ComomentsKernel } from '../../ports/engine.js';
import type { Numbers } from '../../ports/tables.js';
import type { Arena } from './arena.js';
import { BLOCK, chunkTable } from './columns.js';
import type { Kernels } from './exports.js';
import type { Team } from './team.js';

/** Partial results held at a time take about this much at most, but for a single one. */
const WAVE = 64 * 2 ** 20;

/** Bytes of a block's partial result of d columns, and of the total (layout: assembly/comoments.ts). */
const partBytes = (d: number): number => ((d + 1) * (d + 2) * 72) / 2;
/** Bytes of one lane's scratch (layout: assembly/lines.ts). */
const scratchBytes = (d: number): number => 512 + (d + 1) * 2112;

export function comoments(kernels: Kernels, arena: Arena, team: Team, wave = WAVE): ComomentsKernel {
  return (columns) =>
    arena.scratch(() => {
      const d = columns.length;
      const rows = columns[0]?.length ?? 0;
      const blocks = Math.ceil(rows / BLOCK);
      const partial = partBytes(d);
      const atOnce = Math.max(1, Math.min(blocks, Math.floor(wave / partial)));
      const table = columnTable(arena, columns);
      const scratch = arena.take(scratchBytes(d) * team.lanes);
      const partials = arena.take(atOnce * partial);
      const total = arena.take(partial);
      arena.float64At(total, partial / 8).fill(0);
      for (let first = 0; first < blocks; first += atOnce) {
        const last = Math.min(first + atOnce, blocks);
        const values = Math.min((last - first) * BLOCK, rows) * d * d;
        team.run('comoments', last - first, values, [table, d, rows, first, partials, scratch]);
        kernels.comoments_merge(partials, last - first, d, total);
      }
      // The result is smaller than what is done with.
      const out = partials;
      kernels.comoments_finish(total, d, out);
      const matrix = (index: number): Float64Array => arena.float64At(out + index * d * d * 8, d * d).slice();
      return { counts: matrix(0), means: matrix(1), m2: matrix(2), c: matrix(3) };
    });
}

/** Writes the table of columns that have chunk tables of their own; pointer to it. */
function columnTable(arena: Arena, columns: readonly Numbers[]): number {
  const entries = columns.map((column) => [chunkTable(arena, column), column.chunks.length]);
  const pointer = arena.take(columns.length * 8);
  arena.int32At(pointer, columns.length * 2).set(entries.flat());
  return pointer;
}
