/**
 * Solves symmetric positive definite systems.
 *
 * Source: G. Golub, C. Van Loan, "Matrix Computations", 4th edition, section 4.2; scaling to a unit diagonal, which is
 * within √order of the best (van der Sluis, 1969), so that units of columns do not matter.
 */
export interface Factor {
  readonly order: number;
  /** L of the scaled matrix in the lower triangle, row-major. */
  readonly lower: Float64Array;
  /** 1/√ of the diagonal. */
  readonly scales: Float64Array;
  /**
   * The smallest share of its diagonal that elimination left of a row: its inverse is a lower bound of the condition, and
   * with it of the digits that a solution loses.
   */
  readonly share: number;
}

/** L L' of an order × order matrix. Undefined where it is not positive definite. */
export function factorise(matrix: Float64Array, order: number): Factor | undefined {
  const scales = new Float64Array(order);
  for (let i = 0; i < order; i++) {
    const diagonal = matrix[i * order + i]!;
    if (!(diagonal > 0) || diagonal === Infinity) return undefined;
    scales[i] = 1 / Math.sqrt(diagonal);
  }
  const lower = new Float64Array(order * order);
  let share = 1;
  for (let i = 0; i < order; i++) {
    for (let j = 0; j <= i; j++) {
      const entry =
        matrix[i * order + j]! * scales[i]! * scales[j]! - product(lower, i * order, j * order, j);
      if (j < i) {
        lower[i * order + j] = entry / lower[j * order + j]!;
        continue;
      }
      if (!(entry > 0)) return undefined;
      share = Math.min(share, entry);
      lower[i * order + i] = Math.sqrt(entry);
    }
  }
  return { order, lower, scales, share };
}

/** Σ of the products of `length` entries from two places. Four sums, which do not wait for one another. */
function product(a: Float64Array, at: number, other: number, length: number): number {
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

/** x with matrix · x = b. */
export function solveFactor({ order, lower, scales }: Factor, b: Float64Array): Float64Array {
  const x = b.map((value, i) => value * scales[i]!);
  for (let i = 0; i < order; i++) {
    let rest = x[i]!;
    for (let j = 0; j < i; j++) rest -= lower[i * order + j]! * x[j]!;
    x[i] = rest / lower[i * order + i]!;
  }
  for (let i = order - 1; i >= 0; i--) {
    x[i]! /= lower[i * order + i]!;
    for (let j = 0; j < i; j++) x[j]! -= lower[i * order + j]! * x[i]!;
  }
  return x.map((value, i) => value * scales[i]!);
}
