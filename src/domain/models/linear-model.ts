import type { EstimatorTools, Features, Prediction } from './estimator.js';

/** What a linear regression learnt, under scikit-learn's names. */
export interface LinearState {
  /** One a column. */
  readonly coef_: Float64Array;
  readonly intercept_: number;
}

/** A linear regression's predictions. */
export function predictLinear(
  { coef_, intercept_ }: LinearState,
  { columns }: Features,
  { engine }: EstimatorTools,
): Prediction {
  const centres = columns.map(() => 0);
  const [values] = engine.maps.project(columns, centres, [[...coef_]], [intercept_]);
  return { kind: 'numbers', values: values! };
}

/** Parameters that linear models share, as JSON Schema. */
export const fitIntercept = {
  description: 'Whether an intercept is fitted; without it the model goes through the origin.',
  type: 'boolean',
  default: true,
} as const;

export const randomState = {
  description: "Taken for scikit-learn's sake: nothing of this fit is left to chance.",
  type: ['integer', 'null'],
  default: null,
} as const;
