/** Schema of `results`, for OpenAPI. */

const count = { type: 'integer', minimum: 0 } as const;
const share = { type: 'number', minimum: 0, maximum: 1 } as const;
const number = { type: ['number', 'null'] } as const;
const text = { type: 'string' } as const;
const cell = { type: ['number', 'string', 'boolean'] } as const;
const counts = { type: 'array', items: count } as const;

const histogram = {
  type: ['object', 'null'],
  description: 'As `numpy.histogram`: edges are one more than counts.',
  properties: { counts, edges: { type: 'array', items: { type: ['number', 'string'] } } },
} as const;

const correlations = {
  type: 'object',
  required: ['columns', 'matrix'],
  properties: {
    columns: { type: 'array', items: text },
    matrix: { type: 'array', items: { type: 'array', items: number } },
  },
} as const;

const column = {
  type: 'object',
  description:
    'By type. Numbers: the statistics of describe, extended, quantiles, zeros, a histogram. Booleans: `true`, `false`. Strings: `top`, `lengths`. Timestamps: `min`, `max`, `span_seconds`, a histogram.',
  required: ['type', 'count', 'missing', 'missing_share', 'n_unique'],
  properties: {
    type: { enum: ['number', 'boolean', 'string', 'timestamp', 'mixed'] },
    count,
    missing: count,
    missing_share: share,
    n_unique: count,
    histogram,
    top: {
      type: 'array',
      maxItems: 10,
      items: { type: 'object', properties: { value: cell, count, share } },
    },
    lengths: { type: 'object', properties: { min: count, mean: number, max: count } },
  },
} as const;

const alert = {
  type: 'object',
  required: ['code', 'value', 'threshold', 'detail'],
  properties: {
    code: {
      enum: [
        'all_missing',
        'constant',
        'duplicate_rows',
        'drift',
        'high_cardinality',
        'high_correlation',
        'imbalance',
        'infinite',
        'many_missing',
        'many_zeros',
        'missing_in_data',
        'missing_in_reference',
        'mixed_types',
        'skewed',
        'type_changed',
        'unique',
      ],
    },
    column: text,
    other: text,
    value: number,
    threshold: number,
    detail: text,
  },
} as const;

const drift = {
  type: 'object',
  description: 'With a reference: by Evidently’s default rule.',
  properties: {
    dataset_drift: { type: 'boolean' },
    share_drifted: share,
    threshold: share,
    drifted: count,
    compared: count,
    reference_rows: count,
    columns: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        required: ['test', 'n', 'statistic', 'threshold', 'drifted'],
        properties: {
          test: { enum: ['ks', 'chisquare', 'z', 'wasserstein', 'jensenshannon', null] },
          n: { type: 'array', items: count, minItems: 2, maxItems: 2, description: 'Reference, data.' },
          statistic: number,
          p_value: number,
          distance: number,
          threshold: number,
          drifted: { type: 'boolean' },
          detail: text,
          histogram: {
            type: 'object',
            properties: { edges: { type: 'array', items: number }, reference: counts, data: counts },
          },
          values: {
            type: 'array',
            maxItems: 10,
            items: { type: 'object', properties: { value: cell, reference: count, data: count } },
          },
        },
      },
    },
  },
} as const;

export const results = {
  type: 'object',
  required: ['overview', 'columns', 'correlations', 'duplicates', 'alerts'],
  properties: {
    overview: {
      type: 'object',
      properties: {
        rows: count,
        columns: count,
        cells_missing: count,
        missing_share: share,
        duplicate_rows: count,
        duplicate_share: share,
        types: { type: 'object', additionalProperties: count },
      },
    },
    columns: { type: 'object', additionalProperties: column },
    correlations: { type: 'object', properties: { pearson: correlations, spearman: correlations } },
    duplicates: { type: 'object', properties: { rows: count, share } },
    alerts: { type: 'array', items: alert },
    drift,
  },
} as const;
