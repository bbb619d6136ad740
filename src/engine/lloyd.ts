import type { KMeansOptions, KMeansResult } from '../ports/engine.js';
import { Stopped } from '../ports/progress.js';
import { farthest } from './farthest.js';
import type { KMeansSteps } from './kmeans-steps.js';
import { type Ended, halting, type Halting, NEVER } from './halting.js';
import { uniformChoice } from './uniform.js';

/**
 * scikit-learn's KMeans.fit over an engine's steps: greedy k-means++ from NumPy's generator, Lloyd, its stop rule, its
 * treatment of empty clusters, its choice among `nInit` runs.
 * Source: scikit-learn 1.6 sklearn/cluster/_kmeans.py, _k_means_lloyd.pyx, _k_means_common.pyx.
 */
export function lloyd(
  steps: KMeansSteps,
  options: KMeansOptions,
): Omit<KMeansResult, 'labels'> & { labels: Int32Array } {
  const k = options.nClusters;
  const tol = steps.meanVariance * options.tol;
  const { stopping, onSeed } = options;
  const halt = stopping === undefined ? NEVER : halting(stopping);
  let best: { labels: Int32Array; centers: Float64Array; inertia: number; nIter: number } | undefined;
  let stopped = false;
  for (let run = 0; run < options.nInit && !stopped; run++) {
    const seeded = (taken: number): void => onSeed?.(taken, run + 1);
    const centers = plusPlus(steps, k, seeded, halt);
    if (centers === undefined) {
      stopped = true;
      break;
    }
    const told = options.onIteration;
    const total = steps.meanVariance * steps.columns * steps.rows;
    const tell =
      told === undefined
        ? undefined
        : (iteration: number, shift: number, weights: Float64Array): void => {
            told({ run: run + 1, iteration, inertia: inertiaOf(total, centers, weights), shift });
          };
    const ended = iterate(steps, centers, k, options.maxIter, tol, halt, tell);
    stopped = ended?.stopped ?? true;
    if (ended === undefined) break;
    const { nIter } = ended;
    const inertia = steps.inertia(centers);
    const labels = steps.labels();
    if (best === undefined || (inertia < best.inertia && !sameClustering(labels, best.labels, k))) {
      best = { labels: run + 1 < options.nInit ? labels.slice() : labels, centers, inertia, nIter };
    }
  }
  if (options.nInit < 1) throw new RangeError('nInit must be at least 1');
  if (best === undefined) throw new Stopped('no iteration was over');
  const { labels, centers, inertia, nIter } = best;
  const sizes = new Array<number>(k).fill(0);
  // By index: an iterator over shared memory costs thirty times as much.
  for (let row = 0; row < labels.length; row++) sizes[labels[row]!]!++;
  for (let i = 0; i < centers.length; i++) centers[i]! += steps.means[i % steps.columns]!;
  return { labels, centers, sizes, inertia, nIter, ...(stopped && { stopped }) };
}

/**
 * Greedy k-means++: the first centre uniform, every next the best of 2 + ⌊ln k⌋ candidates drawn by squared distance.
 * Undefined where it is stopped.
 */
function plusPlus(
  steps: KMeansSteps,
  k: number,
  seeded: (taken: number) => void,
  { stopping }: Halting,
): Float64Array | undefined {
  const { rows: n, columns: d } = steps;
  const trials = 2 + Math.floor(Math.log(k));
  const centers = new Float64Array(k * d);
  const first = uniformChoice(n, steps.random(1)[0]!);
  centers.set(steps.row(first), 0);
  if (stopping()) return undefined;
  let potential = steps.take(first, true);
  for (let c = 1; c < k; c++) {
    seeded(c);
    if (stopping()) return undefined;
    const targets = Array.from(steps.random(trials), (u) => u * potential);
    const candidates = steps.search(targets).map((row) => Math.min(row, n - 1));
    const potentials = steps.potentials(candidates);
    let winner = 0;
    for (let t = 1; t < trials; t++) if (potentials[t]! < potentials[winner]!) winner = t;
    centers.set(steps.row(candidates[winner]!), c * d);
    potential = steps.take(candidates[winner]!, false);
  }
  seeded(k);
  return centers;
}

/** Σ|x|² − Σ weight·|centre|² over centred rows whose means the centres are. */
function inertiaOf(total: number, centers: Float64Array, weights: Float64Array): number {
  const d = centers.length / weights.length;
  let explained = 0;
  for (let i = 0; i < centers.length; i++) explained += weights[Math.floor(i / d)]! * centers[i]! ** 2;
  return Math.max(0, total - explained);
}

function iterate(
  steps: KMeansSteps,
  centers: Float64Array,
  k: number,
  maxIter: number,
  tol: number,
  halt: Halting,
  tell?: (iteration: number, shift: number, weights: Float64Array) => void,
): Ended | undefined {
  const d = steps.columns;
  halt.begin();
  steps.labels().fill(-1);
  for (let iteration = 1; iteration <= maxIter; iteration++) {
    const pass = halt.assign(steps, centers, true);
    if (pass === undefined) return halt.restore(steps, centers);
    const { changed, sums, weights } = pass;
    halt.keep(steps, centers, iteration - 1);
    relocateEmpty(steps, centers, sums, weights, k);
    average(sums, weights, k, d);
    let shift = 0;
    for (let c = 0; c < k; c++) {
      let square = 0;
      for (let j = c * d; j < (c + 1) * d; j++) square += (sums[j]! - centers[j]!) ** 2;
      shift += Math.sqrt(square) ** 2;
    }
    centers.set(sums);
    tell?.(iteration, shift, weights);
    if (changed === 0) return { nIter: iteration, stopped: false };
    const over = shift <= tol || iteration === maxIter;
    if (over || halt.stopping()) {
      // The labels must be those of the centres that are given out.
      const last = halt.assign(steps, centers, false);
      return last === undefined ? halt.restore(steps, centers) : { nIter: iteration, stopped: !over };
    }
  }
  return undefined;
}

/** An empty cluster takes the row farthest from its old centre; with all rows on their centres none moves. */
function relocateEmpty(
  steps: KMeansSteps,
  old: Float64Array,
  sums: Float64Array,
  weights: Float64Array,
  k: number,
): void {
  const empty: number[] = [];
  for (let c = 0; c < k; c++) if (weights[c] === 0) empty.push(c);
  if (empty.length === 0) return;
  const d = steps.columns;
  const distances = steps.distances(old);
  if (distances.every((distance) => distance === 0)) return;
  const far = farthest(distances, empty.length);
  const labels = steps.labels();
  empty.forEach((cluster, i) => {
    const row = steps.row(far[i]!);
    const from = labels[far[i]!]!;
    for (let j = 0; j < d; j++) {
      sums[from * d + j]! -= row[j]!;
      sums[cluster * d + j] = row[j]!;
    }
    weights[cluster] = 1;
    weights[from]! -= 1;
  });
}

/** Sums to means; a cluster that stayed empty goes where the largest is. */
function average(sums: Float64Array, weights: Float64Array, k: number, d: number): void {
  let largest = 0;
  for (let c = 1; c < k; c++) if (weights[c]! > weights[largest]!) largest = c;
  for (let c = 0; c < k; c++) {
    // In cluster order, as scikit-learn does it: an empty one before the largest copies its sum, not its mean.
    if (weights[c]! > 0) {
      const alpha = 1 / weights[c]!;
      for (let j = c * d; j < (c + 1) * d; j++) sums[j]! *= alpha;
    } else {
      sums.copyWithin(c * d, largest * d, (largest + 1) * d);
    }
  }
}

/** Whether two labellings are the same up to the names of the clusters. */
function sameClustering(a: Int32Array, b: Int32Array, k: number): boolean {
  const names = new Int32Array(k).fill(-1);
  for (let i = 0; i < a.length; i++) {
    const name = names[a[i]!]!;
    if (name === -1) names[a[i]!] = b[i]!;
    else if (name !== b[i]!) return false;
  }
  return true;
}
