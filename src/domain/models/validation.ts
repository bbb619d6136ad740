import type { FromSchema } from '../../ports/schema.js';
import { Problem } from '../../ports/problem.js';
import type { Notes } from '../notes.js';
import type { Target } from './estimator.js';
import { kFold, type Split, stratifiedKFold, timeSeriesSplit, trainTestSplit } from './splits.js';

const seed = {
  description: 'Seed of NumPy RandomState: the same rows as scikit-learn.',
  type: 'integer',
  minimum: 0,
  maximum: 4_294_967_295,
} as const;
const random_state = { ...seed, default: 42 } as const;
const size = {
  anyOf: [
    { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    { type: 'integer', minimum: 1 },
  ],
} as const;

const folds = {
  description:
    "Cross-validation of the rows that are fitted: a number of folds (stratified for classifiers, not shuffled, as scikit-learn's `cross_val_score`), or a splitter with its parameters.",
  anyOf: [
    { type: 'integer', minimum: 2, maximum: 1000 },
    {
      type: 'object',
      additionalProperties: false,
      required: ['name'],
      properties: {
        name: { enum: ['k_fold', 'stratified_k_fold', 'time_series_split'] },
        n_splits: { description: '5 when absent.', type: 'integer', minimum: 2, maximum: 1000 },
        shuffle: { description: 'False when absent.', type: 'boolean' },
        random_state: seed,
        max_train_size: { type: 'integer', minimum: 1 },
        test_size: { type: 'integer', minimum: 1 },
        gap: { type: 'integer', minimum: 0 },
      },
    },
  ],
} as const;

/** Option `validation` of a fit. */
export const validation = {
  description:
    'How the model is judged: rows held back by `test_size` or `train_size`, `cv`, and `permutation_importance` of the columns. Without it all rows are fitted, none held back, and the metrics are those of the rows fitted.',
  type: 'object',
  additionalProperties: false,
  properties: {
    test_size: {
      ...size,
      description:
        'Share or number of rows held back; a quarter where neither size is given, nor `cv`, nor `permutation_importance`.',
    },
    train_size: { ...size, description: 'Share or number of rows fitted.' },
    shuffle: {
      description: 'Whether rows are shuffled before they are split.',
      type: 'boolean',
      default: true,
    },
    stratify: {
      description: 'Whether each class of the target has the same share of both parts.',
      type: 'boolean',
      default: false,
    },
    random_state,
    cv: folds,
    permutation_importance: {
      description:
        "scikit-learn's `permutation_importance` of each column that came, on the rows held back, else on those fitted.",
      type: 'object',
      additionalProperties: false,
      properties: {
        n_repeats: { type: 'integer', minimum: 1, maximum: 100, default: 5 },
        random_state,
      },
    },
  },
} as const;

export type Validation = FromSchema<typeof validation>;
type Pointer = (option: string) => string;

/** Rows to fit and rows held back; null where none are. Throws 422. */
export function heldBack(
  given: Validation | undefined,
  rows: number,
  target: Target | undefined,
  pointer: Pointer,
): Split | null {
  if (given === undefined) return null;
  const { test_size: testSize, train_size: trainSize, shuffle, stratify, random_state: randomState } = given;
  const isSized = testSize !== undefined || trainSize !== undefined;
  const isSplit = isSized || stratify || !shuffle;
  if (!isSplit && (given.cv !== undefined || given.permutation_importance !== undefined)) return null;
  if (rows < 2) {
    const detail = `expected at least 2 rows, one of them to hold back, got ${rows}`;
    throw Problem.at(pointer('test_size'), 'invalid_option', detail);
  }
  if (stratify && target?.kind !== 'classes') {
    const detail = 'expected a target of classes to stratify by, got none';
    throw Problem.at(pointer('stratify'), 'invalid_option', detail);
  }
  return trainTestSplit(
    rows,
    {
      ...(testSize !== undefined && { testSize }),
      ...(trainSize !== undefined && { trainSize }),
      ...(stratify && target?.kind === 'classes' && { stratify: target.codes }),
      shuffle,
      randomState,
    },
    pointer,
  );
}

/** The folds of a cross-validation, one after another. Throws 422. */
export function foldsOf(
  cv: NonNullable<Validation['cv']>,
  rows: number,
  target: Target | undefined,
  pointer: Pointer,
  notes: Notes,
): Iterable<Split> {
  const at = (): string => pointer('cv');
  const own = typeof cv === 'number' ? undefined : cv;
  const nSplits = typeof cv === 'number' ? cv : (cv.n_splits ?? 5);
  const options = {
    nSplits,
    shuffle: own?.shuffle ?? false,
    randomState: own?.random_state ?? 42,
  };
  const name = own?.name ?? (target?.kind === 'classes' ? 'stratified_k_fold' : 'k_fold');
  if (name === 'k_fold') return kFold(rows, options, at);
  if (name === 'time_series_split') {
    const { max_train_size, test_size, gap = 0 } = own ?? {};
    return timeSeriesSplit(
      rows,
      {
        nSplits,
        gap,
        ...(max_train_size !== undefined && { maxTrainSize: max_train_size }),
        ...(test_size !== undefined && { testSize: test_size }),
      },
      at,
    );
  }
  if (target?.kind === 'classes') return stratifiedKFold(target.codes, options, at, notes);
  throw Problem.at(at(), 'invalid_option', 'expected a target of classes for stratified_k_fold, got none');
}
