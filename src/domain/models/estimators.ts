import { LINEAR_ESTIMATORS } from './linear-estimators.js';
import { FURTHER_ESTIMATORS } from './further-estimators.js';
import type { Estimator } from './estimator.js';

/** Every estimator there is, by its name. */
export const estimators: ReadonlyMap<string, Estimator> = new Map(
  [...LINEAR_ESTIMATORS, ...FURTHER_ESTIMATORS].map((one) => [one.name, one]),
);
