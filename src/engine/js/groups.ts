import type { GroupsKernel } from '../../ports/engine.js';
import { eachPresent } from './cells.js';

export const groups: GroupsKernel = (column, labels, count) => {
  const sums = new Float64Array(count);
  const errors = new Float64Array(count);
  const sizes = new Float64Array(count);
  eachPresent(column, (value, row) => {
    const label = labels[row]!;
    if (label < 0) return;
    const sum = sums[label]!;
    const next = sum + value;
    errors[label]! += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sums[label] = next;
    sizes[label]!++;
  });
  return sums.map((sum, group) => (Number.isFinite(sum) ? sum + errors[group]! : sum) / sizes[group]!);
};
