import type { Json } from '../ports/formats.js';
import { excerpt, Problem } from '../ports/problem.js';
import type { FromSchema } from '../ports/schema.js';
import { columnDetails, refuseMissing, type Selection, selectColumns } from './columns.js';
import { endpoint, type Question } from './endpoint.js';
import { type Grouping, groupRows } from './grouping.js';
import * as shared from './options.js';
import { summarize, summarizeGroups } from './summary.js';

const options = {
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: {
    columns: shared.columns,
    percentiles: shared.percentiles,
    extended: {
      description:
        "Adds pandas' `variance`, `skew`, `kurtosis` (bias-corrected) and `sem`, then `mad` (median absolute deviation, scale 1), `cv` (std / mean), `sum`, `range`, `mode` (smallest of the most frequent), `n_unique`, `missing`, `zeros`, `entropy` (Shannon's, of the frequencies of the values, in nats) and `histogram`; `missing` and `entropy` where no column is numeric.",
      type: 'boolean',
      default: false,
    },
    bins: {
      description:
        "Bins of `extended`'s histograms: their number, or `numpy.histogram`'s rule for it (10,000 at most).",
      anyOf: [{ type: 'integer', minimum: 1, maximum: 10_000 }, { enum: ['auto', 'fd', 'sturges'] }],
      default: 'auto',
    },
    groupby: {
      description:
        'Column whose values make groups, in sorted order: each is described by itself, without that column. Rows without a key are left out.',
      type: 'string',
    },
    nan_policy: shared.nan_policy,
    engine: shared.engine,
  },
} as const;
type Options = FromSchema<typeof options>;

/** `POST /analytics/describe`: pandas' describe. */
export const describe = endpoint<Options>({
  name: 'describe',
  path: '/analytics/describe',
  summary: 'Descriptive statistics of every numeric column',
  description:
    "pandas' `DataFrame.describe()` of the columns, or `df.groupby(key).describe()`; with `extended` also moments, order statistics and histograms.",
  options,
  results: {
    description: 'By column, or with `groupby` by group and column.',
    anyOf: [shared.describedSchema, { type: 'object', additionalProperties: shared.describedSchema }],
  },
  details: {
    type: 'object',
    properties: {
      columns: shared.columnDetailsSchema,
      groupby: {
        type: 'object',
        properties: {
          column: { type: 'string' },
          groups: { type: 'integer' },
          missing: { type: 'integer' },
        },
      },
    },
  },
  answersArrow: false,
  example: {
    data: [
      { species: 'a', val: 1 },
      { species: 'a', val: 2 },
      { species: 'b', val: 3 },
    ],
    options: { groupby: 'species', extended: true, bins: 2 },
  },
  run(question) {
    const { table, options: given, pointer, engine, space, notes, progress } = question;
    const grouping =
      given.groupby === undefined
        ? undefined
        : groupRows(table, given.groupby, pointer('groupby'), space, notes);
    const selection = described(question);
    if (given.nan_policy === 'raise') {
      refuseMissing(selection, engine, pointer);
      if (grouping !== undefined) refuseKeyless(grouping, pointer('nan_policy'));
    }
    const { percentiles, nan_policy: policy } = given;
    const bins = given.extended ? given.bins : undefined;
    const results: ReadonlyMap<string, Json> =
      grouping === undefined
        ? summarize(
            selection,
            percentiles,
            policy,
            engine,
            notes,
            bins === undefined ? undefined : { bins, space, pointer: pointer('bins') },
            progress,
          )
        : summarizeGroups(
            selection,
            grouping,
            percentiles,
            policy,
            engine,
            notes,
            space,
            pointer('groupby'),
            bins,
            progress,
          );
    return {
      results,
      details: {
        columns: columnDetails(selection, engine),
        groupby: grouping === undefined ? undefined : groupDetails(grouping),
      },
      columns: selection.all.length,
    };
  },
});

/** The columns to describe: those asked for, without the key. Throws 422 `no_data` where none is left. */
function described({ table, options, pointer, notes }: Question<Options>): Selection {
  const { groupby: key } = options;
  const selection = selectColumns(table, options.columns, pointer, notes, key);
  if (key === undefined || selection.all.length > 0) return selection;
  const detail = `expected a column to describe beside the key ${JSON.stringify(excerpt(key))}, got none`;
  throw Problem.at(pointer('groupby'), 'no_data', detail);
}

function refuseKeyless(grouping: Grouping, pointer: string): void {
  const missing = keyless(grouping);
  if (missing === 0) return;
  const detail = `expected no missing values under nan_policy "raise", got ${missing} in column ${JSON.stringify(excerpt(grouping.key))}`;
  throw Problem.at(pointer, 'missing_values', detail);
}

const keyless = ({ codes, sizes }: Grouping): number =>
  codes.length - sizes.reduce((sum, size) => sum + size, 0);

const groupDetails = (grouping: Grouping): Json => ({
  column: grouping.key,
  groups: grouping.labels.length,
  missing: keyless(grouping),
});
