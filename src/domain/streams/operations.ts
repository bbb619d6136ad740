import * as tests from '../hypothesis/options.js';
import * as shared from '../options.js';

const columns = {
  description:
    'Columns of numbers that it is about; a record with anything else in one of them, but a missing value, is rejected. By default all columns of numbers.',
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: 1024 },
  minItems: 1,
  maxItems: 100,
  uniqueItems: true,
} as const;

/** What can be computed of windows: each an object with a `name` and its own parameters. */
export const operationSchema = {
  type: 'object',
  required: ['name'],
  properties: { name: { enum: ['describe', 'ttest_1samp', 'kmeans', 'drift', 'outliers'] } },
  discriminator: { propertyName: 'name' },
  oneOf: [
    {
      type: 'object',
      additionalProperties: false,
      required: ['name'],
      properties: {
        name: { const: 'describe' },
        columns,
        percentiles: { ...shared.percentiles, maxItems: 100 },
        extended: {
          description:
            "Adds pandas' `variance`, `skew`, `kurtosis` and `sem`, then `sum`, `range`, `missing` and `zeros`.",
          type: 'boolean',
          default: false,
        },
      },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['name', 'popmean'],
      properties: {
        name: { const: 'ttest_1samp' },
        columns,
        popmean: { description: 'Expected mean under the null hypothesis.', type: 'number' },
        alternative: tests.alternative,
        confidence_level: tests.confidence_level,
      },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['name', 'n_clusters'],
      properties: {
        name: { const: 'kmeans' },
        columns: {
          ...columns,
          maxItems: 64,
          description:
            'Columns to cluster by; by default those of numbers that the first records have. Records with a missing or infinite value in one of them take no part.',
        },
        n_clusters: { ...shared.n_clusters, maximum: 256 },
        random_state: shared.kmeans.random_state,
        reassignment_ratio: {
          description: 'Centres with less than this part of the greatest weight are set anew.',
          type: 'number',
          minimum: 0,
          maximum: 1,
          default: 0.01,
        },
      },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['name', 'reference'],
      properties: {
        name: { const: 'drift' },
        columns,
        reference: {
          description: 'Dataset that windows are compared with.',
          type: 'string',
          minLength: 1,
          maxLength: 128,
        },
        bins: {
          description: 'Bins of the population stability index, between quantiles of the reference.',
          type: 'integer',
          minimum: 2,
          maximum: 100,
          default: 10,
        },
      },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['name'],
      properties: {
        name: { const: 'outliers' },
        columns,
        rule: {
          description:
            "`iqr`: beyond the quartiles by `threshold` interquartile ranges, Tukey's fences; `zscore`: beyond the mean by `threshold` standard deviations. Of the window itself.",
          enum: ['iqr', 'zscore'],
          default: 'iqr',
        },
        threshold: {
          description: 'By default 1.5 of `iqr`, 3 of `zscore`.',
          type: 'number',
          exclusiveMinimum: 0,
          maximum: 1e6,
        },
        values: {
          description: 'The most extreme values that are shown, on each side.',
          type: 'integer',
          minimum: 0,
          maximum: 100,
          default: 10,
        },
      },
    },
  ],
} as const;
