import { add, widened } from '../double-double.js';
import type { DoubleDouble } from '../double-double.js';
import { fillOf, residualsOf, wideRows, type System } from './system.js';
import { chooseColumns, triangleOf, type Choice } from './triangle.js';
import { inverseOf, reflectWide, setEntry, solveWide, wide, type Wide } from './wide.js';

/** A solved system, in its units. */
export interface Solution {
  readonly choice: Choice;
  /** Of ones, where they are there, then of the chosen columns. */
  readonly coefficients: readonly DoubleDouble[];
  /** R of ones and the chosen columns in its upper triangle. */
  readonly factor: Wide;
  /** The inverse of R without ones, column-major. */
  readonly inverse: Float64Array;
  /** Norm of the ones; and the means of all columns about their centres. */
  readonly onesNorm: number;
  readonly means: Float64Array;
  readonly condition: number;
  /** Σ w · r² where it is known. */
  readonly squares: DoubleDouble | undefined;
}

/** Multiplications up to which a system is solved in double-double arithmetic at once, and where it is ill-conditioned. */
const WIDE_WORK = 2 ** 19;
const WIDE_WORK_ILL = 2 ** 24;
const WIDE_ENTRIES = 2 ** 19;
const ILL = 1e4;

const MOST_STEPS = 6;

/** Chooses independent columns and solves for their coefficients. `checkpoint` is called between blocks of rows and steps. */
export function solve(system: System, checkpoint: () => void): Solution {
  const { columns, rows, intercept } = system;
  const lead = intercept ? 1 : 0;
  const order = columns.length + lead + 1;
  const fill = fillOf(system);
  const triangle = triangleOf(rows, order, (block, stride, start, count) => {
    checkpoint();
    fill(block, stride, start, count);
  });
  const choice = chooseColumns(
    trailing(triangle, columns.length, lead),
    columns.length,
    sizesOf(system, triangle),
  );
  const inverse = inverseUpper(choice);
  const condition = conditionOf(choice, inverse);
  const means = Float64Array.from(columns, (_, j) =>
    intercept ? triangle[(j + 1) * order]! / triangle[0]! : 0,
  );
  const known = { choice, condition, means, onesNorm: Math.abs(triangle[0]!) };
  const size = choice.chosen.length + lead + 1;
  const work = rows * size * size;
  if (rows * size <= WIDE_ENTRIES && work <= (condition > ILL ? WIDE_WORK_ILL : WIDE_WORK))
    return { ...known, ...solveAtOnce(system, choice) };
  return { ...known, ...solveBySteps(system, choice, triangle, condition, inverse, checkpoint) };
}

/** The triangle without ones: `count` rows of the columns and y. */
function trailing(triangle: Float64Array, count: number, lead: number): Float64Array {
  const order = count + lead + 1;
  const a = new Float64Array(count * (count + 1));
  for (let j = 0; j <= count; j++) {
    const at = (j + lead) * order + lead;
    a.set(triangle.subarray(at, at + count), j * count);
  }
  return a;
}

/** Norms of the columns as they came, in the system's units. */
function sizesOf({ columns, intercept, weights, rows }: System, triangle: Float64Array): Float64Array {
  const lead = intercept ? 1 : 0;
  const order = columns.length + lead + 1;
  const total = weights === undefined ? rows : weights.reduce((sum, weight) => sum + weight, 0);
  return Float64Array.from(columns, ({ centre, scale }, j) => {
    let square = total * (centre * scale) ** 2;
    for (let i = 0; i < order; i++) square += triangle[(j + lead) * order + i]! ** 2;
    return Math.sqrt(square);
  });
}

/** The inverse of the chosen columns' R, of columns of norm 1; column-major. */
function inverseUpper({ chosen, upper, stride }: Choice): Float64Array {
  const rank = chosen.length;
  const inverse = new Float64Array(rank * rank);
  for (let column = 0; column < rank; column++) {
    const b = inverse.subarray(column * rank, (column + 1) * rank);
    b[column] = 1;
    for (let j = column; j >= 0; j--) {
      b[j]! /= upper[j * stride + j]!;
      for (let i = 0; i < j; i++) b[i]! -= b[j]! * upper[j * stride + i]!;
    }
  }
  return inverse;
}

/** In the 1-norm: the largest sum of a column's sizes. */
function conditionOf({ chosen, upper, stride }: Choice, inverse: Float64Array): number {
  const rank = chosen.length;
  if (rank === 0) return 1;
  const largest = (a: Float64Array, width: number): number => {
    let most = 0;
    for (let j = 0; j < rank; j++) {
      let sum = 0;
      for (let i = 0; i <= j; i++) sum += Math.abs(a[j * width + i]!);
      most = Math.max(most, sum);
    }
    return most;
  };
  return largest(upper, stride) * largest(inverse, rank);
}

type Solved = Pick<Solution, 'coefficients' | 'factor' | 'inverse' | 'squares'>;

/** All in double-double arithmetic. */
function solveAtOnce(system: System, { chosen }: Choice): Solved {
  const lead = system.intercept ? 1 : 0;
  const rank = chosen.length;
  const order = rank + lead;
  const factor = wideRows(system, chosen);
  reflectWide(factor);
  const whole = inverseOf(factor, order);
  const inverse = new Float64Array(rank * rank);
  for (let k = 0; k < rank; k++) {
    const at = (k + lead) * order + lead;
    inverse.set(whole.subarray(at, at + rank), k * rank);
  }
  return { coefficients: solveWide(factor, order), factor, inverse, squares: undefined };
}

/** In float64, refined until the next step would change nothing. */
function solveBySteps(
  system: System,
  choice: Choice,
  triangle: Float64Array,
  condition: number,
  inverseOfUnits: Float64Array,
  checkpoint: () => void,
): Solved {
  const { chosen, norms } = choice;
  const lead = system.intercept ? 1 : 0;
  const rank = chosen.length;
  const factor = factorOf(system, choice, triangle);
  const inverse = inverseOfUnits.map((x, at) => x / norms[chosen[at % rank]!]!);
  const sizes = [...(lead === 1 ? [Math.abs(triangle[0]!)] : []), ...chosen.map((j) => norms[j]!)];
  let coefficients = solveWide(factor, rank + lead);
  let squares: DoubleDouble | undefined;
  let before = Infinity;
  for (let step = 0; step < MOST_STEPS; step++) {
    checkpoint();
    const left = residualsOf(system, chosen, coefficients);
    const half = forward(factor, left.gradient);
    const change = backward(factor, half);
    coefficients = coefficients.map((value, place) => add(value, widened(change[place]!)));
    squares = add(left.squares, widened(-half.reduce((sum, x) => sum + x * x, 0)));
    if (squares.hi < 0) squares = widened(0);
    const relative = relativeChange(coefficients, change, sizes);
    // A step leaves about the condition's share of float64's rounding of what it changed.
    if (!(relative < before / 2) || relative * Math.min(1, condition * 2 ** -44) < 2 ** -54) break;
    before = relative;
  }
  return { coefficients, factor, inverse, squares };
}

/** The largest change of a coefficient against its size, of those that matter to the fit. */
function relativeChange(
  coefficients: readonly DoubleDouble[],
  change: Float64Array,
  sizes: readonly number[],
): number {
  const parts = coefficients.map(({ hi }, place) => Math.abs(hi) * sizes[place]!);
  const least = Math.max(...parts) * 2 ** -20;
  return parts.reduce((most, part, place) => {
    const moved = Math.abs(change[place]!) * sizes[place]!;
    return moved === 0 ? most : Math.max(most, moved / Math.max(part, least));
  }, 0);
}

/** R of ones and the chosen columns, with Q'y. */
function factorOf({ columns, intercept }: System, choice: Choice, triangle: Float64Array): Wide {
  const { chosen, norms, upper, stride, target } = choice;
  const lead = intercept ? 1 : 0;
  const order = columns.length + lead + 1;
  const rank = chosen.length;
  const factor = wide(rank + lead, rank + lead + 1);
  const set = (i: number, j: number, value: number): void => {
    setEntry(factor, i, j, widened(value));
  };
  if (intercept) {
    set(0, 0, triangle[0]!);
    chosen.forEach((j, q) => {
      set(0, q + 1, triangle[(j + 1) * order]!);
    });
    set(0, rank + 1, triangle[(order - 1) * order]!);
  }
  chosen.forEach((j, q) => {
    for (let i = 0; i <= q; i++) set(i + lead, q + lead, upper[q * stride + i]! * norms[j]!);
    set(q + lead, rank + lead, target[q]!);
  });
  return factor;
}

/** w with R'w = g. */
function forward({ rows, hi }: Wide, g: Float64Array): Float64Array {
  const w = Float64Array.from(g);
  for (let i = 0; i < w.length; i++) {
    for (let k = 0; k < i; k++) w[i]! -= hi[i * rows + k]! * w[k]!;
    w[i]! /= hi[i * rows + i]!;
  }
  return w;
}

/** d with R d = w. */
function backward({ rows, hi }: Wide, w: Float64Array): Float64Array {
  const d = Float64Array.from(w);
  for (let j = d.length - 1; j >= 0; j--) {
    d[j]! /= hi[j * rows + j]!;
    for (let i = 0; i < j; i++) d[i]! -= d[j]! * hi[j * rows + i]!;
  }
  return d;
}
