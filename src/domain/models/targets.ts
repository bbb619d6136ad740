import type { Lesson, Prediction, Target } from './estimator.js';

export type ClassTarget = Extract<Target, { kind: 'classes' }>;
export type NumberTarget = Extract<Target, { kind: 'numbers' }>;

/** The classes of a classifier's lesson, which a classifier's lesson has. */
export function classTarget({ target }: Lesson<unknown>): ClassTarget {
  if (target?.kind !== 'classes') throw new TypeError('expected a target of classes');
  return target;
}

/** The numbers of a regressor's lesson. */
export function numberTarget({ target }: Lesson<unknown>): NumberTarget {
  if (target?.kind !== 'numbers') throw new TypeError('expected a target of numbers');
  return target;
}

/** Of each row the class with the greatest of `probabilities` (rows × classes), the first among equals. */
export function classesByShare(probabilities: Float64Array, classes: number): Prediction {
  const codes = new Int32Array(probabilities.length / classes);
  for (let row = 0; row < codes.length; row++) {
    const at = row * classes;
    let best = 0;
    for (let c = 1; c < classes; c++) if (probabilities[at + c]! > probabilities[at + best]!) best = c;
    codes[row] = best;
  }
  return { kind: 'classes', codes, probabilities };
}
