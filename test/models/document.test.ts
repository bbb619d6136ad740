import fc from 'fast-check';
import { decodeState, encodeState } from '../../src/domain/models/state-text.js';
import type { Features, Prediction, State } from '../../src/domain/models/estimator.js';
import type { Json } from '../../src/ports/formats.js';
import { FURTHER_ESTIMATORS } from '../../src/domain/models/further-estimators.js';
import { classesOf, featuresOf, numbersOf, tools, withDefaults } from './lessons.js';

const again = (state: State): State => decodeState(encodeState(state));

/** The bytes of numbers: −0 is not 0, NaN is NaN. */
const bytes = (values: Float64Array | Int32Array): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** A wave that no seed is needed for. */
const columns = [0.7, 1.3, 2.9].map((step) =>
  Array.from({ length: 1500 }, (_, i) => Math.sin(i * step) * 3 + Math.floor(i / 500)),
);
/** In the memory of a request, which the kernels work on. */
const features: Features = {
  ...featuresOf(columns),
  columns: columns.map((column) => {
    const room = tools().space.float64(column.length);
    room.set(column);
    return room;
  }),
};
const codes = columns[0]!.map((_, i) => Math.floor(i / 500));

describe.each(FURTHER_ESTIMATORS.filter(({ name }) => name !== 'dbscan'))('$name', (one) => {
  const target = one.task === 'regression' ? numbersOf(columns[1]!) : classesOf(codes);
  const state = one.fit({
    ...tools(),
    features,
    target,
    parameters: withDefaults(one, one.name.includes('forest') ? { n_estimators: 20 } : {}),
  });

  test('predicts the same bits from a state that was written as JSON and read back', () => {
    const read = again(state);
    expect(read).toEqual(state);
    const [before, after] = [state, read].map((from) => one.predict(from, features, tools()));
    for (const [name, values] of Object.entries(before!)) {
      const found: unknown = after![name as keyof typeof after];
      if (values instanceof Float64Array || values instanceof Int32Array)
        expect(bytes(found as Float64Array).equals(bytes(values))).toBe(true);
      else expect(found).toEqual(values);
    }
  });

  test('keeps nothing of the memory that the request had', () => {
    const shared = [...typedArrays(state)].filter(({ buffer }) => buffer instanceof SharedArrayBuffer);
    expect(shared).toEqual([]);
  });

  test('predicts a single row as it does among others', () => {
    const first = featuresOf(columns.map(([x]) => [x!]));
    const [alone, among] = [first, features].map((rows) => one.predict(state, rows, tools()));
    expect(firstOf(alone!)).toEqual(firstOf(among!));
  });
});

/** Of the first row. */
function firstOf(prediction: Prediction): unknown[] {
  switch (prediction.kind) {
    case 'classes':
      return [prediction.codes[0], prediction.probabilities?.slice(0, 3)];
    case 'numbers':
      return [prediction.values[0]];
    case 'labels':
      return [prediction.labels[0], prediction.scores?.[0]];
    case 'columns':
      return prediction.columns.map(([x]) => x);
  }
}

test('what a client is shown has scikit-learn’s names, and nothing that is only there to predict', () => {
  const shown = Object.fromEntries(
    FURTHER_ESTIMATORS.map((one) => {
      const target = one.task === 'regression' ? numbersOf(columns[1]!) : classesOf(codes);
      const parameters = withDefaults(one, one.name.includes('forest') ? { n_estimators: 2 } : {});
      const state = one.fit({ ...tools(), features, target, parameters });
      return [one.name, Object.keys(one.attributes(state) as object)];
    }),
  );
  const tree = ['feature_importances_', 'n_leaves_', 'depth_'];
  const centres = ['cluster_centers_', 'inertia_', 'n_iter_', 'sizes_'];
  const neighbours = ['n_features_in_', 'n_samples_fit_', 'effective_metric_'];
  expect(shown).toEqual({
    decision_tree_classifier: tree,
    decision_tree_regressor: tree,
    random_forest_classifier: ['feature_importances_'],
    random_forest_regressor: ['feature_importances_'],
    isolation_forest: ['offset_', 'max_samples_'],
    gaussian_nb: ['class_prior_', 'class_count_', 'epsilon_', 'theta_', 'var_'],
    k_neighbors_classifier: neighbours,
    k_neighbors_regressor: neighbours,
    dbscan: ['labels_', 'core_sample_indices_', 'n_clusters_'],
    kmeans: centres,
    mini_batch_kmeans: expect.arrayContaining([...centres, 'n_steps_']) as unknown,
    pca: expect.arrayContaining(['components_', 'explained_variance_ratio_']) as unknown,
  });
});

function* typedArrays(value: unknown): Iterable<Float64Array | Int32Array> {
  if (value instanceof Float64Array || value instanceof Int32Array) yield value;
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) yield* typedArrays(inner);
}

test('every number of a typed array comes back with its bits, few or many of them', () => {
  const numbers = fc.double({ noDefaultInfinity: false, noNaN: false });
  fc.assert(
    fc.property(fc.array(numbers, { maxLength: 40 }), fc.constantFrom(1, 60), (list, times) => {
      const values = Float64Array.from(Array.from({ length: times }, () => list).flat());
      const { weights } = again({ weights: values });
      expect(bytes(weights as Float64Array).equals(bytes(values))).toBe(true);
    }),
    { numRuns: 200 },
  );
  expect(again({ n: Int32Array.of(-1, 2 ** 31 - 1) })).toEqual({ n: Int32Array.of(-1, 2 ** 31 - 1) });
});

test('a short array is decimals that can be read, with words where JSON has no literal', () => {
  expect(encodeState({ w: Float64Array.of(0.1, -0, NaN, Infinity, -Infinity), x: -0 })).toBe(
    '{"w":{"float64":[0.1,"-0","nan","inf","-inf"]},"x":{"number":"-0"}}',
  );
});

test.each<State>([
  { names: ['a', null, true], deep: { list: [[1, 2], []] } },
  { trap: { float64: [1, 2] } },
  { trap: { object: { number: 'nan' } } },
  {
    keyed: new Map<string, Json>([
      ['__proto__', 1],
      ['map', Float64Array.of(1)],
    ]),
  },
])('%j comes back as it was', (state) => {
  expect(again(state)).toEqual(state);
});

test.each(['[]', '1', '{"a":{"float64":["many"]}}', '{"a":{"int32":"AAA="}}', '{"a":{"map":[1]}}'])(
  '%s is no state',
  (text) => {
    expect(() => decodeState(text)).toThrow(TypeError);
  },
);
