import type { GroupsKernel } from '../../ports/engine.js';
import type { Arena } from './arena.js';
import { BLOCK, chunkTable } from './columns.js';
import type { Kernels } from './exports.js';

const PART = 24;

export function groups(kernels: Kernels, arena: Arena): GroupsKernel {
  return (column, labels, count) =>
    arena.scratch(() => {
      const chunks = chunkTable(arena, column);
      const labelPointer = arena.place(labels);
      const total = arena.take(count * PART);
      const part = arena.take(count * PART);
      const totals = arena.float64At(total, count * 3).fill(0);
      const blocks = Math.ceil(column.length / BLOCK);
      for (let block = 0; block < blocks; block++) {
        kernels.groups_block(chunks, column.chunks.length, block, labelPointer, count, part);
        kernels.groups_merge(total, part, count);
      }
      return Float64Array.from({ length: count }, (_, group) => {
        const [sum, error, n] = totals.subarray(group * 3, group * 3 + 3);
        return (Number.isFinite(sum!) ? sum! + error! : sum!) / n!;
      });
    });
}
