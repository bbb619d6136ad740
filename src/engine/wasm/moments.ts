import type { Moments, MomentsKernel } from '../../ports/engine.js';
import type { Numbers } from '../../ports/tables.js';
import type { Arena } from './arena.js';
import { BLOCK, chunkTables } from './columns.js';
import type { Kernels } from './exports.js';
import type { Team } from './team.js';

const PART = 80;
const SCRATCH = 512;

/** What is known of the columns of a request: it asks for the same one more than once (summary, t-test, k-means scale). */
export class MomentsOf {
  readonly #known = new WeakMap<Numbers, Moments & { readonly order: number }>();

  constructor(
    readonly kernels: Kernels,
    readonly arena: Arena,
    readonly team: Team,
  ) {}

  /** Computes what is not known yet of columns of equal length, in one go. */
  learn(columns: readonly Numbers[], order: 1 | 2 | 4): void {
    const { kernels, arena, team } = this;
    const fresh = columns.filter((column) => (this.#known.get(column)?.order ?? 0) < order);
    if (fresh.length === 0) return;
    const rows = fresh[0]?.length ?? 0;
    const blocks = Math.ceil(rows / BLOCK);
    arena.scratch(() => {
      const { tables, counts } = chunkTables(arena, fresh);
      const units = blocks * fresh.length;
      const partials = arena.take(units * PART);
      const scratch = arena.take(SCRATCH * team.lanes);
      const out = arena.take(PART);
      if (units > 0)
        team.run('moments', units, rows * fresh.length, [tables, counts, blocks, order, partials, scratch]);
      fresh.forEach((column, i) => {
        kernels.moments_merge(partials + i * blocks * PART, blocks, out);
        this.#known.set(column, { ...momentsAt(arena.float64At(out, 8), order), order });
      });
    });
  }

  readonly of: MomentsKernel = (column, order) => {
    if ((this.#known.get(column)?.order ?? 0) < order) this.learn([column], order);
    const known = this.#known.get(column);
    if (known === undefined) throw new Error('what was learnt is known');
    const { count, sum, mean, m2, m3, m4, min, max } = known;
    return {
      count,
      sum,
      mean,
      m2: order > 1 ? m2 : 0,
      m3: order > 2 ? m3 : 0,
      m4: order > 2 ? m4 : 0,
      min,
      max,
    };
  };
}

function momentsAt(at: Float64Array, order: number): Moments {
  const field = (index: number): number => at[index] ?? NaN;
  return {
    count: field(0),
    sum: field(1),
    mean: field(2),
    m2: order > 1 ? field(3) : 0,
    m3: order > 2 ? field(4) : 0,
    m4: order > 2 ? field(5) : 0,
    min: field(6),
    max: field(7),
  };
}
