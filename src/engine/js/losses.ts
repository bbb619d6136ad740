import type { ClassRows, ClassScores, LogisticLoss, LossesKernel } from '../../ports/losses.js';
import { classesOf } from '../scores.js';

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

function lossOf(rows: ClassRows): LogisticLoss {
  const outputs = rows.weights.length === 2 ? 1 : rows.weights.length;
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
  const count = rows.codes.length;
  return (w, curved) => {
    const gradient = new Float64Array(size);
    const hessian = curved ? new Float64Array(size * size) : undefined;
    let [loss, total] = [0, 0];
    for (let start = 0; start < count; start += BLOCK) {
      const length = Math.min(BLOCK, count - start);
      openBlock(rows, scratch, start, length);
      linearPredictors(w, scratch, outputs, width, length);
      loss += outputs === 1 ? binary(scratch, length) : multinomial(scratch, outputs, length);
      for (let row = 0; row < length; row++) total += scratch.weight[row]!;
      addGradient(gradient, scratch, outputs, width, length);
      if (hessian !== undefined) addHessian(hessian, scratch, outputs, width, length);
    }
    return { loss, total, gradient, ...(hessian && { hessian }) };
  };
}

function openBlock(rows: ClassRows, scratch: Scratch, start: number, length: number): void {
  const { columns, centres, scales, codes, weights } = rows;
  for (let row = 0; row < length; row++) {
    const code = codes[start + row]!;
    scratch.codes[row] = code;
    scratch.weight[row] = weights[code]!;
  }
  for (let j = 0; j < columns.length; j++)
    copyRows(columns[j]!, start, length, centres[j]!, scales[j]!, scratch.x, j * BLOCK);
}

/** (x − centre) · scale of some rows. */
function copyRows(
  values: Float64Array,
  start: number,
  length: number,
  centre: number,
  scale: number,
  to: Float64Array,
  at: number,
): void {
  for (let row = 0; row < length; row++) to[at + row] = (values[start + row]! - centre) * scale;
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

export const losses: LossesKernel = {
  logistic: (rows, use) => use(lossOf(rows)),
  probabilities: (columns, scores) => {
    const rows = columns[0]?.length ?? 0;
    const outputs = scores.starts.length;
    const classes = classesOf(scores);
    const probabilities = new Float64Array(rows * classes);
    const codes = new Int32Array(rows);
    const block = Array.from({ length: outputs }, () => new Float64Array(BLOCK));
    for (let start = 0; start < rows; start += BLOCK) {
      const length = Math.min(BLOCK, rows - start);
      block.forEach((out, c) => {
        scoresOf(columns, scores, c, start, length, out);
      });
      const shares = classes > outputs ? sigmoid : softmax;
      shares(block, probabilities, codes, start, length);
    }
    return { codes, probabilities };
  },
};

function scoresOf(
  columns: readonly Float64Array[],
  scores: ClassScores,
  c: number,
  start: number,
  length: number,
  out: Float64Array,
): void {
  const d = columns.length;
  out.fill(scores.starts[c]!);
  for (let j = 0; j < d; j++) {
    const at = c * d + j;
    const column = columns[j]!;
    if (scores.kind === 'linear') addScores(column, start, scores.weights[at]!, out, length);
    else addDensities(column, start, scores.means[at]!, -0.5 / scores.variances[at]!, out, length);
  }
}

function addScores(
  column: Float64Array,
  start: number,
  weight: number,
  out: Float64Array,
  length: number,
): void {
  for (let i = 0; i < length; i++) out[i]! += weight * column[start + i]!;
}

function addDensities(
  column: Float64Array,
  start: number,
  mean: number,
  share: number,
  out: Float64Array,
  length: number,
): void {
  for (let i = 0; i < length; i++) {
    const deviation = column[start + i]! - mean;
    out[i]! += share * (deviation * deviation);
  }
}

type Shares = (
  scores: readonly Float64Array[],
  out: Float64Array,
  codes: Int32Array,
  start: number,
  length: number,
) => void;

const sigmoid: Shares = ([score], out, codes, start, length) => {
  for (let i = 0; i < length; i++) {
    const z = score![i]!;
    const e = Math.exp(-Math.abs(z));
    const [near, far] = [1 / (1 + e), e / (1 + e)];
    const at = 2 * (start + i);
    out[at] = z >= 0 ? far : near;
    out[at + 1] = z >= 0 ? near : far;
    codes[start + i] = z > 0 ? 1 : 0;
  }
};

const softmax: Shares = (scores, out, codes, start, length) => {
  const classes = scores.length;
  for (let i = 0; i < length; i++) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (scores[c]![i]! > scores[best]![i]!) best = c;
    const largest = scores[best]![i]!;
    const at = (start + i) * classes;
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const e = Math.exp(scores[c]![i]! - largest);
      out[at + c] = e;
      sum += e;
    }
    for (let c = 0; c < classes; c++) out[at + c]! /= sum;
    codes[start + i] = best;
  }
};
