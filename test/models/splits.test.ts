/** Rows held back, and folds, against scikit-learn: the same rows in the same order. */
import {
  kFold,
  stratifiedKFold,
  timeSeriesSplit,
  trainTestSplit,
  type Split,
} from '../../src/domain/models/splits.js';
import { Notes } from '../../src/domain/notes.js';
import { GOLDEN } from './golden.js';

const pointer = (option: string): string => `/validation/${option}`;
const plain = ({ train, test: held }: Split) => ({ train: [...train], test: [...held] });
const { splits } = GOLDEN;

test.each(splits.train_test)('$rows rows, seed $seed, $parameters', ({ rows, seed, parameters, ...want }) => {
  const { test_size: testSize, train_size: trainSize, shuffle = true } = parameters;
  const got = trainTestSplit(
    rows,
    {
      ...(testSize !== undefined && { testSize }),
      ...(trainSize !== undefined && { trainSize }),
      shuffle,
      randomState: seed,
    },
    pointer,
  );
  expect(plain(got)).toEqual({ train: want.train, test: want.test });
});

test.each(splits.stratified)('stratified, $y.length rows, seed $seed, $size held back', (each) => {
  const stratify = Int32Array.from(each.y);
  const options = { testSize: each.size, shuffle: true, randomState: each.seed, stratify };
  const got = trainTestSplit(each.y.length, options, pointer);
  expect(plain(got)).toEqual({ train: each.train, test: each.test });
});

test.each(splits.folds)('$n_splits folds of $y.length rows, shuffled: $shuffle', (each) => {
  const options = { nSplits: each.n_splits, shuffle: each.shuffle, randomState: each.seed };
  expect([...kFold(each.y.length, options, pointer)].map(plain)).toEqual(each.k_fold);
  const notes = new Notes();
  const got = [...stratifiedKFold(Int32Array.from(each.y), options, pointer, notes)].map(plain);
  expect(got).toEqual(each.stratified);
});

test.each(splits.series)('a series of $rows rows, $parameters', ({ rows, parameters, splits: want }) => {
  const got = timeSeriesSplit(
    rows,
    {
      nSplits: parameters.n_splits ?? 5,
      gap: parameters.gap ?? 0,
      ...(parameters.test_size !== undefined && { testSize: parameters.test_size }),
      ...(parameters.max_train_size !== undefined && { maxTrainSize: parameters.max_train_size }),
    },
    pointer,
  );
  expect([...got].map(plain)).toEqual(want);
});

test.each([
  [{ testSize: 1.5 }, '/validation/test_size'],
  [{ testSize: 10 }, '/validation/test_size'],
  [{ testSize: 0 }, '/validation/test_size'],
  [{ testSize: 0.99 }, '/validation/test_size'],
  [{ trainSize: 0.7, testSize: 0.7 }, '/validation/test_size'],
  [{ trainSize: -1 }, '/validation/train_size'],
  [{ stratify: Int32Array.from([0, 0, 0, 0, 0, 1, 1, 1, 1, 2]) }, '/validation/stratify'],
  [{ stratify: Int32Array.from([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]), testSize: 1 }, '/validation/test_size'],
  [{ stratify: new Int32Array(10), shuffle: false }, '/validation/stratify'],
])('refused: ten rows, %j', (options, at) => {
  let problem: unknown;
  try {
    trainTestSplit(10, { shuffle: true, randomState: 0, ...options }, pointer);
  } catch (error) {
    problem = error;
  }
  expect(problem).toMatchObject({ code: 'invalid_option', faults: [{ pointer: at }] });
});

test('refused: more folds than rows, than rows of any class; a series too short', () => {
  const options = { nSplits: 4, shuffle: false, randomState: 0 };
  expect(() => [...kFold(3, options, pointer)]).toThrow(/expected at most as many splits as rows, 3, got 4/u);
  const codes = Int32Array.from([0, 0, 0, 1, 1, 1]);
  expect(() => [...stratifiedKFold(codes, options, pointer, new Notes())]).toThrow(
    /largest class has rows, 3/u,
  );
  expect(() => [...timeSeriesSplit(4, { nSplits: 4, gap: 0 }, pointer)]).toThrow(/expected fewer splits/u);
  expect(() => [...timeSeriesSplit(10, { nSplits: 3, gap: 9 }, pointer)]).toThrow(/a gap of 9/u);
});

test('a class with fewer rows than folds is warned of', () => {
  const notes = new Notes();
  const codes = Int32Array.from([0, 0, 0, 0, 1, 1]);
  const folds = [...stratifiedKFold(codes, { nSplits: 3, shuffle: false, randomState: 0 }, pointer, notes)];
  expect(folds).toHaveLength(3);
  expect(notes.warnings()).toMatchObject([{ code: 'few_rows_of_class' }]);
});
