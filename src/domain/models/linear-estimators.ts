import { elasticNet, lasso } from './elastic-net.js';
import type { Estimator } from './estimator.js';
import { linearRegression } from './linear-regression.js';
import { logisticRegression } from './logistic-regression.js';
import { ridge } from './ridge.js';

/** Linear models. */
export const LINEAR_ESTIMATORS: readonly Estimator[] = [
  linearRegression,
  ridge,
  lasso,
  elasticNet,
  logisticRegression,
];
