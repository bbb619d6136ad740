import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { classesOf, featuresOf, fit, numbersOf, said } from './lessons.js';

interface Case {
  readonly set: string;
  readonly parameters: object;
}
interface Bayes extends Case {
  readonly theta_: number[][];
  readonly var_: number[][];
  readonly class_prior_: number[];
  readonly epsilon_: number;
  readonly labels: number[];
  readonly probabilities: number[][];
}
interface Neighbours extends Case {
  readonly labels: number[];
  readonly probabilities: number[][];
  readonly values: number[];
}
interface Density extends Case {
  readonly labels_: number[];
  readonly core_sample_indices_: number[];
}
interface Centres extends Case {
  readonly cluster_centers_: number[][];
  readonly inertia_: number;
  readonly n_iter_: number;
  readonly n_steps_: number;
  readonly labels: number[];
}
interface Golden {
  readonly sets: Readonly<
    Record<
      string,
      { columns: number[][]; target: number[]; numbers: number[]; queries: number[][] } | undefined
    >
  >;
  readonly bayes: Bayes[];
  readonly neighbours: Neighbours[];
  readonly dbscan: Density[];
  readonly kmeans: Centres[];
  readonly mini_batch: Centres[];
}
const golden = JSON.parse(
  readFileSync(join(__dirname, '..', 'golden', 'models', 'neighbours.json'), 'utf8'),
) as Golden;

function setOf(name: string) {
  const { columns, queries, target, numbers } = golden.sets[name]!;
  return {
    features: featuresOf(columns),
    queries: featuresOf(queries),
    classes: classesOf(target),
    numbers: numbersOf(numbers),
  };
}

/** Within `bound` of the greater of 1 and the value. */
function expectNear(found: Iterable<number>, wanted: readonly number[], bound: number): void {
  const list = Array.from(found);
  expect(list).toHaveLength(wanted.length);
  const worst = list.reduce(
    (most, x, i) => Math.max(most, Math.abs(x - wanted[i]!) / Math.max(1, Math.abs(wanted[i]!))),
    0,
  );
  expect(worst).toBeLessThanOrEqual(bound);
}

test.each(golden.bayes)('gaussian_nb $parameters on $set', (one) => {
  const { features, queries, classes } = setOf(one.set);
  const { state, predict } = fit('gaussian_nb', one.parameters, features, classes);
  expectNear(state['theta_'] as Float64Array, one.theta_.flat(), 1e-12);
  expectNear(state['var_'] as Float64Array, one.var_.flat(), 1e-12);
  expectNear(state['class_prior_'] as Float64Array, one.class_prior_, 1e-15);
  const found = predict(queries);
  expect(said(found)).toEqual(one.labels);
  expectNear('probabilities' in found ? found.probabilities : [], one.probabilities.flat(), 1e-9);
});

test.each(golden.neighbours)('k_neighbors $parameters on $set', (one) => {
  const { features, queries, classes, numbers } = setOf(one.set);
  const found = fit('k_neighbors_classifier', one.parameters, features, classes).predict(queries);
  expect(said(found)).toEqual(one.labels);
  expectNear('probabilities' in found ? found.probabilities : [], one.probabilities.flat(), 1e-9);
  const values = fit('k_neighbors_regressor', one.parameters, features, numbers).predict(queries);
  expectNear(said(values), one.values, 1e-9);
});

test.each(golden.dbscan)('dbscan $parameters on $set', (one) => {
  const { state } = fit('dbscan', one.parameters, setOf(one.set).features);
  expect(Array.from(state['labels_'] as Int32Array)).toEqual(one.labels_);
  expect(Array.from(state['core_sample_indices_'] as Int32Array)).toEqual(one.core_sample_indices_);
});

test.each(golden.kmeans)('kmeans $parameters on $set', (one) => {
  const { features, queries } = setOf(one.set);
  const { state, predict } = fit('kmeans', one.parameters, features);
  expectNear(state['cluster_centers_'] as Float64Array, one.cluster_centers_.flat(), 1e-9);
  expectNear([state['inertia_'] as number], [one.inertia_], 1e-9);
  expect(state['n_iter_']).toBe(one.n_iter_);
  expect(said(predict(queries))).toEqual(one.labels);
});

test.each(golden.mini_batch)('mini_batch_kmeans $parameters on $set', (one) => {
  const { features, queries } = setOf(one.set);
  const { state, predict } = fit('mini_batch_kmeans', one.parameters, features);
  expect(state['n_steps_']).toBe(one.n_steps_);
  expect(state['n_iter_']).toBe(one.n_iter_);
  expectNear(state['cluster_centers_'] as Float64Array, one.cluster_centers_.flat(), 1e-9);
  expectNear([state['inertia_'] as number], [one.inertia_], 1e-9);
  expect(said(predict(queries))).toEqual(one.labels);
});
