import { kmeans as jsKMeans } from '../src/engine/js/kmeans.js';
import { moments as jsMoments } from '../src/engine/js/moments.js';
import type { KMeansOptions } from '../src/ports/engine.js';
import { blobs, column, uniform, unseen } from './data.js';
import { placed, type Case, type Contest, type Stage } from './stage.js';

const ROWS = 100_000;
const COLUMNS = 4;
const K = 8;
/** Both sides make exactly so many iterations: uniform noise does not converge in them, and the tolerance is off. */
const ITERATIONS = 20;
const OPTIONS: KMeansOptions = { nClusters: K, randomState: 42, nInit: 1, maxIter: ITERATIONS, tol: 0 };

const noise = (): Float64Array[] => Array.from({ length: COLUMNS }, (_, i) => uniform(301 + i, ROWS));

const distinct = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b).reduce((total, value, i) => total + value * (i + 1), 0);

function oursOver(stage: Stage, data: readonly Float64Array[], options: KMeansOptions): () => Float64Array {
  const columns = data.map((values) => column(placed(stage.arena, values)));
  return () =>
    stage.arena.scratch(() => {
      const result = stage.wasm.kmeans(columns.map(unseen), options);
      if (result === null) throw new Error('expected clusters, got none');
      return result.centers;
    });
}

/** The centred rows and the initial centres that our engine starts from, as ml-kmeans wants them. */
function startOf(stage: Stage, data: readonly Float64Array[]): { points: number[][]; centers: number[][] } {
  const { kmeansGenerator } = stage.rivals;
  const seen: { points: number[][]; centers: number[][] }[] = [];
  const spy: typeof kmeansGenerator = (points, k, options) => {
    if (seen.length === 0 && Array.isArray(options.initialization)) {
      seen.push({ points, centers: options.initialization.map((center) => [...center]) });
    }
    return kmeansGenerator(points, k, options);
  };
  const columns = data.map((values) => column(values));
  jsKMeans(spy, jsMoments)(columns, { ...OPTIONS, maxIter: 1 });
  const [start] = seen;
  if (start === undefined) throw new Error('expected the js engine to hand its initial centres over');
  return start;
}

/**
 * The same rows, the same initial centres, the same number of iterations. Ours also finds those centres (k-means++),
 * centres the data and sums up the inertia; ml-kmeans gets its row arrays ready made.
 */
function againstLibrary(stage: Stage, data: readonly Float64Array[]): Contest {
  const { points, centers } = startOf(stage, data);
  const means = data.map((values) => jsMoments(column(values), 2).mean);
  const options = { initialization: centers, tolerance: -1, maxIterations: ITERATIONS };
  const ours = oursOver(stage, data, OPTIONS);
  return {
    ours: () => distinct(Array.from(ours())),
    rival: () => {
      let last: number[][] = [];
      for (const { centroids } of stage.rivals.kmeansGenerator(points, K, options)) last = centroids;
      return distinct(last.flatMap((center) => center.map((value, j) => value + means[j]!)));
    },
    agree: 1e-9,
  };
}

function againstJs(stage: Stage, data: readonly Float64Array[], options: KMeansOptions): Contest {
  const ours = oursOver(stage, data, options);
  const columns = data.map((values) => column(values));
  return {
    ours: () => distinct(Array.from(ours())),
    rival: () => distinct(Array.from(stage.js.kmeans(columns, options)!.centers)),
    agree: 1e-9,
  };
}

/**
 * As its user calls it: no options, its own random start, which is another one every time, and at most 100 iterations.
 * Ours has its defaults too, a whole fit of at most 300. Rows stand ready as each takes them. Where the centres come to
 * lie differs; their middle does not.
 */
function asItsUserCallsIt({ rivals, most }: Stage, data: readonly Float64Array[]): Contest {
  const { engine, arena } = most;
  const rows = Array.from({ length: ROWS }, (_, row) => data.map((values) => values[row]!));
  const columns = data.map((values) => column(placed(arena, values)));
  const options = { ...OPTIONS, maxIter: 300, tol: 1e-4 };
  const middle = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  return {
    ours: () => middle(arena.scratch(() => engine.kmeans(columns.map(unseen), options)!.centers)),
    rival: () => middle(rivals.kmeans(rows, K, {}).centroids.flat()),
    agree: 0.1,
  };
}

// Floors of the two fits against the js engine, which is ml-kmeans behind the same port: ten times is what was asked for
// (fifty what is aimed at); the others about two thirds of the lowest median ratio of several runs (two cores, Node 20).
export const cases: readonly Case[] = [
  {
    family: 'kmeans',
    name: 'fit of noise, 100,000 × 4, k = 8, 20 iterations',
    rival: 'js engine',
    floor: 10,
    target: 50,
    prepare: (stage) => againstJs(stage, noise(), OPTIONS),
  },
  {
    family: 'kmeans',
    name: 'fit of clusters, 100,000 × 4, k = 8',
    rival: 'js engine',
    floor: 10,
    target: 50,
    prepare: (stage) =>
      againstJs(stage, blobs(307, ROWS, COLUMNS, K), { ...OPTIONS, maxIter: 300, tol: 1e-4 }),
  },
  {
    // The strictest comparison: centres, centred rows and row arrays are the library's for free.
    family: 'kmeans',
    name: 'the same noise, ml-kmeans given our initial centres',
    rival: 'ml-kmeans',
    // Ten is asked for and not reached: 8.8 to 9.8 measured. The floor only guards what there is.
    floor: 5,
    target: 10,
    prepare: (stage) => againstLibrary(stage, noise()),
  },
  {
    family: 'kmeans',
    name: 'whole fit of noise, 100,000 × 4, k = 8, as its user calls it: kmeans(rows, 8, {})',
    rival: 'ml-kmeans',
    target: 50,
    prepare: (stage) => asItsUserCallsIt(stage, noise()),
  },
  {
    family: 'kmeans',
    name: 'fit of clusters, 20,000 × 4, k = 3',
    rival: 'js engine',
    floor: 7,
    prepare: (stage) =>
      againstJs(stage, blobs(305, 20_000, COLUMNS, 3), { ...OPTIONS, nClusters: 3, maxIter: 300, tol: 1e-4 }),
  },
];
