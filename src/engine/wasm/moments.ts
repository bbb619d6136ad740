import type { Moments, MomentsKernel } from '../../ports/engine.js';
import type { Numbers } from '../../ports/tables.js';
import type { Arena } from './arena.js';
import { BLOCK, chunkTable } from './columns.js';
import type { Kernels } from './exports.js';

const PART = 80;

export function moments(kernels: Kernels, arena: Arena): MomentsKernel {
  // A request asks for the same column more than once: summary, t-test, k-means scale.
  const known = new WeakMap<Numbers, { order: number; result: Moments }>();
  return (column, order) => {
    const before = known.get(column);
    if (before !== undefined && before.order >= order) {
      return before.order === order ? before.result : { ...before.result, m3: 0, m4: 0 };
    }
    const result = arena.scratch(() => {
      const chunks = chunkTable(arena, column);
      const blocks = Math.ceil(column.length / BLOCK);
      const partials = arena.take(blocks * PART);
      const scratch = arena.take(512);
      const out = arena.take(PART);
      kernels.moments_blocks(chunks, column.chunks.length, 0, blocks, order === 4 ? 1 : 0, scratch, partials);
      kernels.moments_merge(partials, blocks, out);
      const at = arena.float64At(out, 8);
      const field = (index: number): number => at[index] ?? NaN;
      return {
        count: field(0),
        sum: field(1),
        mean: field(2),
        m2: field(3),
        m3: order === 4 ? field(4) : 0,
        m4: order === 4 ? field(5) : 0,
        min: field(6),
        max: field(7),
      };
    });
    known.set(column, { order, result });
    return result;
  };
}
