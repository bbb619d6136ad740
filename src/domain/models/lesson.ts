import { excerpt, Problem } from '../../ports/problem.js';
import type { Column } from '../../ports/tables.js';
import { noteInexact, refuseUnknown, selectColumns } from '../columns.js';
import type { Question } from '../endpoint.js';
import { countGaps, featureOf, missingIn } from '../features/column.js';
import type { FeatureTable } from '../features/steps.js';
import { Notes } from '../notes.js';
import type { Estimator, Target } from './estimator.js';
import { completeIn, takeTable } from './rows.js';
import { targetOf } from './target.js';

/** A column that came with a fit, as its answer has it. */
export interface ColumnDetails {
  readonly name: string;
  readonly type: Column['type'];
  readonly missing: number;
}

/** What a pipeline is fitted on and judged by. */
export interface Material {
  readonly table: FeatureTable;
  /** Of regressors and classifiers. */
  readonly target: Target | undefined;
  /** Of the features, then of the target. */
  readonly details: readonly ColumnDetails[];
  /** Rows left out, which had no target. */
  readonly dropped: number;
}

interface Options {
  readonly target?: string | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly nan_policy: 'omit' | 'raise';
}

export const learnsTarget = ({ task }: Estimator): boolean =>
  task === 'regression' || task === 'classification';

/** Columns and target of the rows that have a target. Throws 422. */
export function materialOf(
  { table, options: given, pointer, engine, space, notes }: Question<Options>,
  estimator: Estimator,
): Material {
  const supervised = learnsTarget(estimator);
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
