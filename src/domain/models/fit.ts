import type { Json } from '../../ports/formats.js';
import type { ModelCard, ModelInput, ModelOutput } from '../../ports/registry.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import type { Column } from '../../ports/tables.js';
import { now, round } from '../clock.js';
import { noteInexact, refuseUnknown, selectColumns } from '../columns.js';
import { endpoint, type Question } from '../endpoint.js';
import { countGaps, type Feature, featureOf, missingIn } from '../features/column.js';
import type { FeatureTable } from '../features/steps.js';
import { Notes } from '../notes.js';
import * as shared from '../options.js';
import { columnBytes } from '../tables.js';
import { writeModel } from './document.js';
import type { Target } from './estimator.js';
import { importancesOf } from './importances.js';
import * as own from './options.js';
import { type Plan, planOf, stepNames, stepParts } from './plan.js';
import { completeIn, takeTable } from './rows.js';
import { confusionJson, type Scores, scoresOf } from './scores.js';
import { targetOf, takeTarget } from './target.js';
import { attributesOf, train, type Trained } from './train.js';
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
    const { options: given, pointer, engine, notes, checkpoint, trace } = question;
    const plan = planOf(given.pipeline, (i) => pointer('pipeline', i), question.part);
    const { table, target, details, dropped } = lessonOf(question, plan);
    const { limits, space } = question;
    const tools = { engine, space, limits, notes, checkpoint };
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
            [...foldsOf(cv, fitted.rows, fittedTarget, place, notes)].map(({ train: rows, test }) =>
              space.scratch(() => {
                // What a fold is warned of, the whole is too.
                const quiet = { ...tools, notes: new Notes() };
                const part = fittedTarget && takeTarget(fittedTarget, rows);
                const model = train(plan, takeTable(fitted, rows, space), part, quiet);
                const truth = fittedTarget && takeTarget(fittedTarget, test);
                return scoresOf(model, takeTable(fitted, test, space), truth, quiet);
              }),
            ),
          );
    const trained = timed('fit', fitted.rows, () => train(plan, fitted, fittedTarget, tools));
    const judged =
      split === null
        ? { rows: fitted, target: fittedTarget }
        : { rows: takeTable(table, split.test, space), target: target && takeTarget(target, split.test) };
    const scores = timed('validate', judged.rows.rows, () =>
      scoresOf(trained, judged.rows, judged.target, tools),
    );
    const importance = given.validation?.permutation_importance;
    const importances =
      importance === undefined
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
    const metrics_on = split !== null ? 'test' : crossed === undefined ? 'training' : 'cross_validation';
    const metrics =
      metrics_on === 'cross_validation' && crossed !== undefined
        ? crossed.mean
        : new Map([...scores.metrics].map(([name, value]) => [name, notes.finite(value, name)]));
    const training_sha256 = question.sha256(columnBytes(question.table));
    const card: ModelCard = {
      format: 'pipeline',
      task: plan.last.estimator.task,
      pipeline: [...plan.steps, plan.last].map(
        ({ parameters }) => parameters as ModelCard['pipeline'][number],
      ),
      inputs: table.columns.map(inputOf),
      outputs: outputsOf(trained, given.target, details),
      target: targetFacts(given.target, trained, details),
      metrics: Object.fromEntries(metrics),
      metrics_on,
      rows: trained.rows,
      training_sha256,
      engine: engine.name,
      engine_version: question.version,
    };
    checkpoint();
    const { estimator, features, state, steps } = trained;
    const document = writeModel({ card, steps, estimator: { name: estimator.name, features, state } });
    return {
      results: {
        metrics,
        metrics_on,
        confusion_matrix: confusionJson(scores),
        cross_validation: crossed && { metrics: crossed.folds, mean: crossed.mean, std: crossed.std },
        feature_importances: importances,
        attributes: attributesOf(trained),
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

interface ColumnDetails {
  readonly name: string;
  readonly type: Column['type'];
  readonly missing: number;
}

/** Columns and target of the rows that have a target. Throws 422. */
function lessonOf(
  { table, options: given, pointer, engine, space, notes }: Question<Options>,
  plan: Plan,
): {
  readonly table: FeatureTable;
  readonly target: Target | undefined;
  readonly details: readonly ColumnDetails[];
  readonly dropped: number;
} {
  const { estimator } = plan.last;
  const supervised = estimator.task === 'regression' || estimator.task === 'classification';
  const at = pointer('target');
  if (given.target === undefined && supervised) {
    const detail = `expected target to name the column that ${estimator.name} is to predict, got none`;
    throw Problem.at(at, 'invalid_option', detail);
  }
  if (given.target !== undefined) refuseUnknown(table, given.target, at);
  const quiet = new Notes();
  const selection = selectColumns(table, given.columns, pointer, quiet, given.target);
  if (selection.all.length === 0)
    throw Problem.at('', 'no_data', 'expected a column beside the target, got none');
  for (const column of selection.all) if ('numbers' in column) noteInexact(column, notes);
  const columns = selection.all.map((column) => featureOf(column, table.rows, space));
  const answer =
    given.target === undefined ? undefined : featureOf(table.column(given.target), table.rows, space);
  const all = answer === undefined ? columns : [...columns, answer];
  countGaps(all, engine);
  const details = all.map((feature, i) => ({
    name: feature.name,
    type: selection.all[i]?.type ?? feature.type,
    missing: missingIn(feature),
  }));
  const gap = details.find(({ missing }) => missing > 0);
  if (given.nan_policy === 'raise' && gap !== undefined) {
    const detail = `expected no missing values under nan_policy "raise", got ${gap.missing} in column ${JSON.stringify(excerpt(gap.name))}`;
    throw Problem.at(pointer('nan_policy'), 'missing_values', detail);
  }
  const whole: FeatureTable = { rows: table.rows, columns };
  if (answer === undefined) return { table: whole, target: undefined, details, dropped: 0 };
  if (!supervised) {
    notes.warn('target_unused', `${estimator.name} learns no target: the column is left out`, answer.name);
    return { table: whole, target: undefined, details, dropped: 0 };
  }
  const kept = completeIn([answer], table.rows);
  if (kept?.length === 0) throw Problem.at(at, 'no_data', 'expected a target with values, got none');
  if (kept === null)
    return { table: whole, target: targetOf(answer, estimator.task, at), details, dropped: 0 };
  const dropped = table.rows - kept.length;
  notes.warn('rows_dropped', `${dropped} rows without a target left out`, answer.name);
  const {
    columns: [present],
  } = takeTable({ rows: table.rows, columns: [answer] }, kept, space);
  return {
    table: takeTable(whole, kept, space),
    target: targetOf(present!, estimator.task, at),
    details,
    dropped,
  };
}

const inputOf = ({ name, type }: Feature): ModelInput => ({ name, type: type === 'mixed' ? 'string' : type });

function targetFacts(
  target: string | undefined,
  { classes, estimator }: Trained,
  details: readonly ColumnDetails[],
): ModelCard['target'] {
  if (target === undefined || !['regression', 'classification'].includes(estimator.task)) return null;
  const type = details.find(({ name }) => name === target)?.type ?? 'number';
  return {
    name: target,
    type: type === 'mixed' ? 'string' : type,
    ...(classes !== undefined && { classes }),
  };
}

function outputsOf(
  { estimator, classes = [] }: Trained,
  target: string | undefined,
  details: readonly ColumnDetails[],
): readonly ModelOutput[] {
  if (estimator.task !== 'classification') return [{ name: 'predictions', type: 'number', width: 1 }];
  const type = details.find(({ name }) => name === target)?.type ?? 'number';
  return [
    { name: 'predictions', type: type === 'mixed' ? 'string' : type, width: 1 },
    { name: 'probabilities', type: 'number', width: classes.length },
  ];
}

/** Every metric of each fold, means and population standard deviations. */
function crossValidated(
  folds: readonly Scores[],
  notes: Notes,
): Readonly<Record<'mean' | 'std', ReadonlyMap<string, number | null>>> & { readonly folds: Json } {
  const names = [...(folds[0]?.metrics.keys() ?? [])];
  const values = new Map(names.map((name) => [name, folds.map(({ metrics }) => metrics.get(name) ?? NaN)]));
  const over = (of: (values: readonly number[]) => number, what: string): Map<string, number | null> =>
    new Map(
      [...values].map(([name, all]) => [name, notes.finite(of(all), `${what} of ${name} over the folds`)]),
    );
  const meanOf = (all: readonly number[]): number => all.reduce((sum, value) => sum + value, 0) / all.length;
  const stdOf = (all: readonly number[]): number => {
    const mean = meanOf(all);
    return Math.sqrt(meanOf(all.map((value) => (value - mean) ** 2)));
  };
  return {
    folds: new Map([...values].map(([name, all]) => [name, Float64Array.from(all)])),
    mean: over(meanOf, 'mean'),
    std: over(stdOf, 'std'),
  };
}
