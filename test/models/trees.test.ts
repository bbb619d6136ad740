import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { State, Target } from '../../src/domain/models/estimator.js';
import { MOST_VALUES, nodeStore } from '../../src/domain/models/tree-nodes.js';
import { accuracy, classesOf, featuresOf, fit, numbersOf, pick, r2, said } from './lessons.js';

interface Case {
  readonly set: string;
  readonly estimator: string;
  readonly parameters: object;
  readonly scores: readonly number[];
  readonly leaves: readonly number[];
  readonly labels: readonly number[];
  readonly importances: readonly number[];
}
interface Golden {
  readonly sets: Readonly<
    Record<string, { columns: number[][]; target: number[]; test: number[] } | undefined>
  >;
  readonly cases: readonly Case[];
  readonly oob: readonly { set: string; oob_score: number }[];
  readonly isolation: readonly {
    set: string;
    mean_scores: number[];
    deviation: number;
    offset: number;
    first_scores: number[];
  }[];
  readonly draws: readonly { rows: number; parameters: object; scores: number[] }[];
}
const golden = JSON.parse(
  readFileSync(join(__dirname, '..', 'golden', 'models', 'trees.json'), 'utf8'),
) as Golden;

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

function setOf(name: string) {
  const set = golden.sets[name]!;
  const all = featuresOf(set.columns);
  const heldOut = new Set(set.test);
  const train = Array.from({ length: all.rows }, (_, i) => i).filter((row) => !heldOut.has(row));
  const values = (rows: readonly number[]): number[] => rows.map((row) => set.target[row]!);
  const target = (rows: readonly number[]): Target =>
    name === 'diabetes' ? numbersOf(values(rows)) : classesOf(values(rows));
  return { all, train, held: set.test, values, target };
}

describe.each(golden.cases)('$estimator $parameters on $set', (one) => {
  const { all, train, held, values, target } = setOf(one.set);
  const score = one.estimator.endsWith('classifier') ? accuracy : r2;
  let fits: { state: State; labels: number[] }[] | undefined;
  const predicted = () =>
    (fits ??= one.scores.map((_, random_state) => {
      const given = { ...one.parameters, random_state };
      const { state, predict } = fit(one.estimator, given, pick(all, train), target(train));
      return { state, labels: said(predict(pick(all, held))) };
    }));

  test('scores what scikit-learn does, on average over 20 seeds', () => {
    const scores = predicted().map(({ labels }) => score(labels, values(held)));
    expect(Math.abs(mean(scores) - mean(one.scores))).toBeLessThanOrEqual(0.02);
  });

  test('grows the trees that scikit-learn does for the same seed', () => {
    const [first] = predicted();
    const importances = first!.state['feature_importances_'] as Float64Array;
    const apart = Math.max(...one.importances.map((wanted, i) => Math.abs(wanted - importances[i]!)));
    if (one.set !== 'diabetes') {
      expect(first!.labels).toEqual(one.labels);
      expect(apart).toBeLessThan(1e-9);
      return;
    }
    // Where two splits are equally good, rounding says which is taken.
    const same = one.labels.filter((y, i) => Math.abs(y - first!.labels[i]!) < 1e-9 * Math.abs(y));
    expect(same.length / one.labels.length).toBeGreaterThan(0.9);
    expect(apart).toBeLessThan(0.01);
  });
});

test.each(golden.oob)('the forest on all of $set scores the rows out of its bags', ({ set, oob_score }) => {
  const { all, target } = setOf(set);
  const kind = set === 'diabetes' ? 'regressor' : 'classifier';
  const rows = Array.from({ length: all.rows }, (_, i) => i);
  const given = { n_estimators: 40, oob_score: true, random_state: 3 };
  const { state } = fit(`random_forest_${kind}`, given, all, target(rows));
  expect(Math.abs((state['oob_score_'] as number) - oob_score)).toBeLessThan(
    kind === 'classifier' ? 1e-12 : 0.02,
  );
});

test.each(golden.isolation)('isolation_forest on $set scores what scikit-learn does', (one) => {
  const { all } = setOf(one.set);
  const { state, predict } = fit('isolation_forest', { random_state: 0, contamination: 0.1 }, all);
  const found = predict(all);
  const scores = found.kind === 'labels' ? Array.from(found.scores!) : [];
  // `scores` are those of the decision, from which the offset was taken; scikit-learn rounds columns to float32.
  const offset = state['offset_'] as number;
  const apart = one.first_scores.map((wanted, i) => Math.abs(scores[i]! + offset - wanted));
  expect(mean(apart)).toBeLessThan(1e-4);
  expect(said(found)).toEqual(scores.map((score) => (score < 0 ? -1 : 1)));
  expect(said(found).filter((label) => label === -1).length / all.rows).toBeCloseTo(0.1, 1);
});

test.each(golden.draws)(
  'isolation_forest draws the rows that scikit-learn does, of $rows $parameters',
  (one) => {
    const count = (step: number, below: number) =>
      Array.from({ length: one.rows }, (_, i) => (i * step) % below);
    const all = featuresOf([count(7919, 10007), count(104729, 1009), count(0, 1), count(31, 13)]);
    const { predict } = fit('isolation_forest', { random_state: 5, ...one.parameters }, all);
    const found = predict(
      pick(
        all,
        Array.from({ length: 100 }, (_, i) => i),
      ),
    );
    const scores = found.kind === 'labels' ? Array.from(found.scores!) : [];
    expect(Math.max(...one.scores.map((wanted, i) => Math.abs(wanted - scores[i]!)))).toBeLessThan(1e-12);
  },
);

describe('trees by themselves', () => {
  const ramp = Array.from({ length: 100 }, (_, i) => i);

  test('the same seed gives the same bits, another seed another forest', () => {
    const { all, target, train } = setOf('wine');
    const grown = (random_state: number) =>
      fit('random_forest_classifier', { n_estimators: 5, random_state }, pick(all, train), target(train))
        .state;
    expect(grown(1)).toEqual(grown(1));
    expect(grown(1)).not.toEqual(grown(2));
  });

  test('a narrow target far from 0 is learnt to its digits', () => {
    const target = ramp.map((i) => 1e12 + i / 1024);
    const { predict } = fit('decision_tree_regressor', {}, featuresOf([ramp]), numbersOf(target));
    expect(said(predict(featuresOf([ramp])))).toEqual(target);
  });

  test('columns that float32 cannot tell apart are split between their values', () => {
    const stamps = ramp.map((i) => 1.7e12 + i);
    const codes = ramp.map((i) => Math.floor(i / 7) % 2);
    const { predict } = fit('decision_tree_classifier', {}, featuresOf([stamps]), classesOf(codes));
    expect(said(predict(featuresOf([stamps])))).toEqual(codes);
  });

  test('constant columns give one leaf, whatever is asked', () => {
    const flat = featuresOf([ramp.map(() => 3), ramp.map(() => 0)]);
    const { state } = fit(
      'decision_tree_classifier',
      { max_features: 1 },
      flat,
      classesOf(ramp.map((i) => i % 2)),
    );
    expect(state['n_leaves_']).toBe(1);
    const forest = fit('isolation_forest', {}, flat).predict(flat);
    expect(new Set(said(forest)).size).toBe(1);
  });

  test('a model too large to be kept is refused before there is room for it', () => {
    const store = nodeStore(MOST_VALUES + 1, (parameter) => `/pipeline/0/${parameter}`);
    expect(() => {
      store.leaf(store.root(), () => undefined);
    }).toThrow(/at most 16000000 nodes and 32000000 values in leaves: give max_depth/);
  });

  test('one row is a leaf', () => {
    const one = featuresOf([[1], [2]]);
    expect(said(fit('random_forest_regressor', {}, one, numbersOf([7])).predict(one))).toEqual([7]);
    expect(said(fit('isolation_forest', {}, one).predict(one))).toHaveLength(1);
  });

  test.each([
    [
      'decision_tree_classifier',
      { min_samples_leaf: 2.5 },
      /min_samples_leaf to be a whole number.*got 2\.5/,
    ],
    ['decision_tree_classifier', { min_samples_split: 3.5 }, /min_samples_split to be a whole number/],
    ['random_forest_classifier', { max_features: 1.5 }, /max_features to be a whole number/],
    ['random_forest_classifier', { max_samples: 101 }, /at most the 100 rows, got 101/],
    ['random_forest_classifier', { bootstrap: false, oob_score: true }, /oob_score together with bootstrap/],
    ['random_forest_classifier', { bootstrap: false, max_samples: 9 }, /max_samples together with bootstrap/],
    ['isolation_forest', { max_samples: 0.001 }, /at least one of 100 rows/],
  ])('%s refuses %p', (name, given, words) => {
    const classes = classesOf(ramp.map((i) => i % 3));
    expect(() => fit(name, given, featuresOf([ramp]), classes)).toThrow(words);
  });
});
