import type { GroupsKernel } from '../../ports/engine.js';
import type { Arena } from './arena.js';
import { BLOCK, chunkTable } from './columns.js';
import type { Kernels } from './exports.js';
import type { Team } from './team.js';

const PART = 24;
/** Bytes of partial results that are kept at a time. */
const MOST_PARTS = 2 ** 25;

export function groups(kernels: Kernels, arena: Arena, team: Team): GroupsKernel {
  return (column, labels, count) =>
    arena.scratch(() => {
      const chunks = chunkTable(arena, column);
      const labelPointer = arena.place(labels);
      const total = arena.take(count * PART);
      const totals = arena.float64At(total, count * 3).fill(0);
      const blocks = Math.ceil(column.length / BLOCK);
      const wave = Math.max(1, Math.min(blocks, Math.floor(MOST_PARTS / (count * PART))));
      const parts = arena.take(wave * count * PART);
      for (let block = 0; block < blocks; block += wave) {
        const units = Math.min(wave, blocks - block);
        const rows = Math.min(units * BLOCK, column.length - block * BLOCK);
        team.run('groups', units, rows, [chunks, column.chunks.length, block, labelPointer, count, parts]);
        for (let unit = 0; unit < units; unit++)
          kernels.groups_merge(total, parts + unit * count * PART, count);
      }
      return Float64Array.from({ length: count }, (_, group) => {
        const [sum, error, n] = totals.subarray(group * 3, group * 3 + 3);
        return (Number.isFinite(sum!) ? sum! + error! : sum!) / n!;
      });
    });
}
