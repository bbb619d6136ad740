/**
 * Points as integers, so that most rows that are too far are told by products of sixteen bits, eight in one instruction.
 * What they let through is decided by its very distance: the answer is that of float64.
 *
 * x' = (x − centre) · scale, cut to ±bound and rounded. Cutting brings no two points farther apart, rounding moves each by at
 * most half a unit a column: for rows whose distance is at most r, that of their integers is at most r · scale + √d, and a
 * little for what float64 rounds. Σx'q' − ⌊|x'|²/2⌋ is compared: it is at least (|q'|² − D')/2 where D' is their squared
 * distance. `bound` is such that no sum is beyond 31 bits.
 *
 *     shorts, a leaf     pairs of columns, each     x0 x1 of row 0 | of row 1 | …            i16
 *                        behind them                −⌊|x'|²/2⌋ of row 0 | of row 1 | …       i32
 *
 *     integer            q0 q1 | q0 q1 | q0 q1 | q0 q1, sixteen bytes for each pair of columns
 */
import { take, word } from './neighbours';

// @ts-ignore: decorator
@inline
function shortOf(scaling: usize, column: i32, x: f64): i32 {
  const bound = load<f64>(scaling, 8);
  const at = (x - load<f64>(scaling + 16 + ((<usize>column) << 3))) * load<f64>(scaling);
  return i32(nearest(max(min(at, bound), -bound)));
}

// @ts-ignore: decorator
@inline
function leafShorts(forest: usize, unit: i32): usize {
  const pairs = (word(forest, 4) + 1) >> 1;
  return word(forest, 28) + ((<usize>unit * word(forest, 8) * (pairs + 1)) << 2);
}

/** Writes the integers of a leaf whose points are there. */
export function quantise(forest: usize, unit: i32, rows: i32): void {
  const d = <i32>word(forest, 4), leaf = word(forest, 8), scaling = word(forest, 32);
  const to = leafShorts(forest, unit);
  const halves = to + ((<usize>((d + 1) >> 1) * leaf) << 2);
  memory.fill(to, 0, ((<usize>((d + 1) >> 1) + 1) * leaf) << 2);
  const points = word(forest, 16) + ((<usize>unit * <usize>d * leaf) << 3);
  for (let c = 0; c < d; c++) {
    const column = points + ((<usize>c) << 3);
    const pair = to + ((<usize>(c >> 1) * leaf) << 2) + ((<usize>(c & 1)) << 1);
    for (let i: usize = 0; i < <usize>rows; i++) {
      const short = shortOf(scaling, c, load<f64>(column + ((i * <usize>d) << 3)));
      store<i16>(pair + (i << 2), <i16>short);
      store<i32>(halves + (i << 2), load<i32>(halves + (i << 2)) + short * short);
    }
  }
  for (let i: usize = 0; i < <usize>rows; i++) store<i32>(halves + (i << 2), -(load<i32>(halves + (i << 2)) >> 1));
}

/** The integers of a query. OUT integer; |q'|² at byte 24 of `found`, and 28 what decides while fewer than k are found. */
export function openInteger(forest: usize, query: usize, integer: usize, found: usize): void {
  const d = <i32>word(forest, 4), scaling = word(forest, 32);
  let square = 0;
  for (let c = 0; c < d; c += 2) {
    const a = shortOf(scaling, c, load<f64>(query + ((<usize>c) << 3)));
    const b = c + 1 < d ? shortOf(scaling, c + 1, load<f64>(query + ((<usize>c) << 3), 8)) : 0;
    square += a * a + b * b;
    v128.store(integer + ((<usize>c) << 3), i32x4.splat((a & 0xffff) | (b << 16)));
  }
  store<i32>(found, square, 24);
  store<i32>(found, i32.MIN_VALUE, 28);
}

/** What a sum must be beyond, for a row as near as the worst that was found. */
// @ts-ignore: decorator
@inline
function limitOf(forest: usize, found: usize): i32 {
  const worst = load<f64>(found, 16);
  if (!(worst < Infinity)) return i32.MIN_VALUE;
  const reach = Math.sqrt(worst) * load<f64>(word(forest, 32)) * (1 + 1e-9) + 1.001 * Math.sqrt(<f64>word(forest, 4));
  const limit = (<f64>load<i32>(found, 24) - reach * reach) / 2 - 2;
  return limit > <f64>i32.MIN_VALUE ? i32(Math.floor(limit)) : i32.MIN_VALUE;
}

/** The squared distance of a row, summed as the other scan does. */
// @ts-ignore: decorator
@inline
function squaredDistance(row: usize, query: usize, width: usize): f64 {
  let sum: f64 = 0;
  for (const end = query + width; query < end; query += 8, row += 8) {
    const difference = load<f64>(row) - load<f64>(query);
    sum += difference * difference;
  }
  return sum;
}

/** All rows of a leaf, thirty-two at a time. */
export function scanIntegers(forest: usize, unit: i32, query: usize, integer: usize, found: usize): void {
  const leaf = <i32>word(forest, 8);
  const first = unit * leaf;
  const rows = min(leaf, <i32>word(forest, 0) - first);
  const keys = word(forest, 24) + ((<usize>first) << 2);
  const width = word(forest, 4) << 3;
  const points = word(forest, 16) + <usize>first * width;
  const shorts = leafShorts(forest, unit);
  const step = (<usize>leaf) << 2;
  const pairs = (word(forest, 4) + 1) >> 1;
  const end = integer + (pairs << 4);
  let limit = load<i32>(found, 28);
  for (let row = 0; row < rows; row += 32) {
    let at = shorts + ((<usize>row) << 2);
    const halves = at + pairs * step;
    let a = v128.load(halves), b = v128.load(halves, 16), c = v128.load(halves, 32), d = v128.load(halves, 48);
    let e = v128.load(halves, 64), f = v128.load(halves, 80), g = v128.load(halves, 96), h = v128.load(halves, 112);
    for (let q = integer; q < end; q += 16, at += step) {
      const x = v128.load(q);
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load(at), x));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load(at, 16), x));
      c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load(at, 32), x));
      d = i32x4.add(d, i32x4.dot_i16x8_s(v128.load(at, 48), x));
      e = i32x4.add(e, i32x4.dot_i16x8_s(v128.load(at, 64), x));
      f = i32x4.add(f, i32x4.dot_i16x8_s(v128.load(at, 80), x));
      g = i32x4.add(g, i32x4.dot_i16x8_s(v128.load(at, 96), x));
      h = i32x4.add(h, i32x4.dot_i16x8_s(v128.load(at, 112), x));
    }
    const least = i32x4.splat(limit);
    a = i32x4.gt_s(a, least);
    b = i32x4.gt_s(b, least);
    c = i32x4.gt_s(c, least);
    d = i32x4.gt_s(d, least);
    e = i32x4.gt_s(e, least);
    f = i32x4.gt_s(f, least);
    g = i32x4.gt_s(g, least);
    h = i32x4.gt_s(h, least);
    if (!v128.any_true(v128.or(v128.or(v128.or(a, b), v128.or(c, d)), v128.or(v128.or(e, f), v128.or(g, h))))) continue;
    let open = i32x4.bitmask(a) | (i32x4.bitmask(b) << 4) | (i32x4.bitmask(c) << 8) | (i32x4.bitmask(d) << 12) |
      (i32x4.bitmask(e) << 16) | (i32x4.bitmask(f) << 20) | (i32x4.bitmask(g) << 24) | (i32x4.bitmask(h) << 28);
    for (; open != 0; open &= open - 1) {
      const i = row + ctz(open);
      if (i >= rows) break;
      const distance = squaredDistance(points + <usize>i * width, query, width);
      if (distance <= load<f64>(found, 16)) take(found, distance, load<i32>(keys + ((<usize>i) << 2)));
    }
    limit = limitOf(forest, found);
  }
  store<i32>(found, limit, 28);
}
