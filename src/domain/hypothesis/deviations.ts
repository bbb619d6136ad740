import type { Engine } from '../../ports/engine.js';
import { Problem } from '../../ports/problem.js';
import type { Space } from '../../ports/space.js';
import type { Numbers } from '../../ports/tables.js';
import { numbersOf } from './samples.js';
import type { Sample } from './test.js';
import { squaresOf } from './variance.js';

/** Of which centre a sample's deviations are taken. */
export type Center =
  | { readonly kind: 'median' | 'mean' }
  /** Mean of what is left where this share is cut off at either end; deviations are of what is left. */
  | { readonly kind: 'trimmed'; readonly cut: number };

/** Analysis of variance of the samples' absolute deviations. */
export interface Deviations {
  readonly f: number;
  readonly dfBetween: number;
  readonly dfWithin: number;
  /** Share of the deviations' sum of squares that lies between the samples. */
  readonly etaSquared: number;
  /** Values that took part, of each sample. */
  readonly n: readonly number[];
}

/**
 * Levene's statistic W (Brown and Forsythe's with the median), as SciPy's `levene`. NaN where a sample is empty. Throws
 * 422, at `pointer`, where trimming leaves nothing of a sample.
 */
export function deviations(
  samples: readonly Sample[],
  center: Center,
  engine: Engine,
  space: Space,
  pointer = (): string => '',
): Deviations {
  return space.scratch(() => {
    const taken = center.kind === 'trimmed' ? trimmed(samples, center.cut, engine, pointer) : samples;
    const columns = taken.map(({ numbers }) => numbers);
    const centers = centersOf(columns, center, engine);
    const sums = sameLength(columns)
      ? engine.distances.sums(columns, centers)
      : columns.map((column, i) => engine.distances.sums([column], [centers[i]!])[0]!);
    const spreads = columns.map((column, i) => spreadOf(column, centers[i]!, sums[i]!, engine, space));
    const total = spreads.reduce((sum, { count }) => sum + count, 0);
    const mean = spreads.reduce((sum, each) => sum + each.count * each.mean, 0) / total;
    const between = spreads.reduce((sum, each) => sum + each.count * (each.mean - mean) ** 2, 0);
    const within = spreads.reduce((sum, { squares }) => sum + squares, 0);
    const [dfBetween, dfWithin] = [samples.length - 1, total - samples.length];
    return {
      f: (dfWithin * between) / (dfBetween * within),
      dfBetween,
      dfWithin,
      etaSquared: between / (between + within),
      n: spreads.map(({ count }) => count),
    };
  });
}

/** Mean of the absolute deviations from a centre, and the sum of squares about that mean. */
interface Spread {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

/** Share of Σ(x − center)² below which a difference of it has lost digits. */
const CANCELLED = 1e-3;

/**
 * From Σ|x − center|, for Σ(x − center)² is known from the moments. Where deviations are nearly
 * all the same, by the moments of the deviations themselves.
 */
function spreadOf(column: Numbers, center: number, sum: number, engine: Engine, space: Space): Spread {
  const { count, mean, m2 } = engine.moments(column, 2);
  const meanDistance = sum / count;
  const all = m2 + count * (mean - center) ** 2;
  const squares = all - count * meanDistance ** 2;
  if (squares > CANCELLED * all) return { count, mean: meanDistance, squares };
  const exact = space.scratch(() => engine.moments(numbersOf(distancesFrom(center, column, space)), 2));
  return { count, mean: exact.mean, squares: squaresOf(exact) };
}

const sameLength = (columns: readonly Numbers[]): boolean =>
  columns.every(({ length }) => length === columns[0]!.length);

function centersOf(columns: readonly Numbers[], { kind }: Center, engine: Engine): number[] {
  if (kind !== 'median') return columns.map((column) => engine.moments(column, 2).mean);
  if (columns.every(({ length }) => length <= FEW)) return columns.map(smallMedian);
  if (sameLength(columns)) engine.ahead.select(columns, [0.5]);
  return columns.map((column) => engine.select(column, [0.5])[0]!);
}

/** Rows up to which a column is sorted here: of many small groups, the way to the kernel would be longer than its work. */
const FEW = 256;

/** NumPy's `median` of the present values, NaN of none. */
function smallMedian({ chunks }: Numbers): number {
  const present = chunks.flatMap(({ values, validity, bitOffset }) =>
    Array.from(values).filter((value, i) => {
      const bit = bitOffset + i;
      return value === value && (validity === null || ((validity[bit >> 3]! >> (bit & 7)) & 1) === 1);
    }),
  );
  const sorted = Float64Array.from(present).sort();
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return sorted.length === 0 ? NaN : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** |x − center| in row order, NaN where x is missing. */
function distancesFrom(center: number, { length, chunks }: Numbers, space: Space): Float64Array {
  const distances = space.float64(length);
  let row = 0;
  for (const { values, validity, bitOffset } of chunks) {
    for (let i = 0; i < values.length; i++) distances[row + i] = Math.abs(values[i]! - center);
    if (validity !== null) {
      for (let i = 0; i < values.length; i++) {
        const bit = bitOffset + i;
        if (((validity[bit >> 3]! >> (bit & 7)) & 1) === 0) distances[row + i] = NaN;
      }
    }
    row += values.length;
  }
  return distances;
}

/** Samples without a share of their values at either end, as SciPy's `trimboth`. */
function trimmed(samples: readonly Sample[], cut: number, engine: Engine, pointer: () => string): Sample[] {
  return samples.map(({ name, numbers }) => {
    const sorted = engine.order.sort(numbers);
    const lower = Math.floor(cut * sorted.length);
    if (sorted.length > 0 && lower >= sorted.length - lower) {
      const detail = `expected proportiontocut to leave values in every sample, got ${cut} of ${sorted.length} at either end`;
      throw Problem.at(pointer(), 'invalid_option', detail);
    }
    return { name, numbers: numbersOf(sorted.subarray(lower, sorted.length - lower)) };
  });
}
