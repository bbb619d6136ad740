/**
 * Maps from columns to columns, row by row. Columns are plain float64 values of equal length, NaN where missing; none is
 * written to. What comes out are new columns, in the memory of the request where the engine has one: good until it ends, and
 * other kernels run over them in place. A row's answer depends on its own values alone. The js engine agrees to 1e-12.
 * Throws Problem `out_of_memory`.
 */
export interface MapsKernel {
  /** What is not finite in each column. */
  readonly gaps: (columns: Columns) => Gaps[];
  /** (x − centre) / divisor · factor + shift, one scaling a column. */
  readonly scale: (columns: Columns, scalings: readonly Scaling[]) => Float64Array[];
  /** x · y of columns and as many others. */
  readonly multiply: (columns: Columns, others: Columns) => Float64Array[];
  /**
   * start + Σ (x − centre) · weight over the columns, in their order: a column for each list of weights, one weight a column.
   * `starts` are 0 where they are not given.
   */
  readonly project: (
    columns: Columns,
    centres: readonly number[],
    weights: readonly (readonly number[])[],
    starts?: readonly number[],
  ) => Float64Array[];
  /** How many of the ascending, finite edges each value has reached. NaN of a missing value. */
  readonly places: (values: Float64Array, edges: readonly number[]) => Float64Array;
  /** What share of a distribution lies below each value, or the quantile of the normal distribution at that share. */
  readonly shares: (values: Float64Array, distribution: Distribution) => Float64Array;
  /** sign(x) · ln(1 + |x|). */
  readonly logarithms: (columns: Columns) => Float64Array[];
  /**
   * Yeo and Johnson's power λ of the x whose `logarithms` are given, a λ a column: ((x + 1)^λ − 1) / λ for x ≥ 0, else
   * −((1 − x)^(2 − λ) − 1) / (2 − λ), with the limits at 0. Source: I.-K. Yeo, R. A. Johnson, Biometrika 87 (2000).
   */
  readonly powers: (logarithms: Columns, lambdas: readonly number[]) => Float64Array[];
}

type Columns = readonly Float64Array[];

export interface Gaps {
  /** Values that are NaN. */
  readonly missing: number;
  readonly infinite: number;
}

export interface Scaling {
  readonly centre: number;
  readonly divisor: number;
  readonly factor: number;
  readonly shift: number;
}

/**
 * Ascending finite quantiles at ascending references from 0 to 1. Between them is interpolated; a value that several
 * quantiles have gets the middle of the first and the last reference; the least value gets 0, the greatest 1, and so do
 * those beyond. `isNormal`: values less than 1e-7 from the ends count as there, and what comes out are quantiles of the
 * normal distribution, cut at those of 1e-7 and 1 − 1e-7. Source: scikit-learn's QuantileTransformer.
 */
export interface Distribution {
  readonly quantiles: Float64Array;
  readonly references: readonly number[];
  readonly isNormal: boolean;
}
