import type { Moments } from '../../ports/engine.js';
import { Problem } from '../../ports/problem.js';
import type { Numbers } from '../../ports/tables.js';
import type { Lesson, Target } from './estimator.js';

/** Complete values as a column in one piece. */
export function numbersOf(values: Float64Array): Numbers {
  return { length: values.length, chunks: [{ values, validity: null, bitOffset: 0 }] };
}

/**
 * Throws Problem unless there are rows and columns to fit, and all their values are finite. Returns the columns' moments of
 * that order, which takes one look at them.
 */
export function checkFeatures({ features, engine }: Lesson<unknown>, order: 1 | 2 = 1): Moments[] {
  if (features.columns.length === 0)
    throw new Problem('no_data', 'expected at least one column beside the target, got none');
  if (features.rows === 0) throw new Problem('no_data', 'expected at least one complete row, got none');
  const columns = features.columns.map(numbersOf);
  engine.ahead.moments(columns, order);
  return columns.map((column, j) => {
    const moments = engine.moments(column, order);
    checkFinite(moments, features.rows, features.names[j]!);
    return moments;
  });
}

function checkFinite({ count, min, max }: Moments, rows: number, name: string): void {
  if (count < rows || !Number.isFinite(max - min) || !Number.isFinite(min))
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
  checkFinite(engine.moments(numbersOf(target.values), 1), target.values.length, 'of the target');
  return target.values;
}

/** Classes as codes, and how many rows each has. */
type Classes = Extract<Target, { kind: 'classes' }> & { readonly counts: Uint32Array };

/** The target of a classification. Throws Problem where it is not one of at least two classes, each with a row. */
export function classTarget({ target }: Lesson<unknown>): Classes {
  if (target?.kind !== 'classes')
    throw new Problem('unsupported_type', 'expected a target of classes for a classification, got numbers');
  const counts = new Uint32Array(target.classes.length);
  const { codes } = target;
  for (let row = 0; row < codes.length; row++) counts[codes[row]!]!++;
  const there = counts.filter((count) => count > 0).length;
  if (there < 2 || there < target.classes.length)
    throw new Problem(
      'unsupported_value',
      `expected rows of at least 2 classes, and of each of ${target.classes.length}, got rows of ${there}`,
    );
  return { ...target, counts };
}
