/**
 * Of each row the most probable class and the probabilities of all: the sigmoid or softmax of scores that are linear in the
 * columns, or logarithms of densities of columns that are normal and independent. A row's answer depends on its own values
 * alone, and is computed by the same operations in vectors and out of them.
 */
import { exponential } from './elementary';
import { listed, projectOne, projectTwo } from './maps';

/** Rows whose scores are in scratch at a time, 1,024 bytes a class. */
const TILE: i32 = 128;
const LINE: usize = 1024;

/** start + Σ share · (x − mean)² over d columns of rows [row, end); of row r to `out`, 8 r bytes on. */
function densities(sources: usize, d: i32, means: usize, shares: usize, start: f64, row: i32, end: i32, out: usize): void {
  for (; row + 8 <= end; row += 8) {
    const at = (<usize>row) << 3;
    let a = f64x2.splat(start), b = a, c = a, e = a;
    for (let i = 0; i < d; i++) {
      const x = listed(sources, i) + at;
      const place = (<usize>i) << 3;
      const mean = v128.load64_splat(means + place), share = v128.load64_splat(shares + place);
      let y = f64x2.sub(v128.load(x), mean);
      a = f64x2.add(a, f64x2.mul(f64x2.mul(y, y), share));
      y = f64x2.sub(v128.load(x, 16), mean);
      b = f64x2.add(b, f64x2.mul(f64x2.mul(y, y), share));
      y = f64x2.sub(v128.load(x, 32), mean);
      c = f64x2.add(c, f64x2.mul(f64x2.mul(y, y), share));
      y = f64x2.sub(v128.load(x, 48), mean);
      e = f64x2.add(e, f64x2.mul(f64x2.mul(y, y), share));
    }
    v128.store(out + at, a);
    v128.store(out + at, b, 16);
    v128.store(out + at, c, 32);
    v128.store(out + at, e, 48);
  }
  for (; row < end; row++) {
    const at = (<usize>row) << 3;
    let a = start;
    for (let i = 0; i < d; i++) {
      const place = (<usize>i) << 3;
      const y = load<f64>(listed(sources, i) + at) - load<f64>(means + place);
      a += y * y * load<f64>(shares + place);
    }
    store<f64>(out + at, a);
  }
}

/** Of log-odds of the second of two classes: which one it is, and both probabilities. */
function sigmoid(scores: usize, count: i32, codes: usize, out: usize): void {
  const zero = f64x2.splat(0), one = f64x2.splat(1);
  for (let row = 0; row < count; row += 2) {
    const z = v128.load(scores + ((<usize>row) << 3));
    const e = exponential(f64x2.neg(f64x2.abs(z)));
    const near = f64x2.div(one, f64x2.add(one, e));
    const far = f64x2.mul(e, near);
    const isUp = f64x2.ge(z, zero);
    const first = v128.bitselect(far, near, isUp), second = v128.bitselect(near, far, isUp);
    const at = out + ((<usize>row) << 4), code = codes + ((<usize>row) << 2);
    v128.store(at, v128.shuffle<i64>(first, second, 0, 2));
    store<i32>(code, i32(f64x2.extract_lane(z, 0) > 0));
    if (row + 1 == count) return;
    v128.store(at, v128.shuffle<i64>(first, second, 1, 3), 16);
    store<i32>(code, i32(f64x2.extract_lane(z, 1) > 0), 4);
  }
}

/** Of a score a class: the first of the greatest, and all probabilities. */
function softmax(scores: usize, classes: i32, count: i32, codes: usize, out: usize): void {
  const zero = f64x2.splat(0), one = f64x2.splat(1);
  const end = (<usize>classes) * LINE, width = (<usize>classes) << 3;
  for (let row = 0; row < count; row += 2) {
    const from = scores + ((<usize>row) << 3);
    let largest = v128.load(from), best = zero, c = zero;
    for (let line = LINE; line < end; line += LINE) {
      const z = v128.load(from + line);
      const isMore = f64x2.gt(z, largest);
      c = f64x2.add(c, one);
      largest = v128.bitselect(z, largest, isMore);
      best = v128.bitselect(c, best, isMore);
    }
    let sum = zero;
    for (let line: usize = 0; line < end; line += LINE) {
      const e = exponential(f64x2.sub(v128.load(from + line), largest));
      v128.store(from + line, e);
      sum = f64x2.add(sum, e);
    }
    const inverse = f64x2.div(one, sum);
    const isLast = row + 1 == count;
    const code = codes + ((<usize>row) << 2);
    store<i32>(code, <i32>f64x2.extract_lane(best, 0));
    if (!isLast) store<i32>(code, <i32>f64x2.extract_lane(best, 1), 4);
    let at = out + (<usize>row) * width;
    for (let line: usize = 0; line < end; line += LINE, at += 8) {
      const share = f64x2.mul(v128.load(from + line), inverse);
      v128.store64_lane(at, share, 0);
      if (!isLast) v128.store64_lane(at + width, share, 1);
    }
  }
}

/**
 * Arguments, u32:
 *
 *     byte 0    sources      u32 a column: its values
 *          4    codes        OUT, i32 a row: its most probable class
 *          8    rows
 *         12    block        rows of a unit
 *         16    columns
 *         20    outputs      scores a row; 1 that is linear: log-odds of the second of two classes
 *         24    normal       0 linear, 1 densities
 *         28    parameters   f64. Linear: a zero a column; weights, outputs × columns; starts, an output each. Normal: means,
 *                            outputs × columns; −1 / (2 variance), likewise; starts
 *         32    scratch      1,024 bytes an output, lane after lane
 *         36    out          OUT, f64, rows × classes
 */
export function probabilitiesUnit(task: usize, unit: i32, lane: i32): void {
  const sources = <usize>load<u32>(task), block = load<i32>(task, 12);
  const d = load<i32>(task, 16), outputs = load<i32>(task, 20), isNormal = load<i32>(task, 24) != 0;
  const width = (<usize>d) << 3, part = width * <usize>outputs;
  const parameters = <usize>load<u32>(task, 28);
  const second = parameters + (isNormal ? part : width), starts = second + part;
  const scratch = <usize>load<u32>(task, 32) + (<usize>(lane * outputs)) * LINE;
  const isBinary = outputs == 1 && !isNormal;
  const classes = isBinary ? 2 : outputs;
  const end = min(load<i32>(task, 8), (unit + 1) * block);
  for (let row = unit * block; row < end; row += TILE) {
    const next = min(row + TILE, end);
    const to = scratch - ((<usize>row) << 3);
    let c = 0;
    if (isNormal) {
      for (; c < outputs; c++) {
        const at = (<usize>c) * width, start = load<f64>(starts + ((<usize>c) << 3));
        densities(sources, d, parameters + at, second + at, start, row, next, to + (<usize>c) * LINE);
      }
    }
    for (; c + 2 <= outputs; c += 2) {
      const v = second + (<usize>c) * width, start = starts + ((<usize>c) << 3), out = to + (<usize>c) * LINE;
      projectTwo(sources, d, parameters, v, v + width, load<f64>(start), load<f64>(start, 8), row, next, out, out + LINE);
    }
    if (c < outputs) {
      const v = second + (<usize>c) * width;
      projectOne(sources, d, parameters, v, load<f64>(starts + ((<usize>c) << 3)), row, next, to + (<usize>c) * LINE);
    }
    const codes = <usize>load<u32>(task, 4) + ((<usize>row) << 2);
    const out = <usize>load<u32>(task, 36) + ((<usize>row * <usize>classes) << 3);
    if (isBinary) sigmoid(scratch, next - row, codes, out);
    else softmax(scratch, outputs, next - row, codes, out);
  }
}
