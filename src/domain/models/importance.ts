import { RandomState } from '../random-state.js';
import type { Features } from './estimator.js';

export interface Importances {
  /** One a column, of `n_repeats` values. */
  readonly importances: readonly Float64Array[];
  readonly importances_mean: Float64Array;
  /** Population standard deviations, as NumPy's `std`. */
  readonly importances_std: Float64Array;
}

export interface ImportanceOptions {
  /** At least 1. */
  readonly nRepeats: number;
  readonly randomState: number;
  /** Called before each score. */
  readonly checkpoint: () => void;
}

/**
 * scikit-learn's `permutation_importance`: by how much a score falls when a column is shuffled, with its shuffles for the
 * same `random_state`. Time: columns · n_repeats scores; memory: a column of float64 and two of row numbers.
 */
export function permutationImportance(
  features: Features,
  score: (features: Features) => number,
  { nRepeats, randomState, checkpoint }: ImportanceOptions,
): Importances {
  const { columns, rows } = features;
  checkpoint();
  const baseline = score(features);
  // `randint(2^31)`: every column is shuffled alike, by a generator of its own.
  const seed = new RandomState(randomState).interval(2 ** 31 - 1);
  const importances = columns.map((column, j) => {
    const random = new RandomState(seed);
    const order = Uint32Array.from({ length: rows }, (_, row) => row);
    let shuffled = column;
    return Float64Array.from({ length: nRepeats }, () => {
      checkpoint();
      random.shuffle(order);
      // Of what the last repeat left, as scikit-learn has it.
      shuffled = taken(shuffled, order);
      return baseline - score({ ...features, columns: columns.with(j, shuffled) });
    });
  });
  return {
    importances,
    importances_mean: Float64Array.from(importances, meanOf),
    importances_std: Float64Array.from(importances, deviationOf),
  };
}

function taken(values: Float64Array, order: Uint32Array): Float64Array {
  const out = new Float64Array(values.length);
  for (let row = 0; row < out.length; row++) out[row] = values[order[row]!]!;
  return out;
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviationOf(values: Float64Array): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
}
