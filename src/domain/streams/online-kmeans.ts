import type { Engine } from '../../ports/engine.js';
import { plusPlus } from '../models/kmeans-plus-plus.js';
import { moved, setAnew } from '../models/mini-batch-kmeans.js';
import { integer } from '../models/draws.js';
import { RandomState } from '../random-state.js';
import { BytesReader, BytesWriter } from './bytes.js';
import { MOST_CENTRES, MOST_FEATURES } from './cluster-sums.js';
import type { OperationOf } from './definition.js';

/**
 * k-means that learns from one batch after another. Before it has centres it keeps the records it was given, fewer than it wants
 * centres.
 */
export interface OnlineKMeans {
  readonly columns: readonly string[];
  /** Centres × columns, and how many rows each is the mean of; empty before the first. */
  readonly centers: Float64Array;
  readonly counts: Float64Array;
  /** Batches that it learnt from. */
  readonly steps: number;
  /** Rows of the first batch, 1,024 at most, by which the time until centres are set anew is counted. */
  readonly batch: number;
  readonly sinceReassign: number;
  /** Records that wait, row by row. */
  readonly waiting: Float64Array;
  readonly random: RandomState;
}

/** scikit-learn's `batch_size`. */
const BATCH = 1024;
const FORMAT = 1;

export const begun = (columns: readonly string[], seed: number): OnlineKMeans => ({
  columns,
  centers: new Float64Array(0),
  counts: new Float64Array(0),
  steps: 0,
  batch: 0,
  sinceReassign: 0,
  waiting: new Float64Array(0),
  random: new RandomState(seed),
});

/** Each row's nearest centre, and centres, before the rows were learnt from. */
export interface Assignment {
  readonly labels: Int32Array;
  readonly centers: Float64Array;
}

/**
 * One `MiniBatchKMeans(n_clusters, random_state=…, reassignment_ratio=…).partial_fit(rows)` of scikit-learn 1.6.1, with its draws.
 * `rows`: columns without missing or infinite values. The assignment is null while there are too few rows; those that waited are
 * learnt from with the first batch that makes centres, ahead of its own, and are in no assignment. `model.random` goes on.
 */
export function partialFit(
  model: OnlineKMeans,
  rows: readonly Float64Array[],
  options: Pick<OperationOf<'kmeans'>, 'n_clusters' | 'reassignment_ratio'>,
  { neighbours }: Pick<Engine, 'neighbours'>,
  room: (length: number) => Float64Array,
): { readonly model: OnlineKMeans; readonly assignment: Assignment | null } {
  const { n_clusters: k } = options;
  const d = model.columns.length;
  const fresh = rows[0]?.length ?? 0;
  if (fresh === 0) return { model, assignment: null };
  const waiting = model.waiting.length / d;
  if (model.centers.length === 0 && waiting + fresh < k) {
    const kept = new Float64Array((waiting + fresh) * d);
    kept.set(model.waiting);
    rows.forEach((column, j) => {
      for (let i = 0; i < fresh; i++) kept[(waiting + i) * d + j] = column[i]!;
    });
    return { model: { ...model, waiting: kept }, assignment: null };
  }
  const all =
    waiting === 0
      ? rows
      : rows.map((column, j) => {
          const joined = room(waiting + fresh);
          for (let i = 0; i < waiting; i++) joined[i] = model.waiting[i * d + j]!;
          joined.set(column, waiting);
          return joined;
        });
  const started = model.centers.length > 0 ? model : { ...model, ...initial(all, k, model.random) };
  const { centers, batch, random } = started;
  const counts = started.counts.slice();
  const seen = started.sinceReassign + batch;
  const isReassigned = counts.includes(0) || seen >= 10 * k;
  const { labels } = neighbours.assign(all, centers, false);
  const next = moved(all, labels, centers, counts);
  if (isReassigned && options.reassignment_ratio > 0)
    setAnew(next, counts, all, options.reassignment_ratio, random);
  return {
    model: {
      ...started,
      centers: next,
      counts,
      steps: started.steps + 1,
      sinceReassign: isReassigned ? 0 : seen,
      waiting: new Float64Array(0),
    },
    assignment: { labels: labels.slice(waiting), centers },
  };
}

/** Centres by greedy k-means++ of the first batch, of three of its drawn rows each where it has more than 3,072. */
function initial(
  rows: readonly Float64Array[],
  k: number,
  random: RandomState,
): Pick<OnlineKMeans, 'centers' | 'counts' | 'batch'> {
  const count = rows[0]!.length;
  const batch = Math.min(BATCH, count);
  const wanted = 3 * batch < k ? 3 * k : 3 * batch;
  const drawn =
    wanted < count ? Int32Array.from({ length: wanted }, () => integer(random, count)) : undefined;
  const size = drawn?.length ?? count;
  const d = rows.length;
  const points = new Float64Array(size * d);
  rows.forEach((column, j) => {
    for (let i = 0; i < size; i++) points[i * d + j] = column[drawn?.[i] ?? i]!;
  });
  return { centers: plusPlus(points, d, k, random), counts: new Float64Array(k), batch };
}

export function writeModel(model: OnlineKMeans): Uint8Array {
  const out = new BytesWriter();
  out.whole(FORMAT);
  out.whole(model.columns.length);
  for (const name of model.columns) out.text(name);
  for (const one of [model.centers, model.counts, model.waiting]) out.floats(one);
  for (const one of [model.steps, model.batch, model.sinceReassign]) out.whole(one);
  const { words, index } = model.random.state();
  for (const word of words) out.whole(word);
  out.whole(index);
  return out.done();
}

/** Throws RangeError for a damaged document. */
export function readModel(document: Uint8Array): OnlineKMeans {
  const bytes = new BytesReader(document, "a stream's k-means");
  bytes.check(bytes.whole() === FORMAT, `format ${FORMAT}`);
  const columns = Array.from({ length: bytes.whole(MOST_FEATURES) }, () => bytes.text());
  const centers = bytes.floats(MOST_CENTRES * MOST_FEATURES);
  const counts = bytes.floats(MOST_CENTRES);
  const waiting = bytes.floats(MOST_CENTRES * MOST_FEATURES);
  const holds =
    columns.length > 0 &&
    centers.length === counts.length * columns.length &&
    waiting.length % columns.length === 0 &&
    [centers, counts, waiting].every((list) => list.every(Number.isFinite));
  bytes.check(holds, 'as many numbers as its centres have');
  const [steps, batch, sinceReassign] = [bytes.whole(), bytes.whole(BATCH), bytes.whole()];
  const words = Uint32Array.from({ length: 624 }, () => bytes.whole(0xffffffff));
  const index = bytes.whole(624);
  bytes.end();
  const random = RandomState.from({ words, index });
  return { columns, centers, counts, steps, batch, sinceReassign, waiting, random };
}
