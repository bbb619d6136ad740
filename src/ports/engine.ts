import type { Numbers } from './tables.js';

/**
 * The numeric contract. Two engines answer it: `wasm`, AssemblyScript kernels over shared memory, and `js`, plain
 * JavaScript over ml-kmeans and jstat. Every method is synchronous and runs in a lane, never on the event loop.
 *
 * Missing values (a cleared validity bit, or NaN) are skipped everywhere. The wasm engine gives the same bits for the
 * same rows whatever their batches are; the js engine agrees with it within these relative tolerances:
 * moments 1e-12, quantiles and labels exactly, centres and inertia 1e-9, p-values 1e-6 (jstat's continued fraction
 * stops at 3e-7), quantiles of t 1e-6.
 */
export interface Engine {
  readonly name: EngineName;
  readonly moments: MomentsKernel;
  readonly select: SelectKernel;
  readonly kmeans: KMeansKernel;
  readonly groups: GroupsKernel;
  readonly student: StudentKernel;
  readonly random: RandomKernel;
  readonly widen: WidenKernel;
}

export type EngineName = 'wasm' | 'js';

/** Kernel families, each a property of Engine, a file of assembly/, of both engines, of test/contract/ and of bench/. */
export const KERNEL_FAMILIES = [
  'moments',
  'select',
  'kmeans',
  'groups',
  'student',
  'random',
  'widen',
] as const;

/**
 * Moments of the present values. `m2`, `m3`, `m4` are sums of powers of the deviations from the mean; with `order` 2
 * the last two are 0. Sums are compensated. Nothing present: count 0, sum 0, mean NaN, min +∞, max −∞.
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
export type MomentsKernel = (column: Numbers, order: 2 | 4) => Moments;

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
}

/** `labels` has one entry a row, −1 for a row with a missing value, which takes no part. `centers`: nClusters × columns. */
export interface KMeansResult {
  readonly labels: Int32Array;
  readonly centers: Float64Array;
  readonly sizes: number[];
  readonly inertia: number;
  readonly nIter: number;
}

/**
 * scikit-learn's KMeans (greedy k-means++, Lloyd) with its labels for the same `randomState`.
 * `columns` have the same length and the same chunk lengths. Infinite values: the caller must not pass them.
 * Returns null when fewer complete rows than clusters are there.
 */
export type KMeansKernel = (columns: readonly Numbers[], options: KMeansOptions) => KMeansResult | null;

/** Mean of a column's present values per label (0 … groups − 1; negative labels belong to none); NaN for none. */
export type GroupsKernel = (column: Numbers, labels: Int32Array, groups: number) => Float64Array;

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
