import type { Numbers } from './tables.js';

/**
 * What an order of values gives. Missing values (a cleared validity bit, or NaN) are left out everywhere; infinities are
 * values, −0 and 0 are equal. Columns stay as they are. Arrays lie in the memory of the request where the engine has one:
 * good until it ends, and other kernels run over them in place. Throws Problem `out_of_memory`.
 */
export interface OrderKernel {
  /** The present values, ascending; a zero may have either sign. A new array: 8 bytes a row, also of rows that are missing. */
  readonly sort: (column: Numbers) => Float64Array;
  /** Ranks from 1, ties share their mean rank: SciPy's `rankdata`. */
  readonly rank: (column: Numbers) => Ranks;
  /** Pairs of rows in which both are present, for Kendall's τ, in n log n. */
  readonly pairs: (x: Numbers, y: Numbers) => PairCounts;
}

export interface Ranks {
  /** One entry a row, NaN where the value is missing. */
  readonly ranks: Float64Array;
  /** Present values. */
  readonly count: number;
  /** Σ (t³ − t) over groups of t equal values. */
  readonly ties: number;
  /** Groups of equal values, those of one value included. */
  readonly distinct: number;
}

/** Counts of pairs of rows, exact while they are below 2^53. A tie in x: a pair of equal x. */
export interface PairCounts {
  /** Rows in which both are present. */
  readonly count: number;
  readonly concordant: number;
  readonly discordant: number;
  /** Pairs tied in x, whether or not in y; in y; in both. */
  readonly tiedX: number;
  readonly tiedY: number;
  readonly tiedBoth: number;
  /** Σ t(t−1)(t−2) and Σ t(t−1)(2t+5) over groups of t equal x; of equal y. For the variance of τ-b. */
  readonly x: { readonly t1: number; readonly t2: number };
  readonly y: { readonly t1: number; readonly t2: number };
}
