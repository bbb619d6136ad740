import type { Engine } from '../../ports/engine.js';
import { Problem } from '../../ports/problem.js';
import type { Space } from '../../ports/space.js';
import type { Numbers } from '../../ports/tables.js';
import { said } from './normality.js';
import { numbersOf, presentValues } from './samples.js';
import type { Assumption, Sample } from './test.js';

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
    const taken = center.kind === 'trimmed' ? trimmed(samples, center.cut, space, pointer) : samples;
    const columns = taken.map(({ numbers }) => numbers);
    const centers = centersOf(columns, center, engine);
    const distances = columns.map((column, i) => numbersOf(distancesFrom(centers[i]!, column, space)));
    if (sameLength(distances)) engine.ahead.moments(distances, 2);
    const moments = distances.map((distance) => engine.moments(distance, 2));
    const total = moments.reduce((sum, { count }) => sum + count, 0);
    const mean = moments.reduce((sum, each) => sum + each.count * each.mean, 0) / total;
    const between = moments.reduce((sum, each) => sum + each.count * (each.mean - mean) ** 2, 0);
    const within = moments.reduce((sum, { m2, min, max }) => sum + (min === max ? 0 : m2), 0);
    const [dfBetween, dfWithin] = [samples.length - 1, total - samples.length];
    return {
      f: (dfWithin * between) / (dfBetween * within),
      dfBetween,
      dfWithin,
      etaSquared: between / (between + within),
      n: moments.map(({ count }) => count),
    };
  });
}

/** Levene's test as a look at an assumption. */
export function equalVariance(samples: readonly Sample[], engine: Engine, space: Space): Assumption {
  const { f, dfBetween, dfWithin } = deviations(samples, { kind: 'median' }, engine, space);
  const about = { name: 'equal_variance', test: 'levene' };
  if (!(dfWithin > 0)) return { ...about, pValue: null, holds: null };
  return { ...about, ...said(engine.distributions.f(dfBetween, dfWithin).sf(f)) };
}

const sameLength = (columns: readonly Numbers[]): boolean =>
  columns.every(({ length }) => length === columns[0]!.length);

function centersOf(columns: readonly Numbers[], { kind }: Center, engine: Engine): number[] {
  if (kind !== 'median') return columns.map((column) => engine.moments(column, 2).mean);
  if (sameLength(columns)) engine.ahead.select(columns, [0.5]);
  return columns.map((column) => engine.select(column, [0.5])[0]!);
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
function trimmed(samples: readonly Sample[], cut: number, space: Space, pointer: () => string): Sample[] {
  return samples.map(({ name, numbers }) => {
    const values = presentValues(numbers, space);
    const lower = Math.floor(cut * values.length);
    if (values.length > 0 && lower >= values.length - lower) {
      const detail = `expected proportiontocut to leave values in every sample, got ${cut} of ${values.length} at either end`;
      throw Problem.at(pointer(), 'invalid_option', detail);
    }
    const sorted = space.float64(values.length);
    sorted.set(values);
    sorted.sort();
    return { name, numbers: numbersOf(sorted.subarray(lower, values.length - lower)) };
  });
}
