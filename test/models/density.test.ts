import fc from 'fast-check';
import { labelByDensity } from '../../src/engine/density.js';
import { kdTree } from '../../src/engine/kd-tree.js';
import { nearestSearch } from '../../src/engine/js/nearest.js';
import { estimatorOf, featuresOf, fit, numbersOf, tools } from './lessons.js';

const metrics = fc.constantFrom('euclidean' as const, 'manhattan' as const);
/** Few different values, so that many distances are equal. */
const points = fc.array(fc.tuple(...[0, 1].map(() => fc.integer({ min: 0, max: 9 }))), {
  minLength: 1,
  maxLength: 90,
});
const columnsOf = (rows: number[][]): Float64Array[] =>
  [0, 1].map((j) => Float64Array.from(rows, (row) => row[j]!));

function reduced(metric: 'euclidean' | 'manhattan', a: number[], b: number[]): number {
  const sizes = a.map((x, j) => Math.abs(x - b[j]!));
  return sizes.reduce((sum, size) => sum + (metric === 'euclidean' ? size * size : size), 0);
}

test('the nearest rows are those of sorting all by distance and row', () => {
  fc.assert(
    fc.property(points, metrics, fc.nat(40), fc.constantFrom(1, 3, 32), (rows, metric, more, leaf) => {
      const k = 1 + (more % rows.length);
      const search = nearestSearch(kdTree(columnsOf(rows), leaf), k, metric);
      for (const query of rows.slice(0, 5)) {
        const sorted = rows
          .map((row, i) => ({ i, distance: reduced(metric, query, row) }))
          .sort((a, b) => a.distance - b.distance || a.i - b.i)
          .slice(0, k);
        const found = search(Float64Array.from(query), 0);
        expect(Array.from(found.rows)).toEqual(sorted.map(({ i }) => i));
        expect(Array.from(found.distances)).toEqual(sorted.map(({ distance }) => distance));
      }
    }),
    { numRuns: 150 },
  );
});

/** DBSCAN as it is defined, over all pairs. */
function labelled(rows: number[][], metric: 'euclidean' | 'manhattan', eps: number, least: number): number[] {
  const near = rows.map((a) =>
    rows.flatMap((b, j) => (reduced(metric, a, b) <= (metric === 'euclidean' ? eps * eps : eps) ? [j] : [])),
  );
  const labels = rows.map(() => -1);
  let cluster = 0;
  for (let first = 0; first < rows.length; first++) {
    if (labels[first] !== -1 || near[first]!.length < least) continue;
    const open = [first];
    labels[first] = cluster;
    for (let row = open.pop(); row !== undefined; row = open.pop()) {
      if (near[row]!.length < least) continue;
      for (const next of near[row]!) {
        if (labels[next] !== -1) continue;
        labels[next] = cluster;
        open.push(next);
      }
    }
    cluster++;
  }
  return labels;
}

test('labels by density are those of the definition, over all pairs', () => {
  fc.assert(
    fc.property(
      points,
      metrics,
      fc.constantFrom(0.5, 1, Math.SQRT2, 2, 5, 50),
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom(1, 2, 16),
      (rows, metric, eps, least, leaf) => {
        const { labels } = labelByDensity(kdTree(columnsOf(rows), leaf), {
          metric,
          eps,
          least,
          checkpoint: () => undefined,
        });
        expect(Array.from(labels)).toEqual(labelled(rows, metric, eps, least));
      },
    ),
    { numRuns: 300 },
  );
});

test('a radius that holds all rows takes time of the rows, not of their pairs', () => {
  const rows = 200_000;
  const wave = [1, 2].map((step) => Float64Array.from({ length: rows }, (_, i) => Math.sin(i * step)));
  const started = performance.now();
  const { state } = fit('dbscan', { eps: 10, min_samples: 150_000 }, featuresOf(wave));
  expect(state['n_clusters_']).toBe(1);
  // All pairs would be 4·10^10.
  expect(performance.now() - started).toBeLessThan(20_000);
});

test('what cannot be is refused in words', () => {
  const few = featuresOf([[1, 2, 3]]);
  const dbscan = estimatorOf('dbscan');
  const { state } = fit('dbscan', {}, few);
  expect(() => dbscan.predict(state, few, tools())).toThrow(/labels the rows that it was fitted on/);
  expect(() => fit('kmeans', {}, few)).toThrow(/n_clusters to be at most the 3 rows, got 8/);
  expect(() => fit('mini_batch_kmeans', {}, few)).toThrow(/n_clusters to be at most the 3 rows, got 8/);
  expect(() => fit('k_neighbors_regressor', {}, few, numbersOf([1, 2, 3]))).toThrow(
    /n_neighbors to be at most the 3 rows, got 5/,
  );
  const infinite = featuresOf([[1, -Infinity, 3]]);
  expect(() => fit('dbscan', {}, infinite)).toThrow(
    /finite values for dbscan, got -Infinity in row 1 of column "x0"/,
  );
  expect(() => estimatorOf('dbscan').predict(state, infinite, tools())).toThrow(/got -Infinity/);
  const huge = featuresOf([[1e200, -1e200, 3]]);
  expect(() => fit('mini_batch_kmeans', { n_clusters: 2 }, huge)).toThrow(/in the range of float64/);
  expect(() => fit('kmeans', { n_clusters: 2 }, huge)).toThrow(/in the range of float64/);
});
