import { dbscan } from './dbscan.js';
import { decisionTreeClassifier, decisionTreeRegressor } from './decision-tree.js';
import type { Estimator } from './estimator.js';
import { finite } from './finite.js';
import { gaussianNb } from './gaussian-nb.js';
import { isolationForest } from './isolation-forest.js';
import { kNeighborsClassifier, kNeighborsRegressor } from './k-neighbors.js';
import { kmeans } from './kmeans.js';
import { miniBatchKmeans } from './mini-batch-kmeans.js';
import { pca } from './pca.js';
import { randomForestClassifier, randomForestRegressor } from './random-forest.js';

const all: readonly Estimator[] = [
  decisionTreeClassifier,
  decisionTreeRegressor,
  randomForestClassifier,
  randomForestRegressor,
  isolationForest,
  gaussianNb,
  kNeighborsClassifier,
  kNeighborsRegressor,
  dbscan,
  kmeans,
  miniBatchKmeans,
  pca,
];

/** Trees, neighbours, naive Bayes, clusterings and components. None takes infinite values. */
export const FURTHER_ESTIMATORS: readonly Estimator[] = all.map(finite);
