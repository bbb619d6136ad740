import { Problem } from '../../ports/problem.js';
import type { Metric } from '../../ports/neighbours.js';
import type { FromSchema } from '../../ports/schema.js';
import { floats, integers, list, oneOf, whole, wrong } from '../checks.js';
import {
  estimator,
  type EstimatorTools,
  type Features,
  type Lesson,
  type State as Learnt,
  type StateShape,
} from './estimator.js';
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

/**
 * The rows that were fitted, column by column, near ones together: row i is row `order[i]` of the fit. `target` has what
 * they had, in the order of the fit: codes of classes, or numbers.
 */
type State = {
  readonly columns: readonly Float64Array[];
  readonly order: Int32Array;
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
    eachNeighbourhood(state, features, tools, (row, rows, weights) => {
      for (let i = 0; i < rows.length; i++) votes[row * classes + target[rows[i]!]!]! += weights[i]!;
    });
    const chosen = classesByShare(votes, classes);
    normalise(votes, classes);
    return chosen;
  },
  verify(state, shape) {
    const rows = verifyRows(state, shape);
    whole(state['classes'], 'classes', shape.classes, shape.classes);
    integers(state['target'], 'target', 0, shape.classes - 1, rows);
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
    eachNeighbourhood(state, features, tools, (row, rows, weights, sum) => {
      let total = 0;
      for (let i = 0; i < rows.length; i++) total += weights[i]! * target[rows[i]!]!;
      values[row] = total / sum;
    });
    return { kind: 'numbers', values };
  },
  verify(state, shape) {
    const rows = verifyRows(state, shape);
    whole(state['classes'], 'classes', 0, 0);
    floats(state['target'], 'target', rows);
  },
  attributes: shown,
});

/** Throws TypeError for what is no set of rows with their neighbours; returns how many rows. */
function verifyRows({ columns, order, ...given }: Learnt, { features }: StateShape): number {
  const all = list(columns, 'columns', features);
  const rows = floats(all[0], 'columns[0]').length;
  all.forEach((column, i) => floats(column, `columns[${i}]`, rows));
  const seen = new Uint8Array(rows);
  for (const row of integers(order, 'order', 0, rows - 1, rows)) seen[row] = 1;
  if (seen.includes(0)) throw wrong('order to have every row once', order);
  whole(given['n_neighbors'], 'n_neighbors', 1, Math.min(rows, parameters.properties.n_neighbors.maximum));
  oneOf(given['weights'], 'weights', parameters.properties.weights.enum);
  oneOf(given['metric'], 'metric', ['euclidean', 'manhattan']);
  return rows;
}

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
  { features, parameters: given, engine, pointer }: Lesson<Parameters>,
  target: Int32Array | Float64Array,
  classes: number,
): State {
  const { n_neighbors, weights, metric, p } = given;
  if (n_neighbors > features.rows) {
    const detail = `expected n_neighbors to be at most the ${features.rows} rows, got ${n_neighbors}`;
    throw Problem.at(pointer('n_neighbors'), 'invalid_option', detail);
  }
  const order = engine.neighbours.arrange(features.columns);
  return {
    columns: features.columns.map((column) => Float64Array.from(order, (row) => column[row]!)),
    order,
    target,
    classes,
    n_neighbors,
    weights,
    metric: metric === 'manhattan' || (metric === 'minkowski' && p === 1) ? 'manhattan' : 'euclidean',
  };
}

/** Tells, for each row in order, its neighbours, their weights and the sum of these. */
function eachNeighbourhood(
  { columns, order, n_neighbors: count, weights, metric }: State,
  features: Features,
  { engine, checkpoint }: EstimatorTools,
  tell: (row: number, rows: Int32Array, weights: Float64Array, sum: number) => void,
): void {
  const share = new Float64Array(count).fill(1);
  engine.neighbours.nearest({ columns, order }, features.columns, { count, metric }, (block) => {
    checkpoint();
    for (let i = 0; i < block.queries; i++) {
      const own = block.distances.subarray(i * count, (i + 1) * count);
      const sum = weights === 'uniform' ? count : weigh(own, metric, share);
      tell(block.first + i, block.rows.subarray(i * count, (i + 1) * count), share, sum);
    }
  });
}

/** Writes 1/distance of each; 1 for those at distance 0 and 0 for the others, where there are such. Returns the sum. */
function weigh(distances: Float64Array, metric: Metric, out: Float64Array): number {
  let sum = 0;
  // A distance so small that its inverse overflows is as 0.
  const inverse = (reduced: number): number => 1 / (metric === 'euclidean' ? Math.sqrt(reduced) : reduced);
  const touching = inverse(distances[0]!) === Infinity;
  for (let i = 0; i < out.length; i++) {
    const weight = inverse(distances[i]!);
    out[i] = touching ? Number(weight === Infinity) : weight;
    sum += out[i]!;
  }
  return sum;
}
