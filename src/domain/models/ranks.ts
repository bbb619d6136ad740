import type { EstimatorTools } from './estimator.js';

/** A column as places in the sorted list of its different values: what splits are searched over, exactly. */
interface RankedColumn {
  /** Ascending, each once. */
  readonly distinct: Float64Array;
  /** Of every row, its value's place in `distinct`. */
  readonly ranks: Int32Array;
}

/** Of several columns. */
export function rankedColumns(
  columns: readonly Float64Array[],
  { checkpoint }: Pick<EstimatorTools, 'checkpoint'>,
): { distinct: Float64Array[]; ranks: Int32Array[] } {
  const ranked = columns.map((values) => {
    checkpoint();
    return rankedColumn(values);
  });
  return { distinct: ranked.map((one) => one.distinct), ranks: ranked.map((one) => one.ranks) };
}

function rankedColumn(values: Float64Array): RankedColumn {
  const sorted = Float64Array.from(values).sort();
  let count = 0;
  for (const value of sorted) {
    if (count === 0 || value !== sorted[count - 1]!) sorted[count++] = value;
  }
  const distinct = sorted.slice(0, count);
  return { distinct, ranks: ranksIn(distinct, values) };
}

/** By halving. */
function ranksIn(distinct: Float64Array, values: Float64Array): Int32Array {
  const ranks = new Int32Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    let low = 0;
    let high = distinct.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (distinct[middle]! < value) low = middle + 1;
      else high = middle;
    }
    ranks[row] = low;
  }
  return ranks;
}
