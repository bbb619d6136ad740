import { Problem } from '../../ports/problem.js';
import { seed } from './parameters.js';
import type { EstimatorTools } from './estimator.js';
import type { Bounds } from '../../ports/trees.js';

/** Parameters of single trees, as scikit-learn has them. A share of the rows is rounded up, one of the features down. */
export const treeParameters = {
  max_depth: {
    description: 'Splits on the longest way from root to leaf; null: no limit.',
    type: ['integer', 'null'],
    minimum: 1,
    maximum: 1_000_000,
    default: null,
  },
  min_samples_split: {
    description: 'Rows that a node must have to be split: a number, or up to 1 a share of all.',
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 1_000_000_000,
    default: 2,
  },
  min_samples_leaf: {
    description: 'Rows that a leaf must have: a number, or below 1 a share of all.',
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 1_000_000_000,
    default: 1,
  },
  max_leaf_nodes: {
    description: 'Leaves at most, the best splits first; null: no limit.',
    type: ['integer', 'null'],
    minimum: 2,
    maximum: 10_000_000,
    default: null,
  },
  min_impurity_decrease: {
    description: 'Decrease of the impurity, weighted by the part of the rows, that a split must bring.',
    type: 'number',
    minimum: 0,
    default: 0,
  },
  ccp_alpha: {
    description: 'Complexity of minimal cost-complexity pruning: only 0, no pruning, is there.',
    enum: [0],
    default: 0,
  },
  random_state: seed,
} as const;

/** `max_features` with the default of the estimator; JSON does not tell 1.0 from 1, and 1 is the share. */
export const maxFeatures = <Default extends 'sqrt' | 1 | null>(value: Default) =>
  ({
    description:
      'Features that a split is looked for among, drawn for each: a number from 2 on, up to 1 a share, `sqrt`, `log2`; null: all.',
    anyOf: [
      { type: 'number', exclusiveMinimum: 0, maximum: 1_000_000 },
      { enum: ['sqrt', 'log2'] },
      { type: 'null' },
    ],
    default: value,
  }) as const;

export const classCriteria = {
  description:
    'Impurity: `gini` 1 − Σ p², `entropy` and `log_loss` −Σ p log₂ p, p the shares of the classes.',
  enum: ['gini', 'entropy', 'log_loss'],
  default: 'gini',
} as const;

export const numberCriteria = {
  description: 'Impurity: the mean squared deviation from the mean of the node.',
  enum: ['squared_error'],
  default: 'squared_error',
} as const;

interface Given {
  readonly max_depth: number | null;
  readonly min_samples_split: number;
  readonly min_samples_leaf: number;
  readonly max_leaf_nodes: number | null;
  readonly min_impurity_decrease: number;
  readonly max_features: number | string | null;
}

/** The parameters as numbers for `rows` rows of `features` features. Throws Problem for a number that is not whole. */
export function boundsOf(
  given: Given,
  rows: number,
  features: number,
  tools: Pick<EstimatorTools, 'pointer'>,
): Bounds {
  const leaf = wholeOr(given.min_samples_leaf, 'min_samples_leaf', given.min_samples_leaf < 1, rows, tools);
  const split = wholeOr(
    given.min_samples_split,
    'min_samples_split',
    given.min_samples_split <= 1,
    rows,
    tools,
  );
  return {
    maxDepth: given.max_depth ?? Infinity,
    minSamplesLeaf: leaf,
    minSamplesSplit: Math.max(2, split, 2 * leaf),
    maxFeatures: featuresOf(given.max_features, features, tools),
    maxLeafNodes: given.max_leaf_nodes ?? Infinity,
    minImpurityDecrease: given.min_impurity_decrease,
  };
}

function wholeOr(
  value: number,
  parameter: string,
  isShare: boolean,
  rows: number,
  tools: Pick<EstimatorTools, 'pointer'>,
): number {
  if (isShare) return Math.ceil(value * rows);
  refuseFraction(value, parameter, tools);
  return value;
}

/** Throws 422 for a number beyond 1 that is not whole. */
export function refuseFraction(
  value: number,
  parameter: string,
  { pointer }: Pick<EstimatorTools, 'pointer'>,
): void {
  if (Number.isInteger(value)) return;
  const detail = `expected ${parameter} to be a whole number, or a share up to 1, got ${value}`;
  throw Problem.at(pointer(parameter), 'invalid_option', detail);
}

function featuresOf(
  given: number | string | null,
  features: number,
  tools: Pick<EstimatorTools, 'pointer'>,
): number {
  if (given === null) return features;
  if (given === 'sqrt') return Math.max(1, Math.floor(Math.sqrt(features)));
  if (typeof given === 'string') return Math.max(1, Math.floor(Math.log2(features)));
  if (given <= 1) return Math.max(1, Math.floor(given * features));
  refuseFraction(given, 'max_features', tools);
  return Math.min(given, features);
}
