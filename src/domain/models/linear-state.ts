/**
 * Checks of `Estimator.verify` of models whose state is a list of numbers for each column or class: they have the lengths
 * that the columns and classes ask for, so that predictions read within them. They throw RangeError or TypeError.
 */
import type { Json } from '../../ports/formats.js';
import type { State, StateShape } from './estimator.js';

/** Of a regression: a coefficient a column, and an intercept. */
export function verifyRegression(state: State, { features }: StateShape): void {
  vector(state, 'coef_', features);
  number(state, 'intercept_');
}

/** Of a logistic regression: of two classes one row of coefficients, that of the second; else one a class. */
export function verifyLogistic(state: State, { features, classes }: StateShape): void {
  const outputs = outputsOf(classes);
  vector(state, 'coef_', outputs * features);
  vector(state, 'intercept_', outputs);
  number(state, 'n_iter_');
}

/** Of Gaussian naive Bayes: a prior and a count a class, means and variances of classes × columns. */
export function verifyGaussian(state: State, { features, classes }: StateShape): void {
  if (classes < 1) throw new RangeError(`expected at least one class, got ${classes}`);
  within(vector(state, 'class_prior_', classes), 'class_prior_', 1);
  within(vector(state, 'class_count_', classes), 'class_count_', Infinity);
  vector(state, 'theta_', classes * features);
  within(vector(state, 'var_', classes * features), 'var_', Infinity);
  number(state, 'epsilon_');
}

function outputsOf(classes: number): number {
  if (classes < 2) throw new RangeError(`expected at least two classes, got ${classes}`);
  return classes === 2 ? 1 : classes;
}

function vector(state: State, name: string, length: number): Float64Array {
  const value = own(state, name);
  if (!(value instanceof Float64Array))
    throw new TypeError(`expected ${name} of float64 numbers, got ${kindOf(value)}`);
  if (value.length !== length)
    throw new RangeError(`expected ${length} numbers in ${name}, got ${value.length}`);
  return value;
}

function number(state: State, name: string): void {
  const value = own(state, name);
  if (typeof value !== 'number') throw new TypeError(`expected ${name} to be a number, got ${kindOf(value)}`);
}

/** From 0 on. */
function within(values: Float64Array, name: string, most: number): void {
  const odd = values.find((value) => value < 0 || value > most);
  if (odd !== undefined) throw new RangeError(`expected ${name} from 0 to ${most}, got ${odd}`);
}

const own = (state: State, name: string): Json | undefined =>
  Object.hasOwn(state, name) ? state[name] : undefined;

function kindOf(value: Json | undefined): string {
  if (value === undefined || value === null) return 'nothing';
  return Array.isArray(value) ? 'a list' : `a value of another kind, ${typeof value}`;
}
