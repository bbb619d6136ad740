import type { Engine } from '../ports/engine.js';
import type { Numbers } from '../ports/tables.js';
import {
  add,
  divide,
  multiply,
  pair,
  productError,
  subtract,
  sumError,
  twoSum,
  widened,
} from './double-double.js';
import type { DoubleDouble } from './double-double.js';

/** Rows up to which products are exact; of more their rounding, half a unit of the last place each, averages out. */
const EXACT_ROWS = 2 ** 15;

/**
 * Autocorrelation coefficient at a lag, NIST's: Σ (x[t] − x̄)(x[t + lag] − x̄) / Σ (x[t] − x̄)², x̄ the mean of all present
 * values. Pairs of which one is missing are left out of the upper sum. NaN without values, of a constant, and where a value
 * is not finite.
 *
 * Deviations are from the rounded mean, and what that is off by is put right after.
 */
export function autocorrelation(values: Numbers, lag: number, engine: Engine): number {
  const { count, mean, m2, min, max } = engine.moments(values, 2);
  if (count === 0 || min === max || !Number.isFinite(mean)) return NaN;
  const series = seriesOf(values);
  if (count < series.length || count <= EXACT_ROWS) return exactly(series, lag, mean);
  return quickly(series, lag, mean) / m2;
}

/** In double-double arithmetic, over values that may be missing. */
function exactly(series: Float64Array, lag: number, centre: number): number {
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
  return divide(above, below).hi;
}

/** The upper sum of a complete series: products in float64, their sum compensated. */
function quickly(series: Float64Array, lag: number, centre: number): number {
  const pairs = Math.max(series.length - lag, 0);
  let [hi0, hi1, lo0, lo1, early, late] = [0, 0, 0, 0, 0, 0];
  const even = pairs - (pairs % 2);
  for (let t = 0; t < even; t += 2) {
    const d0 = series[t]! - centre;
    const d1 = series[t + 1]! - centre;
    const e0 = series[t + lag]! - centre;
    const e1 = series[t + lag + 1]! - centre;
    const p0 = d0 * e0;
    const p1 = d1 * e1;
    const next0 = hi0 + p0;
    const next1 = hi1 + p1;
    lo0 += sumError(hi0, p0, next0);
    lo1 += sumError(hi1, p1, next1);
    hi0 = next0;
    hi1 = next1;
    early += d0 + d1;
    late += e0 + e1;
  }
  const last = new Float64Array(2);
  if (even < pairs) {
    last[0] = series[even]! - centre;
    last[1] = series[even + lag]! - centre;
  }
  early += last[0]!;
  late += last[1]!;
  let all = early;
  for (let t = pairs; t < series.length; t++) all += series[t]! - centre;
  const off = all / series.length;
  const products = add(twoSum(hi0, hi1), { hi: lo0 + lo1, lo: 0 });
  return products.hi + (last[0]! * last[1]! + products.lo - off * (early + late) + pairs * off * off);
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
