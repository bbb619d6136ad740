/**
 * Coordinate descent for the elastic net: of one coefficient after another the best value while the others stand.
 *
 * Source: J. Friedman, T. Hastie, R. Tibshirani, "Regularization Paths for Generalized Linear Models via Coordinate
 * Descent", Journal of Statistical Software 33, 2010 (updates by residuals and by covariances); the duality gap of S.-J. Kim
 * and others, "An Interior-Point Method for Large-Scale l1-Regularized Least Squares", 2007. Sweeps, order and stop rule are
 * scikit-learn 1.6's (`cd_fast`, selection "cyclic"), so that both stop after the same number of sweeps.
 */
import type { Gram } from './gram.js';

/** ½‖y − Xw‖² + l1 · ‖w‖₁ + ½ l2 · ‖w‖². */
export interface Penalty {
  readonly l1: number;
  readonly l2: number;
  readonly positive: boolean;
}

export interface Sweeps {
  readonly maxIter: number;
  /** Share of y'y that the duality gap is to be below. */
  readonly tol: number;
  readonly checkpoint: () => void;
}

export interface Descent {
  readonly coefficients: Float64Array;
  readonly gap: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** The rows as a descent sees them: which products it keeps is its own affair. */
interface Descending {
  readonly count: number;
  /** y'y. */
  readonly squares: number;
  /** x_j'x_j. */
  readonly norm: (j: number) => number;
  /** x_j'(y − Xw). */
  readonly slope: (j: number) => number;
  /** Coefficient j has changed by this much. */
  readonly move: (j: number, change: number) => void;
  /** ‖y − Xw‖² and (y − Xw)'y. */
  readonly residual: (w: Float64Array) => { squares: number; along: number };
}

/** By sums of products: a sweep takes columns² steps. Residuals below 1e-16 of y'y are not seen. */
export function descendGram(gram: Gram, penalty: Penalty, sweeps: Sweeps): Descent {
  const { products, target, squares } = gram;
  const count = target.length;
  const left = Float64Array.from(target);
  return descend(
    {
      count,
      squares,
      norm: (j) => products[j * count + j]!,
      slope: (j) => left[j]!,
      move: (j, change) => {
        addMultiple(products, j * count, -change, left, 0, count);
      },
      residual: (w) => {
        const [fitted, along] = [product(w, 0, left, 0, count), product(w, 0, target, 0, count)];
        // w'X'Xw = w'X'y − w'left.
        return { squares: Math.max(0, squares - along - fitted), along: squares - along };
      },
    },
    penalty,
    sweeps,
  );
}

/** By residuals: a sweep takes rows · columns steps. `columns` and y are centred where there is an intercept. */
export function descendRows(
  columns: readonly Float64Array[],
  y: Float64Array,
  penalty: Penalty,
  sweeps: Sweeps,
): Descent {
  const rows = y.length;
  const left = Float64Array.from(y);
  const norms = columns.map((column) => product(column, 0, column, 0, rows));
  return descend(
    {
      count: columns.length,
      squares: product(y, 0, y, 0, rows),
      norm: (j) => norms[j]!,
      slope: (j) => product(columns[j]!, 0, left, 0, rows),
      move: (j, change) => {
        addMultiple(columns[j]!, 0, -change, left, 0, rows);
      },
      residual: () => ({
        squares: product(left, 0, left, 0, rows),
        along: product(left, 0, y, 0, rows),
      }),
    },
    penalty,
    sweeps,
  );
}

function descend(rows: Descending, penalty: Penalty, { maxIter, tol, checkpoint }: Sweeps): Descent {
  const w = new Float64Array(rows.count);
  const target = tol * rows.squares;
  let gap = Infinity;
  for (let iteration = 1; ; iteration++) {
    if (iteration % 16 === 0) checkpoint();
    const { largest, moved } = sweep(rows, penalty, w);
    const last = iteration === maxIter;
    if (largest === 0 || moved / largest < tol || last) {
      gap = gapOf(rows, penalty, w);
      if (gap < target || last)
        return { coefficients: w, gap, iterations: iteration, converged: gap < target };
    }
  }
}

/** Every coefficient once; the largest of them afterwards, and the largest change. */
function sweep(
  rows: Descending,
  { l1, l2, positive }: Penalty,
  w: Float64Array,
): { largest: number; moved: number } {
  let [largest, moved] = [0, 0];
  for (let j = 0; j < w.length; j++) {
    const norm = rows.norm(j);
    if (norm === 0) continue;
    const before = w[j]!;
    const slope = rows.slope(j) + norm * before;
    const size = Math.max(Math.abs(slope) - l1, 0) / (norm + l2);
    const after = slope > 0 ? size : positive ? 0 : -size;
    if (after !== before) rows.move(j, after - before);
    w[j] = after + 0;
    largest = Math.max(largest, Math.abs(after));
    moved = Math.max(moved, Math.abs(after - before));
  }
  return { largest, moved };
}

function gapOf(rows: Descending, { l1, l2, positive }: Penalty, w: Float64Array): number {
  let dual = positive ? -Infinity : 0;
  let [sizes, squares] = [0, 0];
  for (let j = 0; j < w.length; j++) {
    const slope = rows.slope(j) - l2 * w[j]!;
    dual = Math.max(dual, positive ? slope : Math.abs(slope));
    sizes += Math.abs(w[j]!);
    squares += w[j]! * w[j]!;
  }
  const left = rows.residual(w);
  const share = dual > l1 ? l1 / dual : 1;
  const first = dual > l1 ? 0.5 * left.squares * (1 + share * share) : left.squares;
  return first + l1 * sizes - share * left.along + 0.5 * l2 * (1 + share * share) * squares;
}

/** Four sums, which do not wait for one another. */
function product(a: Float64Array, at: number, b: Float64Array, other: number, length: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const even = length - (length % 4);
  for (let i = 0; i < even; i += 4) {
    s0 += a[at + i]! * b[other + i]!;
    s1 += a[at + i + 1]! * b[other + i + 1]!;
    s2 += a[at + i + 2]! * b[other + i + 2]!;
    s3 += a[at + i + 3]! * b[other + i + 3]!;
  }
  for (let i = even; i < length; i++) s0 += a[at + i]! * b[other + i]!;
  return s0 + s1 + (s2 + s3);
}

function addMultiple(
  a: Float64Array,
  at: number,
  factor: number,
  to: Float64Array,
  other: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) to[other + i]! += factor * a[at + i]!;
}
