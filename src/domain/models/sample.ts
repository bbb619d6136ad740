import { Problem } from '../../ports/problem.js';
import type { Numbers } from '../../ports/tables.js';
import type { Lesson, Target } from './estimator.js';

/** Complete values as a column in one piece. */
export function numbersOf(values: Float64Array): Numbers {
  return { length: values.length, chunks: [{ values, validity: null, bitOffset: 0 }] };
}

/** Throws Problem unless there are rows and columns to fit, and all their values are finite. */
export function checkFeatures({ features, engine }: Lesson<unknown>): void {
  if (features.columns.length === 0)
    throw new Problem('no_data', 'expected at least one column beside the target, got none');
  if (features.rows === 0) throw new Problem('no_data', 'expected at least one complete row, got none');
  features.columns.forEach((column, j) => {
    checkFinite(column, features.names[j]!, engine);
  });
}

function checkFinite(values: Float64Array, name: string, engine: Lesson<unknown>['engine']): void {
  const { count, min, max } = engine.moments(numbersOf(values), 1);
  if (count < values.length || !Number.isFinite(max - min) || !Number.isFinite(min))
    throw new Problem(
      'number_out_of_range',
      `expected finite values in column ${name}, got ${Number.isFinite(min) ? max : min}`,
    );
}

/** The target of a regression. Throws Problem where it is not one of finite numbers. */
export function regressionTarget(lesson: Lesson<unknown>): Float64Array {
  const { target, engine } = lesson;
  if (target?.kind !== 'numbers')
    throw new Problem('unsupported_type', 'expected a target of numbers for a regression, got classes');
  checkFinite(target.values, 'of the target', engine);
  return target.values;
}

/** The target of a classification. Throws Problem where it is not one of at least two classes, each with a row. */
export function classTarget({ target }: Lesson<unknown>): Extract<Target, { kind: 'classes' }> {
  if (target?.kind !== 'classes')
    throw new Problem('unsupported_type', 'expected a target of classes for a classification, got numbers');
  const counts = new Uint32Array(target.classes.length);
  for (const code of target.codes) counts[code]!++;
  const there = counts.filter((count) => count > 0).length;
  if (there < 2 || there < target.classes.length)
    throw new Problem(
      'unsupported_value',
      `expected rows of at least 2 classes, and of each of ${target.classes.length}, got rows of ${there}`,
    );
  return target;
}
