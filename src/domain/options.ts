/** Options that several endpoints share, as JSON Schema. */

export const columns = {
  description: 'Columns to use, by name; all when absent.',
  type: 'array',
  items: { type: 'string' },
  minItems: 1,
  uniqueItems: true,
} as const;

export const percentiles = {
  description: 'As pandas `describe(percentiles=…)`; the median is always in.',
  type: 'array',
  items: { type: 'number', minimum: 0, maximum: 1 },
  maxItems: 1000,
  uniqueItems: true,
  default: [0.25, 0.5, 0.75],
} as const;

export const n_clusters = {
  description: 'Clusters.',
  type: 'integer',
  minimum: 1,
  maximum: 100_000,
} as const;

/** Options of scikit-learn's KMeans, beside the number of clusters. */
export const kmeans = {
  random_state: {
    description: 'Seed of NumPy RandomState: the same labels as scikit-learn.',
    type: 'integer',
    minimum: 0,
    maximum: 4_294_967_295,
    default: 42,
  },
  n_init: {
    description: 'Runs with other initial centres; the best is kept.',
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    default: 1,
  },
  max_iter: {
    description: 'Iterations of a run.',
    type: 'integer',
    minimum: 1,
    maximum: 100_000,
    default: 300,
  },
  tol: {
    description: 'Relative tolerance of the centre shift.',
    type: 'number',
    minimum: 0,
    default: 1e-4,
  },
} as const;

export const nan_policy = {
  description:
    '`omit` drops a missing value from its sample and its row from clustering; `propagate` answers nulls; `raise` answers 422.',
  enum: ['omit', 'propagate', 'raise'],
  default: 'omit',
} as const;

export const engine = {
  description:
    'Which engine computes: `wasm` kernels, plain `js`, or the one the service chose at its start.',
  enum: ['auto', 'wasm', 'js'],
  default: 'auto',
} as const;

/** `details.columns`. */
export const columnDetailsSchema = {
  type: 'array',
  items: {
    type: 'object',
    required: ['name', 'type', 'missing'],
    properties: {
      name: { type: 'string' },
      type: { enum: ['number', 'boolean', 'string', 'timestamp', 'mixed'] },
      missing: { type: 'integer' },
    },
  },
} as const;

/** pandas' describe, by column, also in its extended form. */
export const describedSchema = {
  type: 'object',
  description:
    'By column: count, mean, std, min, percentiles, max of numeric columns; count, unique, top, freq where no column is numeric; more with `extended`.',
  additionalProperties: {
    type: 'object',
    properties: {
      histogram: {
        type: ['object', 'null'],
        properties: {
          counts: { type: 'array', items: { type: 'integer' } },
          edges: { type: 'array', items: { type: 'number' } },
        },
      },
    },
    additionalProperties: { type: ['number', 'string', 'boolean', 'null'] },
  },
} as const;

/** pandas' describe, by column. */
export const summarySchema = {
  type: 'object',
  description:
    'By column: count, mean, std, min, percentiles, max of numeric columns; count, unique, top, freq where no column is numeric.',
  additionalProperties: {
    type: 'object',
    additionalProperties: { type: ['number', 'string', 'boolean', 'null'] },
  },
} as const;
