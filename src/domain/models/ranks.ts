import type { EstimatorTools } from './estimator.js';
import { numbersOf } from './sample.js';

/** Columns as places in the sorted lists of their different values: what splits are searched over, exactly. */
export interface RankedColumns {
  /** Of each column its different values, ascending; zero is +0. */
  readonly distinct: Float64Array[];
  /** Of each column, of every row, its value's place in `distinct`. */
  readonly ranks: Int32Array[];
}

export function rankedColumns(
  columns: readonly Float64Array[],
  { engine, space, checkpoint }: Pick<EstimatorTools, 'engine' | 'space' | 'checkpoint'>,
): RankedColumns {
  const distinct: Float64Array[] = [];
  const ranks: Int32Array[] = [];
  for (const values of columns) {
    checkpoint();
    space.scratch(() => {
      const own = differentOf(engine.order.sort(numbersOf(values)));
      const reached = engine.maps.places(values, Array.from(own));
      const places = new Int32Array(values.length);
      for (let row = 0; row < places.length; row++) places[row] = reached[row]! - 1;
      distinct.push(own);
      ranks.push(places);
    });
  }
  return { distinct, ranks };
}

/** Each once, in an array of its own. */
function differentOf(sorted: Float64Array): Float64Array {
  const own = new Float64Array(sorted.length);
  let count = 0;
  for (let i = 0; i < sorted.length; i++) {
    // Of −0 it makes 0.
    const value = sorted[i]! + 0;
    if (count === 0 || value !== own[count - 1]!) own[count++] = value;
  }
  return own.slice(0, count);
}
