/** Metrics and permutation importances against scikit-learn. */
import { permutationImportance } from '../../src/domain/models/importance.js';
import {
  accuracy,
  classScores,
  confusionMatrix,
  logLoss,
  regressionScores,
  rocAuc,
} from '../../src/domain/models/metrics.js';
import { Notes } from '../../src/domain/notes.js';
import { GOLDEN, distance } from './golden.js';
import { featuresOf, fitted, numbersTarget, openTools } from './lesson.js';

test.each(GOLDEN.metrics.classes)('$classes classes, $truth.length rows', (want) => {
  const { classes } = want;
  const truth = Int32Array.from(want.truth);
  const sample = { truth, predicted: Int32Array.from(want.predicted), classes };
  const probable = { truth, probabilities: Float64Array.from(want.probabilities.flat()), classes };
  const notes = new Notes();
  expect(accuracy(sample)).toBe(want.accuracy);
  expect([...confusionMatrix(sample)]).toEqual(want.confusion_matrix.flat());
  const scores = classScores(sample, notes);
  for (const name of ['precision_macro', 'recall_macro', 'f1_macro', 'balanced_accuracy'] as const)
    expect(scores[name]).toBeCloseTo(want[name], 14);
  expect(logLoss(probable)).toBeCloseTo(want.log_loss, 12);
  const area = rocAuc(probable, openTools(notes));
  if (want.roc_auc === null) expect(area).toBeNaN();
  else expect(area).toBeCloseTo(want.roc_auc, 14);
  const unlike = String([...new Set(want.truth)].sort()) !== String([...new Set(want.predicted)].sort());
  expect(notes.warnings().length > 0).toBe(unlike || want.roc_auc === null);
});

test.each(GOLDEN.metrics.numbers)('numbers, $truth.length rows, r2 $r2', (want) => {
  const got = regressionScores(Float64Array.from(want.truth), Float64Array.from(want.predicted), new Notes());
  for (const name of ['r2', 'mean_squared_error', 'mean_absolute_error'] as const)
    expect(distance([got[name]], [want[name]])).toBeLessThan(1e-12);
});

test('r2 of one row is not defined', () => {
  const notes = new Notes();
  expect(regressionScores(Float64Array.of(1), Float64Array.of(2), notes).r2).toBeNaN();
  expect(notes.warnings()).toMatchObject([{ code: 'undefined_metric' }]);
});

test.each(GOLDEN.importances)('importances of $data, seed $seed', (want) => {
  const { columns, target } = GOLDEN.data[want.data]!;
  const features = featuresOf(columns);
  const { estimator, state, tools } = fitted('linear_regression', features, numbersTarget(target));
  const truth = Float64Array.from(target);
  const found = permutationImportance(
    features,
    (each) => {
      const predicted = estimator.predict(state, each, tools);
      if (predicted.kind !== 'numbers') throw new Error('expected numbers');
      return regressionScores(truth, predicted.values, tools.notes).r2;
    },
    { nRepeats: want.n_repeats, randomState: want.seed, checkpoint: () => undefined },
  );
  expect(
    distance(
      found.importances.flatMap((each) => [...each]),
      want.importances.flat(),
    ),
  ).toBeLessThan(1e-10);
  expect(distance(found.importances_mean, want.importances_mean)).toBeLessThan(1e-10);
  expect(distance(found.importances_std, want.importances_std)).toBeLessThan(1e-10);
});
