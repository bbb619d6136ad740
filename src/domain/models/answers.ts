import type { Cell } from '../../ports/tables.js';

/** What a model answered for a table, whatever it is written as. */
export interface Predictions {
  readonly rows: number;
  /** One a row, or, of a decomposition, columns. */
  readonly values: Values | { readonly kind: 'columns'; readonly columns: ReadonlyMap<string, Float64Array> };
  /** Rows × classes, row-major, NaN where the row lacked a value. */
  readonly probabilities?: { readonly classes: readonly Cell[]; readonly values: Float64Array };
  /** Of outlier detectors: below 0 for outliers. */
  readonly scores?: Float64Array;
}

export type Values =
  /** NaN where missing. */
  | { readonly kind: 'numbers'; readonly numbers: Float64Array }
  /** Codes into classes, −1 where missing. */
  | { readonly kind: 'classes'; readonly codes: Int32Array; readonly classes: readonly Cell[] };
