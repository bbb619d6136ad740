/**
 * From where a profile warns. Where ydata-profiling has a threshold for the same it is that one; missing values and zeros
 * are told from one in twenty on. Drift is Evidently's default rule.
 */
export const THRESHOLDS = {
  /** Shares of the rows. */
  missing: 0.05,
  zeros: 0.05,
  /** Of the absolute value. */
  skew: 20,
  /** Of the absolute value of Pearson's or Spearman's coefficient. */
  correlation: 0.9,
  /** Different values of a column that is no number. */
  cardinality: 50,
  /** 1 − entropy of the values' shares / log of their number. */
  imbalance: 0.5,
  /** Rows of a reference up to which tests decide, beyond which distances do. */
  testedRows: 1000,
  /** Different values of a numeric column up to which it is compared as categories are. */
  categories: 5,
  pValue: 0.05,
  distance: 0.1,
  /** Share of the compared columns from which on the table as a whole has drifted. */
  drifted: 0.5,
} as const;
