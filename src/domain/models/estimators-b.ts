import { decisionTreeClassifier, decisionTreeRegressor } from './decision-tree.js';
import type { Estimator } from './estimator.js';
import { isolationForest } from './isolation-forest.js';
import { randomForestClassifier, randomForestRegressor } from './random-forest.js';

/** Trees, neighbours, naive Bayes and clusterings. */
export const ESTIMATORS: readonly Estimator[] = [
  decisionTreeClassifier,
  decisionTreeRegressor,
  randomForestClassifier,
  randomForestRegressor,
  isolationForest,
];
