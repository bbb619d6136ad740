import type { Engine, Moments } from '../ports/engine.js';
import type { Numbers } from '../ports/tables.js';
import { add, divide, multiply, subtract, sumError, twoSum, widened, ZERO } from './double-double.js';
import type { DoubleDouble } from './double-double.js';

/** The table of a one-way analysis of variance. Sums of squares in the square of the values' unit. */
export interface AnovaTable {
  /** msBetween / msWithin. All samples constant: ∞, or NaN where they are all the same. */
  readonly f: number;
  readonly dfBetween: number;
  readonly dfWithin: number;
  readonly ssBetween: number;
  readonly ssWithin: number;
  /** Share of the sum of squares that lies between the samples, η². */
  readonly rSquared: number;
  readonly msBetween: number;
  readonly msWithin: number;
}

/**
 * SciPy's `f_oneway` with its table. Missing values are skipped. A sample with nothing present, no more values than
 * samples, or a value that is not finite: NaN where it is not defined.
 *
 * The means are taken from a value that all samples share, exactly, and kept in pairs: where values agree in thirteen
 * leading digits (NIST's SmLs07 to SmLs09), a mean rounded to float64 has lost what the samples differ by.
 */
export function oneWayAnova(samples: readonly Numbers[], engine: Engine): AnovaTable {
  const moments = samples.map((sample) => engine.moments(sample, 2));
  const total = moments.reduce((sum, { count }) => sum + count, 0);
  const dfBetween = samples.length - 1;
  const dfWithin = total - samples.length;
  const empty = moments.some(({ count }) => count === 0);
  const ssBetween = empty ? NaN : between(samples, moments, total);
  const ssWithin = empty ? NaN : moments.reduce((sum, each) => add(sum, widened(within(each))), ZERO).hi;
  const msBetween = ssBetween / dfBetween;
  const msWithin = ssWithin / dfWithin;
  return {
    f: msBetween / msWithin,
    dfBetween,
    dfWithin,
    ssBetween,
    ssWithin,
    rSquared: ssBetween / (ssBetween + ssWithin),
    msBetween,
    msWithin,
  };
}

/** A constant's mean may be rounded; its sum of squares is 0 nevertheless. */
function within({ m2, min, max }: Moments): number {
  return min === max ? 0 : m2;
}

/** Values beyond which the means of the moments are looked at first: a pass over the values takes its time. */
const MANY = 100_000;
/** Relative error of a sum of squares that is small enough then. */
const ENOUGH = 1e-12;

/** Σ n · (mean − mean of all)² over the samples. */
function between(samples: readonly Numbers[], moments: readonly Moments[], total: number): number {
  if (total > MANY) {
    const { squares, error } = betweenMeans(moments, total);
    if (error <= ENOUGH) return squares;
  }
  const origin = moments[0]!.min;
  const sums = samples.map((sample) => sumFrom(origin, sample));
  const mean = divide(sums.reduce(add, ZERO), widened(total));
  return moments.reduce((sum, { count }, sample) => {
    const deviation = subtract(divide(sums[sample]!, widened(count)), mean);
    return add(sum, multiply(widened(count), multiply(deviation, deviation)));
  }, ZERO).hi;
}

/** The same from means that are rounded to float64, and a bound of the relative error that this makes. */
function betweenMeans(moments: readonly Moments[], total: number): { squares: number; error: number } {
  const mean = moments.reduce((sum, each) => sum + each.count * each.mean, 0) / total;
  const squares = moments.reduce((sum, each) => sum + each.count * (each.mean - mean) ** 2, 0);
  const largest = moments.reduce((most, each) => Math.max(most, Math.abs(each.mean)), 0);
  return { squares, error: (4 * Number.EPSILON * largest) / Math.sqrt(squares / total) };
}

/** Σ (x − origin) over the present values. */
function sumFrom(origin: number, { chunks }: Numbers): DoubleDouble {
  let hi = 0;
  let lo = 0;
  for (const { values, validity, bitOffset } of chunks) {
    for (let row = 0; row < values.length; row++) {
      const bit = bitOffset + row;
      if (validity !== null && ((validity[bit >> 3]! >> (bit & 7)) & 1) === 0) continue;
      const value = values[row]!;
      if (value !== value) continue;
      const shifted = value - origin;
      const sum = hi + shifted;
      lo += sumError(hi, shifted, sum) + sumError(value, -origin, shifted);
      hi = sum;
    }
  }
  return twoSum(hi, lo);
}
