import type { Json } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import { Stopped } from '../../ports/progress.js';
import type { FromSchema } from '../../ports/schema.js';
import type { Engine } from '../../ports/engine.js';
import type { GrowthTarget, Member } from '../../ports/trees.js';
import type { Notes } from '../notes.js';
import { addImportances, classGrowth, numberGrowth } from './decision-tree.js';
import { estimator, type Features, type Lesson } from './estimator.js';
import { outOfBag, type OutOfBag } from './out-of-bag.js';
import { RandomState } from '../random-state.js';
import { integer, memberSeeds, xorshiftState } from './draws.js';
import { rankedColumns } from './ranks.js';
import { classesByShare, classTarget, numberTarget } from './targets.js';
import { nodeStore, type Trees } from './tree-nodes.js';
import { verifyForest } from './tree-state.js';
import {
  boundsOf,
  classCriteria,
  maxFeatures,
  numberCriteria,
  refuseFraction,
  treeParameters,
} from './tree-parameters.js';

const forestParameters = {
  n_estimators: { description: 'Trees.', type: 'integer', minimum: 1, maximum: 10_000, default: 100 },
  bootstrap: {
    description: 'Fit each tree to rows drawn with replacement; else each to all rows.',
    type: 'boolean',
    default: true,
  },
  max_samples: {
    description: 'Rows drawn for a tree: a number from 2 on, up to 1 a share; null: as many as there are.',
    type: ['number', 'null'],
    exclusiveMinimum: 0,
    maximum: 1_000_000_000,
    default: null,
  },
  oob_score: {
    description: 'Also score the rows by the trees that did not draw them: `oob_score_`, accuracy or R².',
    type: 'boolean',
    default: false,
  },
  ...treeParameters,
} as const;

const classifierParameters = {
  type: 'object',
  additionalProperties: false,
  properties: { criterion: classCriteria, max_features: maxFeatures('sqrt'), ...forestParameters },
} as const;

const regressorParameters = {
  type: 'object',
  additionalProperties: false,
  properties: { criterion: numberCriteria, max_features: maxFeatures(1), ...forestParameters },
} as const;

type State = {
  readonly trees: Trees;
  readonly feature_importances_: Float64Array;
  readonly oob_score_: number | null;
};

const shown = ({ feature_importances_, oob_score_ }: State): Json =>
  oob_score_ === null ? { feature_importances_ } : { feature_importances_, oob_score_ };

/** scikit-learn's RandomForestClassifier: the mean of the trees' shares. */
export const randomForestClassifier = estimator<FromSchema<typeof classifierParameters>, State>({
  name: 'random_forest_classifier',
  task: 'classification',
  description:
    'Trees over rows drawn with replacement, splits over drawn features; mean shares of the classes.',
  parameters: classifierParameters,
  fit(lesson) {
    const target = classTarget(lesson);
    return grow(lesson, classGrowth(target, lesson.parameters.criterion), (bag) =>
      bag.accuracy(target.codes),
    );
  },
  predict: ({ trees }, features, { engine }) => classesByShare(means(trees, features, engine), trees.width),
  verify: verifyForest('classification'),
  attributes: shown,
});

/** scikit-learn's RandomForestRegressor: the mean of the trees' means. */
export const randomForestRegressor = estimator<FromSchema<typeof regressorParameters>, State>({
  name: 'random_forest_regressor',
  task: 'regression',
  description: 'Trees over rows drawn with replacement; mean of the trees.',
  parameters: regressorParameters,
  fit(lesson) {
    const target = numberTarget(lesson);
    return grow(lesson, numberGrowth(target), (bag) => bag.r2(target.values));
  },
  predict: ({ trees }, features, { engine }) => ({ kind: 'numbers', values: means(trees, features, engine) }),
  verify: verifyForest('regression'),
  attributes: shown,
});

type ForestParameters = FromSchema<typeof classifierParameters> | FromSchema<typeof regressorParameters>;

/** The trees' seeds and the rows that each draws are scikit-learn's for the same `random_state`. */
function grow(
  { features, parameters, ...tools }: Lesson<ForestParameters>,
  target: GrowthTarget,
  score: (bag: OutOfBag) => number,
): State {
  const { rows, columns } = features;
  refuseWithoutBootstrap(parameters, tools);
  const drawn = rowsDrawn(parameters, rows, tools);
  const bounds = boundsOf(parameters, rows, columns.length, tools);
  const { distinct, ranks } = rankedColumns(columns, tools);
  const width = target.criterion === 'squared_error' ? 1 : target.classes;
  const nodes = nodeStore(width, tools.pointer);
  const importances = new Float64Array(columns.length);
  const bag = parameters.oob_score ? outOfBag(features, width, tools) : null;
  // Of trees that are not grown yet.
  const draws: Int32Array[] = [];
  const members = function* (): Generator<Member> {
    for (const seed of memberSeeds(parameters.random_state, parameters.n_estimators)) {
      tools.checkpoint();
      if (tools.progress.stopping()) return;
      const own = parameters.bootstrap ? drawnOf(rows, drawn, seed) : null;
      if (own !== null && bag !== null) draws.push(own);
      yield { draws: own, state: xorshiftState(seed) };
    }
  };
  const { checkpoint, progress } = tools;
  const { stopping } = progress;
  const total = parameters.n_estimators;
  let done = 0;
  tools.engine.trees.grow({ ranks, target, bounds, checkpoint, stopping }, members(), (tree) => {
    progress.tell({ stage: 'trees', done: ++done, total });
    nodes.add(tree, distinct);
    addImportances(importances, tree.importances);
    const own = draws.shift();
    if (own !== undefined) bag?.add(nodes.peek(), own);
  });
  noteFewerTrees(done, total, tools.notes);
  const sum = importances.reduce((all, part) => all + part, 0);
  return {
    trees: nodes.finish(),
    feature_importances_: importances.map((part) => (sum > 0 ? part / sum : 0)),
    oob_score_: bag === null ? null : score(bag),
  };
}

/** Says that a forest was stopped. Throws Stopped where it has no tree. */
export function noteFewerTrees(done: number, total: number, notes: Notes): void {
  if (done === 0) throw new Stopped('no tree was grown');
  if (done < total) notes.partial(`stopped: a forest of the first ${done} of ${total} trees`);
}

/** Throws 422 for what asks for rows that were not drawn. */
function refuseWithoutBootstrap(
  { bootstrap, oob_score, max_samples }: ForestParameters,
  { pointer }: Pick<Lesson<unknown>, 'pointer'>,
): void {
  if (bootstrap) return;
  const asked = oob_score ? 'oob_score' : max_samples === null ? null : 'max_samples';
  if (asked === null) return;
  const detail = `expected ${asked} together with bootstrap, got bootstrap false`;
  throw Problem.at(pointer(asked), 'invalid_option', detail);
}

function rowsDrawn(
  { max_samples }: ForestParameters,
  rows: number,
  tools: Pick<Lesson<unknown>, 'pointer'>,
): number {
  if (max_samples === null) return rows;
  if (max_samples <= 1) return Math.max(1, halfToEven(rows * max_samples));
  refuseFraction(max_samples, 'max_samples', tools);
  if (max_samples <= rows) return max_samples;
  const detail = `expected max_samples to be at most the ${rows} rows, got ${max_samples}`;
  throw Problem.at(tools.pointer('max_samples'), 'invalid_option', detail);
}

/** Python's `round`. */
function halfToEven(x: number): number {
  const whole = Math.floor(x);
  return x - whole === 0.5 ? whole + (whole % 2) : Math.round(x);
}

/** How often each row is drawn. */
function drawnOf(rows: number, count: number, seed: number): Int32Array {
  const draws = new Int32Array(rows);
  const random = new RandomState(seed);
  for (let i = 0; i < count; i++) draws[integer(random, rows)]!++;
  return draws;
}

function means(trees: Trees, { columns }: Features, engine: Engine): Float64Array {
  const sums = engine.trees.traverse(trees, columns);
  const count = trees.roots.length;
  for (let i = 0; i < sums.length; i++) sums[i]! /= count;
  return sums;
}
