/** Singular values, descending, and of each its right vector of length 1. */
export interface Singular {
  readonly values: Float64Array;
  readonly vectors: readonly Float64Array[];
}

const MOST_SWEEPS = 60;

/**
 * Singular values and right singular vectors of the matrix with these columns (all of one length, overwritten), as many
 * as its smaller side has: columns are rotated in pairs until all are orthogonal, so that small values keep their digits.
 * Source: M. R. Hestenes, J. SIAM 6 (1958); J. Demmel, K. Veselić, SIAM J. Matrix Anal. 13 (1992).
 */
export function singularOf(columns: readonly Float64Array[]): Singular {
  const d = columns.length;
  const n = columns[0]!.length;
  if (n < d) {
    // The left vectors of the transpose, whose columns end as value times vector.
    const rows = Array.from({ length: n }, (_, row) => Float64Array.from(columns, (column) => column[row]!));
    rotate(rows, null);
    return sorted(rows.map(norm), rows, (row, value) => row.map((x) => (value === 0 ? 0 : x / value)));
  }
  const vectors = columns.map((_, i) => Float64Array.from({ length: d }, (__, j) => (i === j ? 1 : 0)));
  rotate(columns, vectors);
  return sorted(columns.map(norm), vectors, (vector) => vector);
}

function sorted(
  values: readonly number[],
  vectors: readonly Float64Array[],
  finish: (vector: Float64Array, value: number) => Float64Array,
): Singular {
  const order = [...values.keys()].sort((a, b) => values[b]! - values[a]!);
  return {
    values: Float64Array.from(order, (i) => values[i]!),
    vectors: order.map((i) => finish(vectors[i]!, values[i]!)),
  };
}

const norm = (column: Float64Array): number => Math.sqrt(column.reduce((sum, x) => sum + x * x, 0));

/** Rotates pairs of columns, and of `vectors` with them, until all are orthogonal. */
function rotate(columns: readonly Float64Array[], vectors: readonly Float64Array[] | null): void {
  for (let sweep = 0, isDone = false; sweep < MOST_SWEEPS && !isDone; sweep++) {
    isDone = true;
    for (let i = 0; i < columns.length - 1; i++) {
      for (let j = i + 1; j < columns.length; j++) {
        const [x, y] = [columns[i]!, columns[j]!];
        let [a, b, c] = [0, 0, 0];
        for (let k = 0; k < x.length; k++) {
          a += x[k]! * x[k]!;
          b += y[k]! * y[k]!;
          c += x[k]! * y[k]!;
        }
        if (c === 0 || Math.abs(c) <= Number.EPSILON * Math.sqrt(a * b)) continue;
        isDone = false;
        const zeta = (b - a) / (2 * c);
        const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cos = 1 / Math.hypot(1, t);
        turn(x, y, cos, cos * t);
        if (vectors !== null) turn(vectors[i]!, vectors[j]!, cos, cos * t);
      }
    }
  }
}

function turn(x: Float64Array, y: Float64Array, cos: number, sin: number): void {
  for (let k = 0; k < x.length; k++) {
    const [a, b] = [x[k]!, y[k]!];
    x[k] = cos * a - sin * b;
    y[k] = sin * a + cos * b;
  }
}
