import type { Json } from '../../ports/formats.js';
import type { TableLimits } from '../../ports/limits.js';
import { excerpt, Problem } from '../../ports/problem.js';
import { countGaps, type Feature, isNumber } from '../features/column.js';
import { type FeatureTable, fitStep, transformStep } from '../features/steps.js';
import type { FeatureTools } from '../features/transformer.js';
import { transformers } from '../features/transformers.js';
import type { Estimator, EstimatorTools, Features, Prediction, State, Target } from './estimator.js';
import type { FittedStep } from './model.js';
import type { Plan } from './plan.js';
import { completeIn, featuresOf, takeTable } from './rows.js';
import { takeTarget } from './target.js';

/** What pipelines are fitted and asked with. */
export interface PipelineTools extends Omit<EstimatorTools, 'pointer'> {
  readonly limits: TableLimits;
}

/** A pipeline as it was fitted, before it is a model. */
export interface Trained {
  readonly steps: readonly FittedStep[];
  readonly estimator: Estimator;
  /** Columns behind the steps that the estimator takes. */
  readonly features: readonly string[];
  readonly state: State;
  /** Of a classifier: those that the rows had, sorted. */
  readonly classes: Extract<Target, { kind: 'classes' }>['classes'] | undefined;
  /** Rows that it was fitted on. */
  readonly rows: number;
}

/**
 * Fits the steps to a table and the estimator to what they make of it; `target` has an entry a row. Rows that lack a value
 * when they come to the estimator are left out, with a warning. Throws 422.
 */
export function train(
  plan: Plan,
  table: FeatureTable,
  target: Target | undefined,
  tools: PipelineTools,
): Trained {
  const steps: FittedStep[] = [];
  let current = table;
  plan.steps.forEach(({ transformer, columns, parameters, pointer }, i) => {
    tools.checkpoint();
    const own = featureTools(tools, i, transformer.name, pointer);
    // Rows are kept, so that they stay those of the target.
    const next = fitStep(current, transformer, columns, parameters, 'propagate', own);
    if (next.table.rows !== current.rows) throw otherRows(transformer.name, pointer());
    steps.push({
      name: transformer.name,
      columns: next.fitted.columns,
      state: next.fitted.state,
    });
    current = next.table;
  });
  const { estimator, columns, parameters, pointer } = plan.last;
  const chosen = choose(current, columns, pointer);
  countGaps(chosen.columns, tools.engine);
  refuseText(chosen.columns, estimator.name, pointer());
  const kept = completeIn(chosen.columns, chosen.rows);
  if (kept !== null) {
    if (kept.length === 0) {
      const detail =
        'expected at least one row without missing values, got none: simple_imputer can fill them';
      throw Problem.at(pointer(), 'no_data', detail);
    }
    const detail = `${chosen.rows - kept.length} rows with missing values left out of the fit`;
    tools.notes.warn('rows_dropped', detail);
  }
  const features = featuresOf(kept === null ? chosen : takeTable(chosen, kept, tools.space));
  const learnt = target === undefined || kept === null ? target : takeTarget(target, kept);
  const own = Object.fromEntries(
    Object.entries(parameters).filter(([key]) => key !== 'name' && key !== 'columns'),
  );
  tools.checkpoint();
  const state = placed(pointer(), () =>
    estimator.fit({ ...tools, pointer, features, target: learnt, parameters: own }),
  );
  return {
    steps,
    estimator,
    features: features.names,
    state,
    classes: learnt?.kind === 'classes' ? learnt.classes : undefined,
    rows: features.rows,
  };
}

/** What an estimator answered for the rows that lack nothing. */
export interface Asked {
  readonly prediction: Prediction;
  /** Columns that it was asked with: of those rows. */
  readonly features: Features;
  /** Which rows they are, ascending; null: all. */
  readonly kept: Int32Array | null;
}

type Askable = Pick<Trained, 'steps' | 'estimator' | 'features' | 'state'>;

/** Asks a fitted pipeline with a table that has the columns of the fit. Throws 422. */
export function ask(trained: Askable, table: FeatureTable, tools: PipelineTools): Asked {
  const { estimator, state } = trained;
  const prepared = prepare(trained, table, tools);
  tools.checkpoint();
  const own = { ...tools, pointer: () => '' };
  const prediction = placed('', () => estimator.predict(state, prepared.features, own));
  return { prediction, ...prepared };
}

/** What comes to the estimator of a fitted pipeline. Throws 422. */
export function prepare(
  { steps, estimator, features: names }: Askable,
  table: FeatureTable,
  tools: PipelineTools,
): Pick<Asked, 'features' | 'kept'> {
  let current = table;
  steps.forEach(({ name, columns, state: fitted }, i) => {
    tools.checkpoint();
    const transformer = transformers.get(name)!;
    const own = featureTools(tools, i, name, () => '');
    current = transformStep(current, { transformer, columns, state: fitted }, own);
  });
  const chosen = choose(current, names, () => '');
  countGaps(chosen.columns, tools.engine);
  refuseText(chosen.columns, estimator.name, '');
  const kept = completeIn(chosen.columns, chosen.rows);
  return { features: featuresOf(kept === null ? chosen : takeTable(chosen, kept, tools.space)), kept };
}

/** What an estimator refuses without a place is of its step. */
function placed<T>(pointer: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Problem) || error.faults.length > 0) throw error;
    throw Problem.at(pointer, error.code, error.message);
  }
}

function featureTools(
  { engine, space, limits, notes }: PipelineTools,
  step: number,
  name: string,
  pointer: FeatureTools['pointer'],
): FeatureTools {
  return {
    engine,
    space,
    limits,
    warn: (code, detail, column) => {
      notes.warn(code, `step ${step}, ${name}: ${detail}`, column);
    },
    pointer,
  };
}

/** The columns of those names, in the table's order; all where none are named. */
function choose(
  table: FeatureTable,
  names: readonly string[] | undefined,
  pointer: (parameter?: string) => string,
): FeatureTable {
  if (names === undefined) return table;
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  const columns = names.map((name) => {
    const column = byName.get(name);
    if (column !== undefined) return column;
    const got = JSON.stringify(excerpt(name, 60));
    const known = excerpt([...byName.keys()].map((one) => JSON.stringify(one)).join(', '));
    throw Problem.at(
      pointer('columns'),
      'unknown_column',
      `expected one of the columns ${known}, got ${got}`,
    );
  });
  return { rows: table.rows, columns };
}

function refuseText(columns: readonly Feature[], estimator: string, pointer: string): void {
  for (const column of columns) {
    if (isNumber(column)) continue;
    const name = JSON.stringify(excerpt(column.name, 60));
    const detail = `expected numbers for ${estimator}, got column ${name} of type ${column.type}: one_hot_encoder or ordinal_encoder before it make numbers of text, date_parts of timestamps`;
    throw Problem.at(pointer, 'unsupported_type', detail);
  }
}

function otherRows(step: string, pointer: string): Problem {
  const detail = `expected steps that keep the rows as they are, got ${step}, which makes others of them`;
  return Problem.at(pointer, 'invalid_option', detail);
}

/** What a client is shown of a fitted estimator. */
export const attributesOf = ({ estimator, state }: Pick<Trained, 'estimator' | 'state'>): Json =>
  estimator.attributes(state);
