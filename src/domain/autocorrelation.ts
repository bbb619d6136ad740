import type { Numbers } from '../ports/tables.js';
import { add, divide, multiply, pair, productError, subtract, sumError, widened } from './double-double.js';
import type { DoubleDouble } from './double-double.js';

/**
 * Autocorrelation coefficient at a lag, NIST's: Σ (x[t] − x̄)(x[t + lag] − x̄) / Σ (x[t] − x̄)², x̄ the mean of all present
 * values. Pairs of which one is missing are left out of the upper sum. NaN without values, of a constant, and where a value
 * is not finite.
 *
 * Deviations are from a value near the mean, in double-double arithmetic, and what that value is off by is put right after.
 */
export function autocorrelation(values: Numbers, lag: number): number {
  const series = seriesOf(values);
  const centre = centreOf(series);
  let [count, pairs] = [0, 0];
  const [all, squares, early, late, products] = [sum(), sum(), sum(), sum(), sum()];
  for (let t = 0; t < series.length; t++) {
    const x = series[t]!;
    if (x !== x) continue;
    const d = x - centre;
    const rest = sumError(x, -centre, d);
    count++;
    accumulate(all, d, rest);
    accumulateProduct(squares, d, rest, d, rest);
    const y = series[t + lag];
    if (y === undefined || y !== y) continue;
    const e = y - centre;
    const other = sumError(y, -centre, e);
    pairs++;
    accumulate(early, d, rest);
    accumulate(late, e, other);
    accumulateProduct(products, d, rest, e, other);
  }
  const mean = divide(total(all), widened(count));
  const below = subtract(total(squares), multiply(mean, total(all)));
  const ends = multiply(mean, add(total(early), total(late)));
  const above = add(subtract(total(products), ends), multiply(multiply(mean, mean), widened(pairs)));
  return below.hi === 0 ? NaN : divide(above, below).hi;
}

/** One array, NaN where a value is missing. */
function seriesOf({ length, chunks }: Numbers): Float64Array {
  if (chunks.length === 1 && chunks[0]!.validity === null) return chunks[0]!.values;
  const series = new Float64Array(length);
  let start = 0;
  for (const { values, validity, bitOffset } of chunks) {
    series.set(values, start);
    for (let row = 0; validity !== null && row < values.length; row++) {
      const bit = bitOffset + row;
      if (((validity[bit >> 3]! >> (bit & 7)) & 1) === 0) series[start + row] = NaN;
    }
    start += values.length;
  }
  return series;
}

/** Near the mean, and of a constant its value. */
function centreOf(series: Float64Array): number {
  let [count, mean, min, max] = [0, 0, Infinity, -Infinity];
  for (const x of series) {
    if (x !== x) continue;
    count++;
    mean += x;
    if (x < min) min = x;
    if (x > max) max = x;
  }
  mean /= count;
  return Math.min(Math.max(mean, min), max);
}

interface Sum {
  hi: number;
  lo: number;
}

const sum = (): Sum => ({ hi: 0, lo: 0 });

const total = ({ hi, lo }: Sum): DoubleDouble => pair(hi, lo);

function accumulate(into: Sum, value: number, rest: number): void {
  const next = into.hi + value;
  into.lo += sumError(into.hi, value, next) + rest;
  into.hi = next;
}

function accumulateProduct(into: Sum, a: number, restOfA: number, b: number, restOfB: number): void {
  const product = a * b;
  accumulate(into, product, productError(a, b, product) + (a * restOfB + restOfA * b));
}
