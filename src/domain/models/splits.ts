/**
 * Rows parted into those that a model is fitted on and those that it is judged by: scikit-learn 1.6's `train_test_split`,
 * `KFold`, `StratifiedKFold` and `TimeSeriesSplit`, the same rows in the same order for the same `random_state`.
 * Classes are codes into a sorted list. Refusals point to an option by its name in scikit-learn.
 */
import { Problem } from '../../ports/problem.js';
import type { Notes } from '../notes.js';
import { RandomState } from '../random-state.js';

/** Row numbers. */
export interface Split {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

export interface TrainTestOptions {
  /** A number of rows from 1 on, or a share between 0 and 1. Without both sizes a quarter is held back. */
  readonly testSize?: number;
  readonly trainSize?: number;
  readonly shuffle: boolean;
  readonly randomState: number;
  /** Class of each row, where each class is to have the same share of both parts. */
  readonly stratify?: Int32Array;
}

type Pointer = (option: string) => string;

export function trainTestSplit(rows: number, options: TrainTestOptions, pointer: Pointer): Split {
  const { train, test } = sizesOf(rows, options, pointer);
  if (options.stratify !== undefined && !options.shuffle)
    throw refused(pointer, 'stratify', 'expected shuffle true beside stratify, got false');
  if (!options.shuffle) return { train: range(0, train), test: range(train, train + test) };
  if (options.stratify !== undefined)
    return stratifiedShuffle(options.stratify, train, test, options.randomState, pointer);
  const order = new RandomState(options.randomState).permutation(rows);
  return { test: order.slice(0, test), train: order.slice(test, test + train) };
}

function sizesOf(
  rows: number,
  { testSize, trainSize }: TrainTestOptions,
  pointer: Pointer,
): { train: number; test: number } {
  const checked = (size: number | undefined, name: string): void => {
    const fits =
      size === undefined || (Number.isInteger(size) ? size > 0 && size < rows : size > 0 && size < 1);
    if (!fits)
      throw refused(
        pointer,
        name,
        `expected ${name} between 0 and 1, or a number of rows below ${rows}, got ${size}`,
      );
  };
  checked(testSize, 'test_size');
  checked(trainSize, 'train_size');
  const held = testSize ?? (trainSize === undefined ? 0.25 : undefined);
  const testRows = held === undefined ? undefined : held < 1 ? Math.ceil(held * rows) : held;
  const trainRows = trainSize === undefined || trainSize >= 1 ? trainSize : Math.floor(trainSize * rows);
  const train = trainRows ?? rows - testRows!;
  const test = testRows ?? rows - train;
  if (train + test > rows)
    throw refused(
      pointer,
      'test_size',
      `expected at most ${rows} rows in both parts, got ${train} + ${test}`,
    );
  if (train === 0)
    throw refused(pointer, 'test_size', `expected a row to fit on, got none: all ${rows} are held back`);
  return { train, test };
}

function range(from: number, to: number): Uint32Array {
  return Uint32Array.from({ length: to - from }, (_, i) => from + i);
}

function refused(pointer: Pointer, option: string, detail: string): Problem {
  return Problem.at(pointer(option), 'invalid_option', detail);
}

function stratifiedShuffle(
  codes: Int32Array,
  train: number,
  test: number,
  randomState: number,
  pointer: Pointer,
): Split {
  const members = membersOf(codes);
  const counts = members.map(({ length }) => length);
  const fewest = Math.min(...counts);
  if (fewest < 2) throw refused(pointer, 'stratify', `expected at least 2 rows of each class, got ${fewest}`);
  const smaller = Math.min(train, test);
  if (smaller < counts.length)
    throw refused(
      pointer,
      train < test ? 'train_size' : 'test_size',
      `expected at least a row of each of ${counts.length} classes in both parts, got ${smaller} rows`,
    );
  const random = new RandomState(randomState);
  const inTrain = approximateMode(counts, train, random);
  const left = counts.map((count, k) => count - inTrain[k]!);
  const inTest = approximateMode(left, test, random);
  const parts: { train: Uint32Array[]; test: Uint32Array[] } = { train: [], test: [] };
  members.forEach((rows, k) => {
    const order = random.permutation(rows.length).map((place) => rows[place]!);
    parts.train.push(order.subarray(0, inTrain[k]));
    parts.test.push(order.subarray(inTrain[k], inTrain[k]! + inTest[k]!));
  });
  const all = { train: joined(parts.train), test: joined(parts.test) };
  random.shuffle(all.train);
  random.shuffle(all.test);
  return all;
}

/** Rows of each class that is there, by its code. */
function membersOf(codes: Int32Array): Uint32Array[] {
  const counts = new Uint32Array(codes.reduce((most, code) => Math.max(most, code), -1) + 1);
  for (const code of codes) counts[code]!++;
  const members = Array.from(counts, (count) => new Uint32Array(count));
  const filled = new Uint32Array(counts.length);
  codes.forEach((code, row) => {
    members[code]![filled[code]!++] = row;
  });
  return members.filter(({ length }) => length > 0);
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * How many rows of each class are drawn: about the mode of the multivariate hypergeometric distribution. What rounding down
 * leaves goes to the largest remainders, of equal ones to those that chance picks (scikit-learn's `_approximate_mode`).
 */
function approximateMode(counts: readonly number[], draws: number, random: RandomState): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const continuous = counts.map((count) => (count / total) * draws);
  const taken = continuous.map(Math.floor);
  let missing = draws - taken.reduce((sum, count) => sum + count, 0);
  if (missing <= 0) return taken;
  const remainders = continuous.map((value, k) => value - taken[k]!);
  for (const remainder of [...new Set(remainders)].sort((a, b) => b - a)) {
    const equal = [...remainders.keys()].filter((k) => remainders[k] === remainder);
    const now = Math.min(equal.length, missing);
    for (const place of random.permutation(equal.length).subarray(0, now)) taken[equal[place]!]!++;
    missing -= now;
    if (missing === 0) break;
  }
  return taken;
}

export interface FoldOptions {
  /** At least 2. */
  readonly nSplits: number;
  readonly shuffle: boolean;
  readonly randomState: number;
}

/** One split after another: each row is in one test part. */
export function* kFold(
  rows: number,
  { nSplits, shuffle, randomState }: FoldOptions,
  pointer: Pointer,
): Generator<Split> {
  enoughRows(rows, nSplits, pointer);
  const order = range(0, rows);
  if (shuffle) new RandomState(randomState).shuffle(order);
  const fold = new Uint32Array(rows);
  let start = 0;
  for (let k = 0; k < nSplits; k++) {
    const end = start + Math.floor(rows / nSplits) + (k < rows % nSplits ? 1 : 0);
    for (let i = start; i < end; i++) fold[order[i]!] = k;
    start = end;
  }
  // In ascending order of rows for training; scikit-learn's test rows are ascending too, as they come from a mask.
  for (let k = 0; k < nSplits; k++) yield byFold(fold, k);
}

function enoughRows(rows: number, nSplits: number, pointer: Pointer): void {
  if (nSplits > rows)
    throw refused(pointer, 'n_splits', `expected at most as many splits as rows, ${rows}, got ${nSplits}`);
}

function byFold(fold: Uint32Array, k: number): Split {
  let count = 0;
  for (const each of fold) if (each === k) count++;
  const train = new Uint32Array(fold.length - count);
  const test = new Uint32Array(count);
  let [a, b] = [0, 0];
  for (let row = 0; row < fold.length; row++) {
    if (fold[row] === k) test[b++] = row;
    else train[a++] = row;
  }
  return { train, test };
}

/** As `kFold`, each class with about the same share of every test part. */
export function* stratifiedKFold(
  codes: Int32Array,
  { nSplits, shuffle, randomState }: FoldOptions,
  pointer: Pointer,
  notes: Notes,
): Generator<Split> {
  enoughRows(codes.length, nSplits, pointer);
  const members = membersOf(codes).sort((a, b) => a[0]! - b[0]!);
  const counts = members.map(({ length }) => length);
  if (Math.max(...counts) < nSplits)
    throw refused(
      pointer,
      'n_splits',
      `expected at most as many splits as the largest class has rows, ${Math.max(...counts)}, got ${nSplits}`,
    );
  const fewest = Math.min(...counts);
  if (fewest < nSplits)
    notes.warn('few_rows_of_class', `the smallest class has ${fewest} rows, fewer than n_splits ${nSplits}`);
  const random = new RandomState(randomState);
  const fold = new Uint32Array(codes.length);
  // Rows sorted by class, dealt round: the k-th split takes places k, k + n_splits, …
  let before = 0;
  for (const rows of members) {
    const folds = new Uint32Array(rows.length);
    let at = 0;
    for (let k = 0; k < nSplits; k++) {
      const share = dealt(before + rows.length, k, nSplits) - dealt(before, k, nSplits);
      folds.fill(k, at, at + share);
      at += share;
    }
    if (shuffle) random.shuffle(folds);
    rows.forEach((row, i) => {
      fold[row] = folds[i]!;
    });
    before += rows.length;
  }
  for (let k = 0; k < nSplits; k++) yield byFold(fold, k);
}

/** How many of the first `count` places are k, k + every, … */
function dealt(count: number, k: number, every: number): number {
  return Math.max(0, Math.ceil((count - k) / every));
}

export interface TimeSeriesOptions {
  readonly nSplits: number;
  readonly maxTrainSize?: number;
  readonly testSize?: number;
  readonly gap: number;
}

/** Test parts after all they are judged from, each later than the last. */
export function* timeSeriesSplit(
  rows: number,
  { nSplits, maxTrainSize, testSize, gap }: TimeSeriesOptions,
  pointer: Pointer,
): Generator<Split> {
  if (nSplits + 1 > rows)
    throw refused(pointer, 'n_splits', `expected fewer splits than rows, ${rows}, got ${nSplits}`);
  const size = testSize ?? Math.floor(rows / (nSplits + 1));
  if (rows - gap - size * nSplits <= 0)
    throw refused(
      pointer,
      'n_splits',
      `expected rows to fit on beside ${nSplits} test parts of ${size} rows and a gap of ${gap}, got ${rows} rows`,
    );
  for (let start = rows - nSplits * size; start < rows; start += size) {
    const end = start - gap;
    const most = maxTrainSize !== undefined && maxTrainSize > 0 ? maxTrainSize : end;
    yield { train: range(Math.max(0, end - most), end), test: range(start, start + size) };
  }
}
