/**
 * The logistic loss of rows, its gradient and its Hessian, over columns that are centred and scaled on the way, so that
 * neither their units nor where they lie make the problem ill-conditioned.
 *
 * Source: A. Agresti, "Categorical Data Analysis", 3rd edition, chapters 5 and 8 (binary and baseline-free multinomial
 * logit). Of two classes one row of coefficients says how much more likely the second is; of more each class has a row.
 */
import { addColumnProducts, addCombination, type Centred } from './centred.js';
import type { Objective, Point } from './objective.js';

export interface ClassRows extends Centred {
  readonly codes: Int32Array;
  readonly classes: number;
  /** What a row of each class counts. */
  readonly weights: Float64Array;
  readonly intercept: boolean;
  /** Every `stride`-th row takes part. */
  readonly stride: number;
}

/** Rows that are worked on at a time: their columns stay in a near cache. */
const BLOCK = 512;

/** Room for a block, made once. */
interface Scratch {
  /** Columns of the block, then ones; each at a multiple of BLOCK. */
  readonly x: Float64Array;
  /** Linear predictors, then probabilities, by class; likewise. */
  readonly p: Float64Array;
  /** Weight times probability less truth, by class. */
  readonly residual: Float64Array;
  readonly weight: Float64Array;
  readonly h: Float64Array;
  readonly product: Float64Array;
  readonly codes: Int32Array;
}

/**
 * Mean loss per weight plus ½ Σ penalty · coefficient², of outputs × (columns + intercept) coefficients, an output's in a
 * row, its intercept last. `checkpoint` is called for each block of rows. What adding the same to all outputs does not change is held: such coefficients add up to 0.
 */
export function logisticObjective(rows: ClassRows, penalty: Float64Array, checkpoint: () => void): Objective {
  const outputs = rows.classes === 2 ? 1 : rows.classes;
  const width = rows.columns.length + (rows.intercept ? 1 : 0);
  const size = outputs * width;
  const scratch: Scratch = {
    x: new Float64Array(width * BLOCK),
    p: new Float64Array(outputs * BLOCK),
    residual: new Float64Array(outputs * BLOCK),
    weight: new Float64Array(BLOCK),
    h: new Float64Array(BLOCK),
    product: new Float64Array(BLOCK),
    codes: new Int32Array(BLOCK),
  };
  if (rows.intercept) scratch.x.fill(1, (width - 1) * BLOCK);
  const count = Math.ceil(rows.codes.length / rows.stride);
  return {
    size,
    at: (w, curved) => {
      const gradient = new Float64Array(size);
      const hessian = curved ? new Float64Array(size * size) : undefined;
      let [loss, total] = [0, 0];
      for (let start = 0; start < count; start += BLOCK) {
        const length = Math.min(BLOCK, count - start);
        checkpoint();
        openBlock(rows, scratch, start, length);
        const inPlace = hessian === undefined && rows.stride === 1;
        if (inPlace) {
          combineColumns(w, rows, scratch, outputs, start, length);
        } else {
          copyBlock(rows, scratch, start, length);
          linearPredictors(w, scratch, outputs, width, length);
        }
        loss += outputs === 1 ? binary(scratch, length) : multinomial(scratch, outputs, length);
        for (let row = 0; row < length; row++) total += scratch.weight[row]!;
        if (inPlace) multiplyColumns(gradient, rows, scratch, outputs, start, length);
        else addGradient(gradient, scratch, outputs, width, length);
        if (hessian !== undefined) addHessian(hessian, scratch, outputs, width, length);
      }
      return finish({ loss, gradient, ...(hessian && { hessian }) }, w, penalty, total, outputs);
    },
  };
}

function openBlock(
  { codes, weights, stride }: ClassRows,
  scratch: Scratch,
  start: number,
  length: number,
): void {
  for (let row = 0; row < length; row++) {
    const code = codes[(start + row) * stride]!;
    scratch.codes[row] = code;
    scratch.weight[row] = weights[code]!;
  }
}

/** Linear predictors of columns where they lie. */
function combineColumns(
  w: Float64Array,
  rows: ClassRows,
  { p }: Scratch,
  outputs: number,
  start: number,
  length: number,
): void {
  const d = rows.columns.length;
  const width = w.length / outputs;
  for (let c = 0; c < outputs; c++) {
    const to = c * BLOCK;
    p.fill(rows.intercept ? w[c * width + d]! : 0, to, to + length);
    addCombination(rows, w, c * width, start, p, to, length);
  }
}

function multiplyColumns(
  gradient: Float64Array,
  rows: ClassRows,
  { residual }: Scratch,
  outputs: number,
  start: number,
  length: number,
): void {
  const width = gradient.length / outputs;
  for (let c = 0; c < outputs; c++) {
    const at = c * BLOCK;
    addColumnProducts(rows, residual, at, start, gradient, c * width, length);
    if (!rows.intercept) continue;
    let sum = 0;
    for (let i = 0; i < length; i++) sum += residual[at + i]!;
    gradient[(c + 1) * width - 1]! += sum;
  }
}

function copyBlock(
  { columns, centres, scales, stride }: ClassRows,
  { x }: Scratch,
  start: number,
  length: number,
): void {
  for (let j = 0; j < columns.length; j++)
    copyRows(columns[j]!, start * stride, stride, length, centres[j]!, scales[j]!, x, j * BLOCK);
}

function copyRows(
  values: Float64Array,
  start: number,
  stride: number,
  length: number,
  centre: number,
  scale: number,
  to: Float64Array,
  at: number,
): void {
  for (let row = 0; row < length; row++) to[at + row] = (values[start + row * stride]! - centre) * scale;
}

function linearPredictors(
  w: Float64Array,
  { x, p }: Scratch,
  outputs: number,
  width: number,
  length: number,
): void {
  const even = width - (width % 4);
  for (let c = 0; c < outputs; c++) {
    const [to, from] = [c * BLOCK, c * width];
    p.fill(0, to, to + length);
    for (let j = 0; j < even; j += 4) addFour(x, j * BLOCK, w, from + j, p, to, length);
    for (let j = even; j < width; j++) addOne(x, j * BLOCK, w[from + j]!, p, to, length);
  }
}

function addFour(
  x: Float64Array,
  at: number,
  w: Float64Array,
  from: number,
  to: Float64Array,
  place: number,
  length: number,
): void {
  const [p, q, r, s] = [w[from]!, w[from + 1]!, w[from + 2]!, w[from + 3]!];
  const [b, c, d] = [at + BLOCK, at + 2 * BLOCK, at + 3 * BLOCK];
  for (let i = 0; i < length; i++)
    to[place + i]! += p * x[at + i]! + q * x[b + i]! + (r * x[c + i]! + s * x[d + i]!);
}

function addOne(
  x: Float64Array,
  at: number,
  factor: number,
  to: Float64Array,
  place: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) to[place + i]! += factor * x[at + i]!;
}

/** From linear predictors to probabilities of the second class and residuals; the sum of the losses. */
function binary({ p, residual, weight, codes }: Scratch, length: number): number {
  let loss = 0;
  for (let row = 0; row < length; row++) {
    const z = p[row]!;
    const e = Math.exp(-Math.abs(z));
    const one = z >= 0 ? 1 / (1 + e) : e / (1 + e);
    // Of the wrong side, without cancellation where p is near 1.
    const other = z >= 0 ? e / (1 + e) : 1 / (1 + e);
    const second = codes[row] === 1;
    const w = weight[row]!;
    p[row] = one;
    residual[row] = second ? -w * other : w * one;
    loss += w * (Math.log1p(e) + (second ? Math.max(-z, 0) : Math.max(z, 0)));
  }
  return loss;
}

function multinomial({ p, residual, weight, codes }: Scratch, outputs: number, length: number): number {
  let loss = 0;
  for (let row = 0; row < length; row++) {
    const own = codes[row]! * BLOCK + row;
    let largest = -Infinity;
    for (let c = 0; c < outputs; c++) largest = Math.max(largest, p[c * BLOCK + row]!);
    const z = p[own]! - largest;
    let sum = 0;
    for (let c = 0; c < outputs; c++) {
      const e = Math.exp(p[c * BLOCK + row]! - largest);
      p[c * BLOCK + row] = e;
      sum += e;
    }
    const w = weight[row]!;
    let others = 0;
    for (let c = 0; c < outputs; c++) {
      const at = c * BLOCK + row;
      p[at]! /= sum;
      residual[at] = w * p[at]!;
      if (at !== own) others += p[at]!;
    }
    residual[own] = -w * others;
    loss += w * (Math.log(sum) - z);
  }
  return loss;
}

function addGradient(
  gradient: Float64Array,
  { x, residual }: Scratch,
  outputs: number,
  width: number,
  length: number,
): void {
  for (let c = 0; c < outputs; c++) addProducts(x, residual, c * BLOCK, gradient, c * width, width, length);
}

/** Adds the products of a line with the first `count` columns to `out`. */
function addProducts(
  x: Float64Array,
  line: Float64Array,
  at: number,
  out: Float64Array,
  to: number,
  count: number,
  length: number,
): void {
  const even = count - (count % 4);
  for (let j = 0; j < even; j += 4) productFour(x, j * BLOCK, line, at, out, to + j, length);
  for (let j = even; j < count; j++) {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += line[at + i]! * x[j * BLOCK + i]!;
    out[to + j]! += sum;
  }
}

function productFour(
  x: Float64Array,
  at: number,
  line: Float64Array,
  place: number,
  out: Float64Array,
  to: number,
  length: number,
): void {
  const [b, c, d] = [at + BLOCK, at + 2 * BLOCK, at + 3 * BLOCK];
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < length; i++) {
    const v = line[place + i]!;
    s0 += v * x[at + i]!;
    s1 += v * x[b + i]!;
    s2 += v * x[c + i]!;
    s3 += v * x[d + i]!;
  }
  out[to]! += s0;
  out[to + 1]! += s1;
  out[to + 2]! += s2;
  out[to + 3]! += s3;
}

/** The lower triangle of each pair of outputs, in rows of the later one. */
function addHessian(
  hessian: Float64Array,
  { x, p, weight, h, product }: Scratch,
  outputs: number,
  width: number,
  length: number,
): void {
  const size = outputs * width;
  for (let c = 0; c < outputs; c++) {
    for (let other = 0; other <= c; other++) {
      const [a, b] = [c * BLOCK, other * BLOCK];
      if (other === c) for (let i = 0; i < length; i++) h[i] = weight[i]! * p[a + i]! * (1 - p[a + i]!);
      else for (let i = 0; i < length; i++) h[i] = -weight[i]! * p[a + i]! * p[b + i]!;
      for (let j = 0; j < width; j++) {
        const at = j * BLOCK;
        for (let i = 0; i < length; i++) product[i] = h[i]! * x[at + i]!;
        addProducts(x, product, 0, hessian, (c * width + j) * size + other * width, j + 1, length);
      }
    }
  }
}

/** Means from sums, all of the Hessian from its parts, and the penalty. */
function finish(
  { loss, gradient, hessian }: Point,
  w: Float64Array,
  penalty: Float64Array,
  total: number,
  outputs: number,
): Point {
  const size = w.length;
  const width = size / outputs;
  let mean = loss / total;
  for (let i = 0; i < size; i++) {
    mean += 0.5 * penalty[i]! * w[i]! * w[i]!;
    gradient[i] = gradient[i]! / total + penalty[i]! * w[i]!;
  }
  if (hessian === undefined) return { loss: mean, gradient };
  for (let i = 0; i < size; i++) {
    const [c, j] = [Math.floor(i / width), i % width];
    for (let k = 0; k <= i; k++) {
      const [other, l] = [Math.floor(k / width), k % width];
      const [row, column] = l > j ? [c * width + l, other * width + j] : [i, k];
      const entry = hessian[row * size + column]! / total;
      hessian[k * size + i] = entry;
    }
  }
  // The upper triangle is complete now.
  for (let i = 0; i < size; i++) for (let k = 0; k < i; k++) hessian[i * size + k] = hessian[k * size + i]!;
  for (let j = 0; j < width; j++) if (outputs > 1 && penalty[j] === 0) hold(hessian, j, outputs, width);
  for (let i = 0; i < size; i++) {
    hessian[i * size + i]! += penalty[i]!;
    // A constant column: its coefficient stays.
    if (hessian[i * size + i] === 0) hessian[i * size + i] = 1;
  }
  return { loss: mean, gradient, hessian };
}

/** Curvature along the direction in which all outputs' coefficients of a column move together, where there is none. */
function hold(hessian: Float64Array, j: number, outputs: number, width: number): void {
  const size = outputs * width;
  let mean = 0;
  for (let c = 0; c < outputs; c++) mean += hessian[(c * width + j) * (size + 1)]! / outputs;
  for (let c = 0; c < outputs; c++)
    for (let other = 0; other < outputs; other++)
      hessian[(c * width + j) * size + other * width + j]! += mean;
}
