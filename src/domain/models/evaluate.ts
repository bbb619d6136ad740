import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { endpoint } from '../endpoint.js';
import { featureOf } from '../features/column.js';
import { quoted } from '../features/transformer.js';
import * as shared from '../options.js';
import type { Target } from './estimator.js';
import { estimators } from './estimators.js';
import { inputsOf, ofType } from './inputs.js';
import * as own from './options.js';
import { modelOf } from './predict.js';
import { completeIn, takeTable } from './rows.js';
import { confusionJson, scoresOf } from './scores.js';
import { targetOf } from './target.js';

const options = {
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: { engine: shared.engine },
} as const;

/** `POST /models/{name}/evaluate`: metrics of a stored model on the rows given, which have the target. */
export const evaluate = endpoint<FromSchema<typeof options>>({
  name: 'models.evaluate',
  path: '/models/{name}/evaluate',
  summary: 'Metrics of a stored model on the rows given',
  description:
    'Takes a plain table with the columns of the fit and, of regressors and classifiers, the target. Rows without a target, and rows that lack a value when they come to the estimator, are left out.',
  options,
  model: 'uses',
  results: {
    type: 'object',
    required: ['metrics'],
    properties: { metrics: own.metrics, confusion_matrix: own.confusion },
  },
  details: {
    type: 'object',
    properties: { model: own.modelDetails, rows: { type: 'integer' } },
  },
  answersArrow: false,
  example: {
    columns: {
      sepal_length: [5, 6.2, 6.5],
      petal_length: [1.4, 5.4, 4.6],
      species: ['setosa', 'virginica', 'versicolor'],
    },
  },
  run(question) {
    const { table, engine, space, limits, notes, checkpoint, progress, trace } = question;
    const opened = modelOf(question);
    if (opened.kind === 'onnx') {
      const detail =
        'expected a model that was fitted here, got one in ONNX: predict, and compare the answers';
      throw new Problem('invalid_model', detail);
    }
    const { card, estimator: fitted, steps } = opened.model;
    const { target } = card;
    if (target !== null && !table.names.includes(target.name)) {
      const detail = `expected the target ${quoted(target.name)} among the columns, got none of that name`;
      throw Problem.at('', 'missing_column', detail);
    }
    let features = inputsOf(table, card.inputs, target === null ? [] : [target.name], space, notes);
    const estimator = estimators.get(fitted.name)!;
    let truth: Target | undefined;
    if (target !== null) {
      let answer = ofType(featureOf(table.column(target.name), table.rows, space), target);
      const kept = completeIn([answer], table.rows);
      if (kept !== null) {
        if (kept.length === 0) throw Problem.at('', 'no_data', 'expected a target with values, got none');
        const detail = `${table.rows - kept.length} rows without a target left out`;
        notes.warn('rows_dropped', detail, target.name);
        features = takeTable(features, kept, space);
        [answer] = takeTable({ rows: table.rows, columns: [answer] }, kept, space).columns as [typeof answer];
      }
      truth = targetOf(answer, estimator.task, '');
    }
    const trained = {
      steps,
      estimator,
      features: fitted.features,
      state: fitted.state,
      classes: target?.classes,
    };
    const attributes = { 'analytics.rows': features.rows, 'analytics.estimator': estimator.name };
    const scores = trace.span('validate', attributes, () =>
      scoresOf(trained, features, truth, { engine, space, limits, notes, checkpoint, progress }),
    );
    if (scores.rows < features.rows) {
      const detail = `${features.rows - scores.rows} rows with missing values left out`;
      notes.warn('rows_dropped', detail);
    }
    return {
      results: {
        metrics: new Map([...scores.metrics].map(([name, value]) => [name, notes.finite(value, name)])),
        confusion_matrix: confusionJson(scores.confusion),
      },
      details: { model: { name: opened.name, version: opened.version }, rows: scores.rows },
      columns: table.names.length,
    };
  },
});
