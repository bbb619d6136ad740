import type { FromSchema } from '../../ports/schema.js';
import { Stopped } from '../../ports/progress.js';
import { noteFewer } from '../clusters.js';
import { whole } from '../checks.js';
import { estimator, type Features, type Lesson } from './estimator.js';
import { type CentresState, refuseFewRows, refuseOverflow, shownCentres, verifyCentres } from './kmeans.js';
import { plusPlus } from './kmeans-plus-plus.js';
import { clusters, seed, starts } from './parameters.js';
import { RandomState } from '../random-state.js';
import { choose, integer } from './draws.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    n_clusters: clusters,
    max_iter: {
      description: 'Times that as many rows are drawn as there are.',
      type: 'integer',
      minimum: 1,
      maximum: 100_000,
      default: 100,
    },
    batch_size: {
      description: 'Rows of a batch.',
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      default: 1024,
    },
    random_state: seed,
    tol: {
      description: 'Relative tolerance of the centre shift; 0: not looked at.',
      type: 'number',
      minimum: 0,
      default: 0,
    },
    max_no_improvement: {
      description: 'Batches without a better smoothed inertia that end the fit; null: none do.',
      type: ['integer', 'null'],
      minimum: 0,
      maximum: 1_000_000_000,
      default: 10,
    },
    init_size: {
      description: 'Rows drawn for the initial centres; null: three batches.',
      type: ['integer', 'null'],
      minimum: 1,
      maximum: 1_000_000_000,
      default: null,
    },
    n_init: { ...starts, description: 'Initial centres that are tried, the best are kept; `auto`: 1.' },
    reassignment_ratio: {
      description: 'Centres with less than this part of the greatest weight are set anew.',
      type: 'number',
      minimum: 0,
      default: 0.01,
    },
  },
} as const;
type Parameters = FromSchema<typeof parameters>;

type State = CentresState & { readonly n_steps_: number };

/**
 * scikit-learn's MiniBatchKMeans, with its draws: the same centres for the same `random_state`, up to rounding.
 * Source: D. Sculley, "Web-scale k-means clustering", WWW 2010.
 */
export const miniBatchKmeans = estimator<Parameters, State>({
  name: 'mini_batch_kmeans',
  task: 'clustering',
  description: 'Clusters about means that are learnt from small batches of drawn rows.',
  parameters,
  fit(lesson) {
    const { features, parameters: given, engine, pointer, notes } = lesson;
    refuseFewRows(given.n_clusters, features, pointer);
    const random = new RandomState(given.random_state);
    const batch = Math.min(given.batch_size, features.rows);
    const initial = bestStart(lesson, batch, random);
    const { centers, steps } = learn(lesson, batch, initial, random);
    const { labels, inertia } = engine.neighbours.assign(features.columns, centers);
    const sizes = new Int32Array(given.n_clusters);
    for (const label of labels) sizes[label]!++;
    refuseOverflow({ inertia });
    noteFewer({ labels, centers, inertia, sizes: Array.from(sizes), nIter: steps }, notes);
    const n_iter_ = Math.ceil((steps * batch) / features.rows);
    return { cluster_centers_: centers, inertia_: inertia, n_iter_, n_steps_: steps, sizes_: sizes };
  },
  predict: ({ cluster_centers_ }, { columns }, { engine }) => ({
    kind: 'labels',
    labels: engine.neighbours.assign(columns, cluster_centers_, false).labels,
  }),
  verify(state, shape) {
    verifyCentres(state, shape);
    whole(state['n_steps_'], 'n_steps_');
  },
  attributes: shownCentres,
});

/** Rows drawn with replacement, as many as `out` has places. */
function drawRows(
  { columns, rows }: Features,
  random: RandomState,
  out: readonly Float64Array[],
): readonly Float64Array[] {
  const size = out[0]?.length ?? 0;
  const drawn = Int32Array.from({ length: size }, () => integer(random, rows));
  columns.forEach((column, j) => {
    const own = out[j]!;
    for (let i = 0; i < size; i++) own[i] = column[drawn[i]!]!;
  });
  return out;
}

/** Room for `size` rows where the kernels work on them in place. */
const roomFor = ({ features, space }: Lesson<Parameters>, size: number): Float64Array[] =>
  features.columns.map(() => space.float64(size));

/** Of the initial centres tried, those with the least inertia over rows drawn to judge them. */
function bestStart(lesson: Lesson<Parameters>, batch: number, random: RandomState): Float64Array {
  const { features, parameters: given, engine, checkpoint } = lesson;
  const { rows, columns } = features;
  const k = given.n_clusters;
  const wanted = given.init_size ?? 3 * batch;
  const size = Math.min(wanted < k ? 3 * k : wanted, rows);
  const judged = drawRows(features, random, roomFor(lesson, size));
  const room = roomFor(lesson, size);
  let best: Float64Array = new Float64Array(0);
  let least = Infinity;
  for (let run = 0; run < (given.n_init === 'auto' ? 1 : given.n_init); run++) {
    checkpoint();
    // Where as many are wanted as there are, scikit-learn takes the rows as they are.
    const drawn = size === rows ? columns : drawRows(features, random, room);
    const centers = plusPlus(rowMajor(drawn), columns.length, k, random);
    const { inertia } = engine.neighbours.assign(judged, centers);
    if (run > 0 && inertia >= least) continue;
    best = centers;
    least = inertia;
  }
  return best;
}

function rowMajor(columns: readonly Float64Array[]): Float64Array {
  const d = columns.length;
  const points = new Float64Array(d * (columns[0]?.length ?? 0));
  columns.forEach((column, j) => {
    for (let i = 0; i < column.length; i++) points[i * d + j] = column[i]!;
  });
  return points;
}

function learn(
  lesson: Lesson<Parameters>,
  batch: number,
  initial: Float64Array,
  random: RandomState,
): { centers: Float64Array; steps: number } {
  const { features, parameters: given, engine, checkpoint, progress, notes } = lesson;
  const { rows } = features;
  const k = given.n_clusters;
  const tolerance = given.tol === 0 ? 0 : given.tol * meanVariance(features);
  const most = Math.floor((given.max_iter * rows) / batch);
  const drawn = roomFor(lesson, batch);
  const weights = new Float64Array(k);
  const done = convergence(rows, batch, tolerance, given.max_no_improvement);
  let centers = initial;
  let seen = 0;
  let steps = 0;
  while (steps < most) {
    checkpoint();
    if (progress.stopping()) {
      if (steps === 0) throw new Stopped('no batch was over');
      notes.partial(`stopped after ${steps} of at most ${most} batches`);
      break;
    }
    drawRows(features, random, drawn);
    seen += batch;
    const reassign = weights.includes(0) || seen >= 10 * k;
    if (reassign) seen = 0;
    const { labels, inertia } = engine.neighbours.assign(drawn, centers);
    const next = moved(drawn, labels, centers, weights);
    if (reassign && given.reassignment_ratio > 0)
      setAnew(next, weights, drawn, given.reassignment_ratio, random);
    let shift = 0;
    for (let i = 0; i < next.length; i++) shift += (next[i]! - centers[i]!) ** 2;
    centers = next;
    steps++;
    progress.tell({ stage: 'batches', done: steps, total: most, inertia: inertia / batch, shift });
    if (done(steps, inertia / batch, shift)) break;
  }
  return { centers, steps };
}

/** The centres as means of all rows that they have been given so far; adds the new ones to `weights`. */
export function moved(
  batch: readonly Float64Array[],
  labels: Int32Array,
  centers: Float64Array,
  weights: Float64Array,
): Float64Array {
  const d = batch.length;
  const next = centers.slice();
  const sizes = new Float64Array(weights.length);
  for (const label of labels) sizes[label]!++;
  for (let c = 0; c < weights.length; c++)
    if (sizes[c]! > 0) for (let j = 0; j < d; j++) next[c * d + j]! *= weights[c]!;
  batch.forEach((column, j) => {
    for (let i = 0; i < labels.length; i++) next[labels[i]! * d + j]! += column[i]!;
  });
  for (let c = 0; c < weights.length; c++) {
    if (sizes[c] === 0) continue;
    weights[c]! += sizes[c]!;
    const share = 1 / weights[c]!;
    for (let j = 0; j < d; j++) next[c * d + j]! *= share;
  }
  return next;
}

/** Puts centres of little weight on drawn rows of the batch, half as many as it has rows at most. */
export function setAnew(
  centers: Float64Array,
  weights: Float64Array,
  batch: readonly Float64Array[],
  ratio: number,
  random: RandomState,
): void {
  const [d, rows] = [batch.length, batch[0]!.length];
  const bound = ratio * weights.reduce((most, weight) => Math.max(most, weight), 0);
  let light = Array.from(weights.keys()).filter((c) => weights[c]! < bound);
  if (light.length > 0.5 * rows) {
    const ascending = Array.from(weights.keys()).sort((a, b) => weights[a]! - weights[b]!);
    const kept = new Set(ascending.slice(Math.floor(0.5 * rows)));
    light = light.filter((c) => !kept.has(c));
  }
  if (light.length === 0) return;
  const drawn = choose(random, rows, light.length);
  light.forEach((c, i) => {
    for (let j = 0; j < d; j++) centers[c * d + j] = batch[j]![drawn[i]!]!;
  });
  const anew = new Set(light);
  let least = Infinity;
  weights.forEach((weight, c) => {
    if (!anew.has(c)) least = Math.min(least, weight);
  });
  for (const c of light) weights[c] = least;
}

/** Whether the fit has come to its end: centres that rest, or an inertia, exponentially smoothed, that no longer falls. */
function convergence(
  rows: number,
  batch: number,
  tolerance: number,
  patience: number | null,
): (step: number, inertia: number, shift: number) => boolean {
  const alpha = Math.min((batch * 2) / (rows + 1), 1);
  let smoothed: number | null = null;
  let least: number | null = null;
  let idle = 0;
  return (step, inertia, shift) => {
    // The first is that of the initial centres.
    if (step === 1) return false;
    smoothed = smoothed === null ? inertia : smoothed * (1 - alpha) + inertia * alpha;
    if (tolerance > 0 && shift <= tolerance) return true;
    if (least === null || smoothed < least) {
      idle = 0;
      least = smoothed;
    } else idle++;
    return patience !== null && idle >= patience;
  };
}

/** Mean over the columns of their population variance. */
function meanVariance({ columns, rows }: Features): number {
  const variances = columns.map((column) => {
    const mean = column.reduce((sum, x) => sum + x, 0) / rows;
    return column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / rows;
  });
  return variances.reduce((sum, x) => sum + x, 0) / columns.length;
}
