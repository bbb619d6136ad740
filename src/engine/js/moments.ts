import type { MomentsKernel } from '../../ports/engine.js';
import { eachPresent } from './cells.js';

/** Two passes: Neumaier's sum, then powers of the deviations with the corrected two-pass term. */
export const moments: MomentsKernel = (column, order) => {
  let count = 0;
  let sum = 0;
  let error = 0;
  let min = Infinity;
  let max = -Infinity;
  eachPresent(column, (value) => {
    const next = sum + value;
    error += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
    count++;
    if (value < min) min = value;
    if (value > max) max = value;
  });
  if (Number.isFinite(sum)) sum += error;
  const mean = sum / count;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let s4 = 0;
  eachPresent(column, (value) => {
    const d = value - mean;
    s1 += d;
    s2 += d * d;
    if (order === 4) {
      s3 += d * d * d;
      s4 += d * d * d * d;
    }
  });
  const e = count === 0 ? 0 : s1 / count;
  const m2 = Math.max(s2 - s1 * e, 0) || (s2 !== s2 ? NaN : 0);
  const m3 = order === 4 ? s3 - 3 * e * s2 + 2 * count * e ** 3 : 0;
  const m4 = order === 4 ? s4 - 4 * e * s3 + 6 * e * e * s2 - 3 * count * e ** 4 : 0;
  return { count, sum, mean, m2, m3, m4, min, max };
};
