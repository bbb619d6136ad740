import type { KMeansKernel, MomentsKernel } from '../../ports/engine.js';
import type { Numbers } from '../../ports/tables.js';
import type { Assignment, KMeansSteps } from '../kmeans-steps.js';
import { lloyd } from '../lloyd.js';
import type { Arena } from './arena.js';
import { chunkTable } from './columns.js';
import type { Kernels } from './exports.js';
import { FitRows } from './fit.js';
import { MOST_PRUNED, PrunedAssignment } from './hamerly.js';
import { GENERATOR_BYTES } from './random.js';
import { Seeding } from './seeding.js';
import type { Team } from './team.js';

/** Share of the rows whose bounds may have failed when all distances are taken again. */
const OPEN = 0.6;

/**
 * Rows from which assignments are pruned. Below, plain Lloyd. Measured, whole fits against plain, 4 columns: uniform noise
 * gains 1.1 to 1.7 times from 4,096 rows on, but clusters that are found in a few iterations lose a fifth at 8,192.
 */
export const PRUNED_FROM = 16_384;

export function kmeans(
  kernels: Kernels,
  arena: Arena,
  team: Team,
  moments: MomentsKernel,
  prunedFrom = PRUNED_FROM,
  openAt = OPEN,
): KMeansKernel {
  return (columns, options) => {
    const rows = columns[0]?.length ?? 0;
    // Labels outlive the call, and stay where later kernels read them.
    const labelPointer = arena.take(rows * 4);
    return arena.scratch(() => {
      const { complete, count } = completeRows(kernels, arena, moments, columns, labelPointer);
      if (count < options.nClusters) return null;
      const own = count === rows ? labelPointer : arena.take(count * 4);
      const pruned = count >= prunedFrom && options.nClusters <= MOST_PRUNED;
      const steps = wasmSteps(
        kernels,
        arena,
        team,
        moments,
        complete,
        own,
        options.nClusters,
        options.randomState,
        pruned,
        openAt,
      );
      const result = lloyd(steps, options);
      const labels = arena.int32At(labelPointer, rows);
      if (count < rows) {
        for (let row = 0, i = 0; row < rows; row++) if (labels[row]! >= 0) labels[row] = result.labels[i++]!;
      } else if (options.nInit > 1) {
        // The best run need not be the last.
        labels.set(result.labels);
      }
      return { ...result, labels };
    });
  };
}

/** The columns themselves when nothing is missing, else their complete rows packed; `marks` tells which those are. */
function completeRows(
  kernels: Kernels,
  arena: Arena,
  moments: MomentsKernel,
  columns: readonly Numbers[],
  marks: number,
): { complete: readonly Numbers[]; count: number } {
  const rows = columns[0]?.length ?? 0;
  const gaps = columns.filter((column) => moments(column, 2).count < rows);
  if (gaps.length === 0 && sameBatches(columns)) return { complete: columns, count: rows };
  const labels = arena.int32At(marks, rows).fill(0);
  const tables = columns.map((column) => chunkTable(arena, column));
  let missing = 0;
  columns.forEach((column, i) => {
    if (gaps.includes(column)) missing += kernels.kmeans_mark(tables[i]!, column.chunks.length, marks);
  });
  const count = labels.length - missing;
  const complete = columns.map((column, i) => {
    const values = arena.float64(count + 1);
    kernels.kmeans_pack(tables[i]!, column.chunks.length, marks, values.byteOffset);
    return { length: count, chunks: [{ values: values.subarray(0, count), validity: null, bitOffset: 0 }] };
  });
  return { complete, count };
}

function sameBatches(columns: readonly Numbers[]): boolean {
  const first = columns[0];
  return columns.every(
    ({ chunks }) =>
      chunks.length === first?.chunks.length &&
      chunks.every(({ values }, i) => values.length === first.chunks[i]?.values.length),
  );
}

/** `pruned`: by bounds (assembly/hamerly.ts) instead of by all distances. The labels are the same. */
export function wasmSteps(
  kernels: Kernels,
  arena: Arena,
  team: Team,
  moments: MomentsKernel,
  data: readonly Numbers[],
  labelPointer: number,
  k: number,
  seed: number,
  pruned: boolean,
  openAt = OPEN,
): KMeansSteps {
  const stats = data.map((column) => moments(column, 2));
  const means = Float64Array.from(stats, ({ mean }) => mean);
  const fit = new FitRows(kernels, arena, team, data, means, k);
  const { rows: n, columns: d, frame } = fit;
  const state = arena.take(GENERATOR_BYTES);
  kernels.random_seed(state, seed);
  const point = arena.float64(d);
  const meanVariance = stats.reduce((total, { m2, count }) => total + m2 / count, 0) / d;
  const seeding = new Seeding(fit, k, pruned ? meanVariance : null);
  const { singles } = seeding;
  const plain = new PlainAssignment(fit, labelPointer, k);
  const pruning =
    singles === null
      ? undefined
      : // Of no use once the centres are found: bounds can lie there.
        new PrunedAssignment(fit, labelPointer, singles, k, seeding.closest, openAt);
  const labels = arena.int32At(labelPointer, n);
  return {
    rows: n,
    columns: d,
    means,
    meanVariance,
    labels: () => labels,
    breakable: (work) => team.breakable(work),
    random(count) {
      return arena.scratch(() => {
        const out = arena.take(count * 8);
        kernels.random_doubles(state, out, count);
        return arena.float64At(out, count).slice();
      });
    },
    row(index) {
      kernels.kmeans_row(frame, index, point.byteOffset);
      return point.slice();
    },
    potentials: (rows) => [...seeding.potentials(rows)],
    take(index, first) {
      // A new run starts, and with it new labels.
      if (first) pruning?.restart();
      return seeding.take(index, first);
    },
    search: (targets) => seeding.search(targets),
    assign(centers, wanted) {
      if (pruning === undefined) return plain.assign(centers, wanted);
      seeding.fill();
      return pruning.assign(centers, wanted);
    },
    distances(centers) {
      return arena.scratch(() => {
        const out = arena.take(n * 8);
        plain.inertia(centers, out);
        return arena.float64At(out, n).slice();
      });
    },
    inertia: (centers) => plain.inertia(centers, 0),
  };
}

/** Lloyd's assignment by all distances, and the distances to the own centre. */
class PlainAssignment {
  readonly #centers: Float64Array;
  /** Sums by centre and column, then weights by centre; written to by each assignment. */
  readonly #total: Float64Array;
  readonly #scratch: number;

  constructor(
    readonly fit: FitRows,
    readonly labels: number,
    readonly k: number,
  ) {
    const { arena, columns, team } = fit;
    this.#centers = arena.float64(k * columns);
    this.#total = arena.float64(k * columns + k);
    this.#scratch = arena.take(64 * team.lanes);
  }

  assign(centers: Float64Array, wanted: boolean): Assignment {
    const { fit, k, labels } = this;
    const { columns, counts, kernels } = fit;
    this.#centers.set(centers);
    this.#total.fill(0);
    const size = k * columns + k;
    const run = (parts: number, first: number, units: number): void => {
      const args = [this.#centers.byteOffset, k, labels, parts, size * 8, counts.byteOffset, this.#scratch];
      fit.run('assign', k * columns, args, first, units);
    };
    let changed = 0;
    if (wanted)
      changed = fit.runParts(size * 8, run, (parts, count) =>
        kernels.kmeans_add(this.#total.byteOffset, parts, count, size, counts.byteOffset),
      );
    else {
      run(0, 0, fit.units);
      changed = counts.reduce((sum, count) => sum + count, 0);
    }
    const sums = this.#total.subarray(0, k * columns);
    return { changed, sums, weights: this.#total.subarray(k * columns) };
  }

  /** OUT distances: pointer to a float64 a row, or 0. */
  inertia(centers: Float64Array, distances: number): number {
    const { fit } = this;
    this.#centers.set(centers);
    const args = [this.#centers.byteOffset, this.labels, distances, fit.sums.byteOffset];
    fit.run('inertia', fit.columns, args);
    return fit.sums.reduce((total, sum) => total + sum, 0);
  }
}
