import type { Json } from '../../ports/formats.js';
import { Stopped } from '../../ports/progress.js';
import type { Cell } from '../../ports/tables.js';
import type { FeatureTable } from '../features/steps.js';
import { Notes } from '../notes.js';
import { eachTold } from '../progress.js';
import type { Target } from './estimator.js';
import type { Plan } from './plan.js';
import { takeTable } from './rows.js';
import { type Scores, scoresOf } from './scores.js';
import type { Split } from './splits.js';
import { takeTarget } from './target.js';
import { type PipelineTools, train } from './train.js';

/**
 * Fits the pipeline anew to the training rows of each split, and scores it on the others. Throws Stopped where it is stopped:
 * nothing is fitted to all rows yet.
 */
export function foldScores(
  plan: Plan,
  table: FeatureTable,
  target: Target | undefined,
  splits: Iterable<Split>,
  tools: PipelineTools,
): readonly Scores[] {
  const { space, progress } = tools;
  const all = [...splits];
  const scores = eachTold('folds', all, progress, ({ train: rows, test }) =>
    space.scratch(() => {
      // What a fold is warned of, the whole is too.
      const quiet = { ...tools, notes: new Notes() };
      const model = train(plan, takeTable(table, rows, space), target && takeTarget(target, rows), quiet);
      const truth = target && takeTarget(target, test);
      return scoresOf(model, takeTable(table, test, space), truth, quiet);
    }),
  );
  // A fold that was stopped may be less than it seems.
  if (scores.length < all.length || progress.stopping()) throw new Stopped('folds were left');
  return scores;
}

/** The confusions of all folds together, by the classes of the whole. */
export function crossedConfusion(
  folds: readonly Scores[],
  classes: readonly Cell[],
): NonNullable<Scores['confusion']> {
  const places = new Map(classes.map((value, place) => [value, place]));
  const matrix = new Float64Array(classes.length ** 2);
  for (const { confusion } of folds) {
    if (confusion === undefined) continue;
    const own = confusion.classes.map((value) => places.get(value)!);
    own.forEach((row, i) => {
      own.forEach((column, j) => {
        matrix[row * classes.length + column]! += confusion.matrix[i * own.length + j]!;
      });
    });
  }
  return { classes, matrix };
}

/** Every metric of each fold, means and population standard deviations. */
export function crossValidated(
  folds: readonly Scores[],
  notes: Notes,
): Readonly<Record<'mean' | 'std', ReadonlyMap<string, number | null>>> & { readonly folds: Json } {
  const names = new Set(folds.flatMap(({ metrics }) => [...metrics.keys()]));
  const values = new Map(
    [...names].map((name) => [name, folds.map(({ metrics }) => metrics.get(name) ?? NaN)]),
  );
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
