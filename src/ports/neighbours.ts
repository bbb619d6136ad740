/** Distances that add up over columns: `reduced` of Euclid's is its square. */
export type Metric = 'euclidean' | 'manhattan';

/**
 * Searches among rows by distance. Columns are plain, finite float64 values of equal length; nothing is missing. Distances are
 * summed in column order: both engines give the same bits. Throws Problem `out_of_memory`.
 */
export interface NeighboursKernel {
  /** Numbers of the rows in an order in which near ones stand together. */
  readonly arrange: (columns: Columns) => Int32Array;
  /** The nearest rows of each query, told block by block in the queries' order. */
  readonly nearest: (
    rows: Arranged,
    queries: Columns,
    options: NearestOptions,
    told: (nearest: Nearest) => void,
  ) => void;
  /**
   * The nearest of some centres for each row, the first of equals. `centers`: k × columns, row-major. `isSummed`: whether the
   * inertia is wanted, by default it is.
   */
  readonly assign: (columns: Columns, centers: Float64Array, isSummed?: boolean) => Assigned;
  /** Clusters of rows that lie close together: DBSCAN. */
  readonly density: (columns: Columns, options: DensityOptions) => DensityLabels;
}

type Columns = readonly Float64Array[];

/** Rows in any order; in that of `arrange` they are found fast. */
export interface Arranged {
  readonly columns: Columns;
  /** What each row is called in an answer. */
  readonly order: Int32Array;
}

export interface NearestOptions {
  /** Neighbours of each query, at most the rows. */
  readonly count: number;
  readonly metric: Metric;
}

/** Neighbours of some queries that follow each other: `count` each, the nearest first, of equals the lesser of `order`. */
export interface Nearest {
  /** The first query. */
  readonly first: number;
  /** How many queries. */
  readonly queries: number;
  /** What `order` says of them. Good until the next are told. */
  readonly rows: Int32Array;
  /** Reduced. */
  readonly distances: Float64Array;
}

export interface Assigned {
  readonly labels: Int32Array;
  /** Sum of the squared distances to the own centre; NaN where it was not wanted. */
  readonly inertia: number;
}

export interface DensityOptions {
  readonly metric: Metric;
  /** Greatest distance of neighbours. */
  readonly eps: number;
  /** Neighbours, itself among them, that make a row one of the core. */
  readonly least: number;
  /** Called now and then; what it throws ends the search. */
  readonly checkpoint: () => void;
}

export interface DensityLabels {
  /** Of each row its cluster, numbered by their first rows of the core; −1: noise. */
  readonly labels: Int32Array;
  /** Rows that have enough neighbours, ascending. */
  readonly core: Int32Array;
  readonly clusters: number;
}
