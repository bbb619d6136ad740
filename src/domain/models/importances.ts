import type { Json } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import type { FeatureTable } from '../features/steps.js';
import { Notes } from '../notes.js';
import type { Target } from './estimator.js';
import { permutationImportance } from './importance.js';
import { takeRows } from './rows.js';
import { scoreOf, scoresOf } from './scores.js';
import type { PipelineTools, Trained } from './train.js';

/** By how much the score of a pipeline falls when a column that came, of any type, is shuffled. Throws 422. */
export function importancesOf(
  trained: Trained,
  table: FeatureTable,
  target: Target | undefined,
  { n_repeats, random_state }: { readonly n_repeats: number; readonly random_state: number },
  pointer: string,
  tools: PipelineTools,
): Json {
  if (target === undefined) {
    const detail = 'expected a model with a score, of a regression or a classification, got one without';
    throw Problem.at(pointer, 'invalid_option', detail);
  }
  const { space, checkpoint } = tools;
  const quiet = { ...tools, notes: new Notes() };
  const names = table.columns.map(({ name }) => name);
  // What is shuffled are the numbers of rows: so text can be too.
  const places = Float64Array.from({ length: table.rows }, (_, row) => row);
  const columns = table.columns.map(() => places);
  const result = permutationImportance(
    { names, columns, rows: table.rows },
    ({ columns: shuffled }) =>
      space.scratch(() => {
        const own = table.columns.map((column, j) =>
          shuffled[j] === places ? column : takeRows(column, shuffled[j]!, space),
        );
        return scoreOf(scoresOf(trained, { rows: table.rows, columns: own }, target, quiet));
      }),
    { nRepeats: n_repeats, randomState: random_state, checkpoint },
  );
  const { importances, importances_mean, importances_std } = result;
  return { columns: names, importances, importances_mean, importances_std };
}
