import type { Engine } from '../../ports/engine.js';
import type { Json } from '../../ports/formats.js';
import type { JSONSchema } from '../../ports/schema.js';
import type { Space } from '../../ports/space.js';
import type { Cell } from '../../ports/tables.js';
import type { Notes } from '../notes.js';
import type { Progress } from '../progress.js';

/** Columns of equal length in which nothing is missing: what estimators are fitted on and predict from. */
export interface Features {
  readonly names: readonly string[];
  readonly columns: readonly Float64Array[];
  readonly rows: number;
}

/** What is to be learnt: numbers, or classes as codes into their sorted list. */
export type Target =
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | { readonly kind: 'classes'; readonly codes: Int32Array; readonly classes: readonly Cell[] };

export type Prediction =
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  /** `probabilities`: rows × classes, row-major; absent where the estimator has none. */
  | { readonly kind: 'classes'; readonly codes: Int32Array; readonly probabilities?: Float64Array }
  /** Cluster numbers, −1 for noise; 1 and −1 of outlier detectors, with the scores that decide it, below 0 for outliers. */
  | { readonly kind: 'labels'; readonly labels: Int32Array; readonly scores?: Float64Array }
  /** Rows in other columns: of a decomposition. */
  | {
      readonly kind: 'columns';
      readonly names: readonly string[];
      readonly columns: readonly Float64Array[];
    };

export type Task = 'regression' | 'classification' | 'clustering' | 'outliers' | 'decomposition';

/**
 * What a fit learnt: an object of numbers, texts, typed arrays and lists of them. Written as JSON it is read back as the
 * same state (typed arrays by `document.ts`), and predicts the same bits.
 */
export type State = Readonly<Record<string, Json>>;

export interface EstimatorTools {
  readonly engine: Engine;
  readonly space: Space;
  readonly notes: Notes;
  /** Pointer to a parameter, for a refusal. */
  readonly pointer: (parameter: string) => string;
  /** Throws when the request was cancelled: called between the steps of a long fit. */
  readonly checkpoint: () => void;
  /** Told how far a long fit has come, and asked whether to end it with what it has. */
  readonly progress: Progress;
}

/** What an estimator is fitted on. `target` is there for regressors and classifiers. */
export interface Lesson<Parameters> extends EstimatorTools {
  readonly features: Features;
  readonly target: Target | undefined;
  readonly parameters: Parameters;
}

/** What a state has to fit. */
export interface StateShape {
  /** Columns. */
  readonly features: number;
  /** Classes of the target; 0 where it is no classifier. */
  readonly classes: number;
}

/** An estimator by scikit-learn's name in snake case, with scikit-learn's parameters and defaults. */
export interface Estimator {
  readonly name: string;
  readonly task: Task;
  readonly description: string;
  /** Of its parameters. */
  readonly parameters: JSONSchema;
  /** Throws Problem for what cannot be fitted. */
  readonly fit: (lesson: Lesson<unknown>) => State;
  readonly predict: (state: State, features: Features, tools: EstimatorTools) => Prediction;
  /**
   * Throws TypeError or RangeError, "expected X, got Y", for a state that `fit` would not make: one that was imported may
   * have been written by an enemy. After it `predict` ends, reads within its arrays and takes no more room than they do.
   */
  readonly verify?: (state: State, shape: StateShape) => void;
  /** What of the state a client is shown, under scikit-learn's names: all of it, where nothing else is said. */
  readonly attributes: (state: State) => Json;
}

/**
 * Ties an estimator to the types of its parameters (`FromSchema` of their schema) and of its state: both were made or
 * validated before, and this is where schema, state and types meet.
 */
export function estimator<Parameters, S extends State>(
  definition: Omit<Estimator, 'fit' | 'predict' | 'verify' | 'attributes'> & {
    readonly fit: (lesson: Lesson<Parameters>) => S;
    readonly predict: (state: S, features: Features, tools: EstimatorTools) => Prediction;
    readonly verify?: (state: State, shape: StateShape) => void;
    readonly attributes?: (state: S) => Json;
  },
): Estimator {
  const { fit, predict, attributes, ...about } = definition;
  return {
    ...about,
    fit: (lesson) => fit({ ...lesson, parameters: lesson.parameters as Parameters }),
    predict: (state, features, tools) => predict(state as S, features, tools),
    attributes: (state) => attributes?.(state as S) ?? state,
  };
}
