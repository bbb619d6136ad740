import type { DistributionsKernel } from './distributions.js';
import type { TableLimits } from './limits.js';
import type { LossesKernel } from './losses.js';
import type { MapsKernel } from './maps.js';
import type { OrderKernel } from './order.js';
import type { NeighboursKernel } from './neighbours.js';
import type { Numbers, Table } from './tables.js';
import type { TreesKernel } from './trees.js';
import type { WindowsKernel } from './windows.js';

/**
 * The numeric contract. Two engines answer it: `wasm`, AssemblyScript kernels over shared memory, and `js`, plain
 * JavaScript over ml-kmeans and jstat. Every method is synchronous and runs in a lane, never on the event loop.
 *
 * Missing values (a cleared validity bit, or NaN) are skipped everywhere. The wasm engine gives the same bits for the
 * same rows whatever their batches are; the js engine agrees with it within these relative tolerances:
 * moments 1e-12, co-moments 1e-12 of √(M2·M2), silhouettes 1e-12 (of 1), quantiles, orders, ranks, pairs and labels
 * exactly, centres and inertia 1e-9, rolling windows exactly, weighted means 1e-12 of the values' size, p-values of
 * `student` 1e-6 (jstat's continued fraction stops at 3e-7), its quantiles 1e-6, distributions 1e-12, in far tails 1e-10.
 */
export interface Engine {
  readonly name: EngineName;
  /**
   * Told what will be asked of columns of equal length, an engine may compute it in one go, spread over columns and
   * lanes, and remember it; or do nothing.
   */
  readonly ahead: {
    readonly moments: (columns: readonly Numbers[], order: 1 | 2 | 4) => void;
    readonly select: (columns: readonly Numbers[], q: readonly number[]) => void;
  };
  readonly moments: MomentsKernel;
  readonly select: SelectKernel;
  readonly kmeans: KMeansKernel;
  readonly groups: GroupsKernel;
  readonly comoments: ComomentsKernel;
  readonly order: OrderKernel;
  readonly silhouette: SilhouetteKernel;
  readonly distances: DistancesKernel;
  readonly losses: LossesKernel;
  readonly neighbours: NeighboursKernel;
  readonly maps: MapsKernel;
  readonly windows: WindowsKernel;
  readonly trees: TreesKernel;
  readonly student: StudentKernel;
  readonly distributions: DistributionsKernel;
  readonly random: RandomKernel;
  readonly widen: WidenKernel;
  readonly json: JsonKernel;
  readonly csv: CsvKernel;
}

export type EngineName = 'wasm' | 'js';

/** Kernel families, each a property of Engine, a file of assembly/, of both engines, of test/contract/ and of bench/. */
export const KERNEL_FAMILIES = [
  'moments',
  'select',
  'kmeans',
  'groups',
  'comoments',
  'order',
  'silhouette',
  'distances',
  'losses',
  'neighbours',
  'maps',
  'windows',
  'trees',
  'student',
  'distributions',
  'random',
  'widen',
  'json',
  'csv',
] as const;

/**
 * Moments of the present values. `m2`, `m3`, `m4` are sums of powers of the deviations from the mean; with `order` 2
 * the last two are 0, with `order` 1 all three. Sums are compensated. Nothing present: count 0, sum 0, mean NaN, min +∞, max −∞.
 */
export interface Moments {
  readonly count: number;
  readonly sum: number;
  readonly mean: number;
  readonly m2: number;
  readonly m3: number;
  readonly m4: number;
  readonly min: number;
  readonly max: number;
}
export type MomentsKernel = (column: Numbers, order: 1 | 2 | 4) => Moments;

/**
 * Quantiles of the present values, one for each of `q` (in [0, 1], any order), NumPy's `linear` interpolation.
 * NaN where nothing is present.
 */
export type SelectKernel = (column: Numbers, q: readonly number[]) => number[];

export interface KMeansOptions {
  readonly nClusters: number;
  readonly randomState: number;
  readonly nInit: number;
  readonly maxIter: number;
  readonly tol: number;
  /** Told after every iteration. */
  readonly onIteration?: (progress: KMeansProgress) => void;
  /** Told of every initial centre: how many there are, of `nClusters`, and of which run. */
  readonly onSeed?: (taken: number, run: number) => void;
  /**
   * Asked between the steps whether the fit is to stop with what it has. An engine may also break off a step that takes
   * long when it would say yes.
   */
  readonly stopping?: () => boolean;
}

/** How far a fit has come. */
export interface KMeansProgress {
  /** Of `nInit`, from 1. */
  readonly run: number;
  /** Of the run, from 1. */
  readonly iteration: number;
  /**
   * Of the labels about the centres they make: from the sums, so to about twelve digits of the rows' total square, not of
   * itself.
   */
  readonly inertia: number;
  /** Sum of the squared distances that the centres moved. */
  readonly shift: number;
}

/** `labels` has one entry a row, −1 for a row with a missing value, which takes no part. `centers`: nClusters × columns. */
export interface KMeansResult {
  readonly labels: Int32Array;
  readonly centers: Float64Array;
  readonly sizes: number[];
  readonly inertia: number;
  readonly nIter: number;
  /**
   * It was stopped: this is the best of the runs that were over and of the one under way as `maxIter` = `nIter` had ended
   * it.
   */
  readonly stopped?: true;
}

/**
 * scikit-learn's KMeans (greedy k-means++, Lloyd) with its labels for the same `randomState`.
 * `columns` have the same length and the same chunk lengths. Infinite values: the caller must not pass them.
 * Returns null when fewer complete rows than clusters are there. Throws Stopped where it is stopped before the first
 * iteration is over.
 */
export type KMeansKernel = (columns: readonly Numbers[], options: KMeansOptions) => KMeansResult | null;

/** Mean of a column's present values per label (0 … groups − 1; negative labels belong to none); NaN for none. */
export type GroupsKernel = (column: Numbers, labels: Int32Array, groups: number) => Float64Array;

/**
 * Sums over each pair of d columns: four d × d matrices, row-major. Entry [i, j], at i·d + j, is over the rows in which
 * columns i and j are both present, so that [i, i] is over all that column i has. Sums are compensated. No such row:
 * count 0, mean NaN, sums 0. A mean that is not finite: its sums are NaN.
 */
export interface Comoments {
  /** Number of those rows, n. Symmetric. */
  readonly counts: Float64Array;
  /** Mean x̄ of column i; that of column j is entry [j, i]. */
  readonly means: Float64Array;
  /** Σ(x − x̄)² of column i, exactly 0 where it is constant. */
  readonly m2: Float64Array;
  /** Σ(x − x̄)(y − ȳ), x of column i, y of column j, 0 where one of the two `m2` is. Symmetric; its diagonal is that of `m2`. */
  readonly c: Float64Array;
}

/**
 * What correlation (c/√(m2·m2)), covariance (c/(n − 1)) and simple regression (slope c/m2) need.
 * `columns` have the same length; their chunks may differ.
 */
export type ComomentsKernel = (columns: readonly Numbers[]) => Comoments;

/**
 * Mean silhouette coefficient of each of several labelings of the same rows, by Euclidean distances: scikit-learn's
 * `silhouette_score`. A row with a missing value, or with a negative label in any of them, takes no part. NaN where a
 * labeling has fewer than 2 clusters, or as many as there are rows. The time is that of all pairs of rows.
 * `columns` have the same length; their chunks may differ. Infinite values: the caller must not pass them. With `stopping`
 * an engine may break off when it would say yes, and throws Stopped.
 */
export type SilhouetteKernel = (
  columns: readonly Numbers[],
  labelings: readonly Int32Array[],
  stopping?: () => boolean,
) => number[];
export interface DistancesKernel {
  /** Σ|x − center| over the present values of columns of equal length, a centre each. Nothing present: 0. */
  readonly sums: (columns: readonly Numbers[], centers: readonly number[]) => number[];
  /**
   * x − y of columns of equal length, NaN in a row in which one of them is missing. A new array, in the memory of the request
   * where the engine has one.
   */
  readonly differences: (x: Numbers, y: Numbers) => Float64Array;
  /**
   * Pearson's χ² distance of observed counts from the expected ones: Σ (observed − expected)² / expected. Without `expected`
   * the columns are those of a table, and a cell's expected count is the product of its row's sum and its column's over the
   * sum of all; `sums` are those of the columns. With `expected` it is one column. Equally long, nothing is missing.
   */
  readonly chiSquare: (
    observed: readonly Float64Array[],
    against: { readonly sums: readonly number[] } | { readonly expected: Float64Array },
  ) => ChiSquare;
}

export interface ChiSquare {
  readonly statistic: number;
  /** The least expected count; +∞ of none, NaN where one of them is. */
  readonly least: number;
}

/** Student's t with df > 0 degrees of freedom (also fractional). */
export interface StudentKernel {
  /** P(|T| ≥ |t|), ten digits down to 1e-300. */
  readonly tail: (t: number, df: number) => number;
  /** log10 of the same, also where it underflows. */
  readonly log10Tail: (t: number, df: number) => number;
  /** t with P(T ≤ t) = p. */
  readonly quantile: (p: number, df: number) => number;
}

/** `RandomState(seed).random_sample(count)` of NumPy; seed in [0, 2^32). */
export type RandomKernel = (seed: number, count: number) => Float64Array;

/** Order is the wasm ABI. */
export const NUMBER_STORAGE = [
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float16',
  'float32',
  'bit',
] as const;
export type NumberStorage = (typeof NUMBER_STORAGE)[number];

/**
 * Stored numbers as float64. `bytes` starts at the first value; for `bit` and for `validity` row i is bit
 * `bitOffset + i`. `inexact` counts present 64-bit integers that float64 cannot hold.
 */
export type WidenKernel = (source: {
  readonly storage: NumberStorage;
  readonly bytes: Uint8Array;
  readonly validity: Uint8Array | null;
  readonly bitOffset: number;
  readonly length: number;
}) => { readonly values: Float64Array; readonly inexact: number };

/**
 * JSON text (RFC 8259, UTF-8) as columns: of duplicate keys the last wins, a row without a key misses that column,
 * numbers are the nearest float64 to their literal. `document` is one object with rows in `data` or columns in
 * `columns`; `lines` is a row object a line, blank lines left out. `rest` holds the JSON text of the document's other
 * members. Throws Problem: 400 `invalid_json`, `invalid_utf8`, `too_deep`; 413 `too_many_rows`, `too_many_cells`;
 * 422 `invalid_request`, `no_data`, `invalid_column_name`, `too_many_columns`, `unsupported_value`,
 * `number_out_of_range`, with a pointer: `/data/<row>/<name>`, `/columns/<name>/<row>`, or `/<row>/<name>` in lines.
 */
export type JsonKernel = (
  body: Uint8Array,
  shape: 'document' | 'lines',
  limits: TableLimits,
) => { readonly table: Table; readonly rest: ReadonlyMap<string, string> };

/**
 * CSV (RFC 4180, comma, UTF-8, a byte order mark is skipped; lines end with LF, CRLF or CR; blank lines are left out)
 * as columns under the names of its first line. An empty field is missing, also a quoted one; a short line misses its
 * last fields. A column is `number` when every other field of it is one (Python's float literals without
 * underscores: `1`, `+.5`, `2.`, `1e5`, `inf`; `nan` is missing), `boolean` when every one is `true` or `false`
 * (also `True`, `TRUE`, `False`, `FALSE`), `mixed` when all are missing, else `string`.
 * Throws Problem: 400 `invalid_csv` (a quote inside an unquoted field, anything behind a closing quote, a quote that is
 * not closed, a line longer than the first), `invalid_utf8`; 413 and 422 as the JSON kernel, and `duplicate_column`.
 */
export type CsvKernel = (body: Uint8Array, limits: TableLimits) => Table;
