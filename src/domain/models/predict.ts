import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import type { Table } from '../../ports/tables.js';
import { endpoint, type Question, type Result } from '../endpoint.js';
import { countGaps, missingIn } from '../features/column.js';
import { quoted } from '../features/transformer.js';
import * as shared from '../options.js';
import { noteNulls, type Predictions, predictionsJson, predictionsOf, predictionsTable } from './answers.js';
import { estimators } from './estimators.js';
import { inputsOf } from './inputs.js';
import type { OpenModel } from './model.js';
import { predictOnnx } from './onnx-predict.js';
import * as own from './options.js';
import { ask } from './train.js';

const options = {
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: {
    probabilities: {
      description: 'Whether classifiers answer the probabilities of the classes too.',
      type: 'boolean',
      default: true,
    },
    nan_policy: {
      ...shared.nan_policy,
      description:
        '`omit` and `propagate` answer null for a row that lacks a value when it comes to the estimator; `raise` answers 422.',
    },
    engine: shared.engine,
  },
} as const;
type Options = FromSchema<typeof options>;

/** `POST /models/{name}/predict`: a stored model's predictions for the rows of a table. */
export const predict = endpoint<Options>({
  name: 'models.predict',
  path: '/models/{name}/predict',
  summary: 'Predictions of a stored model',
  description:
    'Takes a plain table with the columns of the fit, in any order; others are ignored with a warning. A column that is missing or of another type is 422 and named.',
  options,
  model: 'uses',
  results: {
    type: 'object',
    required: ['predictions'],
    properties: {
      predictions: {
        description:
          "A value a row: labels of the target's own type, numbers, cluster numbers, 1 and -1 of outlier detectors; null where the row lacks a value; of `pca` transformed rows; of a graph in ONNX without label or value its outputs by name.",
        type: ['array', 'object'],
      },
      probabilities: {
        type: 'object',
        properties: {
          classes: { type: 'array', items: { type: ['string', 'number', 'boolean'] } },
          values: {
            type: 'array',
            items: { type: 'array', items: { type: ['number', 'null'] } },
          },
        },
      },
      scores: { type: 'array', items: { type: ['number', 'null'] } },
    },
  },
  details: { type: 'object', properties: { model: own.modelDetails } },
  answersArrow: true,
  example: { columns: { sepal_length: [5, 6.2], petal_length: [1.4, 5.4] } },
  async run(question) {
    const { table, accept } = question;
    const opened = modelOf(question);
    const predictions = await predictionsFor(opened, table, question);
    const { name, version } = opened;
    const about = { details: { model: { name, version } }, columns: table.names.length };
    if (accept === 'arrow') {
      const results = predictions.probabilities && { classes: predictions.probabilities.classes };
      return {
        ...about,
        results: { ...results },
        table: predictionsTable(predictions, question.space),
      } satisfies Result;
    }
    const results = predictionsJson(predictions);
    return { ...about, results } satisfies Result;
  },
});

type Asking = Pick<
  Question<unknown>,
  'engine' | 'space' | 'limits' | 'notes' | 'checkpoint' | 'progress' | 'trace' | 'pointer'
> & { readonly options: { readonly nan_policy: Options['nan_policy']; readonly probabilities: boolean } };

/** The stored model that was asked, which an endpoint that uses models has. */
export function modelOf({ model }: Pick<Question<unknown>, 'model'>): OpenModel {
  if (model === undefined) throw new TypeError('expected a request of a stored model');
  return model;
}

/** What a stored model answers for a table. Throws 422. */
export async function predictionsFor(opened: OpenModel, table: Table, asking: Asking): Promise<Predictions> {
  const card = opened.kind === 'onnx' ? opened.card : opened.model.card;
  const { engine, space, notes, trace, options: given, pointer } = asking;
  const { target } = card;
  const features = inputsOf(table, card.inputs, target === null ? [] : [target.name], space, notes);
  countGaps(features.columns, engine);
  const gap = features.columns.find((column) => missingIn(column) > 0);
  if (given.nan_policy === 'raise' && gap !== undefined) {
    const detail = `expected no missing values under nan_policy "raise", got ${missingIn(gap)} in column ${quoted(gap.name)}`;
    throw Problem.at(pointer('nan_policy'), 'missing_values', detail);
  }
  if (opened.kind === 'onnx') {
    const about = { 'analytics.rows': table.rows, 'analytics.estimator': 'onnx' };
    const answered = await trace.awaited('predict', about, () =>
      predictOnnx(opened.session, card, features, asking),
    );
    return given.probabilities ? answered : withoutProbabilities(answered);
  }
  const { model } = opened;
  const { estimator: fitted } = model;
  const estimator = estimators.get(fitted.name)!;
  const attributes = { 'analytics.rows': table.rows, 'analytics.estimator': estimator.name };
  const asked = trace.span('predict', attributes, () =>
    ask({ steps: model.steps, estimator, features: fitted.features, state: fitted.state }, features, asking),
  );
  if (asked.kept !== null) {
    const detail = `${table.rows - asked.kept.length} rows with missing values have no prediction`;
    notes.warn('rows_dropped', detail);
  }
  const { prediction } = asked;
  noteNulls(
    {
      ...(prediction.kind === 'numbers' && { predictions: prediction.values }),
      ...(prediction.kind === 'columns' && { predictions: prediction.columns }),
      ...(prediction.kind === 'classes' && { probabilities: prediction.probabilities }),
    },
    notes,
  );
  const all = predictionsOf(asked, target?.classes ?? [], table.rows, space);
  return given.probabilities ? all : withoutProbabilities(all);
}

const withoutProbabilities = ({ rows, values, scores }: Predictions): Predictions => ({
  rows,
  values,
  ...(scores !== undefined && { scores }),
});
