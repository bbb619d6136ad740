import { estimatorOf, featuresOf, classesOf, fit, tools, withDefaults } from './lessons.js';

const columns = [0.7, 1.3].map((step) => Array.from({ length: 3000 }, (_, i) => Math.sin(i * step)));
const features = featuresOf(columns);
// Not to be learnt from the columns: trees grow deep.
const target = classesOf(columns[0]!.map((_, i) => (i * i) % 3));

class Cancelled extends Error {}
const cancelled = {
  ...tools(),
  checkpoint: () => {
    throw new Cancelled('the client has gone');
  },
};

test.each([
  'decision_tree_classifier',
  'random_forest_classifier',
  'isolation_forest',
  'dbscan',
  'kmeans',
  'mini_batch_kmeans',
])('a fit of %s ends when the request does', (name) => {
  const one = estimatorOf(name);
  const lesson = { ...cancelled, features, target, parameters: withDefaults(one, {}) };
  expect(() => one.fit(lesson)).toThrow(Cancelled);
});

test('a search for neighbours ends when the request does', () => {
  const { state } = fit('k_neighbors_classifier', {}, features, target);
  expect(() => estimatorOf('k_neighbors_classifier').predict(state, features, cancelled)).toThrow(Cancelled);
});
