import type { SelectKernel } from '../../ports/engine.js';
import { quantilesAt, ranksOf } from '../quantiles.js';
import { eachPresent } from './cells.js';

/** The platform's typed-array sort: the simplest thing that is right. */
export const select: SelectKernel = (column, q) => {
  const values = new Float64Array(column.length);
  let count = 0;
  eachPresent(column, (value) => {
    values[count++] = value;
  });
  const sorted = values.subarray(0, count).sort();
  const ranks = ranksOf(count, q);
  return quantilesAt(
    count,
    q,
    ranks,
    Float64Array.from(ranks, (rank) => sorted[rank]!),
  );
};
