/**
 * Series: float64 values in row order, NaN where missing. What is made has a value a row; it lies in the memory of the
 * request where the engine has one: good until it ends. Throws Problem `out_of_memory`.
 */
export interface WindowsKernel {
  /** Values moved down by `periods` rows, up where it is negative; NaN where nothing comes: pandas' `shift`. */
  readonly shift: (values: Float64Array, periods: number) => Float64Array;
  /** Each value less the one `periods` rows above: pandas' `diff`. */
  readonly diff: (values: Float64Array, periods: number) => Float64Array;
  /**
   * An aggregate of each window of `window` rows, the row itself the last; NaN where fewer than `least` values are there.
   * Infinite values count as missing. pandas' `rolling`, with its compensated sums; every 8,192 rows (four windows, where that
   * is more) they begin afresh.
   */
  readonly rolling: (
    values: Float64Array,
    options: { readonly window: number; readonly least: number; readonly aggregate: Aggregate },
  ) => Float64Array;
  /**
   * Exponentially weighted means, 0 < alpha ≤ 1; weights go by rows, also over missing values, and are divided by their
   * sum with `adjust`. Infinite values count as missing. pandas' `ewm(…).mean()`.
   */
  readonly fading: (
    values: Float64Array,
    options: { readonly alpha: number; readonly adjust: boolean },
  ) => Float64Array;
}

/** Order is the wasm ABI. `std` with ddof 1. */
export const AGGREGATES = ['mean', 'sum', 'std', 'min', 'max'] as const;
export type Aggregate = (typeof AGGREGATES)[number];
