import type { SelectKernel } from '../../ports/engine.js';
import { linearQuantiles } from '../quantiles.js';
import type { Arena } from './arena.js';
import { chunkTable } from './columns.js';
import type { Kernels } from './exports.js';

/** Histograms of the six digits of a float64 key, 2,048 counters each. */
const TABLES = 6 * 2048 * 4;

export function select(kernels: Kernels, arena: Arena): SelectKernel {
  return (column, q) =>
    arena.scratch(() => {
      const chunks = chunkTable(arena, column);
      const keys = arena.take((column.length + 1) * 8);
      const count = kernels.select_keys(chunks, column.chunks.length, keys);
      return linearQuantiles(count, q, (ranks) => {
        const rankPointer = arena.place(ranks);
        const tables = arena.take(TABLES);
        const out = arena.take(ranks.length * 8);
        kernels.select_ranks(keys, count, rankPointer, ranks.length, tables, out);
        return arena.float64At(out, ranks.length);
      });
    });
}
