/** States of trees that may have been written by an enemy: what passes is predicted from, and ends. */
import fc from 'fast-check';
import type { EstimatorTools, Features, State, StateShape } from '../../src/domain/models/estimator.js';
import type { Trees } from '../../src/domain/models/tree-nodes.js';
import { jsEngine } from '../../src/engine/js/engine.js';
import { Problem } from '../../src/ports/problem.js';
import { classesOf, estimatorOf, featuresOf, fit, numbersOf, tools } from './lessons.js';

const ROWS = 60;
const ramp = Array.from({ length: ROWS }, (_, i) => i);
const all: Features = featuresOf([ramp.map((i) => (i * 17) % 23), ramp.map((i) => (i * 7) % 13)]);
const classes = classesOf(ramp.map((i) => ((i * i) % 11) % 3));
const numbers = numbersOf(ramp.map((i) => (i * 5) % 19));

/** Of each estimator a state, and what it has to fit. */
const STATES: readonly (readonly [string, State, StateShape])[] = (
  [
    ['decision_tree_classifier', {}, 3],
    ['decision_tree_regressor', { max_depth: 4 }, 0],
    ['random_forest_classifier', { n_estimators: 4 }, 3],
    ['random_forest_regressor', { n_estimators: 3 }, 0],
    ['isolation_forest', { n_estimators: 5 }, 0],
  ] as const
).map(([name, parameters, count]) => {
  const target = name === 'isolation_forest' ? undefined : count > 0 ? classes : numbers;
  return [name, fit(name, parameters, all, target).state, { features: 2, classes: count }];
});

const treesOf = (state: State): Trees => state['trees'] as Trees;
const with_ = (state: State, trees: Readonly<Record<string, unknown>>): State =>
  ({ ...state, trees: { ...treesOf(state), ...trees } }) as State;

function verify(name: string, state: State, shape: StateShape): void {
  estimatorOf(name).verify!(state, shape);
}

describe.each(STATES)('%s', (name, state, shape) => {
  test('a state that fit made passes', () => {
    expect(() => {
      verify(name, state, shape);
    }).not.toThrow();
  });

  test('features or classes of another table are refused', () => {
    for (const other of [{ ...shape, features: 1 }, ...(shape.classes > 0 ? [{ ...shape, classes: 2 }] : [])])
      expect(() => {
        verify(name, state, other);
      }).toThrow(/^expected /);
  });

  const { feature, threshold, left, value, roots } = treesOf(state);
  const parent = feature.findIndex((of, node) => node > 0 && of >= 0);
  const leaf = feature.indexOf(-1);
  test.each([
    ['a child that is its parent', { left: left.with(parent, parent) }, /children of node \d+ behind it/],
    ['a child before its parent', { left: left.with(parent, 0) }, /children of node \d+ behind it/],
    ['a child behind the last node', { left: left.with(0, left.length - 1) }, /children of node 0 behind it/],
    ['a child beyond the range', { left: left.with(0, 2 ** 31 - 1) }, /children of node 0 behind it/],
    ['a child of two parents', { left: left.with(0, left[parent]!) }, /alone|a root or a child/],
    ['a feature that is not there', { feature: feature.with(0, 2) }, /a feature below 2, or −1, at node 0/],
    ['a feature of −2', { feature: feature.with(0, -2) }, /a feature below 2/],
    ['a threshold that is no number', { threshold: threshold.with(0, NaN) }, /a finite threshold at node 0/],
    ['an infinite threshold', { threshold: threshold.with(0, Infinity) }, /a finite threshold/],
    ['a leaf without values', { left: left.with(leaf, value.length) }, /one of \d+ leaves alone/],
    ['a leaf of −1', { left: left.with(leaf, -1) }, /one of \d+ leaves alone/],
    ['too few thresholds', { threshold: threshold.slice(1) }, /thresholds and left children, as features/],
    ['too few children', { left: left.slice(1) }, /thresholds and left children, as features/],
    ['too few values', { value: value.slice(1) }, /leaves/],
    ['too many values', { value: Float64Array.of(...value, 0) }, /values of leaves/],
    ['a value that is no number', { value: value.with(0, NaN) }, /values of leaves from/],
    ['no trees', { roots: new Int32Array(0) }, /trees, got 0/],
    ['a root that is not there', { roots: roots.with(roots.length - 1, 1e9) }, /root/],
    ['another width', { width: 7 }, /a width of 7/],
    ['a width of 0', { width: 0 }, /a width of 0/],
    ['a list in place of an array', { left: Array.from(left) }, /trees of roots, feature/],
    ['nothing', { feature: undefined }, /trees of roots, feature/],
  ])('%s is refused', (_, changed, words) => {
    expect(() => {
      verify(name, with_(state, changed), shape);
    }).toThrow(words);
  });

  test('what is not an object of trees is refused', () => {
    for (const trees of [null, 1, 'x', [], {}])
      expect(() => {
        verify(name, { ...state, trees }, shape);
      }).toThrow(TypeError);
  });
});

test.each([
  ['decision_tree_classifier', 'n_leaves_', 1, /n_leaves_ \d+, got 1/],
  ['decision_tree_classifier', 'depth_', null, /depth_ \d+, got null/],
  ['decision_tree_regressor', 'feature_importances_', Float64Array.of(1), /of 2 features/],
  ['random_forest_classifier', 'feature_importances_', Float64Array.of(1, NaN), /from 0 to 1, got NaN/],
  ['random_forest_regressor', 'oob_score_', 'x'.repeat(1000), /oob_score_ null or a number, got x{100}$/],
  ['isolation_forest', 'offset_', NaN, /offset_ from −1 to 0, got NaN/],
  ['isolation_forest', 'max_samples_', 0, /max_samples_ a whole number/],
  ['isolation_forest', 'max_samples_', undefined, /max_samples_ a whole number/],
] as const)('%s refuses %s %p', (name, key, value, words) => {
  const [, state, shape] = STATES.find((one) => one[0] === name)!;
  expect(() => {
    verify(name, { ...state, [key]: value } as State, shape);
  }).toThrow(words);
});

/** Changes of one place of one array to a number that may hurt, or of a length. */
const changes = fc.array(
  fc.record({
    array: fc.constantFrom('roots', 'feature', 'threshold', 'left', 'value'),
    place: fc.nat(10_000),
    to: fc.oneof(
      fc.integer({ min: -3, max: 80 }),
      fc.constantFrom(NaN, Infinity, -Infinity, 0.5, -0.5, 2 ** 31 - 1, -(2 ** 31), 1e300),
    ),
    cut: fc.option(fc.integer({ min: -2, max: 2 }), { freq: 8 }),
  }),
  { minLength: 1, maxLength: 3 },
);

function changed(
  state: State,
  list: readonly { array: string; place: number; to: number; cut: number | null }[],
): State {
  return list.reduce((now, { array, place, to, cut }) => {
    const was = treesOf(now)[array] as Int32Array | Float64Array;
    const length = Math.max(0, was.length + (cut ?? 0));
    const own = was instanceof Int32Array ? new Int32Array(length) : new Float64Array(length);
    own.set(was.subarray(0, own.length));
    if (own.length > 0) own[place % own.length] = to;
    return with_(now, { [array]: own });
  }, state);
}

test('what passes is predicted from on either engine, with the same bits, or refused in words', async () => {
  const engines: readonly EstimatorTools[] = [tools(), { ...tools(), engine: await jsEngine() }];
  let passed = 0;
  fc.assert(
    fc.property(fc.constantFrom(...STATES), changes, ([name, state, shape], list) => {
      const own = changed(state, list);
      try {
        verify(name, own, shape);
      } catch (error) {
        expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
        expect((error as Error).message).toMatch(/^expected .*, got /);
        return;
      }
      passed++;
      const [one, other] = engines.map((given) =>
        given.space.scratch(() => {
          try {
            return structuredClone(estimatorOf(name).predict(own, all, given));
          } catch (error) {
            if (error instanceof Problem) return null;
            throw error;
          }
        }),
      );
      expect(one).toEqual(other);
    }),
    { numRuns: 3000 },
  );
  expect(passed).toBeGreaterThan(100);
});
