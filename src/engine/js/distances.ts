import type { DistancesKernel } from '../../ports/engine.js';
import { compensatedSum } from '../compensated.js';
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
  chiSquare: (observed, against) => {
    const rows = observed[0]?.length ?? 0;
    const sum = new Sum();
    let least = Infinity;
    const add = (count: number, expected: number): void => {
      sum.add((count - expected) ** 2 / expected);
      least = Math.min(least, expected);
    };
    if ('expected' in against) {
      for (let row = 0; row < rows; row++) add(observed[0]![row]!, against.expected[row]!);
      return { statistic: sum.value, least };
    }
    const { sums } = against;
    const total = compensatedSum(sums);
    for (let row = 0; row < rows; row++) {
      let side = 0;
      for (const column of observed) side += column[row]!;
      for (let i = 0; i < observed.length; i++) add(observed[i]![row]!, (side * sums[i]!) / total);
    }
    return { statistic: sum.value, least };
  },
};
