import { excerpt, Problem } from '../../ports/problem.js';
import type { Estimator, Features } from './estimator.js';

/** The estimator, refusing infinite values as scikit-learn does: with 422, at fit and at predict. */
export const finite = (one: Estimator): Estimator => ({
  ...one,
  fit(lesson) {
    refuseInfinite(one.name, lesson.features);
    return one.fit(lesson);
  },
  predict(state, features, tools) {
    refuseInfinite(one.name, features);
    return one.predict(state, features, tools);
  },
});

function refuseInfinite(estimator: string, { names, columns }: Features): void {
  columns.forEach((column, i) => {
    const row = firstUnbounded(column);
    if (row < 0) return;
    const name = JSON.stringify(excerpt(names[i] ?? '', 60));
    const detail = `expected finite values for ${estimator}, got ${column[row]!} in row ${row} of column ${name}`;
    throw new Problem('unsupported_value', detail);
  });
}

/** Its row, −1 where there is none. */
function firstUnbounded(column: Float64Array): number {
  for (let row = 0; row < column.length; row++) if (column[row]! - column[row]! !== 0) return row;
  return -1;
}
