import type { kmeansGenerator } from 'ml-kmeans';
import type { KMeansKernel, MomentsKernel } from '../../ports/engine.js';
import type { Numbers } from '../../ports/tables.js';
import type { KMeansSteps } from '../kmeans-steps.js';
import { lloyd } from '../lloyd.js';
import { cellOf } from './cells.js';
import { generator } from './random.js';

/** ml-kmeans does the iterations; initial centres, stop rule and empty clusters are scikit-learn's (../lloyd.ts). */
export function kmeans(iterations: typeof kmeansGenerator, moments: MomentsKernel): KMeansKernel {
  return (columns, options) => {
    const rows = columns[0]?.length ?? 0;
    const labels = new Int32Array(rows).fill(-1);
    const points: number[][] = [];
    const places: number[] = [];
    const flat = columns.map(flatten);
    for (let row = 0; row < rows; row++) {
      const point = flat.map((values) => values[row]!);
      if (point.some((value) => value !== value)) continue;
      points.push(point);
      places.push(row);
    }
    if (points.length < options.nClusters) return null;
    const result = lloyd(jsSteps(iterations, moments, points, options.randomState), options);
    places.forEach((row, i) => {
      labels[row] = result.labels[i]!;
    });
    return { ...result, labels };
  };
}

/** A column in one array, NaN where missing. */
function flatten(column: Numbers): Float64Array {
  const values = new Float64Array(column.length);
  let start = 0;
  for (const chunk of column.chunks) {
    for (let row = 0; row < chunk.values.length; row++) values[start + row] = cellOf(chunk, row);
    start += chunk.values.length;
  }
  return values;
}

function jsSteps(
  iterations: typeof kmeansGenerator,
  moments: MomentsKernel,
  points: number[][],
  seed: number,
): KMeansSteps {
  const n = points.length;
  const d = points[0]!.length;
  const stats = Array.from({ length: d }, (_, j) =>
    moments(
      {
        length: n,
        chunks: [{ values: Float64Array.from(points, (p) => p[j]!), validity: null, bitOffset: 0 }],
      },
      2,
    ),
  );
  const means = Float64Array.from(stats, ({ mean }) => mean);
  for (const point of points) for (let j = 0; j < d; j++) point[j]! -= means[j]!;
  const labels = new Int32Array(n);
  const closest = new Float64Array(n);
  const distance = (a: readonly number[], b: ArrayLike<number>, from = 0): number => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += (a[j]! - b[from + j]!) ** 2;
    return sum;
  };
  return {
    rows: n,
    columns: d,
    means,
    meanVariance: stats.reduce((total, { m2, count }) => total + m2 / count, 0) / d,
    random: generator(seed),
    labels: () => labels,
    row: (index) => Float64Array.from(points[index]!),
    potentials: (candidates) =>
      candidates.map((row) => {
        let total = 0;
        for (let i = 0; i < n; i++) total += Math.min(closest[i]!, distance(points[i]!, points[row]!));
        return total;
      }),
    take(index, first) {
      let total = 0;
      for (let i = 0; i < n; i++) {
        const next = distance(points[i]!, points[index]!);
        closest[i] = first ? next : Math.min(closest[i]!, next);
        total += closest[i]!;
      }
      return total;
    },
    search: (targets) =>
      targets.map((target) => {
        let sum = 0;
        const found = closest.findIndex((value) => (sum += value) >= target);
        return found < 0 ? n : found;
      }),
    assign(centers, wanted) {
      const k = centers.length / d;
      const initialization = Array.from({ length: k }, (_, c) =>
        Array.from(centers.subarray(c * d, (c + 1) * d)),
      );
      // A tolerance below zero never ends the generator; one step of it is one assignment and one update.
      const step = iterations(points, k, { initialization, tolerance: -1, maxIterations: 1 }).next().value!;
      const weights = new Float64Array(k);
      let changed = 0;
      step.clusters.forEach((label, i) => {
        if (labels[i] !== label) changed++;
        labels[i] = label;
        weights[label]!++;
      });
      const sums = new Float64Array(k * d);
      if (wanted) {
        step.centroids.forEach((centroid, c) => {
          for (let j = 0; j < d; j++) sums[c * d + j] = weights[c]! === 0 ? 0 : centroid[j]! * weights[c]!;
        });
      }
      return { changed, sums, weights };
    },
    distances: (centers) => Float64Array.from(points, (point, i) => distance(point, centers, labels[i]! * d)),
    inertia: (centers) =>
      points.reduce((total, point, i) => total + distance(point, centers, labels[i]! * d), 0),
  };
}
