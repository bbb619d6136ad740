/**
 * Householder QR and triangular solves in double-double arithmetic, for systems so ill-conditioned that float64 keeps few of
 * their digits. A wide matrix holds the high and the low parts of its entries, column-major.
 */
import { add, divide, multiply, negate, SPLITTER, squareRoot, subtract, sumError } from '../double-double.js';
import type { DoubleDouble } from '../double-double.js';

export interface Wide {
  readonly rows: number;
  readonly columns: number;
  readonly hi: Float64Array;
  readonly lo: Float64Array;
}

export function wide(rows: number, columns: number): Wide {
  return { rows, columns, hi: new Float64Array(rows * columns), lo: new Float64Array(rows * columns) };
}

export function entry({ rows, hi, lo }: Wide, i: number, j: number): DoubleDouble {
  return { hi: hi[j * rows + i]!, lo: lo[j * rows + i]! };
}

export function setEntry({ rows, hi, lo }: Wide, i: number, j: number, value: DoubleDouble): void {
  hi[j * rows + i] = value.hi;
  lo[j * rows + i] = value.lo;
}

/**
 * R of QR, in place: `a` keeps it in its upper triangle, with Q'y in its last column, which is not reflected itself. Has at
 * least as many rows as columns but the last, and these are independent.
 */
export function reflectWide(a: Wide): void {
  for (let k = 0; k < a.columns - 1; k++) {
    const at = k * a.rows + k;
    const length = a.rows - k;
    const square = dot(a, at, at, length);
    if (!(square.hi > 0)) continue;
    const norm = squareRoot(square);
    const first = entry(a, k, k);
    const size = first.hi < 0 ? negate(first) : first;
    const diagonal = first.hi > 0 ? negate(norm) : norm;
    const half = add(square, multiply(norm, size));
    setEntry(a, k, k, subtract(first, diagonal));
    for (let j = k + 1; j < a.columns; j++) {
      const other = j * a.rows + k;
      subtractMultiple(a, at, other, length, divide(dot(a, at, other, length), half));
    }
    setEntry(a, k, k, diagonal);
  }
}

/** Σ over `length` entries from two places of the matrix. */
function dot({ hi, lo }: Wide, a: number, b: number, length: number): DoubleDouble {
  let high = 0;
  let low = 0;
  for (let i = 0; i < length; i++) {
    const x = hi[a + i]!;
    const y = hi[b + i]!;
    const product = x * y;
    const xs = SPLITTER * x;
    const xh = xs - (xs - x);
    const xl = x - xh;
    const ys = SPLITTER * y;
    const yh = ys - (ys - y);
    const yl = y - yh;
    const error = xh * yh - product + xh * yl + xl * yh + xl * yl;
    const sum = high + product;
    low += sumError(high, product, sum) + (error + (x * lo[b + i]! + lo[a + i]! * y));
    high = sum;
  }
  const hiPart = high + low;
  return { hi: hiPart, lo: low - (hiPart - high) };
}

/** Takes `factor` times the entries from a off those from b. */
function subtractMultiple(
  { hi, lo }: Wide,
  a: number,
  b: number,
  length: number,
  factor: DoubleDouble,
): void {
  const x = -factor.hi;
  const rest = -factor.lo;
  const xs = SPLITTER * x;
  const xh = xs - (xs - x);
  const xl = x - xh;
  for (let i = 0; i < length; i++) {
    const y = hi[a + i]!;
    const product = x * y;
    const ys = SPLITTER * y;
    const yh = ys - (ys - y);
    const yl = y - yh;
    const error = xh * yh - product + xh * yl + xl * yh + xl * yl;
    const old = hi[b + i]!;
    const sum = old + product;
    const low = sumError(old, product, sum) + (lo[b + i]! + (error + (x * lo[a + i]! + rest * y)));
    const high = sum + low;
    hi[b + i] = high;
    lo[b + i] = low - (high - sum);
  }
}

/** b with R b = c, R the upper triangle of the first `order` columns and c the next one. */
export function solveWide(a: Wide, order: number): DoubleDouble[] {
  const b = Array.from({ length: order }, (_, i) => entry(a, i, order));
  for (let j = order - 1; j >= 0; j--) {
    b[j] = divide(b[j]!, entry(a, j, j));
    for (let i = 0; i < j; i++) b[i] = subtract(b[i]!, multiply(b[j]!, entry(a, i, j)));
  }
  return b;
}

/** w with R'w = g. */
export function forwardWide(a: Wide, g: readonly DoubleDouble[]): DoubleDouble[] {
  const w: DoubleDouble[] = [];
  g.forEach((value, i) => {
    const left = w.reduce((rest, each, k) => subtract(rest, multiply(each, entry(a, k, i))), value);
    w.push(divide(left, entry(a, i, i)));
  });
  return w;
}

/** The inverse of the upper triangle of the first `order` columns, rounded; order × order, column-major. */
export function inverseOf(a: Wide, order: number): Float64Array {
  const inverse = new Float64Array(order * order);
  const b: DoubleDouble[] = [];
  for (let column = 0; column < order; column++) {
    b[column] = { hi: 1, lo: 0 };
    for (let j = 0; j < column; j++) b[j] = { hi: 0, lo: 0 };
    for (let j = column; j >= 0; j--) {
      b[j] = divide(b[j]!, entry(a, j, j));
      for (let i = 0; i < j; i++) b[i] = subtract(b[i]!, multiply(b[j]!, entry(a, i, j)));
      inverse[column * order + j] = b[j]!.hi;
    }
  }
  return inverse;
}
