import { cluster, clusterDetails, clusterMeans } from './clusters.js';
import { columnDetails, refuseMissing, selectColumns } from './columns.js';
import type { FromSchema } from '../ports/schema.js';
import { endpoint } from './endpoint.js';
import * as shared from './options.js';
import { summarize } from './summary.js';
import { tTestOneSample } from './ttest.js';

const nullable = { type: ['number', 'null'] } as const;

const options = {
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: {
    columns: shared.columns,
    percentiles: shared.percentiles,
    n_clusters: { ...shared.n_clusters, default: 3 },
    ...shared.kmeans,
    popmean: { description: 'Expected mean under the null hypothesis.', type: 'number', default: 0 },
    alternative: {
      description: 'Alternative hypothesis.',
      enum: ['two-sided', 'less', 'greater'],
      default: 'two-sided',
    },
    confidence_level: {
      description: 'Level of the confidence interval of the mean.',
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0.95,
    },
    nan_policy: shared.nan_policy,
    labels: {
      description: 'Put the label of every row into `details.kmeans.labels`.',
      type: 'boolean',
      default: false,
    },
    engine: shared.engine,
  },
} as const;

/** `POST /analytics/analyze`: summary, k-means and one-sample t-test in one answer, the seed's. */
export const analyze = endpoint<FromSchema<typeof options>>({
  name: 'analyze',
  path: '/analytics/analyze',
  summary: 'Summary, clusters and a t-test in one answer',
  description:
    "pandas' describe of the numeric columns, scikit-learn's KMeans over their complete rows with its labels for the same `random_state`, and SciPy's one-sample t-test of the first.",
  options,
  results: {
    type: 'object',
    required: ['summary', 'clusters', 'stat_tests'],
    properties: {
      summary: shared.summarySchema,
      clusters: {
        type: 'object',
        description: 'Mean of every numeric and boolean column in every cluster.',
        additionalProperties: { type: 'object', additionalProperties: nullable },
      },
      stat_tests: { type: 'object', properties: { t_stat: nullable, p_value: nullable } },
    },
  },
  details: {
    type: 'object',
    properties: {
      columns: shared.columnDetailsSchema,
      kmeans: {
        type: ['object', 'null'],
        properties: {
          n_clusters: { type: 'integer' },
          centers: { type: 'array', items: { type: 'array', items: { type: 'number' } } },
          sizes: { type: 'array', items: { type: 'integer' } },
          inertia: nullable,
          n_iter: { type: 'integer' },
          labels: { type: 'array', items: { type: ['integer', 'null'] } },
        },
      },
      t_test: {
        type: ['object', 'null'],
        properties: {
          column: { type: 'string' },
          df: { type: 'integer' },
          confidence_interval: { type: 'array', items: nullable },
          log10_p: nullable,
        },
      },
    },
  },
  answersArrow: true,
  example: { data: [{ val: 1 }, { val: 2 }, { val: 3 }] },
  run({ table, options, pointer, engine, notes, progress }) {
    const selection = selectColumns(table, options.columns, pointer, notes);
    if (options.nan_policy === 'raise') refuseMissing(selection, engine, pointer);
    const summary = summarize(
      selection,
      options.percentiles,
      options.nan_policy,
      engine,
      notes,
      undefined,
      progress,
    );
    const kmeans = cluster(
      selection,
      {
        nClusters: options.n_clusters,
        randomState: options.random_state,
        nInit: options.n_init,
        maxIter: options.max_iter,
        tol: options.tol,
      },
      options.nan_policy,
      engine,
      notes,
    );
    const [first] = selection.numbers;
    const tTest =
      first === undefined
        ? { results: {}, details: null }
        : tTestOneSample(
            first,
            options.popmean,
            options.alternative,
            options.confidence_level,
            options.nan_policy,
            engine,
            notes,
          );
    return {
      results: {
        summary,
        clusters: kmeans === null ? {} : clusterMeans(selection, kmeans, engine, notes),
        stat_tests: tTest.results,
      },
      details: {
        columns: columnDetails(selection, engine),
        kmeans: kmeans === null ? null : clusterDetails(kmeans, options.labels, notes),
        t_test: tTest.details,
      },
      columns: selection.all.length,
      appended: { name: 'cluster', values: kmeans?.labels ?? new Int32Array(selection.rows).fill(-1) },
    };
  },
});
