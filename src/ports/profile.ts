/** The profile of a table, as it is answered and as a page shows it. Shares are of 1; what is not defined is null. */
export type Profile = {
  readonly overview: Overview;
  /** In the order of the table. */
  readonly columns: ReadonlyMap<string, ColumnProfile>;
  /** Of the columns of numbers, where there are two at least. */
  readonly correlations: { readonly pearson?: Correlations; readonly spearman?: Correlations };
  readonly duplicates: Duplicates;
  readonly alerts: readonly Alert[];
  /** Against the reference, where one was given. */
  readonly drift?: Drift;
};

export type Overview = {
  readonly rows: number;
  readonly columns: number;
  readonly cells_missing: number;
  readonly missing_share: number;
  readonly duplicate_rows: number;
  readonly duplicate_share: number;
  /** How many columns have each type, those that none has left out. */
  readonly types: { readonly [type: string]: number };
};

/** Rows that are equal to an earlier one, missing values equal to each other. */
export type Duplicates = { readonly rows: number; readonly share: number };

type Presence = {
  /** Values that are there. */
  readonly count: number;
  readonly missing: number;
  readonly missing_share: number;
  /** Different values. */
  readonly n_unique: number;
};

/** As `numpy.histogram`: the last bin holds its right edge too. */
export type Histogram<Edge extends number | string = number> = {
  readonly counts: readonly number[];
  readonly edges: readonly Edge[];
};

export type NumberProfile = Presence & {
  readonly type: 'number';
  readonly mean: number | null;
  readonly std: number | null;
  readonly min: number | null;
  readonly '5%': number | null;
  readonly '25%': number | null;
  readonly '50%': number | null;
  readonly '75%': number | null;
  readonly '95%': number | null;
  readonly max: number | null;
  readonly variance: number | null;
  readonly skew: number | null;
  readonly kurtosis: number | null;
  readonly sem: number | null;
  readonly mad: number | null;
  readonly cv: number | null;
  readonly sum: number | null;
  readonly range: number | null;
  /** The smallest of the most frequent values. */
  readonly mode: number | null;
  /** Shannon's, of the frequencies of the values, in nats. */
  readonly entropy: number | null;
  readonly zeros: number | null;
  readonly zeros_share: number;
  readonly negative: number;
  readonly infinite: number;
  /** Of the finite values. */
  readonly histogram: Histogram | null;
};

export type BooleanProfile = Presence & {
  readonly type: 'boolean';
  readonly true: number;
  readonly false: number;
};

/** One of the most frequent values; `share` of the values that are there. */
export type TopValue = {
  readonly value: string | number | boolean;
  readonly count: number;
  readonly share: number;
};

export type TextProfile = Presence & {
  readonly type: 'string' | 'mixed';
  /** The ten most frequent, the first seen of equals first. */
  readonly top: readonly TopValue[];
  /** Code points of a string. */
  readonly lengths?: { readonly min: number; readonly mean: number; readonly max: number };
};

export type TimestampProfile = Presence & {
  readonly type: 'timestamp';
  readonly min: string | null;
  readonly max: string | null;
  readonly span_seconds: number | null;
  readonly histogram: Histogram<string> | null;
};

export type ColumnProfile = NumberProfile | BooleanProfile | TextProfile | TimestampProfile;

/** Rows of the matrix in column order; null where a correlation is not defined. */
export type Correlations = {
  readonly columns: readonly string[];
  readonly matrix: readonly (readonly (number | null)[])[];
};

export type AlertCode =
  | 'all_missing'
  | 'constant'
  | 'duplicate_rows'
  | 'drift'
  | 'high_cardinality'
  | 'high_correlation'
  | 'imbalance'
  | 'infinite'
  | 'many_missing'
  | 'many_zeros'
  | 'missing_in_data'
  | 'missing_in_reference'
  | 'mixed_types'
  | 'skewed'
  | 'type_changed'
  | 'unique';

/** Something a reader of the table should know: `value` is on the wrong side of `threshold`. */
export type Alert = {
  readonly code: AlertCode;
  readonly column?: string;
  /** The other column of a pair. */
  readonly other?: string;
  readonly value: number | null;
  readonly threshold: number | null;
  readonly detail: string;
};

export type DriftTest = 'ks' | 'chisquare' | 'z' | 'wasserstein' | 'jensenshannon';

/** How a column of the data differs from the one of the reference. */
export type ColumnDrift = {
  /** None: not compared, for the reason in `detail`. */
  readonly test: DriftTest | null;
  /** Values compared: of the reference, of the data. */
  readonly n: readonly [reference: number, data: number];
  readonly statistic: number | null;
  /** Of a test; drift is a p-value below the threshold. */
  readonly p_value?: number | null;
  /** Of a distance; drift is one at the threshold or above. */
  readonly distance?: number | null;
  readonly threshold: number | null;
  readonly drifted: boolean;
  readonly detail?: string;
  /** Both over the same edges, of numbers. */
  readonly histogram?: {
    readonly edges: readonly number[];
    readonly reference: readonly number[];
    readonly data: readonly number[];
  };
  /** The most frequent values of both together, as counts. */
  readonly values?: readonly {
    readonly value: string | number | boolean;
    readonly reference: number;
    readonly data: number;
  }[];
};

export type Drift = {
  readonly dataset_drift: boolean;
  /** Of the columns that were compared. */
  readonly share_drifted: number;
  readonly threshold: number;
  readonly drifted: number;
  readonly compared: number;
  readonly reference_rows: number;
  readonly columns: ReadonlyMap<string, ColumnDrift>;
};
