import type { Engine } from '../../ports/engine.js';
import type { Json } from '../../ports/formats.js';
import type { JSONSchema } from '../../ports/schema.js';
import type { Space } from '../../ports/space.js';
import type { Cell } from '../../ports/tables.js';
import type { Notes } from '../notes.js';

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
  /** Cluster numbers, −1 for noise; 1 and −1 of outlier detectors. */
  | { readonly kind: 'labels'; readonly labels: Int32Array }
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
}

/** An estimator by scikit-learn's name in snake case, with scikit-learn's parameters and defaults. */
export interface Estimator {
  readonly name: string;
  readonly task: Task;
  readonly description: string;
  /** Of its parameters. */
  readonly parameters: JSONSchema;
  /** Throws Problem for what cannot be fitted. `target` is there for regressors and classifiers. */
  readonly fit: (
    features: Features,
    target: Target | undefined,
    parameters: unknown,
    tools: EstimatorTools,
  ) => State;
  readonly predict: (state: State, features: Features, tools: EstimatorTools) => Prediction;
  /** What of the state a client is shown, under scikit-learn's names; where absent, all of it. */
  readonly attributes?: (state: State) => Json;
}

/** Ties an estimator to the types of its parameters and of its state: where schema, state and types meet. */
export function estimator<Parameters, S extends State>(
  definition: Omit<Estimator, 'fit' | 'predict' | 'attributes'> & {
    readonly fit: (
      features: Features,
      target: Target | undefined,
      parameters: Parameters,
      tools: EstimatorTools,
    ) => S;
    readonly predict: (state: S, features: Features, tools: EstimatorTools) => Prediction;
    readonly attributes?: (state: S) => Json;
  },
): Estimator {
  const { attributes } = definition;
  return {
    ...definition,
    fit: (features, target, parameters, tools) =>
      definition.fit(features, target, parameters as Parameters, tools),
    predict: (state, features, tools) => definition.predict(state as S, features, tools),
    ...(attributes !== undefined && { attributes: (state: State) => attributes(state as S) }),
  } as Estimator;
}
