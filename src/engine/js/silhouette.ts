import type { SilhouetteKernel } from '../../ports/engine.js';
import { Stopped } from '../../ports/progress.js';
import { type Labeling, labelledRows } from '../labelings.js';

/** Row by row: all its distances, each added up for the clusters of each labeling. */
export const silhouette: SilhouetteKernel = (columns, labels, stopping) => {
  const data = labelledRows(columns, labels, (length) => new Float64Array(length));
  const { values, rows, columns: d, labelings } = data;
  const defined = labelings.filter((one) => one.defined);
  const sums = defined.map(({ sizes }) => new Float64Array(sizes.length));
  const totals = new Map(defined.map((one) => [one, 0]));
  for (let i = 0; i < rows && defined.length > 0; i++) {
    if ((i & 63) === 0 && stopping?.() === true) throw new Stopped('silhouettes were broken off');
    for (const own of sums) own.fill(0);
    for (let j = 0; j < rows; j++) {
      let square = 0;
      for (let c = 0; c < d; c++) {
        const apart = values[i * d + c]! - values[j * d + c]!;
        square += apart * apart;
      }
      const distance = Math.sqrt(square);
      for (let l = 0; l < sums.length; l++) sums[l]![defined[l]!.codes[j]!]! += distance;
    }
    defined.forEach((one, l) => {
      totals.set(one, totals.get(one)! + coefficient(sums[l]!, one, i));
    });
  }
  return labelings.map((one) => (totals.get(one) ?? NaN) / rows);
};

function coefficient(sums: Float64Array, { codes, sizes }: Labeling, row: number): number {
  const own = codes[row]!;
  if (sizes[own] === 1) return 0;
  const a = sums[own]! / (sizes[own]! - 1);
  let b = Infinity;
  for (let cluster = 0; cluster < sums.length; cluster++) {
    if (cluster !== own) b = Math.min(b, sums[cluster]! / sizes[cluster]!);
  }
  const most = Math.max(a, b);
  return most > 0 ? (b - a) / most : 0;
}
