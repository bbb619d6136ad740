/**
 * k-means of one column by Lloyd's algorithm from given centres, as scikit-learn does it: nearest centre, the lowest one
 * of equals; a centre without a value takes the value farthest from its own; until no label changes or the squared
 * shifts sum to no more than `tolerance`. `values` are about their mean. In sorted values a cluster is a run, so that an
 * iteration costs k log n. Source: scikit-learn's `_kmeans_single_lloyd` and `_relocate_empty_clusters_dense`.
 */
export function kmeansOfColumn(
  values: Float64Array,
  initial: readonly number[],
  tolerance: number,
): Float64Array {
  const sorted = values.slice().sort();
  const sumOf = values.length <= CHUNK ? sumsInOrder(values, sorted) : sumsOfRuns(sorted);
  let centers: Float64Array = Float64Array.from(initial);
  let before: Runs | undefined;
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    const runs = runsOf(sorted, centers);
    const next = meansOf(sorted, sumOf(runs), centers, runs);
    const shift = next.reduce((sum, center, i) => sum + (center - centers[i]!) ** 2, 0);
    centers = next;
    if ((before !== undefined && same(before, runs)) || shift <= tolerance) break;
    before = runs;
  }
  return centers;
}

const MOST_ITERATIONS = 300;
/** Rows that scikit-learn adds up one after the other; of more, its last bits depend on its threads. */
const CHUNK = 256;

/** Where the values of each cluster begin and end. */
interface Runs {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

type SumsOf = (runs: Runs) => Float64Array;

/** Sums of runs as differences of sums from the first value on. */
function sumsOfRuns(sorted: Float64Array): SumsOf {
  const sums = new Float64Array(sorted.length + 1);
  for (let i = 0; i < sorted.length; i++) sums[i + 1] = sums[i]! + sorted[i]!;
  return ({ starts, ends }) => Float64Array.from(starts, (start, run) => sums[ends[run]!]! - sums[start]!);
}

/** Sums of runs in the order of the rows: on values with few digits ties are decided by the last bits. */
function sumsInOrder(values: Float64Array, sorted: Float64Array): SumsOf {
  const places = values.map((value) => boundOf(sorted, value, false));
  return ({ starts, ends }) => {
    const sums = new Float64Array(starts.length);
    values.forEach((value, row) => {
      const run = starts.findIndex((start, i) => start <= places[row]! && places[row]! < ends[i]!);
      sums[run]! += value;
    });
    return sums;
  };
}

function runsOf(sorted: Float64Array, centers: Float64Array): Runs {
  const [starts, ends] = [new Int32Array(centers.length), new Int32Array(centers.length)];
  const order = [...centers.keys()].sort((a, b) => centers[a]! - centers[b]! || a - b);
  // Of equal centres the first has all the values.
  const distinct = order.filter((label, i) => i === 0 || centers[label] !== centers[order[i - 1]!]);
  let start = 0;
  distinct.forEach((label, i) => {
    const next = distinct[i + 1];
    const end = next === undefined ? sorted.length : borderOf(sorted, centers, label, next);
    starts[label] = start;
    ends[label] = Math.max(start, end);
    start = ends[label]!;
  });
  return { starts, ends };
}

/** How many values are nearer to one centre than to the next greater one, by distances rounded as scikit-learn's are. */
function borderOf(sorted: Float64Array, centers: Float64Array, label: number, next: number): number {
  const [a, b] = [centers[label]!, centers[next]!];
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const value = sorted[middle]!;
    const [here, there] = [a * a - 2 * (value * a), b * b - 2 * (value * b)];
    if (here < there || (here === there && label < next)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many values are below `limit`, or at most it. */
export function boundOf(sorted: ArrayLike<number>, limit: number, isInside: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const value = sorted[middle]!;
    if (value < limit || (isInside && value === limit)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function meansOf(
  sorted: Float64Array,
  totals: Float64Array,
  centers: Float64Array,
  { starts, ends }: Runs,
): Float64Array {
  const counts = centers.map((_, label) => ends[label]! - starts[label]!);
  const empty = [...counts.keys()].filter((label) => counts[label] === 0);
  // In a run the farthest values are at its ends.
  const [lows, highs] = [starts.slice(), ends.map((end) => end - 1)];
  for (const [i, label] of empty.entries()) {
    let [from, place, farthest] = [-1, -1, -1];
    for (let run = 0; run < centers.length; run++) {
      if (lows[run]! > highs[run]!) continue;
      for (const end of [lows[run]!, highs[run]!]) {
        const distance = Math.abs(sorted[end]! - centers[run]!);
        if (distance > farthest) [from, place, farthest] = [run, end, distance];
      }
    }
    // All values on their centres: none moves.
    if (i === 0 && farthest === 0) break;
    if (place === lows[from]) lows[from]!++;
    else highs[from]!--;
    totals[from]! -= sorted[place]!;
    counts[from]!--;
    totals[label] = sorted[place]!;
    counts[label] = 1;
  }
  return averaged(totals, counts);
}

/**
 * Sums to means, in the clusters' order; one that is still empty goes where the largest is, whose sum it copies where that
 * comes later, as scikit-learn does.
 */
function averaged(totals: Float64Array, counts: Float64Array): Float64Array {
  const largest = counts.reduce((best, count, label) => (count > counts[best]! ? label : best), 0);
  for (let label = 0; label < totals.length; label++)
    totals[label] = counts[label]! > 0 ? totals[label]! * (1 / counts[label]!) : totals[largest]!;
  return totals;
}

const same = (a: Runs, b: Runs): boolean =>
  a.starts.every((start, label) => start === b.starts[label] && a.ends[label] === b.ends[label]);
