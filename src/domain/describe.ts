import { columnDetails, refuseMissing, selectColumns } from './columns.js';
import type { FromSchema } from '../ports/schema.js';
import { endpoint } from './endpoint.js';
import * as shared from './options.js';
import { summarize } from './summary.js';

const options = {
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: {
    columns: shared.columns,
    percentiles: shared.percentiles,
    nan_policy: shared.nan_policy,
    engine: shared.engine,
  },
} as const;

/** `POST /analytics/describe`: pandas' describe. */
export const describe = endpoint<FromSchema<typeof options>>({
  name: 'describe',
  path: '/analytics/describe',
  summary: 'Descriptive statistics of every numeric column',
  description: "pandas' `DataFrame.describe()` of the columns.",
  options,
  results: shared.summarySchema,
  details: { type: 'object', properties: { columns: shared.columnDetailsSchema } },
  answersArrow: false,
  example: { data: [{ val: 1 }, { val: 2 }, { val: 3 }] },
  run({ table, options, pointer, engine, notes }) {
    const selection = selectColumns(table, options.columns, pointer, notes);
    if (options.nan_policy === 'raise') refuseMissing(selection, engine, pointer);
    return {
      results: summarize(selection, options.percentiles, options.nan_policy, engine, notes),
      details: { columns: columnDetails(selection, engine) },
      columns: selection.all.length,
    };
  },
});
