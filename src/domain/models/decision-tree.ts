import type { Json } from '../../ports/formats.js';
import type { FromSchema } from '../../ports/schema.js';
import type { GrowthTarget } from '../../ports/trees.js';
import { xorshiftState } from './draws.js';
import { estimator, type Lesson } from './estimator.js';
import { rankedColumns } from './ranks.js';
import { nodeStore, type Trees } from './tree-nodes.js';
import { verifyTree } from './tree-state.js';
import { boundsOf, classCriteria, maxFeatures, numberCriteria, treeParameters } from './tree-parameters.js';
import { classesByShare, type ClassTarget, classTarget, type NumberTarget, numberTarget } from './targets.js';

const classifierParameters = {
  type: 'object',
  additionalProperties: false,
  properties: { criterion: classCriteria, max_features: maxFeatures(null), ...treeParameters },
} as const;

const regressorParameters = {
  type: 'object',
  additionalProperties: false,
  properties: { criterion: numberCriteria, max_features: maxFeatures(null), ...treeParameters },
} as const;

/** Both trees' state. `depth_` is the greatest depth of a leaf. */
type State = {
  readonly trees: Trees;
  readonly feature_importances_: Float64Array;
  readonly n_leaves_: number;
  readonly depth_: number;
};

const shown = ({ feature_importances_, n_leaves_, depth_ }: State): Json => ({
  feature_importances_,
  n_leaves_,
  depth_,
});

/** scikit-learn's DecisionTreeClassifier. */
export const decisionTreeClassifier = estimator<FromSchema<typeof classifierParameters>, State>({
  name: 'decision_tree_classifier',
  task: 'classification',
  description: 'A tree of splits of single features; of a leaf, the shares of the classes.',
  parameters: classifierParameters,
  fit(lesson) {
    return grow(lesson, classGrowth(classTarget(lesson), lesson.parameters.criterion));
  },
  predict: ({ trees }, { columns }, { engine }) =>
    classesByShare(engine.trees.traverse(trees, columns), trees.width),
  verify: verifyTree('classification'),
  attributes: shown,
});

/** scikit-learn's DecisionTreeRegressor. */
export const decisionTreeRegressor = estimator<FromSchema<typeof regressorParameters>, State>({
  name: 'decision_tree_regressor',
  task: 'regression',
  description: 'A tree of splits of single features; of a leaf, the mean.',
  parameters: regressorParameters,
  fit: (lesson) => grow(lesson, numberGrowth(numberTarget(lesson))),
  predict: ({ trees }, { columns }, { engine }) => ({
    kind: 'numbers',
    values: engine.trees.traverse(trees, columns),
  }),
  verify: verifyTree('regression'),
  attributes: shown,
});

export const classGrowth = (
  { codes, classes }: ClassTarget,
  criterion: FromSchema<typeof classCriteria>,
): GrowthTarget => ({
  criterion: criterion === 'gini' ? 'gini' : 'entropy',
  codes,
  classes: classes.length,
});

export const numberGrowth = ({ values }: NumberTarget): GrowthTarget => ({
  criterion: 'squared_error',
  values,
});

type TreeParameters = FromSchema<typeof classifierParameters> | FromSchema<typeof regressorParameters>;

function grow({ features, parameters, ...tools }: Lesson<TreeParameters>, target: GrowthTarget): State {
  const { rows, columns } = features;
  const bounds = boundsOf(parameters, rows, columns.length, tools);
  const { distinct, ranks } = rankedColumns(columns, tools);
  const nodes = nodeStore(target.criterion === 'squared_error' ? 1 : target.classes, tools.pointer);
  const importances = new Float64Array(columns.length);
  let [leaves, depth] = [0, 0];
  const table = { ranks, target, bounds, checkpoint: tools.checkpoint };
  const member = { draws: null, state: xorshiftState(parameters.random_state) };
  tools.engine.trees.grow(table, [member], (tree) => {
    nodes.add(tree, distinct);
    addImportances(importances, tree.importances);
    leaves = tree.leaves;
    depth = tree.depth;
  });
  return { trees: nodes.finish(), feature_importances_: importances, n_leaves_: leaves, depth_: depth };
}

/** Adds those of a tree, which sum to 1 then, or are all 0. */
export function addImportances(importances: Float64Array, parts: Float64Array): void {
  const sum = parts.reduce((total, part) => total + part, 0);
  for (let i = 0; i < parts.length; i++) importances[i]! += sum > 0 ? parts[i]! / sum : parts[i]!;
}
