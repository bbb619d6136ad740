import type { Engine } from '../../ports/engine.js';
import { excerpt, Problem } from '../../ports/problem.js';
import { countGaps, gapsIn, numberFeature } from '../features/column.js';
import type { Estimator, Features } from './estimator.js';

/** The estimator, refusing infinite values as scikit-learn does: with 422, at fit and at predict. */
export const finite = (one: Estimator): Estimator => ({
  ...one,
  fit(lesson) {
    refuseInfinite(one.name, lesson.features, lesson.engine);
    return one.fit(lesson);
  },
  predict(state, features, tools) {
    refuseInfinite(one.name, features, tools.engine);
    return one.predict(state, features, tools);
  },
});

function refuseInfinite(estimator: string, { names, columns }: Features, engine: Engine): void {
  countGaps(
    columns.map((values, i) => numberFeature(names[i] ?? '', values)),
    engine,
  );
  columns.forEach((column, i) => {
    const { missing, infinite } = gapsIn(column);
    if (missing + infinite === 0) return;
    const row = firstUnbounded(column);
    const name = JSON.stringify(excerpt(names[i] ?? '', 60));
    const detail = `expected finite values for ${estimator}, got ${column[row]!} in row ${row} of column ${name}`;
    throw new Problem('unsupported_value', detail);
  });
}

/** The row of the first value that is not finite. */
function firstUnbounded(column: Float64Array): number {
  for (let row = 0; row < column.length; row++) if (column[row]! - column[row]! !== 0) return row;
  return -1;
}
