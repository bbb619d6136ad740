/** What one look at all rows gives: how many labels it changed, sums and weights by label. */
export interface Assignment {
  readonly changed: number;
  readonly sums: Float64Array;
  readonly weights: Float64Array;
}

/** What an engine does for k-means; the loop below does the rest. Rows are complete, coordinates centred. */
export interface KMeansSteps {
  readonly rows: number;
  readonly columns: number;
  /** Means of the columns, given back to the centres at the end. */
  readonly means: Float64Array;
  /** Mean over the columns of the population variance: the scale of `tol`. */
  readonly meanVariance: number;
  /** The next `count` doubles of a generator seeded by `randomState`; the generator runs on. */
  random(count: number): Float64Array;
  /** One row's coordinates. */
  row(index: number): Float64Array;
  /** Potentials that each candidate (rows by index) would leave. */
  potentials(candidates: readonly number[]): number[];
  /** Takes a row as the next centre (the first when `first`); returns the potential. */
  take(index: number, first: boolean): number;
  /** For each target the first row whose running sum of closest distances reaches it; `rows` when none does. */
  search(targets: readonly number[]): number[];
  /** Labels every row with its nearest centre; sums and weights by label when wanted. */
  assign(centers: Float64Array, sums: boolean): Assignment;
  /** Runs steps that end early where the request is stopped softly: undefined when they did. Absent: none can. */
  readonly breakable?: <T>(work: () => T) => T | undefined;
  /** Squared distances of rows to the centres they are labelled with. */
  distances(centers: Float64Array): Float64Array;
  inertia(centers: Float64Array): number;
  labels(): Int32Array;
}
