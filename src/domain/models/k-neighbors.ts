import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { estimator, type EstimatorTools, type Features, type Lesson } from './estimator.js';
import { kdTree, type Metric } from './kd-tree.js';
import { type Nearest, nearestSearch } from './nearest.js';
import { classesByShare, classTarget, numberTarget } from './targets.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    n_neighbors: { description: 'Neighbours.', type: 'integer', minimum: 1, maximum: 100_000, default: 5 },
    weights: {
      description:
        'Neighbours count alike (`uniform`) or by 1/distance; at distance 0 only those there count.',
      enum: ['uniform', 'distance'],
      default: 'uniform',
    },
    p: {
      description: 'Power of `minkowski`: 1 sums of differences, 2 Euclid.',
      enum: [1, 2],
      default: 2,
    },
    metric: {
      description: 'Distance: `minkowski` is that of `p`.',
      enum: ['minkowski', 'euclidean', 'manhattan'],
      default: 'minkowski',
    },
  },
} as const;
type Parameters = FromSchema<typeof parameters>;

/** The rows that were fitted, column by column, and what they had as target: codes of classes, or numbers. */
type State = {
  readonly columns: readonly Float64Array[];
  readonly target: Int32Array | Float64Array;
  readonly classes: number;
  readonly n_neighbors: number;
  readonly weights: 'uniform' | 'distance';
  readonly metric: Metric;
};

const shown = ({ columns, target, metric }: State) => ({
  n_features_in_: columns.length,
  n_samples_fit_: target.length,
  effective_metric_: metric,
});

/** scikit-learn's KNeighborsClassifier: shares of the classes among the nearest rows. Of equal distances the first row. */
export const kNeighborsClassifier = estimator<Parameters, State>({
  name: 'k_neighbors_classifier',
  task: 'classification',
  description: 'Shares of the classes among the nearest rows.',
  parameters,
  fit(lesson) {
    const { codes, classes } = classTarget(lesson);
    return keep(lesson, Int32Array.from(codes), classes.length);
  },
  predict(state, features, tools) {
    const { classes, target } = state;
    const votes = tools.space.float64(features.rows * classes);
    eachNeighbourhood(state, features, tools, (row, { rows, count }, weights) => {
      for (let i = 0; i < count; i++) votes[row * classes + target[rows[i]!]!]! += weights[i]!;
    });
    const chosen = classesByShare(votes, classes);
    normalise(votes, classes);
    return chosen;
  },
  attributes: shown,
});

/** scikit-learn's KNeighborsRegressor: the mean of the nearest rows. */
export const kNeighborsRegressor = estimator<Parameters, State>({
  name: 'k_neighbors_regressor',
  task: 'regression',
  description: 'Mean of the nearest rows.',
  parameters,
  fit: (lesson) => keep(lesson, Float64Array.from(numberTarget(lesson).values), 0),
  predict(state, features, tools) {
    const { target } = state;
    const values = new Float64Array(features.rows);
    eachNeighbourhood(state, features, tools, (row, { rows, count }, weights, sum) => {
      let total = 0;
      for (let i = 0; i < count; i++) total += weights[i]! * target[rows[i]!]!;
      values[row] = total / sum;
    });
    return { kind: 'numbers', values };
  },
  attributes: shown,
});

/** Makes each row sum to 1. */
function normalise(votes: Float64Array, classes: number): void {
  for (let at = 0; at < votes.length; at += classes) {
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += votes[at + c]!;
    for (let c = 0; c < classes; c++) votes[at + c]! /= sum;
  }
}

/** Throws 422 for more neighbours than rows. */
function keep(
  { features, parameters: given, pointer }: Lesson<Parameters>,
  target: Int32Array | Float64Array,
  classes: number,
): State {
  const { n_neighbors, weights, metric, p } = given;
  if (n_neighbors > features.rows) {
    const detail = `expected n_neighbors to be at most the ${features.rows} rows, got ${n_neighbors}`;
    throw Problem.at(pointer('n_neighbors'), 'invalid_option', detail);
  }
  return {
    // The request's memory ends with it.
    columns: features.columns.map((column) => Float64Array.from(column)),
    target,
    classes,
    n_neighbors,
    weights,
    metric: metric === 'manhattan' || (metric === 'minkowski' && p === 1) ? 'manhattan' : 'euclidean',
  };
}

/** Rows of queries that are brought together. */
const BLOCK = 1024;

/** Tells, for each row in order, its neighbours, their weights and the sum of these. */
function eachNeighbourhood(
  { columns, n_neighbors, weights, metric }: State,
  features: Features,
  { checkpoint }: EstimatorTools,
  tell: (row: number, nearest: Nearest, weights: Float64Array, sum: number) => void,
): void {
  const rows = columns[0]?.length ?? 0;
  const d = columns.length;
  // A tree is dearer than a few searches without one: then all rows are one leaf.
  const tree = kdTree(columns, features.rows < 2 * Math.log2(rows + 1) ? rows : undefined);
  const search = nearestSearch(tree, n_neighbors, metric);
  const share = new Float64Array(n_neighbors).fill(1);
  const block = new Float64Array(BLOCK * d);
  for (let start = 0; start < features.rows; start += BLOCK) {
    checkpoint();
    const length = Math.min(BLOCK, features.rows - start);
    for (let j = 0; j < d; j++)
      for (let i = 0; i < length; i++) block[i * d + j] = features.columns[j]![start + i]!;
    for (let i = 0; i < length; i++) {
      const nearest = search(block, i * d);
      const sum = weights === 'uniform' ? n_neighbors : weigh(nearest, metric, share);
      tell(start + i, nearest, share, sum);
    }
  }
}

/** Writes 1/distance of each; 1 for those at distance 0 and 0 for the others, where there are such. Returns the sum. */
function weigh({ distances, count }: Nearest, metric: Metric, out: Float64Array): number {
  let sum = 0;
  // A distance so small that its inverse overflows is as 0.
  const inverse = (reduced: number): number => 1 / (metric === 'euclidean' ? Math.sqrt(reduced) : reduced);
  const touching = inverse(distances[0]!) === Infinity;
  for (let i = 0; i < count; i++) {
    const weight = inverse(distances[i]!);
    out[i] = touching ? Number(weight === Infinity) : weight;
    sum += out[i]!;
  }
  return sum;
}
