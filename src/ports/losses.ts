/**
 * Losses of classifiers, and the probabilities that their scores stand for. Columns are plain float64 values of equal length,
 * none missing; none is written to. The wasm engine gives the same bits whatever the lanes; the js engine agrees to 1e-12.
 * Throws Problem `out_of_memory`.
 */
export interface LossesKernel {
  /**
   * Runs `use` with the logistic loss of some rows; the loss is good until `use` ends. Of two classes there is one output,
   * the log-odds of the second; of more, one a class, and softmax.
   */
  readonly logistic: <T>(rows: ClassRows, use: (loss: LogisticLoss) => T) => T;
  /**
   * Of each row the most probable class, the first among equals, and the probabilities of all. New arrays, in the memory of
   * the request where the engine has one. A row's answer depends on its own values alone.
   */
  readonly probabilities: (columns: readonly Float64Array[], scores: ClassScores) => ClassShares;
}

/** Rows and their classes. At least two classes. */
export interface ClassRows {
  readonly columns: readonly Float64Array[];
  /** What is taken off each column, and what it is multiplied by then. */
  readonly centres: Float64Array;
  readonly scales: Float64Array;
  /** The class of each row. */
  readonly codes: Int32Array;
  /** What a row of each class counts. */
  readonly weights: Float64Array;
  readonly intercept: boolean;
}

/** At coefficients, an output's in a row, its intercept last. `curved`: with the Hessian. */
export type LogisticLoss = (w: Float64Array, curved: boolean) => LossSums;

/** Sums over all rows. */
export interface LossSums {
  /** Of the weighted losses. */
  readonly loss: number;
  /** Of the weights. */
  readonly total: number;
  /** As the coefficients. */
  readonly gradient: Float64Array;
  /**
   * A matrix over the coefficients, row-major, of which only what says all is good: for each pair of outputs the later one's
   * rows, and there the lower triangle, for the part of a pair is symmetric.
   */
  readonly hessian?: Float64Array;
}

/** How scores come of columns: logarithms of what the classes weigh; one linear score is the log-odds of the second of two. */
export type ClassScores =
  | {
      readonly kind: 'linear';
      /** Outputs × columns, row-major. */
      readonly weights: Float64Array;
      /** One an output. */
      readonly starts: Float64Array;
    }
  /** start − Σ (x − mean)² / (2 variance): columns normal in each class, and independent. */
  | {
      readonly kind: 'normal';
      readonly means: Float64Array;
      readonly variances: Float64Array;
      readonly starts: Float64Array;
    };

export interface ClassShares {
  readonly codes: Int32Array;
  /** Rows × classes, row-major. */
  readonly probabilities: Float64Array;
}
