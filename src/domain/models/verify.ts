/** Looks at a model that was not fitted here: what `readModel` takes on trust of a document that was written here. */
import type { TableLimits } from '../../ports/limits.js';
import { Problem } from '../../ports/problem.js';
import { numberFeature } from '../features/column.js';
import { transformers } from '../features/transformers.js';
import { invalid } from './document.js';
import { estimators } from './estimators.js';
import type { Model } from './model.js';
import { emptyText } from './rows.js';
import { ask, type PipelineTools } from './train.js';
import { quoted } from '../features/transformer.js';

/**
 * Throws 422 `invalid_model` for a model that no fit would make: after it predictions end, read within the model's own
 * arrays, and fail with nothing but a Problem. Its document had the shape of the schema before.
 */
export function verifyModel({ card, steps, estimator: fitted }: Model, limits: TableLimits): void {
  const estimator = estimators.get(fitted.name);
  if (estimator === undefined)
    throw invalid(`expected a known estimator, got ${quoted(fitted.name)}`, '/estimator/name');
  if (card.task !== estimator.task)
    throw invalid(`expected the task of ${fitted.name}, ${estimator.task}, got ${card.task}`, '/card/task');
  distinct(
    card.inputs.map(({ name }) => name),
    '/card/inputs',
  );
  distinct(fitted.features, '/estimator/features');
  if (Math.max(card.inputs.length, fitted.features.length) > limits.columns)
    throw invalid(`expected at most ${limits.columns} columns (MAX_COLUMNS), got more`, '/card/inputs');
  const classes = card.target?.classes;
  if (estimator.task === 'classification' && (classes === undefined || classes.length < 1))
    throw invalid('expected a target with classes, as of a classifier, got none', '/card/target');
  if (classes !== undefined) distinct(classes, '/card/target/classes');
  steps.forEach(({ name, columns, state }, i) => {
    const transformer = transformers.get(name);
    if (transformer === undefined)
      throw invalid(`expected a known transformer, got ${quoted(name)}`, `/steps/${i}/name`);
    distinct(columns, `/steps/${i}/columns`);
    attempt(`/steps/${i}/state`, () => transformer.verify?.(state, columns.length));
  });
  attempt('/estimator/state', () =>
    estimator.verify?.(fitted.state, {
      features: fitted.features.length,
      classes: classes?.length ?? 0,
    }),
  );
}

/** Asks it with a row of zeros: steps and estimator fit together. Throws 422 `invalid_model`. */
export function probeModel({ card, steps, estimator: fitted }: Model, tools: PipelineTools): void {
  const estimator = estimators.get(fitted.name)!;
  if (estimator.name === 'dbscan') return;
  const columns = card.inputs.map(({ name, type }) => {
    const zero = numberFeature(name, tools.space.float64(1), type === 'boolean' ? type : 'number');
    return type === 'string' || type === 'timestamp' ? emptyText(zero, type) : zero;
  });
  attempt('', () => {
    try {
      ask({ steps, estimator, features: fitted.features, state: fitted.state }, { rows: 1, columns }, tools);
    } catch (error) {
      // A row of zeros may be one that the steps refuse: an unknown category.
      if (!(error instanceof Problem) || ['unknown_column', 'missing_column'].includes(error.code))
        throw error;
    }
  });
}

function attempt(pointer: string, look: () => void): void {
  try {
    look();
  } catch (error) {
    if (error instanceof Problem) throw invalid(error.message, pointer);
    if (error instanceof TypeError || error instanceof RangeError) throw invalid(error.message, pointer);
    throw error;
  }
}

function distinct(values: readonly unknown[], pointer: string): void {
  if (new Set(values).size < values.length)
    throw invalid('expected every name to be there once, got one twice', pointer);
}
