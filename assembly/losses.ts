/**
 * The logistic loss of rows, its gradient and its Hessian, over columns that are centred and scaled on the way.
 *
 * Source: A. Agresti, "Categorical Data Analysis", 3rd edition, chapters 5 and 8. Of two classes there is one output, the
 * log-odds of the second; of more, one a class, and softmax.
 *
 * Rows pass through a tile, TILE of them at a time, 1,024 bytes a line; a lane's scratch has these lines:
 *
 *     weight   code   h   z   z'   p, one an output   residual, one an output   x, one a column, ones for the intercept, zeros
 *
 * The x lines are as many as a multiple of four. So are the columns of each output in what comes out, f64:
 *
 *     loss   total weight   gradient, outputs × padded   Hessian, (outputs × padded)²: of each pair of outputs the later
 *                                                        one's rows, and there the lower triangle
 */
import { exponential, logarithmOfMore } from './elementary';
import { listed, projectOne, projectTwo } from './maps';

/** Rows of a tile: their columns stay in the nearest cache. */
const TILE: i32 = 128;
const LINE: usize = 1024;
const WEIGHT: usize = 0;
const CODE: usize = LINE;
const CURVATURE: usize = 2 * LINE;
const PRODUCTS: usize = 3 * LINE;
const SCORES: usize = 5 * LINE;

/** A score beside which no other weighs anything. */
const SURE: f64 = 1e4;

/** Codes as float64 and what a row of each class counts. returns Σ weight */
function openRows(codes: usize, classWeights: usize, scratch: usize, count: i32): f64 {
  let total: f64 = 0;
  for (let i = 0; i < count; i++) {
    const code = load<i32>(codes + ((<usize>i) << 2));
    const weight = load<f64>(classWeights + ((<usize>code) << 3));
    const at = scratch + ((<usize>i) << 3);
    store<f64>(at, weight, WEIGHT);
    store<f64>(at, <f64>code, CODE);
    total += weight;
  }
  return total;
}

/** A row behind an odd number of them that counts nothing, and whose softmax has the sum 1. */
function pad(scratch: usize, p: usize, outputs: i32, count: i32): void {
  const at = (<usize>count) << 3;
  store<f64>(scratch + at, 0, WEIGHT);
  store<f64>(scratch + at, 0, CODE);
  for (let c = 0; c < outputs; c++) store<f64>(p + (<usize>c) * LINE + at, c == 0 ? SURE : 0);
}

/** (x − centre) · scale of a column, and 0 behind its last row. */
function copyColumn(from: usize, to: usize, count: i32, centre: f64, scale: f64): void {
  const end = from + ((<usize>count) << 3);
  const c = f64x2.splat(centre), s = f64x2.splat(scale);
  for (; from + 16 <= end; from += 16, to += 16) v128.store(to, f64x2.mul(f64x2.sub(v128.load(from), c), s));
  if (from == end) return;
  store<f64>(to, (load<f64>(from) - centre) * scale);
  store<f64>(to, 0, 8);
}

// @ts-ignore: decorator
@inline
function sumOf(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

/** (1 + t)(1 + x) − 1. */
// @ts-ignore: decorator
@inline
function compound(t: v128, x: v128): v128 {
  return f64x2.add(t, f64x2.add(x, f64x2.mul(t, x)));
}

/**
 * From log-odds to probabilities and residuals, weight · (probability − truth). returns Σ weight · loss. `equal`: what all
 * rows count, so that one logarithm of a product is all that is taken, less 1 so that what is next to 1 keeps its digits; 0
 * where they count differently.
 */
function binaryTile(scratch: usize, p: usize, residual: usize, bytes: usize, equal: f64): f64 {
  const zero = f64x2.splat(0), one = f64x2.splat(1);
  let loss = zero, product = zero;
  for (let at: usize = 0; at < bytes; at += 16) {
    const z = v128.load(p + at), weight = v128.load(scratch + at, WEIGHT);
    const isSecond = f64x2.gt(v128.load(scratch + at, CODE), zero);
    const isUp = f64x2.ge(z, zero);
    const e = exponential(f64x2.neg(f64x2.abs(z)));
    // Of either side without cancellation.
    const near = f64x2.div(one, f64x2.add(one, e));
    const far = f64x2.mul(e, near);
    const second = v128.bitselect(near, far, isUp), first = v128.bitselect(far, near, isUp);
    v128.store(p + at, second);
    v128.store(residual + at, f64x2.mul(weight, v128.bitselect(f64x2.neg(first), second, isSecond)));
    let lost = f64x2.pmax(v128.bitselect(f64x2.neg(z), z, isSecond), zero);
    if (equal == 0) lost = f64x2.add(lost, logarithmOfMore(e));
    else product = compound(product, e);
    loss = f64x2.add(loss, f64x2.mul(weight, lost));
  }
  return sumOf(loss) + equal * sumOf(logarithmOfMore(product));
}

/** The same of several outputs. */
function softmaxTile(scratch: usize, p: usize, residual: usize, outputs: i32, bytes: usize, equal: f64): f64 {
  const zero = f64x2.splat(0), one = f64x2.splat(1);
  const end = (<usize>outputs) * LINE;
  let loss = zero, product = zero;
  for (let at: usize = 0; at < bytes; at += 16) {
    const weight = v128.load(scratch + at, WEIGHT), code = v128.load(scratch + at, CODE);
    const scores = p + at, residuals = residual + at;
    const ownFirst = (<usize>f64x2.extract_lane(code, 0)) * LINE, ownSecond = (<usize>f64x2.extract_lane(code, 1)) * LINE + 8;
    const own = f64x2(load<f64>(scores + ownFirst), load<f64>(scores + ownSecond));
    let largest = v128.load(scores);
    for (let line = LINE; line < end; line += LINE) largest = f64x2.pmax(largest, v128.load(scores + line));
    let sum = zero, others = zero, c = zero;
    for (let line: usize = 0; line < end; line += LINE) {
      const e = exponential(f64x2.sub(v128.load(scores + line), largest));
      v128.store(scores + line, e);
      sum = f64x2.add(sum, e);
      // Of a row's own class without cancellation where it is all but sure.
      others = f64x2.add(others, v128.and(e, f64x2.ne(code, c)));
      c = f64x2.add(c, one);
    }
    const inverse = f64x2.div(one, sum);
    for (let line: usize = 0; line < end; line += LINE) {
      const share = f64x2.mul(v128.load(scores + line), inverse);
      v128.store(scores + line, share);
      v128.store(residuals + line, f64x2.mul(weight, share));
    }
    const rest = f64x2.neg(f64x2.mul(weight, f64x2.mul(others, inverse)));
    v128.store64_lane(residuals + ownFirst, rest, 0);
    v128.store64_lane(residuals + ownSecond, rest, 1);
    let lost = f64x2.sub(largest, own);
    const more = f64x2.sub(sum, one);
    if (equal == 0) lost = f64x2.add(lost, logarithmOfMore(more));
    else product = compound(product, more);
    loss = f64x2.add(loss, f64x2.mul(weight, lost));
  }
  return sumOf(loss) + equal * sumOf(logarithmOfMore(product));
}

// @ts-ignore: decorator
@inline
function bump(at: usize, sums: v128, offset: usize): void {
  store<f64>(at + offset, load<f64>(at + offset) + sumOf(sums));
}

/** Adds the products of a line with four x lines to `out`. */
function addOne(a: usize, x: usize, bytes: usize, out: usize): void {
  let p = f64x2.splat(0), q = p, r = p, s = p;
  for (const end = x + bytes; x < end; x += 16, a += 16) {
    const u = v128.load(a);
    p = f64x2.add(p, f64x2.mul(u, v128.load(x)));
    q = f64x2.add(q, f64x2.mul(u, v128.load(x, LINE)));
    r = f64x2.add(r, f64x2.mul(u, v128.load(x, 2 * LINE)));
    s = f64x2.add(s, f64x2.mul(u, v128.load(x, 3 * LINE)));
  }
  bump(out, p, 0);
  bump(out, q, 8);
  bump(out, r, 16);
  bump(out, s, 24);
}

/** The same of two lines that stand behind each other; that of the second goes `step` further. */
function addTwo(a: usize, x: usize, bytes: usize, out: usize, step: usize): void {
  let p = f64x2.splat(0), q = p, r = p, s = p, p2 = p, q2 = p, r2 = p, s2 = p;
  for (const end = x + bytes; x < end; x += 16, a += 16) {
    const u = v128.load(a), v = v128.load(a, LINE);
    let y = v128.load(x);
    p = f64x2.add(p, f64x2.mul(u, y));
    p2 = f64x2.add(p2, f64x2.mul(v, y));
    y = v128.load(x, LINE);
    q = f64x2.add(q, f64x2.mul(u, y));
    q2 = f64x2.add(q2, f64x2.mul(v, y));
    y = v128.load(x, 2 * LINE);
    r = f64x2.add(r, f64x2.mul(u, y));
    r2 = f64x2.add(r2, f64x2.mul(v, y));
    y = v128.load(x, 3 * LINE);
    s = f64x2.add(s, f64x2.mul(u, y));
    s2 = f64x2.add(s2, f64x2.mul(v, y));
  }
  bump(out, p, 0);
  bump(out, q, 8);
  bump(out, r, 16);
  bump(out, s, 24);
  out += step;
  bump(out, p2, 0);
  bump(out, q2, 8);
  bump(out, r2, 16);
  bump(out, s2, 24);
}

/** weight · p · (1 − p) of an output, −weight · p · p' of two. */
function curvature(scratch: usize, p: usize, other: usize, bytes: usize): void {
  const one = f64x2.splat(1);
  for (let at: usize = 0; at < bytes; at += 16) {
    const u = v128.load(p + at);
    const v = p == other ? f64x2.sub(one, u) : f64x2.neg(v128.load(other + at));
    v128.store(scratch + at, f64x2.mul(v128.load(scratch + at, WEIGHT), f64x2.mul(u, v)), CURVATURE);
  }
}

/** The curvature by two x lines that stand behind each other. */
function weighted(scratch: usize, x: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const h = v128.load(scratch + at, CURVATURE);
    v128.store(scratch + at, f64x2.mul(h, v128.load(x + at)), PRODUCTS);
    v128.store(scratch + at, f64x2.mul(h, v128.load(x + at, LINE)), PRODUCTS + LINE);
  }
}

function addHessian(scratch: usize, p: usize, x: usize, outputs: i32, padded: i32, bytes: usize, out: usize): void {
  const row = (<usize>(outputs * padded)) << 3, part = (<usize>padded) << 3;
  for (let c = 0; c < outputs; c++) {
    for (let other = 0; other <= c; other++) {
      curvature(scratch, p + (<usize>c) * LINE, p + (<usize>other) * LINE, bytes);
      const corner = out + (<usize>(c * padded)) * row + (<usize>other) * part;
      for (let j = 0; j < padded; j += 2) {
        weighted(scratch, x + (<usize>j) * LINE, bytes);
        const to = corner + (<usize>j) * row;
        for (let l = 0; l <= j; l += 4) {
          addTwo(scratch + PRODUCTS, x + (<usize>l) * LINE, bytes, to + ((<usize>l) << 3), row);
        }
      }
    }
  }
}

/** Outputs up to which the product of a tile's sums of exponentials, of 64 of them, is far from the end of float64. */
const MOST_MULTIPLIED: i32 = 4096;

/** What a row of any class counts; 0 where they count differently, or are too many. */
function sharedWeight(classWeights: usize, outputs: i32): f64 {
  if (outputs > MOST_MULTIPLIED) return 0;
  const first = load<f64>(classWeights);
  for (let c = 1; c < max(outputs, 2); c++) if (load<f64>(classWeights + ((<usize>c) << 3)) != first) return 0;
  return first;
}

/**
 * Sums over a unit's rows. Arguments, u32:
 *
 *     byte 0    sources      u32 a column: its values
 *          4    codes        i32 a row
 *          8    rows
 *         12    block        rows of a unit
 *         16    columns
 *         20    outputs      1 of two classes
 *         24    intercept    0 or 1
 *         28    curved       0 or 1: whether a Hessian is asked for
 *         32    parameters   f64: centres and scales a column; coefficient · scale, outputs × columns; intercepts, an output
 *                            each; what a row counts, a class each
 *         36    scratch      lines of 1,024 bytes, as above, lane after lane
 *         40    out          OUT, as above, unit after unit
 */
export function logisticUnit(task: usize, unit: i32, lane: i32): void {
  const sources = <usize>load<u32>(task), block = load<i32>(task, 12);
  const d = load<i32>(task, 16), outputs = load<i32>(task, 20);
  const intercept = load<i32>(task, 24), isCurved = load<i32>(task, 28) != 0;
  const centres = <usize>load<u32>(task, 32), scales = centres + ((<usize>d) << 3), weights = scales + ((<usize>d) << 3);
  const starts = weights + ((<usize>(outputs * d)) << 3), classWeights = starts + ((<usize>outputs) << 3);
  const padded = (d + intercept + 3) & ~3;
  const size = <usize>(outputs * padded);
  const scratch = <usize>load<u32>(task, 36) + <usize>lane * (SCORES + (<usize>(2 * outputs + padded)) * LINE);
  const p = scratch + SCORES, residual = p + (<usize>outputs) * LINE, x = residual + (<usize>outputs) * LINE;
  const entries: usize = 2 + size + (isCurved ? size * size : 0);
  const out = <usize>load<u32>(task, 40) + ((<usize>unit * entries) << 3);
  const gradient = out + 16, hessian = gradient + (size << 3);
  memory.fill(out, 0, entries << 3);
  memory.fill(x + (<usize>d) * LINE, 0, (<usize>(padded - d)) * LINE);
  const equal = sharedWeight(classWeights, outputs);
  let loss: f64 = 0, total: f64 = 0;
  const end = min(load<i32>(task, 8), (unit + 1) * block);
  for (let row = unit * block; row < end; row += TILE) {
    const count = min(TILE, end - row), place = (<usize>row) << 3;
    const bytes = (<usize>((count + 1) & ~1)) << 3;
    total += openRows(<usize>load<u32>(task, 4) + ((<usize>row) << 2), classWeights, scratch, count);
    let c = 0;
    for (; c + 2 <= outputs; c += 2) {
      const v = weights + ((<usize>(c * d)) << 3), start = starts + ((<usize>c) << 3), to = p + (<usize>c) * LINE - place;
      projectTwo(sources, d, centres, v, v + ((<usize>d) << 3), load<f64>(start), load<f64>(start, 8), row, row + count, to, to + LINE);
    }
    if (c < outputs) {
      const v = weights + ((<usize>(c * d)) << 3), to = p + (<usize>c) * LINE - place;
      projectOne(sources, d, centres, v, load<f64>(starts + ((<usize>c) << 3)), row, row + count, to);
    }
    for (let j = 0; j < d; j++) {
      const at = (<usize>j) << 3;
      copyColumn(listed(sources, j) + place, x + (<usize>j) * LINE, count, load<f64>(centres + at), load<f64>(scales + at));
    }
    // Behind the last row its products are of weight 0.
    if (intercept != 0) {
      for (let at: usize = 0; at < bytes; at += 16) v128.store(x + (<usize>d) * LINE + at, f64x2.splat(1));
    }
    if ((count & 1) != 0) pad(scratch, p, outputs, count);
    loss += outputs == 1 ? binaryTile(scratch, p, residual, bytes, equal) : softmaxTile(scratch, p, residual, outputs, bytes, equal);
    for (let j = 0; j < padded; j += 4) {
      const columns = x + (<usize>j) * LINE, to = gradient + ((<usize>j) << 3), step = (<usize>padded) << 3;
      c = 0;
      for (; c + 2 <= outputs; c += 2) addTwo(residual + (<usize>c) * LINE, columns, bytes, to + (<usize>c) * step, step);
      if (c < outputs) addOne(residual + (<usize>c) * LINE, columns, bytes, to + (<usize>c) * step);
    }
    if (isCurved) addHessian(scratch, p, x, outputs, padded, bytes, hessian);
  }
  store<f64>(out, loss);
  store<f64>(out, total, 8);
}
