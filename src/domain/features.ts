import { excerpt, Problem } from '../ports/problem.js';
import type { FromSchema, JSONSchema } from '../ports/schema.js';
import type { Table } from '../ports/tables.js';
import { selectColumns } from './columns.js';
import { endpoint } from './endpoint.js';
import { columnOf, featureOf, gapsIn, isNumber, missingIn } from './features/column.js';
import { type FeatureTable, fitStep } from './features/steps.js';
import type { FeatureTools, Transformer } from './features/transformer.js';
import { transformers } from './features/transformers.js';
import { Notes } from './notes.js';
import * as shared from './options.js';

const names = [...transformers.keys()];

const options = {
  type: 'object',
  additionalProperties: false,
  required: ['steps'],
  properties: {
    steps: {
      description:
        "Transformers, one after the other: `name`, `columns` (all when absent) and the transformer's own parameters.",
      type: 'array',
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { description: 'Which transformer.', enum: names } },
      },
      minItems: 1,
      maxItems: 50,
    },
    columns: shared.columns,
    nan_policy: {
      ...shared.nan_policy,
      description:
        '`omit` leaves missing values out of fits, and drops rows that have any from steps that take none (`pca`, `polynomial_features`, `k_bins_discretizer`, `fft`); `propagate` keeps those rows, with nulls; `raise` answers 422.',
    },
    engine: shared.engine,
  },
} as const;

/** The options of a step by its transformer's name. */
const parts: ReadonlyMap<string, JSONSchema> = new Map(
  [...transformers].map(([name, { parameters }]): [string, JSONSchema] => [
    name,
    {
      ...parameters,
      required: ['name', ...(parameters.required ?? [])],
      properties: { name: { enum: [name] }, columns: shared.columns, ...parameters.properties },
    },
  ]),
);

/** `POST /analytics/features`: transformers of scikit-learn and of series, in steps. */
export const features = endpoint<FromSchema<typeof options>>({
  name: 'features',
  path: '/analytics/features',
  summary: 'Transformed columns',
  description:
    "scikit-learn's transformers and pandas' series steps, fitted to the columns and applied to them, one after the other. New columns take the place of those they were made of.",
  options,
  beside: ['steps'],
  parts,
  results: {
    type: 'object',
    required: ['columns', 'steps'],
    properties: {
      columns: {
        type: 'object',
        description: 'The values of every column, null where missing.',
        additionalProperties: { type: 'array', items: { type: ['number', 'string', 'boolean', 'null'] } },
      },
      steps: {
        type: 'array',
        description:
          'Of each step its name, the columns it took, and what scikit-learn calls fitted attributes.',
        items: {
          type: 'object',
          required: ['name', 'columns'],
          properties: { name: { type: 'string' }, columns: { type: 'array', items: { type: 'string' } } },
        },
      },
    },
  },
  details: { type: 'object', properties: { columns: shared.columnDetailsSchema } },
  answersArrow: true,
  example: {
    columns: { a: [1, 2, 3, 4], b: [2, 4, 6, 9] },
    steps: [{ name: 'standard_scaler' }, { name: 'pca', n_components: 1 }],
  },
  run({ table, options, pointer, part, engine, space, limits, notes }) {
    const selection = selectColumns(table, options.columns, pointer, lossesOnly(notes));
    let current: FeatureTable = {
      rows: selection.rows,
      columns: selection.all.map((column) => featureOf(column, selection.rows, space)),
    };
    const details = current.columns.map((feature, i) => ({
      name: feature.name,
      type: selection.all[i]!.type,
      missing: missingIn(feature),
    }));
    const gap = details.find(({ missing }) => missing > 0);
    if (options.nan_policy === 'raise' && gap !== undefined) {
      const detail = `expected no missing values under nan_policy "raise", got ${gap.missing} in column ${JSON.stringify(excerpt(gap.name))}`;
      throw Problem.at(pointer('nan_policy'), 'missing_values', detail);
    }
    const steps = options.steps.map((step, i) => {
      const at = pointer('steps', i);
      const transformer = transformers.get(step.name)!;
      const checked = part(transformer.name, step, at);
      const { columns } = checked.values as { readonly columns?: readonly string[] };
      const tools: FeatureTools = {
        engine,
        space,
        limits,
        warn: (code, detail, column) => {
          notes.warn(code, `step ${i}, ${transformer.name}: ${detail}`, column);
        },
        pointer: (parameter) => (parameter === undefined ? at : checked.pointer(parameter)),
      };
      const { fitted, table: next } = fitStep(
        current,
        transformer,
        columns,
        checked.values,
        options.nan_policy,
        tools,
      );
      current = next;
      return stepOf(transformer, fitted.columns, fitted.state);
    });
    warnOfNulls(current, notes);
    return {
      results: { steps },
      details: { columns: details },
      columns: selection.all.length,
      table: tableOf(current),
    };
  },
});

const stepOf = (
  { name, attributes }: Transformer,
  columns: readonly string[],
  state: Parameters<Transformer['attributes']>[0],
): ReturnType<Transformer['attributes']> => ({ name, columns, ...attributes(state) });

/** Takes what is said of the columns' choice, and passes on what has a meaning for transformers: lost digits. */
function lossesOnly(notes: Notes): Notes {
  const passing = new Notes();
  passing.warn = (code, detail, column) => {
    if (code === 'precision_loss') notes.warn(code, detail, column);
  };
  return passing;
}

/** Says which values of the answer are null in JSON, and why. */
function warnOfNulls({ columns }: FeatureTable, notes: Notes): void {
  const gappy: string[] = [];
  for (const column of columns) {
    const missing = missingIn(column);
    if (missing > 0) gappy.push(`${excerpt(column.name, 40)} (${missing})`);
    const infinite = isNumber(column) ? gapsIn(column.values).infinite : 0;
    if (infinite > 0) notes.warn('not_finite', `${infinite} infinite values: null in JSON`, column.name);
  }
  if (gappy.length === 0) return;
  const detail = `missing values are null: ${gappy.slice(0, MOST_NAMED).join(', ')}${gappy.length > MOST_NAMED ? ', …' : ''}`;
  notes.warn('missing_values', detail);
}

/** Columns that one warning names at most. */
const MOST_NAMED = 20;

function tableOf({ rows, columns }: FeatureTable): Table {
  const byName = new Map(columns.map((feature) => [feature.name, feature]));
  return { rows, names: [...byName.keys()], column: (name) => columnOf(byName.get(name)!) };
}
