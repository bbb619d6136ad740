import type { ModelCard } from '../../ports/registry.js';
import type { FromSchema } from '../../ports/schema.js';
import { now, round } from '../clock.js';
import { endpoint } from '../endpoint.js';
import * as shared from '../options.js';
import { noteNulls } from './answers.js';
import { inputsOfCard, outputsOf, targetFacts, trainingBytes } from './card.js';
import { crossedConfusion, crossValidated, foldScores } from './cross-validation.js';
import { writeModel } from './document.js';
import { importancesOf } from './importances.js';
import { materialOf } from './lesson.js';
import * as own from './options.js';
import { planOf, stepNames, stepParts } from './plan.js';
import { takeTable } from './rows.js';
import { confusionJson, fittedScores, scoresOf } from './scores.js';
import { takeTarget } from './target.js';
import { attributesOf, train } from './train.js';
import { foldsOf, heldBack, validation } from './validation.js';

const options = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'pipeline'],
  properties: {
    name: own.name,
    pipeline: {
      description:
        "Transformers of `/analytics/features`, then an estimator: `name`, `columns` (all when absent) and the step's own parameters.",
      type: 'array',
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { description: 'Which transformer or estimator.', enum: stepNames } },
      },
      minItems: 1,
      maxItems: 50,
    },
    target: {
      description: 'The column that is to be predicted; every other is a feature.',
      type: 'string',
      minLength: 0,
    },
    validation,
    columns: { ...shared.columns, description: 'Features to use, by name; all when absent.' },
    nan_policy: {
      description:
        '`omit` leaves rows out that lack the target, or a value when they come to the estimator; `raise` answers 422.',
      enum: ['omit', 'raise'],
      default: 'omit',
    },
    engine: shared.engine,
  },
} as const;
type Options = FromSchema<typeof options>;

/** `POST /models`: a pipeline, fitted, judged and stored. */
export const fit = endpoint<Options>({
  name: 'models.fit',
  path: '/models',
  summary: 'A fitted model, stored as a version',
  description:
    "Fits a pipeline of transformers and an estimator, scikit-learn's names, parameters and defaults in snake case, to rows that are not held back; judges it; stores it as the next version of its name.",
  options,
  beside: ['name', 'pipeline', 'target', 'validation'],
  parts: stepParts,
  model: 'makes',
  results: {
    type: 'object',
    required: ['name', 'version', 'created', 'metrics', 'metrics_on'],
    properties: {
      name: { type: 'string' },
      version: { type: 'integer' },
      created: { type: 'string', format: 'date-time' },
      metrics: own.metrics,
      metrics_on: {
        description: 'Which rows the metrics are of.',
        enum: ['test', 'cross_validation', 'training'],
      },
      confusion_matrix: own.confusion,
      cross_validation: {
        type: 'object',
        description: 'Each metric of every fold, their means and their population standard deviations.',
      },
      feature_importances: {
        type: 'object',
        description: 'By how much the score falls when a column is shuffled.',
      },
      attributes: { type: 'object', description: "scikit-learn's fitted attributes of the estimator." },
    },
  },
  details: {
    type: 'object',
    properties: {
      columns: shared.columnDetailsSchema,
      rows: {
        type: 'object',
        properties: {
          fitted: { type: 'integer' },
          tested: { type: 'integer' },
          dropped: { type: 'integer' },
        },
      },
      timings_ms: { type: 'object', additionalProperties: { type: 'number' } },
      training_sha256: { type: 'string' },
    },
  },
  answersArrow: false,
  example: {
    columns: {
      sepal_length: [5.1, 4.9, 4.7, 7, 6.4, 6.9, 6.3, 5.8, 7.1],
      petal_length: [1.4, 1.4, 1.3, 4.7, 4.5, 4.9, 6, 5.1, 5.9],
      species: [
        'setosa',
        'setosa',
        'setosa',
        'versicolor',
        'versicolor',
        'versicolor',
        'virginica',
        'virginica',
        'virginica',
      ],
    },
    name: 'iris',
    pipeline: [{ name: 'standard_scaler' }, { name: 'logistic_regression', C: 1 }],
    target: 'species',
    validation: { cv: 3 },
  },
  run(question) {
    const { options: given, pointer, engine, notes, checkpoint, progress, trace } = question;
    const plan = planOf(given.pipeline, (i) => pointer('pipeline', i), question.part);
    const { table, target, details, dropped } = materialOf(question, plan.last.estimator);
    const { limits, space } = question;
    const tools = { engine, space, limits, notes, checkpoint, progress };
    const place = (option: string): string => `${pointer('validation')}/${option}`;
    const split = heldBack(given.validation, table.rows, target, place);
    const [fitted, fittedTarget] =
      split === null
        ? [table, target]
        : [takeTable(table, split.train, space), target && takeTarget(target, split.train)];
    const timings: Record<string, number> = {};
    const timed = <T>(name: 'fit' | 'validate', rows: number, work: () => T): T => {
      const start = now();
      try {
        return trace.span(
          name,
          { 'analytics.rows': rows, 'analytics.estimator': plan.last.estimator.name },
          work,
        );
      } finally {
        timings[name] = round((timings[name] ?? 0) + now() - start);
      }
    };

    const cv = given.validation?.cv;
    const folds =
      cv === undefined
        ? undefined
        : timed('validate', fitted.rows, () =>
            foldScores(
              plan,
              fitted,
              fittedTarget,
              foldsOf(cv, fitted.rows, fittedTarget, place, notes),
              tools,
            ),
          );
    const trained = timed('fit', fitted.rows, () => train(plan, fitted, fittedTarget, tools));
    const judged =
      split === null
        ? { rows: fitted, target: fittedTarget }
        : { rows: takeTable(table, split.test, space), target: target && takeTarget(target, split.test) };
    const scores = timed('validate', judged.rows.rows, () =>
      (split === null ? fittedScores : scoresOf)(trained, judged.rows, judged.target, tools),
    );
    if (split !== null && scores.rows < judged.rows.rows) {
      const detail = `${judged.rows.rows - scores.rows} rows with missing values left out of those held back`;
      notes.warn('rows_dropped', detail);
    }
    const importance = given.validation?.permutation_importance;
    const skipped = importance !== undefined && progress.stopping();
    if (skipped) notes.partial('stopped before columns were shuffled: no importances');
    const importances =
      importance === undefined || skipped
        ? undefined
        : timed('validate', judged.rows.rows, () =>
            importancesOf(
              trained,
              judged.rows,
              judged.target,
              importance,
              place('permutation_importance'),
              tools,
            ),
          );

    const crossed = folds && crossValidated(folds, notes);
    // Those of all folds, where the metrics are: each row was judged by a model that did not see it.
    const confusion =
      split === null && folds !== undefined && fittedTarget?.kind === 'classes'
        ? crossedConfusion(folds, fittedTarget.classes)
        : scores.confusion;
    const metrics_on = split !== null ? 'test' : crossed === undefined ? 'training' : 'cross_validation';
    const metrics =
      metrics_on === 'cross_validation' && crossed !== undefined
        ? crossed.mean
        : new Map([...scores.metrics].map(([name, value]) => [name, notes.finite(value, name)]));
    const training_sha256 = space.scratch(() => question.sha256(trainingBytes(question.table, space)));
    const card: ModelCard = {
      format: 'pipeline',
      task: plan.last.estimator.task,
      pipeline: [...plan.steps, plan.last].map(
        ({ parameters }) => parameters as ModelCard['pipeline'][number],
      ),
      inputs: inputsOfCard(table, trained),
      outputs: outputsOf(trained, given.target, details),
      target: targetFacts(given.target, trained, details),
      metrics: Object.fromEntries(metrics),
      metrics_on,
      rows: trained.rows,
      training_sha256,
      engine: engine.name,
      engine_version: question.version,
    };
    const attributes = attributesOf(trained);
    noteNulls({ attributes, feature_importances: importances }, notes);
    checkpoint();
    const { estimator, features, state, steps } = trained;
    const document = writeModel({ card, steps, estimator: { name: estimator.name, features, state } });
    return {
      results: {
        metrics,
        metrics_on,
        confusion_matrix: confusionJson(confusion),
        cross_validation: crossed && { metrics: crossed.folds, mean: crossed.mean, std: crossed.std },
        feature_importances: importances,
        attributes,
      },
      details: {
        columns: details.map((one) => ({ ...one })),
        rows: { fitted: trained.rows, tested: split === null ? 0 : scores.rows, dropped },
        timings_ms: timings,
        training_sha256,
      },
      columns: details.length,
      model: { name: given.name, card, document },
    };
  },
});
