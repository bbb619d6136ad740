import type { Json } from '../../ports/formats.js';
import type { FromSchema } from '../../ports/schema.js';
import { type Criterion, classCriterion, squaredError } from './criteria.js';
import { estimator, type Features, type Lesson } from './estimator.js';
import { rankedColumn } from './ranks.js';
import { growTree, searchRoom } from './tree-growth.js';
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
    const target = classTarget(lesson);
    return grow(lesson, classImpurity(target, ones(lesson.features), lesson.parameters.criterion));
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
  fit: (lesson) => grow(lesson, numberImpurity(numberTarget(lesson), ones(lesson.features))),
  predict: ({ trees }, { columns }, { engine }) => ({
    kind: 'numbers',
    values: engine.trees.traverse(trees, columns),
  }),
  verify: verifyTree('regression'),
  attributes: shown,
});

const ones = ({ rows }: Features): Float64Array => new Float64Array(rows).fill(1);

export const classImpurity = (
  { codes, classes }: ClassTarget,
  weights: Float64Array,
  criterion: FromSchema<typeof classCriteria>,
): Criterion => classCriterion(criterion === 'gini' ? 'gini' : 'entropy', codes, classes.length, weights);

export const numberImpurity = ({ values }: NumberTarget, weights: Float64Array): Criterion =>
  squaredError(values, weights);

type TreeParameters = FromSchema<typeof classifierParameters> | FromSchema<typeof regressorParameters>;

function grow({ features, parameters, ...tools }: Lesson<TreeParameters>, criterion: Criterion): State {
  const { rows, columns } = features;
  const nodes = nodeStore(criterion.width, tools.pointer);
  const grown = growTree({
    columns: columns.map(rankedColumn),
    samples: Int32Array.from({ length: rows }, (_, i) => i),
    criterion,
    bounds: boundsOf(parameters, rows, columns.length, tools),
    seed: parameters.random_state,
    nodes,
    checkpoint: tools.checkpoint,
    room: searchRoom(rows),
  });
  return {
    trees: nodes.finish(),
    feature_importances_: grown.importances,
    n_leaves_: grown.leaves,
    depth_: grown.depth,
  };
}
