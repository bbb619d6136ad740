import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { integers, whole, wrong } from '../checks.js';
import { estimator } from './estimator.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    eps: {
      description: 'Greatest distance of neighbours.',
      type: 'number',
      exclusiveMinimum: 0,
      default: 0.5,
    },
    min_samples: {
      description: 'Neighbours, itself among them, that make a row one of the core.',
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000_000,
      default: 5,
    },
    metric: { description: 'Distance.', enum: ['euclidean', 'manhattan'], default: 'euclidean' },
  },
} as const;

/** `labels_` of the rows fitted, −1 for noise; `core_sample_indices_` the rows of the core. */
type State = {
  readonly labels_: Int32Array;
  readonly core_sample_indices_: Int32Array;
  readonly n_clusters_: number;
};

/**
 * scikit-learn's DBSCAN, with its labels. There is nothing to predict from: it labels the rows it is fitted on.
 * Source: M. Ester, H.-P. Kriegel, J. Sander, X. Xu, "A density-based algorithm", KDD 1996.
 */
export const dbscan = estimator<FromSchema<typeof parameters>, State>({
  name: 'dbscan',
  task: 'clustering',
  description:
    'Clusters of rows that lie close together, and noise; labels the rows that are fitted, predicts none.',
  parameters,
  fit({ features, parameters: { eps, min_samples, metric }, engine, checkpoint }) {
    const options = { metric, eps, least: min_samples, checkpoint };
    const { labels, core, clusters } = engine.neighbours.density(features.columns, options);
    return { labels_: labels, core_sample_indices_: core, n_clusters_: clusters };
  },
  verify({ labels_, core_sample_indices_, n_clusters_ }) {
    const rows = integers(labels_, 'labels_', -1, whole(n_clusters_, 'n_clusters_') - 1).length;
    const core = integers(core_sample_indices_, 'core_sample_indices_', 0, rows - 1);
    if (core.some((row, i) => i > 0 && row <= core[i - 1]!))
      throw wrong('core_sample_indices_ to ascend', core);
  },
  predict() {
    const detail =
      'expected a model that predicts, got dbscan: it labels the rows that it was fitted on (labels_); fit kmeans, or a classifier to the labels';
    throw new Problem('invalid_request', detail);
  },
});
