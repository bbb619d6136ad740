/**
 * A least-squares system as it is solved: each column less a float64 near its mean, times a power of two, so that neither
 * the column of ones nor the unit of a column makes it ill-conditioned. Both are exact up to a known rounding error.
 */
import {
  divide,
  multiply,
  pair,
  SPLITTER,
  squareRoot,
  subtract,
  sumError,
  twoProduct,
  widened,
} from '../double-double.js';
import type { DoubleDouble } from '../double-double.js';
import type { FillRows } from './triangle.js';
import { setEntry, wide, type Wide } from './wide.js';

/** (value − centre) · scale. */
export interface Scaled {
  readonly values: Float64Array;
  readonly centre: number;
  readonly scale: number;
}

export interface System {
  readonly rows: number;
  readonly columns: readonly Scaled[];
  readonly y: Scaled;
  /** Whether a column of ones stands before the columns. */
  readonly intercept: boolean;
  readonly weights: Float64Array | undefined;
}

/** Rows that are worked on at a time. */
const BLOCK = 512;

export function systemOf(
  columns: readonly Float64Array[],
  y: Float64Array,
  intercept: boolean,
  weights: Float64Array | undefined,
): System {
  const scaled = (values: Float64Array): Scaled => scaledOf(values, intercept, weights);
  return { rows: y.length, columns: columns.map(scaled), y: scaled(y), intercept, weights };
}

function scaledOf(values: Float64Array, centred: boolean, weights: Float64Array | undefined): Scaled {
  const { min, max } = rangeOf(values);
  const mean = weights === undefined ? meanOf(values) : weightedMean(values, weights);
  // Of a constant the very value, so that it becomes a column of zeros.
  const centre = centred ? Math.min(Math.max(Number.isFinite(mean) ? mean : min / 2 + max / 2, min), max) : 0;
  const reach = Math.max(Math.abs(max - centre), Math.abs(min - centre));
  const scale = reach > 0 ? 2 ** -Math.max(-1000, Math.min(1000, Math.ceil(Math.log2(reach)))) : 1;
  return { values, centre, scale };
}

function rangeOf(values: Float64Array): { min: number; max: number } {
  let [min, max] = [Infinity, -Infinity];
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/** Good enough for a centre. Four sums, which do not wait for one another. */
function meanOf(values: Float64Array): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const even = values.length - (values.length % 4);
  for (let row = 0; row < even; row += 4) {
    s0 += values[row]!;
    s1 += values[row + 1]!;
    s2 += values[row + 2]!;
    s3 += values[row + 3]!;
  }
  for (let row = even; row < values.length; row++) s0 += values[row]!;
  return (s0 + s1 + (s2 + s3)) / values.length;
}

function weightedMean(values: Float64Array, weights: Float64Array): number {
  let [sum, total] = [0, 0];
  for (let row = 0; row < values.length; row++) {
    sum += weights[row]! * values[row]!;
    total += weights[row]!;
  }
  return sum / total;
}

/** Rows of ones, columns and y in float64, each times the root of its weight. */
export function fillOf({ columns, y, intercept, weights }: System): FillRows {
  return (block, stride, start, rows) => {
    if (intercept) block.fill(1, 0, rows);
    [...columns, y].forEach(({ values, centre, scale }, place) => {
      const at = (place + (intercept ? 1 : 0)) * stride;
      copyRows(values, start, rows, centre, scale, block, at);
    });
    if (weights === undefined) return;
    for (let row = 0; row < rows; row++) {
      const root = Math.sqrt(weights[start + row]!);
      for (let at = row; at < block.length; at += stride) block[at]! *= root;
    }
  };
}

function copyRows(
  values: Float64Array,
  start: number,
  rows: number,
  centre: number,
  scale: number,
  block: Float64Array,
  at: number,
): void {
  for (let row = 0; row < rows; row++) block[at + row] = (values[start + row]! - centre) * scale;
}

/** The same rows for coefficients of the columns as they came; their scales stay. */
export function uncentred(system: System): System {
  const plain = (column: Scaled): Scaled => ({ ...column, centre: 0 });
  return { ...system, columns: system.columns.map(plain), y: plain(system.y) };
}

function exactValue({ values, centre, scale }: Scaled, row: number): DoubleDouble {
  const value = values[row]!;
  const hi = value - centre;
  return { hi: hi * scale, lo: sumError(value, -centre, hi) * scale };
}

/** The same rows without rounding, of ones, the chosen columns in their order, and y. */
export function wideRows({ rows, columns, y, intercept, weights }: System, chosen: readonly number[]): Wide {
  const lead = intercept ? 1 : 0;
  const a = wide(rows, chosen.length + lead + 1);
  for (let row = 0; row < rows; row++) {
    const root = weights === undefined ? undefined : squareRoot(widened(weights[row]!));
    const put = (value: DoubleDouble, place: number): void => {
      setEntry(a, row, place, root === undefined ? value : multiply(value, root));
    };
    if (intercept) put(widened(1), 0);
    chosen.forEach((column, q) => {
      put(exactValue(columns[column]!, row), q + lead);
    });
    put(exactValue(y, row), chosen.length + lead);
  }
  return a;
}

/** Σ w · (y − ȳ)² in the system's units, ȳ the weighted mean; of a system without intercept Σ w · y². */
export function totalSquares({ rows, y, intercept, weights }: System): DoubleDouble {
  const hi = new Float64Array(BLOCK);
  const lo = new Float64Array(BLOCK);
  const squares = { hi: 0, lo: 0 };
  const first = { hi: 0, lo: 0 };
  const total = { hi: 0, lo: 0 };
  for (let start = 0; start < rows; start += BLOCK) {
    const count = Math.min(BLOCK, rows - start);
    takeOff(y, start, count, widened(-1), hi.fill(0), lo.fill(0));
    addSquares(hi, lo, count, weights?.subarray(start), squares);
    if (!intercept) continue;
    addProducts(ONES, 0, count, hi, lo, first);
    if (weights === undefined) total.hi += count;
    else addProducts(ONES, 0, count, weights.subarray(start), lo.fill(0), total);
  }
  const second = pair(squares.hi, squares.lo);
  if (!intercept) return second;
  const sum = pair(first.hi, first.lo);
  return subtract(second, divide(multiply(sum, sum), pair(total.hi, total.lo)));
}

/**
 * What coefficients in the system's units (of ones first, where there are) leave: the residuals r are taken in double-double
 * arithmetic. `gradient` is Σ w · x · r of ones and the chosen columns, `squares` is Σ w · r².
 */
export function residualsOf(
  { rows, columns, y, intercept, weights }: System,
  chosen: readonly number[],
  coefficients: readonly DoubleDouble[],
): { gradient: Float64Array; squares: DoubleDouble } {
  const lead = intercept ? 1 : 0;
  const hi = new Float64Array(BLOCK);
  const lo = new Float64Array(BLOCK);
  const sums = coefficients.map(() => ({ hi: 0, lo: 0 }));
  const squares = { hi: 0, lo: 0 };
  for (let start = 0; start < rows; start += BLOCK) {
    const count = Math.min(BLOCK, rows - start);
    takeOff(y, start, count, widened(-1), hi.fill(0), lo.fill(0));
    if (intercept) takeOff(ONES, 0, count, coefficients[0]!, hi, lo);
    chosen.forEach((column, q) => {
      takeOff(columns[column]!, start, count, coefficients[q + lead]!, hi, lo);
    });
    addSquares(hi, lo, count, weights?.subarray(start), squares);
    if (intercept) addProducts(ONES, 0, count, hi, lo, sums[0]!);
    chosen.forEach((column, q) => {
      addProducts(columns[column]!, start, count, hi, lo, sums[q + lead]!);
    });
  }
  return {
    gradient: Float64Array.from(sums, (sum) => sum.hi + sum.lo),
    squares: pair(squares.hi, squares.lo),
  };
}

const ONES: Scaled = { values: new Float64Array(BLOCK).fill(1), centre: 0, scale: 1 };

/** Takes a coefficient times rows of a column off the residuals. */
function takeOff(
  { values, centre, scale }: Scaled,
  start: number,
  count: number,
  coefficient: DoubleDouble,
  hi: Float64Array,
  lo: Float64Array,
): void {
  const b = -coefficient.hi * scale;
  const rest = -coefficient.lo * scale;
  const bs = SPLITTER * b;
  const bh = bs - (bs - b);
  const bl = b - bh;
  for (let i = 0; i < count; i++) {
    const value = values[start + i]!;
    const x = value - centre;
    const low = sumError(value, -centre, x);
    const product = b * x;
    const xs = SPLITTER * x;
    const xh = xs - (xs - x);
    const xl = x - xh;
    const error = bh * xh - product + bh * xl + bl * xh + bl * xl;
    const old = hi[i]!;
    const sum = old + product;
    hi[i] = sum;
    lo[i]! += sumError(old, product, sum) + (error + (b * low + rest * x));
  }
}

/** Adds weight · r², then makes the residuals those times their weights. */
function addSquares(
  hi: Float64Array,
  lo: Float64Array,
  count: number,
  weights: Float64Array | undefined,
  squares: { hi: number; lo: number },
): void {
  for (let i = 0; i < count; i++) {
    const r = hi[i]! + lo[i]!;
    const rest = lo[i]! - (r - hi[i]!);
    const weight = weights === undefined ? 1 : weights[i]!;
    const weighted = twoProduct(r, weight);
    const square = twoProduct(weighted.hi, r);
    const sum = squares.hi + square.hi;
    squares.lo +=
      sumError(squares.hi, square.hi, sum) + (square.lo + weighted.lo * r + 2 * weighted.hi * rest);
    squares.hi = sum;
    hi[i] = weighted.hi;
    lo[i] = weighted.lo + weight * rest;
  }
}

/** Adds the products of rows of a column and the residuals. */
function addProducts(
  { values, centre, scale }: Scaled,
  start: number,
  count: number,
  hi: Float64Array,
  lo: Float64Array,
  sums: { hi: number; lo: number },
): void {
  let high = 0;
  let low = 0;
  for (let i = 0; i < count; i++) {
    const value = values[start + i]!;
    const x = value - centre;
    const r = hi[i]!;
    const product = x * r;
    const xs = SPLITTER * x;
    const xh = xs - (xs - x);
    const xl = x - xh;
    const rs = SPLITTER * r;
    const rh = rs - (rs - r);
    const rl = r - rh;
    const error = xh * rh - product + xh * rl + xl * rh + xl * rl;
    const sum = high + product;
    low += sumError(high, product, sum) + (error + (x * lo[i]! + sumError(value, -centre, x) * r));
    high = sum;
  }
  const scaled = high * scale;
  const total = sums.hi + scaled;
  sums.lo += sumError(sums.hi, scaled, total) + low * scale;
  sums.hi = total;
}
