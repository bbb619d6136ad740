/**
 * The triangular factor R of a tall matrix by Householder reflections, a block of rows at a time, and the choice of
 * independent columns from it.
 *
 * Source: G. Golub, C. Van Loan, "Matrix Computations", 4th edition, sections 5.2 and 5.4 (reflections, column pivoting);
 * J. Demmel, L. Grigori, M. Hoemmen, J. Langou, "Communication-optimal parallel and sequential QR and LU factorizations",
 * 2012 (R of stacked blocks). Blocks are merged pairwise in a tree, so that rounding grows with the logarithm of their
 * number and the same rows give the same bits.
 *
 * Matrices are column-major: entry (i, j) at j · stride + i.
 */

/** Writes rows [start, start + rows) of every column into `block`, each column at a multiple of `stride`. */
export type FillRows = (block: Float64Array, stride: number, start: number, rows: number) => void;

/** R of an n × order matrix: order × order, zero below the diagonal; the signs of its rows are arbitrary. */
export function triangleOf(rows: number, order: number, fill: FillRows): Float64Array {
  // A block stays in the cache; merging costs a twelfth of its reflections at most.
  const most = Math.max(4 * order, Math.min(512, Math.floor(32768 / order)));
  const height = Math.min(most, rows);
  const block = new Float64Array(height * order);
  const levels: (Float64Array | undefined)[] = [];
  for (let start = 0; start < rows; start += height) {
    const count = Math.min(height, rows - start);
    fill(block, height, start, count);
    reflect(block, height, count, order);
    let merged = upperOf(block, height, count, order);
    let level = 0;
    for (let other = levels[level]; other !== undefined; other = levels[++level]) {
      merged = merge(other, merged, order);
      levels[level] = undefined;
    }
    levels[level] = merged;
  }
  const left = levels.filter((each) => each !== undefined);
  return left.reduce((below, above) => merge(above, below, order), new Float64Array(order * order));
}

/**
 * Householder QR in place; what is left below the diagonal means nothing. Four columns at a time take all reflections before
 * them, so that these four stay in the nearest cache.
 */
function reflect(a: Float64Array, stride: number, rows: number, order: number): void {
  const steps = Math.min(rows, order);
  const diagonal = new Float64Array(steps);
  const factors = new Float64Array(steps);
  for (let start = 0; start < order; start += 4) {
    const end = Math.min(start + 4, order);
    for (let k = 0; k < Math.min(start, steps); k++) {
      const [pivot, length] = [k * stride + k, rows - k];
      if (end - start === 4) reflectFour(a, pivot, start * stride + k, stride, length, factors[k]!);
      else for (let j = start; j < end; j++) reflectOne(a, pivot, j * stride + k, length, factors[k]!);
    }
    for (let k = start; k < Math.min(end, steps); k++) {
      const [pivot, length] = [k * stride + k, rows - k];
      const norm = Math.sqrt(squareOf(a, pivot, length));
      if (!(norm > 0)) continue;
      const first = a[pivot]!;
      diagonal[k] = first > 0 ? -norm : norm;
      factors[k] = 1 / (norm * (norm + Math.abs(first)));
      a[pivot] = first - diagonal[k]!;
      for (let j = k + 1; j < end; j++) reflectOne(a, pivot, j * stride + k, length, factors[k]!);
    }
  }
  for (let k = 0; k < steps; k++) if (factors[k]! > 0) a[k * stride + k] = diagonal[k]!;
}

function squareOf(a: Float64Array, at: number, length: number): number {
  return productOf(a, at, at, length);
}

/** Four columns at once: their sums do not wait for one another. */
function reflectFour(
  a: Float64Array,
  pivot: number,
  at: number,
  stride: number,
  length: number,
  factor: number,
): void {
  const [b, c, d] = [at + stride, at + 2 * stride, at + 3 * stride];
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < length; i++) {
    const v = a[pivot + i]!;
    s0 += v * a[at + i]!;
    s1 += v * a[b + i]!;
    s2 += v * a[c + i]!;
    s3 += v * a[d + i]!;
  }
  s0 *= factor;
  s1 *= factor;
  s2 *= factor;
  s3 *= factor;
  for (let i = 0; i < length; i++) {
    const v = a[pivot + i]!;
    a[at + i]! -= s0 * v;
    a[b + i]! -= s1 * v;
    a[c + i]! -= s2 * v;
    a[d + i]! -= s3 * v;
  }
}

function reflectOne(a: Float64Array, pivot: number, at: number, length: number, factor: number): void {
  const sum = factor * productOf(a, pivot, at, length);
  for (let i = 0; i < length; i++) a[at + i]! -= sum * a[pivot + i]!;
}

/** Σ of the products of `length` entries from two places. Four sums, which do not wait for one another. */
function productOf(a: Float64Array, at: number, other: number, length: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const even = length - (length % 4);
  for (let i = 0; i < even; i += 4) {
    s0 += a[at + i]! * a[other + i]!;
    s1 += a[at + i + 1]! * a[other + i + 1]!;
    s2 += a[at + i + 2]! * a[other + i + 2]!;
    s3 += a[at + i + 3]! * a[other + i + 3]!;
  }
  for (let i = even; i < length; i++) s0 += a[at + i]! * a[other + i]!;
  return s0 + s1 + (s2 + s3);
}

function upperOf(a: Float64Array, stride: number, rows: number, order: number): Float64Array {
  const upper = new Float64Array(order * order);
  for (let j = 0; j < order; j++) {
    const length = Math.min(j + 1, rows);
    upper.set(a.subarray(j * stride, j * stride + length), j * order);
  }
  return upper;
}

/** R of one triangle on top of another; both are overwritten, the upper one with the result. */
function merge(upper: Float64Array, lower: Float64Array, order: number): Float64Array {
  for (let k = 0; k < order; k++) {
    const at = k * order;
    const square = squareOf(lower, at, k + 1);
    if (square === 0) continue;
    const first = upper[at + k]!;
    const norm = Math.sqrt(square + first * first);
    const diagonal = first > 0 ? -norm : norm;
    const factor = 1 / (norm * (norm + Math.abs(first)));
    mergeColumns(upper, lower, order, k, first - diagonal, factor);
    upper[at + k] = diagonal;
  }
  return upper;
}

/** Reflects the columns after k by `head` of the upper triangle and k + 1 entries of the lower one. */
function mergeColumns(
  upper: Float64Array,
  lower: Float64Array,
  order: number,
  k: number,
  head: number,
  factor: number,
): void {
  const at = k * order;
  for (let j = k + 1; j < order; j++) {
    const other = j * order;
    let sum = head * upper[other + k]!;
    for (let i = 0; i <= k; i++) sum += lower[at + i]! * lower[other + i]!;
    sum *= factor;
    upper[other + k]! -= sum * head;
    for (let i = 0; i <= k; i++) lower[other + i]! -= sum * lower[at + i]!;
  }
}

/** Which columns of a matrix are independent, and how the others are made of them. */
export interface Choice {
  /** Columns in the order of pivoting: each has the largest part that those before it leave. */
  readonly chosen: readonly number[];
  /** The others: `weights[q]` times chosen column q add up to such a column, as far as its rounding tells. */
  readonly dependent: readonly { readonly column: number; readonly weights: Float64Array }[];
  /** Norms of the columns; the factor below is of columns divided by them. */
  readonly norms: Float64Array;
  /** R of the chosen columns, `stride` apart. */
  readonly upper: Float64Array;
  readonly stride: number;
  /** Q'y for the chosen columns. */
  readonly target: Float64Array;
}

/** Units of rounding that a column which is made of others may be off by; what factoring adds is within it. */
const ROUNDINGS = 32 * Number.EPSILON;

/**
 * QR with column pivoting of a triangle `a` of `count` columns and a last one, the target y. A column is dependent when what
 * the chosen ones leave of it is no more than the rounding of the values themselves: `sizes[j]` is the norm of column j
 * before a mean was taken off it. So ill-conditioned columns, which leave far more, are chosen.
 */
export function chooseColumns(a: Float64Array, count: number, sizes: Float64Array): Choice {
  const norms = Float64Array.from({ length: count }, (_, j) => Math.sqrt(squareOf(a, j * count, count)));
  const scaled = Float64Array.from(a);
  for (let j = 0; j < count; j++) {
    for (let i = 0; i < count; i++) scaled[j * count + i]! /= norms[j]! > 0 ? norms[j]! : 1;
  }
  const chosen: number[] = [];
  const dependent: { column: number; weights: Float64Array }[] = [];
  const open = new Set(norms.keys());
  const ended = new Uint8Array(count + 1);
  while (open.size > 0) {
    const k = chosen.length;
    let best = -1;
    let largest = -1;
    for (const j of open) {
      const square = squareOf(scaled, j * count + k, count - k);
      if (best < 0 || square > largest) [best, largest] = [j, square];
    }
    open.delete(best);
    const weights = solveUpper(scaled, count, chosen, best);
    const size = (j: number): number => sizes[j]! / (norms[j]! > 0 ? norms[j]! : 1);
    const rounding = chosen.reduce((sum, j, q) => sum + Math.abs(weights[q]!) * size(j), size(best));
    if (!(Math.sqrt(largest) > ROUNDINGS * rounding)) {
      dependent.push({ column: best, weights });
      continue;
    }
    chosen.push(best);
    ended[best] = 1;
    reflectFrom(scaled, count, best, k, ended);
  }
  const upper = new Float64Array(count * count);
  chosen.forEach((column, q) => {
    upper.set(scaled.subarray(column * count, column * count + q + 1), q * count);
  });
  const all = dependent.map(({ column }) => ({ column, weights: solveUpper(scaled, count, chosen, column) }));
  const target = scaled.slice(count * count, count * count + chosen.length);
  return { chosen, dependent: all, norms, upper, stride: count, target };
}

function columnOf(a: Float64Array, rows: number, column: number): Float64Array {
  return a.subarray(column * rows, column * rows + rows);
}

/** Reflects rows from k so that `column` ends there, in every column but those that ended before. */
function reflectFrom(a: Float64Array, rows: number, column: number, k: number, ended: Uint8Array): void {
  const v = columnOf(a, rows, column).slice(k);
  const norm = Math.sqrt(squareOf(v, 0, v.length));
  const first = v[0]!;
  const diagonal = first > 0 ? -norm : norm;
  const factor = 1 / (norm * (norm + Math.abs(first)));
  v[0] = first - diagonal;
  for (let j = 0; j < ended.length; j++) {
    if (ended[j] === 1) continue;
    const at = j * rows + k;
    let sum = 0;
    for (let i = 0; i < v.length; i++) sum += v[i]! * a[at + i]!;
    sum *= factor;
    for (let i = 0; i < v.length; i++) a[at + i]! -= sum * v[i]!;
  }
  const at = column * rows + k;
  a.fill(0, at, at + v.length);
  a[at] = diagonal;
}

/** Weights z with R z = the upper part of a column, R the chosen columns of `a`. */
function solveUpper(a: Float64Array, rows: number, chosen: readonly number[], column: number): Float64Array {
  const z = a.slice(column * rows, column * rows + chosen.length);
  for (let q = chosen.length - 1; q >= 0; q--) {
    const at = chosen[q]! * rows;
    z[q]! /= a[at + q]!;
    for (let i = 0; i < q; i++) z[i]! -= z[q]! * a[at + i]!;
  }
  return z;
}
