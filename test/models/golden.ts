/** scikit-learn's answers, made by test/golden/models/linear.py. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Parts {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

export interface Golden {
  readonly data: Readonly<
    Record<string, { readonly columns: readonly (readonly number[])[]; readonly target: readonly number[] }>
  >;
  readonly fits: readonly {
    readonly data: string;
    readonly estimator: string;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly tight: boolean;
    readonly expected: {
      readonly coef_: readonly number[] | readonly (readonly number[])[];
      readonly intercept_: number | readonly number[];
      readonly n_iter_?: number;
      readonly dual_gap_?: number;
      readonly predictions?: readonly number[];
      readonly probabilities?: readonly (readonly number[])[];
      readonly labels?: readonly number[];
    };
  }[];
  readonly metrics: {
    readonly classes: readonly ({
      readonly classes: number;
      readonly truth: readonly number[];
      readonly predicted: readonly number[];
      readonly probabilities: readonly (readonly number[])[];
      readonly confusion_matrix: readonly (readonly number[])[];
      readonly roc_auc: number | null;
    } & Readonly<
      Record<
        'accuracy' | 'precision_macro' | 'recall_macro' | 'f1_macro' | 'balanced_accuracy' | 'log_loss',
        number
      >
    >)[];
    readonly numbers: readonly {
      readonly truth: readonly number[];
      readonly predicted: readonly number[];
      readonly r2: number;
      readonly mean_squared_error: number;
      readonly mean_absolute_error: number;
    }[];
  };
  readonly splits: {
    readonly train_test: readonly (Parts & {
      readonly rows: number;
      readonly seed: number;
      readonly parameters: {
        readonly test_size?: number;
        readonly train_size?: number;
        readonly shuffle?: boolean;
      };
    })[];
    readonly stratified: readonly (Parts & {
      readonly y: readonly number[];
      readonly seed: number;
      readonly size: number;
    })[];
    readonly folds: readonly {
      readonly y: readonly number[];
      readonly n_splits: number;
      readonly shuffle: boolean;
      readonly seed: number;
      readonly k_fold: readonly Parts[];
      readonly stratified: readonly Parts[];
    }[];
    readonly series: readonly {
      readonly rows: number;
      readonly parameters: {
        readonly n_splits?: number;
        readonly gap?: number;
        readonly test_size?: number;
        readonly max_train_size?: number;
      };
      readonly splits: readonly Parts[];
    }[];
  };
  readonly importances: readonly {
    readonly data: string;
    readonly seed: number;
    readonly n_repeats: number;
    readonly importances: readonly (readonly number[])[];
    readonly importances_mean: readonly number[];
    readonly importances_std: readonly number[];
  }[];
}

export const GOLDEN = JSON.parse(
  readFileSync(join(__dirname, '..', 'golden', 'models', 'linear.json'), 'utf8'),
) as Golden;

/** The largest distance of two lists, as a share of the largest expected size (at least `least`). */
export function distance(got: ArrayLike<number>, want: readonly number[], least = 0): number {
  if (got.length !== want.length) return Infinity;
  const size = Math.max(least, ...want.map(Math.abs));
  return Math.max(...want.map((value, i) => Math.abs(value - got[i]!))) / (size > 0 ? size : 1);
}
