import type { KMeansResult } from '../../ports/engine.js';
import type { Json } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import type { Numbers } from '../../ports/tables.js';
import { noteFewer } from '../clusters.js';
import { kmeans as shared } from '../options.js';
import { floats, integers, real, whole, wrong } from '../checks.js';
import { estimator, type Features, type State as Learnt, type StateShape } from './estimator.js';
import { clusters, starts } from './parameters.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    n_clusters: clusters,
    ...shared,
    n_init: {
      ...starts,
      description:
        'Runs with other initial centres, the best is kept; `auto`: 1, as k-means++ needs no more.',
    },
  },
} as const;

/** `cluster_centers_`: clusters × columns, row-major. */
export type CentresState = {
  readonly cluster_centers_: Float64Array;
  readonly inertia_: number;
  readonly n_iter_: number;
  readonly sizes_: Int32Array;
};

/** What a client is shown: a list a centre. */
export function shownCentres(state: CentresState): Json {
  const { cluster_centers_, sizes_ } = state;
  const d = cluster_centers_.length / sizes_.length;
  const centres = Array.from(sizes_, (_, c) => cluster_centers_.subarray(c * d, (c + 1) * d));
  return { ...state, cluster_centers_: centres };
}

/** scikit-learn's KMeans, with its labels for the same `random_state`. */
export const kmeans = estimator<FromSchema<typeof parameters>, CentresState>({
  name: 'kmeans',
  task: 'clustering',
  description: 'Clusters about their means; a row belongs to the nearest.',
  parameters,
  fit({ features, parameters: given, engine, notes, pointer, checkpoint }) {
    const { n_clusters, random_state, n_init, max_iter, tol } = given;
    refuseFewRows(n_clusters, features, pointer);
    const fit = engine.kmeans(features.columns.map(numbersOf), {
      nClusters: n_clusters,
      randomState: random_state,
      nInit: n_init === 'auto' ? 1 : n_init,
      maxIter: max_iter,
      tol,
      onIteration: checkpoint,
    });
    if (fit === null) throw new RangeError(`expected at least ${n_clusters} rows`);
    refuseOverflow(fit);
    noteFewer(fit, notes);
    return {
      cluster_centers_: Float64Array.from(fit.centers),
      inertia_: fit.inertia,
      n_iter_: fit.nIter,
      sizes_: Int32Array.from(fit.sizes),
    };
  },
  predict: ({ cluster_centers_ }, { columns }, { engine }) => ({
    kind: 'labels',
    labels: engine.neighbours.assign(columns, cluster_centers_, false).labels,
  }),
  verify: verifyCentres,
  attributes: shownCentres,
});

/** Throws TypeError for centres that are not those of so many columns. */
export function verifyCentres(state: Learnt, { features }: StateShape): void {
  const { cluster_centers_, inertia_, n_iter_, sizes_ } = state;
  const { length } = integers(sizes_, 'sizes_', 0, 2 ** 31 - 1);
  if (length < 1 || length > clusters.maximum) throw wrong(`1 to ${clusters.maximum} sizes_`, sizes_);
  floats(cluster_centers_, 'cluster_centers_', length * features);
  real(inertia_, 'inertia_', 0);
  whole(n_iter_, 'n_iter_');
}

/** Throws 422 for more clusters than rows. */
export function refuseFewRows(
  count: number,
  { rows }: Features,
  pointer: (parameter: string) => string,
): void {
  if (count <= rows) return;
  const detail = `expected n_clusters to be at most the ${rows} rows, got ${count}`;
  throw Problem.at(pointer('n_clusters'), 'invalid_option', detail);
}

/** Throws 422 where squares are beyond float64. */
export function refuseOverflow({ inertia }: Pick<KMeansResult, 'inertia'>): void {
  if (Number.isFinite(inertia)) return;
  throw new Problem('number_out_of_range', 'expected squares of distances in the range of float64, got more');
}

/** A column for the kernels: nothing is missing. */
export const numbersOf = (values: Float64Array): Numbers => ({
  length: values.length,
  chunks: [{ values, validity: null, bitOffset: 0 }],
});
