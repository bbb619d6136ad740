import type { KMeansKernel, MomentsKernel } from '../../ports/engine.js';
import type { Numbers } from '../../ports/tables.js';
import { lloyd, type KMeansSteps } from '../lloyd.js';
import type { Arena } from './arena.js';
import { BLOCK, chunkTable } from './columns.js';
import type { Kernels } from './exports.js';
import { MOST_PRUNED, PrunedAssignment } from './hamerly.js';
import { GENERATOR_BYTES } from './random.js';
import { MOST_TRIALS, SingleSeeding } from './seeding.js';
import { placeSingles } from './single.js';

/** Bytes that k-means++ spends at most on what its candidates would change; beyond, it reads the data once more. */
const MOST_KEPT = 2 ** 28;

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

/**
 * Columns and centres from which on candidates are told apart in single precision. With fewer centres, the one that is taken
 * is nearer to most rows. Measured, 1,000,000 × 16, clusters, a step with four candidates: 27 ms, sifted 8 and another 20 with
 * one centre, 15 with three, 8 with twenty. With 4 columns never less than the 5 to 7 it was.
 */
const SIFTED_COLUMNS = 8;
const SIFTED_CENTERS = 3;

/** Rows of a tile. Short runs of many columns keep what fetches ahead busy: 1,000,000 × 16, whole passes, 4 KiB against 24 KiB
 * 1.3 times, 1,000,000 × 4 twice as fast. */
function tileRows(columns: number): number {
  return Math.min(512, Math.max(8, Math.floor(4096 / (8 * columns)) & ~7));
}

/** `pruned`: by bounds (assembly/hamerly.ts) instead of by all distances, once few labels change. The labels are the same. */
export function wasmSteps(
  kernels: Kernels,
  arena: Arena,
  moments: MomentsKernel,
  data: readonly Numbers[],
  labelPointer: number,
  k: number,
  seed: number,
  pruned: boolean,
  openAt = OPEN,
): KMeansSteps {
  const n = data[0]!.length;
  const d = data.length;
  const stats = data.map((column) => moments(column, 2));
  const means = Float64Array.from(stats, ({ mean }) => mean);
  const trials = 2 + Math.floor(Math.log(k));
  const frame = makeFrame(arena, data, means);
  const state = arena.take(GENERATOR_BYTES);
  kernels.random_seed(state, seed);
  const take = (values: number): { pointer: number; view: Float64Array } => {
    const pointer = arena.take(values * 8);
    return { pointer, view: arena.float64At(pointer, values) };
  };
  const centers = take(k * d);
  const sums = take(k * d + k);
  // Kernels work on eight rows at a time, and may write seven behind the last.
  const each = Math.ceil((n + 8) / 8) * 64;
  const blocks = Array.from(
    { length: Math.ceil(n / BLOCK) },
    (_, b) => [b * BLOCK, Math.min(n, (b + 1) * BLOCK)] as const,
  );
  const meanVariance = stats.reduce((total, { m2, count }) => total + m2 / count, 0) / d;
  let closest = arena.take(each);
  // What each candidate would make of `closest`: the winner's becomes it, and its data need not be read again.
  const kept = trials * each <= MOST_KEPT ? trials : 0;
  const room = arena.take(kept * each);
  const spare = Array.from({ length: kept }, (_, i) => room + i * each);
  const sifted = d >= SIFTED_COLUMNS && k > SIFTED_CENTERS && trials <= MOST_TRIALS;
  // Rows in single precision are there from the start when candidates need them, else lie where those were.
  const singles = pruned ? placeSingles(arena, n, d, meanVariance, sifted ? 0 : kept * each, room) : null;
  const shared = singles?.pointer === room;
  let filled = false;
  const fill = (): void => {
    if (filled || !singles) return;
    for (const [from, to] of blocks) kernels.kmeans_singles(frame, from, to, singles.scale, singles.pointer);
    filled = true;
  };
  const seeding =
    singles && sifted
      ? new SingleSeeding(kernels, arena, {
          frame,
          stride: tileRows(d),
          rows: n,
          columns: d,
          blocks,
          singles,
        })
      : undefined;
  let taken = 0;
  let potential = 0;
  const lowered = spare.length > 0 ? arena.take(trials * 4) : 0;
  let tried: { rows: readonly number[]; totals: readonly number[] } = { rows: [], totals: [] };
  const candidates = take(trials * d);
  const potentials = take(trials * 8);
  const point = take(d);
  const scratch = arena.take(64);
  const labels = arena.int32At(labelPointer, n);
  // Given out by one assignment, written to by the next.
  const total = new Float64Array(k * d + k);
  const [totalSums, totalWeights] = [total.subarray(0, k * d), total.subarray(k * d)];
  const pruning = singles
    ? new PrunedAssignment(
        kernels,
        arena,
        { frame, stride: tileRows(d), rows: n, columns: d, blocks, labels: labelPointer, singles },
        k,
        // Of no use once the centres are found: bounds can lie there.
        closest,
        openAt,
      )
    : undefined;
  return {
    rows: n,
    columns: d,
    means,
    meanVariance,
    labels: () => labels,
    random(count) {
      return arena.scratch(() => {
        const out = arena.take(count * 8);
        kernels.random_doubles(state, out, count);
        return arena.float64At(out, count).slice();
      });
    },
    row(index) {
      kernels.kmeans_row(frame, index, point.pointer);
      return point.view.slice();
    },
    potentials(rows) {
      rows.forEach((row, i) => {
        kernels.kmeans_row(frame, row, candidates.pointer + i * d * 8);
      });
      if (seeding && taken >= SIFTED_CENTERS) {
        fill();
        const sure = seeding.potentials(rows, candidates.view, potential, closest);
        if (sure) return sure;
      }
      const totals = new Array<number>(rows.length).fill(0);
      if (lowered > 0) arena.int32At(lowered, spare.length).set(spare);
      for (const [from, to] of blocks) {
        kernels.kmeans_potentials(
          frame,
          from,
          to,
          candidates.pointer,
          rows.length,
          closest,
          potentials.pointer,
          lowered,
        );
        for (let t = 0; t < rows.length; t++) totals[t]! += potentials.view[t * 8]!;
      }
      tried = { rows, totals };
      return totals;
    },
    take(index, first) {
      // A new run starts, and with it new labels.
      if (first) {
        pruning?.restart();
        if (shared) filled = false;
      }
      taken = first ? 1 : taken + 1;
      const trial = first ? -1 : tried.rows.indexOf(index);
      const winner = spare[trial];
      if (winner !== undefined) {
        spare[trial] = closest;
        closest = winner;
        potential = tried.totals[trial]!;
        tried = { rows: [], totals: [] };
        return potential;
      }
      kernels.kmeans_row(frame, index, point.pointer);
      if (seeding && taken > SIFTED_CENTERS) return (potential = seeding.take(index, point.pointer));
      potential = 0;
      for (const [from, to] of blocks) {
        potential += kernels.kmeans_closest(frame, from, to, point.pointer, first ? 1 : 0, closest, scratch);
      }
      return potential;
    },
    search(targets) {
      const order = targets.map((_, i) => i).sort((i, j) => targets[i]! - targets[j]!);
      const found = new Array<number>(targets.length).fill(n);
      arena.scratch(() => {
        const sorted = take(targets.length);
        sorted.view.set(order.map((i) => targets[i]!));
        const rows = arena.take(targets.length * 4);
        let base = 0;
        let next = 0;
        for (const [from, to] of blocks) {
          const wanted = targets.length - next;
          base = kernels.kmeans_search(closest, from, to, base, sorted.pointer + next * 8, wanted, rows);
          const here = arena.int32At(rows, wanted);
          for (const row of here) {
            if (row === to) break;
            found[order[next++]!] = row;
          }
        }
      });
      return found;
    },
    assign(from, wanted) {
      if (pruning !== undefined) {
        fill();
        return pruning.assign(from, wanted);
      }
      centers.view.set(from);
      total.fill(0);
      let changed = 0;
      for (const [first, last] of blocks) {
        changed += kernels.kmeans_assign(
          frame,
          first,
          last,
          centers.pointer,
          k,
          labelPointer,
          wanted ? sums.pointer : 0,
          scratch,
        );
        if (wanted) for (let i = 0; i < total.length; i++) total[i]! += sums.view[i]!;
      }
      return { changed, sums: totalSums, weights: totalWeights };
    },
    distances(from) {
      centers.view.set(from);
      return arena.scratch(() => {
        const out = arena.take(n * 8);
        for (const [first, last] of blocks) {
          kernels.kmeans_inertia(frame, first, last, centers.pointer, labelPointer, out);
        }
        return arena.float64At(out, n).slice();
      });
    },
    inertia(from) {
      centers.view.set(from);
      let total = 0;
      for (const [first, last] of blocks) {
        total += kernels.kmeans_inertia(frame, first, last, centers.pointer, labelPointer, 0);
      }
      return total;
    },
  };
}

/** Layout: assembly/kmeans.ts. */
function makeFrame(arena: Arena, data: readonly Numbers[], means: Float64Array): number {
  const d = data.length;
  const batches = data[0]!.chunks;
  const stride = tileRows(d);
  const starts = new Int32Array(batches.length + 1);
  batches.forEach(({ values }, i) => {
    starts[i + 1] = starts[i]! + values.length;
  });
  const pointers = new Uint32Array(batches.length * d);
  data.forEach(({ chunks }, column) => {
    chunks.forEach(({ values }, segment) => {
      pointers[segment * d + column] = arena.place(values);
    });
  });
  return arena.place(
    Uint32Array.of(
      data[0]!.length,
      d,
      batches.length,
      arena.place(starts),
      arena.place(pointers),
      arena.place(means),
      stride,
      arena.take(stride * d * 8),
    ),
  );
}
