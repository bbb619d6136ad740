/** Options and answers that the endpoints of models share, as JSON Schema. */

export const name = {
  description: 'Name that the model is stored under: letters, digits, `.`, `_`, `-`.',
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$',
} as const;

export const metrics = {
  type: 'object',
  description:
    "By scikit-learn's names: `accuracy`, `f1_macro`, `precision_macro`, `recall_macro`, `balanced_accuracy`, `log_loss`, `roc_auc` of classifiers; `r2`, `mean_squared_error`, `mean_absolute_error` of regressors; `inertia`, `silhouette` of clusterings. Null where not defined.",
  additionalProperties: { type: ['number', 'null'] },
} as const;

export const confusion = {
  type: 'object',
  description: 'Rows of the class of a row that were taken for the class of a column.',
  properties: {
    classes: { type: 'array', items: { type: ['string', 'number', 'boolean'] } },
    values: { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
  },
} as const;

export const modelDetails = {
  type: 'object',
  properties: { name: { type: 'string' }, version: { type: 'integer' } },
} as const;
