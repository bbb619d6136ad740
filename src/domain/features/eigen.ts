/** Eigenvalues, descending, and of each its vector of length 1, as rows. */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: readonly Float64Array[];
}

/**
 * Eigenvalues and eigenvectors of a symmetric d × d matrix (row-major; it is overwritten): Householder's reduction to
 * tridiagonal form, then implicit QL. Errors are within a small multiple of ε times the greatest eigenvalue.
 * Source: J. H. Wilkinson, C. Reinsch, "Handbook for Automatic Computation II: Linear Algebra" (1971), II/2 (`tred2`)
 * and II/4 (`imtql2`).
 */
export function symmetricEigen(matrix: Float64Array, d: number): Eigen {
  const scale = matrix.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0) || 1;
  for (let i = 0; i < matrix.length; i++) {
    // Near the least numbers there are, rotations would lose their digits.
    const entry = matrix[i]! / scale;
    matrix[i] = Math.abs(entry) < NOTHING ? 0 : entry;
  }
  const { diagonal, beside } = tridiagonal(matrix, d);
  diagonalize(diagonal, beside, matrix, d);
  const order = [...diagonal.keys()].sort((a, b) => diagonal[b]! - diagonal[a]!);
  return {
    values: Float64Array.from(order, (column) => diagonal[column]! * scale),
    vectors: order.map((column) => Float64Array.from({ length: d }, (_, row) => matrix[row * d + column]!)),
  };
}

/** Entries that are smaller, the greatest being 1, are 0. */
const NOTHING = 1e-100;

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Entry i is beside entries i − 1 and i of the diagonal. */
  readonly beside: Float64Array;
}

/** Leaves the orthogonal matrix of the reduction in `a`. */
function tridiagonal(a: Float64Array, d: number): Tridiagonal {
  const [diagonal, beside] = [new Float64Array(d), new Float64Array(d)];
  for (let i = d - 1; i > 0; i--) {
    const last = i * d + i - 1;
    let scale = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(a[i * d + k]!);
    if (i === 1 || scale === 0) {
      beside[i] = a[last]!;
      diagonal[i] = 0;
      continue;
    }
    let h = 0;
    for (let k = 0; k < i; k++) {
      a[i * d + k]! /= scale;
      h += a[i * d + k]! ** 2;
    }
    const f = a[last]!;
    const g = f >= 0 ? -Math.sqrt(h) : Math.sqrt(h);
    beside[i] = scale * g;
    h -= f * g;
    a[last] = f - g;
    diagonal[i] = h;
    reflect(a, beside, i, h, d);
  }
  diagonal[0] = 0;
  beside[0] = 0;
  for (let i = 0; i < d; i++) {
    if (diagonal[i] !== 0) gather(a, i, d);
    diagonal[i] = a[i * d + i]!;
    a[i * d + i] = 1;
    for (let k = 0; k < i; k++) a[k * d + i] = a[i * d + k] = 0;
  }
  return { diagonal, beside };
}

/** Applies the reflection by the vector in row i, with half its square h, to the rows above. */
function reflect(a: Float64Array, e: Float64Array, i: number, h: number, d: number): void {
  let f = 0;
  for (let j = 0; j < i; j++) {
    a[j * d + i] = a[i * d + j]! / h;
    let g = 0;
    for (let k = 0; k <= j; k++) g += a[j * d + k]! * a[i * d + k]!;
    for (let k = j + 1; k < i; k++) g += a[k * d + j]! * a[i * d + k]!;
    e[j] = g / h;
    f += e[j]! * a[i * d + j]!;
  }
  const half = f / (h + h);
  for (let j = 0; j < i; j++) {
    const x = a[i * d + j]!;
    const y = e[j]! - half * x;
    e[j] = y;
    for (let k = 0; k <= j; k++) a[j * d + k]! -= x * e[k]! + y * a[i * d + k]!;
  }
}

/** Multiplies the reflection of row i into the matrix of those before it. */
function gather(a: Float64Array, i: number, d: number): void {
  const g = new Float64Array(i);
  for (let k = 0; k < i; k++) {
    const x = a[i * d + k]!;
    for (let j = 0; j < i; j++) g[j]! += x * a[k * d + j]!;
  }
  for (let k = 0; k < i; k++) {
    const x = a[k * d + i]!;
    for (let j = 0; j < i; j++) a[k * d + j]! -= g[j]! * x;
  }
}

const MOST_STEPS = 60;

/** Turns the columns of `z` into the eigenvectors, and `diagonal` into their eigenvalues. */
function diagonalize(diagonal: Float64Array, beside: Float64Array, z: Float64Array, d: number): void {
  beside.copyWithin(0, 1);
  beside[d - 1] = 0;
  for (let l = 0; l < d; l++) {
    for (let step = 0; step < MOST_STEPS; step++) {
      let m = l;
      while (m < d - 1 && !isNegligible(beside[m]!, diagonal[m]!, diagonal[m + 1]!)) m++;
      if (m === l) break;
      chase(diagonal, beside, z, l, m, d);
    }
  }
}

function isNegligible(beside: number, a: number, b: number): boolean {
  return Math.abs(beside) <= Number.EPSILON * (Math.abs(a) + Math.abs(b));
}

/** One implicit QL step on rows l to m. */
function chase(
  diagonal: Float64Array,
  beside: Float64Array,
  z: Float64Array,
  l: number,
  m: number,
  d: number,
): void {
  const slope = (diagonal[l + 1]! - diagonal[l]!) / (2 * beside[l]!);
  const root = Math.hypot(slope, 1);
  let g = diagonal[m]! - diagonal[l]! + beside[l]! / (slope + (slope >= 0 ? root : -root));
  let [s, c, p] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = s * beside[i]!;
    const b = c * beside[i]!;
    const r = Math.hypot(f, g);
    beside[i + 1] = r;
    if (r === 0) {
      diagonal[i + 1]! -= p;
      beside[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = diagonal[i + 1]! - p;
    const t = (diagonal[i]! - g) * s + 2 * c * b;
    p = s * t;
    diagonal[i + 1] = g + p;
    g = c * t - b;
    for (let k = 0; k < d; k++) {
      const [x, y] = [z[k * d + i]!, z[k * d + i + 1]!];
      z[k * d + i + 1] = s * x + c * y;
      z[k * d + i] = c * x - s * y;
    }
  }
  diagonal[l]! -= p;
  beside[l] = g;
  beside[m] = 0;
}
