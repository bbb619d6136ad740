import type { RandomState } from '../random-state.js';

/**
 * Initial centres by greedy k-means++: each next one is the best of 2 + ⌊ln k⌋ rows drawn by their squared distance to the
 * nearest so far. `points`: rows × d; returns k × d. Draws are scikit-learn's.
 * Source: D. Arthur, S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.
 */
export function plusPlus(points: Float64Array, d: number, k: number, random: RandomState): Float64Array {
  const rows = points.length / d;
  const trials = 2 + Math.trunc(Math.log(k));
  const centers = new Float64Array(k * d);
  const first = uniformChoice(rows, random.sample());
  let closest = distancesTo(points, d, first, null);
  let potential = sumOf(closest);
  centers.set(rowOf(points, d, first), 0);
  for (let c = 1; c < k; c++) {
    const drawn = Array.from({ length: trials }, () => random.sample() * potential);
    const cumulative = runningSum(closest);
    let best = { row: -1, closest, potential: Infinity };
    for (const value of drawn) {
      const row = Math.min(firstNotBelow(cumulative, value), rows - 1);
      const own = distancesTo(points, d, row, closest);
      const sum = sumOf(own);
      if (best.row < 0 || sum < best.potential) best = { row, closest: own, potential: sum };
    }
    ({ closest, potential } = best);
    centers.set(rowOf(points, d, best.row), c * d);
  }
  return centers;
}

const rowOf = (points: Float64Array, d: number, row: number): Float64Array =>
  points.subarray(row * d, (row + 1) * d);

/** NumPy's `choice(rows, p=1/rows)`: the first place whose share of the cumulative sum is beyond the draw. */
function uniformChoice(rows: number, drawn: number): number {
  const cumulative = runningSum(new Float64Array(rows).fill(1 / rows));
  const whole = cumulative[rows - 1]!;
  let place = Math.max(0, Math.floor(drawn * rows) - 2);
  while (place < rows - 1 && cumulative[place]! / whole <= drawn) place++;
  return place;
}

function runningSum(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length);
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    sums[i] = sum;
  }
  return sums;
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

/** First place whose value is at least `value`; the length where none is. */
function firstNotBelow(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Squared distances of all points to one of them, or the lesser of these and `closest`. */
function distancesTo(
  points: Float64Array,
  d: number,
  row: number,
  closest: Float64Array | null,
): Float64Array {
  const rows = points.length / d;
  const out = new Float64Array(rows);
  const to = row * d;
  for (let i = 0; i < rows; i++) {
    let squares = 0;
    for (let j = 0; j < d; j++) {
      const difference = points[i * d + j]! - points[to + j]!;
      squares += difference * difference;
    }
    out[i] = closest === null ? squares : Math.min(squares, closest[i]!);
  }
  return out;
}
