import type { Engine } from '../../ports/engine.js';
import type { Json } from '../../ports/formats.js';
import type { JSONSchema } from '../../ports/schema.js';
import type { Space } from '../../ports/space.js';
import type { Column, Numbers, Table } from '../../ports/tables.js';
import type { Notes } from '../notes.js';

/** The values of a column, or of those of its rows that belong to a group. Some may be missing. */
export interface Sample {
  readonly name: string;
  readonly numbers: Numbers;
}

/** A p-value and its decimal logarithm, which stays right where the p-value underflows. */
export interface Tail {
  readonly p: number;
  readonly log10: number;
}

export type Interval = readonly [low: number, high: number];

/** How large an effect is, apart from how sure it is. The interval has the level `confidence_level`. */
export interface EffectSize {
  /** A word of the field: `cohen_d`, `hedges_g`, `eta_squared`, `rank_biserial`, `cramers_v`, `odds_ratio`, `r`, … */
  readonly name: string;
  readonly value: number;
  /** Null where no method is at hand. */
  readonly confidenceInterval: Interval | null;
}

/** What a test takes for granted, and whether the data agree. */
export interface Assumption {
  /** `normality`, `equal_variance`, `expected_counts`, `no_ties`, … */
  readonly name: string;
  /** The test that it was looked at with, null where it was counted. */
  readonly test: string | null;
  readonly pValue: number | null;
  /** At the level 0.05; null where it cannot be said. */
  readonly holds: boolean | null;
  /** Which sample it is about, where it is about one. */
  readonly sample?: string;
}

export interface TestOutcome {
  readonly statistic: number;
  /** Absent where the test has critical values in its place. */
  readonly tail?: Tail;
  readonly df?: number;
  readonly confidenceInterval?: Interval;
  readonly effectSize?: EffectSize;
  /** Values that took part, a number a sample; of pairs one number. */
  readonly n: readonly number[];
  readonly assumptions: readonly Assumption[];
  /** What SciPy's result has besides, under its names. Numbers in it are finite or null. */
  readonly more?: Readonly<Record<string, Json>>;
}

export interface TestQuestion<Options> {
  /** As many as the test takes; of pairs those rows only in which every value is present. */
  readonly samples: readonly Sample[];
  /** The columns that were asked for, as they are: of tests that take a table. */
  readonly columns: readonly Column[];
  /** The table that they are of. */
  readonly table: Table;
  readonly options: Options;
  /** Pointer to an option, for a refusal. */
  readonly pointer: (option: string, index?: number) => string;
  readonly engine: Engine;
  readonly space: Space;
  readonly notes: Notes;
}

/** What every test is asked for beside its own options. */
export interface CommonOptions {
  readonly columns?: readonly string[];
  readonly groupby?: string;
  readonly nan_policy: 'omit' | 'propagate' | 'raise';
  readonly engine: 'auto' | 'wasm' | 'js';
}

/**
 * How a test takes its data. `samples`: independent ones, from columns or the groups of one column, missing values left
 * out of each. `pairs`: columns side by side, rows with a missing value left out of all. `table`: columns as they are.
 */
export interface Takes {
  readonly kind: 'samples' | 'pairs' | 'table';
  readonly least: number;
  readonly most: number;
  /** Pairs that may also come as the groups of one column, equally many rows each, side by side in row order. */
  readonly grouped?: boolean;
}

/** A hypothesis test by SciPy's name, with SciPy's parameters and defaults. One file, one line in `tests.ts`. */
export interface HypothesisTest {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly takes: Takes;
  /** The order of the moments that it will ask of its columns, so that they are computed once. 2 if absent. */
  readonly moments?: 1 | 2 | 4;
  /** Its own options: properties of a JSON Schema, and which of them must be given. */
  readonly options: {
    readonly properties: Readonly<Record<string, JSONSchema>>;
    readonly required: readonly string[];
  };
  /** A JSON body that it answers. */
  readonly example: { readonly [member: string]: unknown };
  /** Throws Problem for what makes no sense. */
  readonly run: (question: TestQuestion<unknown>) => TestOutcome;
}

/** Ties a test to the type of its options: give `FromSchema` of the schema that its properties make. */
export function hypothesisTest<Options>(
  definition: Omit<HypothesisTest, 'run'> & {
    readonly run: (question: TestQuestion<Options & CommonOptions>) => TestOutcome;
  },
): HypothesisTest {
  return {
    ...definition,
    // The options were validated with the schema of `definition.options` before: this is where schema and type meet.
    run: (question) => definition.run({ ...question, options: question.options as Options & CommonOptions }),
  };
}
