import type { DistancesKernel } from '../../ports/engine.js';
import { cellsOf, eachPresent } from './cells.js';
import { Sum } from './moments.js';

export const distances: DistancesKernel = {
  sums: (columns, centers) =>
    columns.map((column, i) => {
      const sum = new Sum();
      eachPresent(column, (value) => {
        sum.add(Math.abs(value - centers[i]!));
      });
      return sum.value;
    }),
  differences: (x, y) => {
    const others = cellsOf(y);
    return cellsOf(x).map((value, row) => value - others[row]!);
  },
};
