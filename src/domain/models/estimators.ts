import { LINEAR_ESTIMATORS } from './estimators-a.js';
import { ESTIMATORS } from './estimators-b.js';
import type { Estimator } from './estimator.js';

/** Every estimator there is, by its name. */
export const estimators: ReadonlyMap<string, Estimator> = new Map(
  [...LINEAR_ESTIMATORS, ...ESTIMATORS].map((one) => [one.name, one]),
);
