import type { MomentsKernel } from '../../ports/engine.js';
import type { Arranged, Metric, NeighboursKernel } from '../../ports/neighbours.js';
import type { Numbers } from '../../ports/tables.js';
import { arrange, leafRows } from '../arrange.js';
import { labelByDensity } from '../density.js';
import { kdTree } from '../kd-tree.js';
import type { Arena } from './arena.js';
import type { Kernels } from './exports.js';
import { FitRows } from './fit.js';
import type { Team } from './team.js';

/** Columns from which rows are looked at as integers first: assembly/integers.ts. */
const INTEGERS_FROM = 8;
/** Standard deviations that integers reach; what is beyond is cut. */
const REACH = 8;
/** Queries of a unit, and neighbours that are told at a time. */
const UNIT = 32;
const MOST_TOLD = 2 ** 20;
/** Bytes of a lane beside a query that is alone. */
const SCRATCH = 1152;
/** Leaves that a query goes over, about; for what a task costs. */
const LEAVES = 6;

/** See assembly/neighbours.ts. */
export function neighbours(
  kernels: Kernels,
  arena: Arena,
  team: Team,
  moments: MomentsKernel,
): NeighboursKernel {
  const pointers = (columns: readonly Float64Array[], from = 0): number => {
    const placed = columns.map((column) => arena.place(column) + from * 8);
    return arena.place(Int32Array.from(placed));
  };

  /** Pointer to the forest of some rows. */
  const planted = ({ columns, order }: Arranged, metric: Metric): number => {
    const [n, d] = [order.length, columns.length];
    const leaf = leafRows(d);
    const leaves = Math.ceil(n / leaf);
    const depth = Math.ceil(Math.log2(leaves));
    const scaling = metric === 'euclidean' && d >= INTEGERS_FROM ? scalingOf(columns, moments) : null;
    const words = [
      n,
      d,
      leaf,
      depth,
      arena.take(leaves * leaf * d * 8),
      arena.take(2 ** depth * d * 32),
      arena.place(order),
      scaling === null ? 0 : arena.take(leaves * leaf * (Math.ceil(d / 2) + 1) * 4),
      scaling === null ? 0 : arena.place(scaling),
    ];
    const forest = arena.place(Int32Array.from(words));
    team.run('plant', leaves, n * d, [forest, pointers(columns)]);
    kernels.neighbours_boxes(forest);
    return forest;
  };

  return {
    arrange,
    nearest: (rows, queries, { count, metric }, told) => {
      arena.scratch(() => {
        const asked = queries[0]?.length ?? 0;
        if (asked === 0) return;
        const d = queries.length;
        const forest = planted(rows, metric);
        const placed = queries.map((column) => arena.place(column));
        const some = Math.max(1, Math.min(asked, Math.floor(MOST_TOLD / count)));
        const distances = arena.take(some * count * 8);
        const found = arena.take(some * count * 4);
        const bytes = Math.max(SCRATCH + 8 * d, UNIT * (96 + 8 * d + 16 * Math.ceil(d / 2)));
        const scratch = arena.take(team.lanes * bytes);
        const list = arena.int32At(arena.take(d * 4), d);
        for (let first = 0; first < asked; first += some) {
          const length = Math.min(some, asked - first);
          list.set(placed.map((pointer) => pointer + first * 8));
          team.run('nearest', Math.ceil(length / UNIT), length * d * LEAVES * leafRows(d), [
            forest,
            list.byteOffset,
            length,
            UNIT,
            count,
            metric === 'euclidean' ? 1 : 0,
            distances,
            found,
            scratch,
            bytes,
          ]);
          told({
            first,
            queries: length,
            rows: arena.int32At(found, length * count),
            distances: arena.float64At(distances, length * count),
          });
        }
      });
    },
    assign: (columns, centers, isSummed = true) =>
      arena.scratch(() => {
        const [rows, d] = [columns[0]?.length ?? 0, columns.length];
        const k = centers.length / d;
        const fit = new FitRows(kernels, arena, team, columns.map(plain), new Float64Array(d), k);
        const placed = arena.place(centers);
        const labels = arena.take(rows * 4);
        const scratch = arena.take(64 * team.lanes);
        fit.run('assign', k * d, [placed, k, labels, 0, 0, fit.counts.byteOffset, scratch]);
        if (isSummed) fit.run('inertia', d, [placed, labels, 0, fit.sums.byteOffset]);
        return {
          labels: arena.int32At(labels, rows).slice(),
          inertia: isSummed ? fit.sums.reduce((total, sum) => total + sum, 0) : NaN,
        };
      }),
    density: (columns, options) => labelByDensity(kdTree(columns, 16), options),
  };
}

const plain = (values: Float64Array): Numbers => ({
  length: values.length,
  chunks: [{ values, validity: null, bitOffset: 0 }],
});

/** Scale, bound and centres of the integers: assembly/integers.ts. None where the rows have no size that can be told. */
function scalingOf(columns: readonly Float64Array[], moments: MomentsKernel): Float64Array | null {
  const found = columns.map((values) => moments(plain(values), 2));
  const deviation = Math.sqrt(found.reduce((most, { m2, count }) => Math.max(most, m2 / count), 0));
  const bound = Math.min(32_767, Math.floor(Math.sqrt(2 ** 31 / (1.5 * columns.length))) - 1);
  const scale = bound / (REACH * deviation);
  const means = found.map(({ mean }) => mean);
  // A scale of the size of powers of ten that float64 is good for.
  if (!(scale > 1e-100 && scale < 1e100) || !means.every(Number.isFinite)) return null;
  return Float64Array.of(scale, bound, ...means);
}
