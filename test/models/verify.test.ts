/** States that were not made here: those of a fit pass, and whatever passes predicts or is refused in words. */
import fc from 'fast-check';
import { decodeState, encodeState } from '../../src/domain/models/state-text.js';
import type { Json } from '../../src/ports/formats.js';
import { Problem } from '../../src/ports/problem.js';
import type { State } from '../../src/domain/models/estimator.js';
import { classesOf, estimatorOf, featuresOf, numbersOf, tools, withDefaults } from './lessons.js';
import { changed, changes, passes } from './mutations.js';

const rows = 40;
const wave = [0.7, 1.3, 2.9].map((step) => Array.from({ length: rows }, (_, i) => Math.sin(i * step) * 3));
const features = featuresOf(wave);
const asked = featuresOf(wave.map((column) => column.slice(0, 9).map((x) => x * 1.1)));
const codes = wave[0]!.map((x) => (x > 1 ? 2 : x > -1 ? 1 : 0));

const ESTIMATORS = [
  ['k_neighbors_classifier', { weights: 'distance' }],
  ['k_neighbors_classifier', { p: 1, n_neighbors: 40 }],
  ['k_neighbors_regressor', {}],
  ['dbscan', {}],
  ['kmeans', { n_clusters: 3 }],
  ['mini_batch_kmeans', { n_clusters: 3 }],
  ['pca', { whiten: true }],
] as const;

const isObject = (value: Json | undefined): value is State =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

describe.each(ESTIMATORS)('%s %j', (name, given) => {
  const one = estimatorOf(name);
  const target = one.task === 'regression' ? numbersOf(wave[1]!) : classesOf(codes);
  const shape = { features: 3, classes: one.task === 'classification' ? 3 : 0 };
  const state = one.fit({ ...tools(), features, target, parameters: withDefaults(one, given) });

  test('what a fit made passes, also written and read', () => {
    one.verify!(state, shape);
    one.verify!(decodeState(encodeState(state)), shape);
  });

  test('it is not that of other columns, nor of other classes', () => {
    if (name === 'dbscan') return;
    expect(
      passes(() => {
        one.verify!(state, { ...shape, features: 4 });
      }),
    ).toBe(false);
    expect(
      passes(() => {
        one.verify!(state, { ...shape, features: 2 });
      }),
    ).toBe(false);
    if (shape.classes > 0)
      expect(
        passes(() => {
          one.verify!(state, { ...shape, classes: 2 });
        }),
      ).toBe(false);
  });

  test('a changed one is refused, or predicts all the same', () => {
    let passed = 0;
    fc.assert(
      fc.property(changes, (list) => {
        const other = changed(state, list);
        if (
          !isObject(other) ||
          !passes(() => {
            one.verify!(other, shape);
          })
        )
          return;
        passed++;
        try {
          const found = one.predict(other, asked, tools());
          if (found.kind === 'classes')
            for (const code of found.codes) expect(code >= 0 && code < shape.classes).toBe(true);
          if (found.kind === 'labels')
            for (const label of found.labels) expect(label >= 0 && label < 3 + list.length).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
        }
      }),
      { numRuns: 400 },
    );
    // Else it says nothing of predicting.
    expect(passed).toBeGreaterThan(5);
  });
});
