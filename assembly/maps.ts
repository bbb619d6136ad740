/**
 * Maps from columns to columns, row by row, and what is counted on the way. Columns are plain float64, NaN where a value is
 * missing. A row's answer depends on its own values alone, and is computed by the same operations in vectors and out of them:
 * the same bits whatever the lanes.
 *
 * Units are blocks of rows, of several columns: unit = column × blocks + block. Arguments of all tasks begin alike, u32:
 *
 *     byte 0    sources      u32 a column: its values
 *          4    outs         OUT, u32 a column: its values
 *          8    rows
 *         12    blocks       of a column
 *         16    parameters   f64, as the task says
 */
import { exponentialLessOne, logarithmOfMore } from './elementary';
import { BLOCK } from './memory';
import { normalQuantile } from './normal';

// @ts-ignore: decorator
@inline
function first(task: usize, unit: i32): i32 {
  return (unit % load<i32>(task, 12)) * BLOCK;
}

// @ts-ignore: decorator
@inline
function rowsOf(task: usize, from: i32): i32 {
  return min(load<i32>(task, 8) - from, BLOCK);
}

// @ts-ignore: decorator
@inline
export function listed(list: usize, column: i32): usize {
  return <usize>load<u32>(list + ((<usize>column) << 2));
}

// @ts-ignore: decorator
@inline
function columnOf(task: usize, unit: i32): i32 {
  return unit / load<i32>(task, 12);
}

// @ts-ignore: decorator
@inline
function sourceOf(task: usize, unit: i32): usize {
  return listed(<usize>load<u32>(task), columnOf(task, unit)) + ((<usize>first(task, unit)) << 3);
}

// @ts-ignore: decorator
@inline
function outOf(task: usize, unit: i32): usize {
  return listed(<usize>load<u32>(task, 4), columnOf(task, unit)) + ((<usize>first(task, unit)) << 3);
}

/** How many values are NaN, and how many are infinite. byte 20 counts OUT, two i32 a unit. */
export function gapsUnit(task: usize, unit: i32): void {
  const count = rowsOf(task, first(task, unit));
  const from = sourceOf(task, unit);
  const end = from + ((<usize>count) << 3);
  const zero = f64x2.splat(0);
  let missing = i64x2.splat(0), odd = i64x2.splat(0);
  let at = from;
  for (; at + 16 <= end; at += 16) {
    const x = v128.load(at);
    missing = i64x2.sub(missing, f64x2.ne(x, x));
    odd = i64x2.sub(odd, f64x2.ne(f64x2.sub(x, x), zero));
  }
  let nans = i64x2.extract_lane(missing, 0) + i64x2.extract_lane(missing, 1);
  let odds = i64x2.extract_lane(odd, 0) + i64x2.extract_lane(odd, 1);
  if (at < end) {
    const x = load<f64>(at);
    if (x != x) nans++;
    if (x - x != 0) odds++;
  }
  const counts = <usize>load<u32>(task, 20) + ((<usize>unit) << 3);
  store<i32>(counts, <i32>nans);
  store<i32>(counts, <i32>(odds - nans), 4);
}

/** (x − a) / b · c + d. Parameters: a, b, c, d a column. */
export function scaleUnit(task: usize, unit: i32): void {
  const count = rowsOf(task, first(task, unit));
  const parameters = <usize>load<u32>(task, 16) + ((<usize>columnOf(task, unit)) << 5);
  const a = load<f64>(parameters), b = load<f64>(parameters, 8), c = load<f64>(parameters, 16), d = load<f64>(parameters, 24);
  let at = sourceOf(task, unit), out = outOf(task, unit);
  const end = at + ((<usize>count) << 3);
  const va = f64x2.splat(a), vb = f64x2.splat(b), vc = f64x2.splat(c), vd = f64x2.splat(d);
  for (; at + 16 <= end; at += 16, out += 16) {
    v128.store(out, f64x2.add(f64x2.mul(f64x2.div(f64x2.sub(v128.load(at), va), vb), vc), vd));
  }
  if (at < end) store<f64>(out, ((load<f64>(at) - a) / b) * c + d);
}

/** x · y. byte 20 others, u32 a column: the values of y. */
export function multiplyUnit(task: usize, unit: i32): void {
  const from = first(task, unit);
  const count = rowsOf(task, from);
  let x = sourceOf(task, unit), out = outOf(task, unit);
  let y = listed(<usize>load<u32>(task, 20), columnOf(task, unit)) + ((<usize>from) << 3);
  const end = x + ((<usize>count) << 3);
  for (; x + 16 <= end; x += 16, y += 16, out += 16) v128.store(out, f64x2.mul(v128.load(x), v128.load(y)));
  if (x < end) store<f64>(out, load<f64>(x) * load<f64>(y));
}

/** Rows that stay in the cache of a core while one pair of sums after the other is made of them. */
const TILE: i32 = 256;

/**
 * Two sums over `d` columns of rows [row, end): start + Σ (x − centre) · weight, in the order of the columns. What comes of
 * row r goes to `outV` and `outW`, 8 r bytes on.
 */
export function projectTwo(
  sources: usize, d: i32, centres: usize, v: usize, w: usize, startV: f64, startW: f64, row: i32, end: i32, outV: usize, outW: usize,
): void {
  for (; row + 8 <= end; row += 8) {
    const at = (<usize>row) << 3;
    let a = f64x2.splat(startV), b = a, c = a, e = a, p = f64x2.splat(startW), q = p, r = p, s = p;
    for (let i = 0; i < d; i++) {
      const x = listed(sources, i) + at;
      const place = (<usize>i) << 3;
      const centre = v128.load64_splat(centres + place), first = v128.load64_splat(v + place), second = v128.load64_splat(w + place);
      let y = f64x2.sub(v128.load(x), centre);
      a = f64x2.add(a, f64x2.mul(y, first));
      p = f64x2.add(p, f64x2.mul(y, second));
      y = f64x2.sub(v128.load(x, 16), centre);
      b = f64x2.add(b, f64x2.mul(y, first));
      q = f64x2.add(q, f64x2.mul(y, second));
      y = f64x2.sub(v128.load(x, 32), centre);
      c = f64x2.add(c, f64x2.mul(y, first));
      r = f64x2.add(r, f64x2.mul(y, second));
      y = f64x2.sub(v128.load(x, 48), centre);
      e = f64x2.add(e, f64x2.mul(y, first));
      s = f64x2.add(s, f64x2.mul(y, second));
    }
    v128.store(outV + at, a);
    v128.store(outV + at, b, 16);
    v128.store(outV + at, c, 32);
    v128.store(outV + at, e, 48);
    v128.store(outW + at, p);
    v128.store(outW + at, q, 16);
    v128.store(outW + at, r, 32);
    v128.store(outW + at, s, 48);
  }
  for (; row < end; row++) {
    const at = (<usize>row) << 3;
    let a = startV, p = startW;
    for (let i = 0; i < d; i++) {
      const place = (<usize>i) << 3;
      const y = load<f64>(listed(sources, i) + at) - load<f64>(centres + place);
      a += y * load<f64>(v + place);
      p += y * load<f64>(w + place);
    }
    store<f64>(outV + at, a);
    store<f64>(outW + at, p);
  }
}

/** The same of one sum. */
export function projectOne(sources: usize, d: i32, centres: usize, v: usize, start: f64, row: i32, end: i32, out: usize): void {
  for (; row + 8 <= end; row += 8) {
    const at = (<usize>row) << 3;
    let a = f64x2.splat(start), b = a, c = a, e = a;
    for (let i = 0; i < d; i++) {
      const x = listed(sources, i) + at;
      const place = (<usize>i) << 3;
      const centre = v128.load64_splat(centres + place), weight = v128.load64_splat(v + place);
      a = f64x2.add(a, f64x2.mul(f64x2.sub(v128.load(x), centre), weight));
      b = f64x2.add(b, f64x2.mul(f64x2.sub(v128.load(x, 16), centre), weight));
      c = f64x2.add(c, f64x2.mul(f64x2.sub(v128.load(x, 32), centre), weight));
      e = f64x2.add(e, f64x2.mul(f64x2.sub(v128.load(x, 48), centre), weight));
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
      a += (load<f64>(listed(sources, i) + at) - load<f64>(centres + place)) * load<f64>(v + place);
    }
    store<f64>(out + at, a);
  }
}

/**
 * start + Σ (x − centre) · weight over d columns, for each of k lists of weights a column of `outs`: unit = block. byte 20 d,
 * 24 k. Parameters: d centres, k × d weights, k starts.
 */
export function projectUnit(task: usize, unit: i32): void {
  const sources = <usize>load<u32>(task), outs = <usize>load<u32>(task, 4), centres = <usize>load<u32>(task, 16);
  const d = load<i32>(task, 20), k = load<i32>(task, 24);
  const weights = centres + ((<usize>d) << 3), starts = weights + ((<usize>(k * d)) << 3);
  const from = unit * BLOCK;
  const end = from + rowsOf(task, from);
  for (let row = from; row < end; row += TILE) {
    const next = min(row + TILE, end);
    let j = 0;
    for (; j + 2 <= k; j += 2) {
      const v = weights + ((<usize>(j * d)) << 3), w = v + ((<usize>d) << 3), start = starts + ((<usize>j) << 3);
      projectTwo(sources, d, centres, v, w, load<f64>(start), load<f64>(start, 8), row, next, listed(outs, j), listed(outs, j + 1));
    }
    if (j == k) continue;
    const v = weights + ((<usize>(j * d)) << 3);
    projectOne(sources, d, centres, v, load<f64>(starts + ((<usize>j) << 3)), row, next, listed(outs, j));
  }
}

/** Edges up to which comparing with all of them takes less time than a search. */
const FEW: i32 = 16;

/** How many of n edges each value has reached, NaN of NaN. */
function countReached(edges: usize, n: i32, at: usize, out: usize, end: usize): void {
  const last = edges + ((<usize>n) << 3);
  const one = f64x2.splat(1);
  for (; at < end; at += 16, out += 16) {
    const isLast = at + 16 > end;
    const x = isLast ? f64x2.splat(load<f64>(at)) : v128.load(at);
    let count = f64x2.splat(0);
    for (let edge = edges; edge < last; edge += 8) {
      count = f64x2.add(count, v128.and(f64x2.ge(x, v128.load64_splat(edge)), one));
    }
    const y = v128.bitselect(count, x, f64x2.eq(x, x));
    if (isLast) store<f64>(out, f64x2.extract_lane(y, 0));
    else v128.store(out, y);
  }
}

/**
 * Looks a column's values up among n ascending edges, with a table of where to begin (src/engine/wasm/maps.ts), one column:
 *
 *     byte 20    edges     f64, n of them
 *          24    n
 *          28    starts    i32 a bucket and one more: edges in the buckets before it
 *          32    buckets
 *          36    lines     0, or a line for each edge, four f64: middle, reference, slope to the next one, its reference
 *          40    normal    whether the answer is a quantile of the normal distribution
 *
 * Parameters: the first edge, buckets a unit of the values. Without lines the answer is how many edges a value has reached.
 */
export function placesUnit(task: usize, unit: i32): void {
  const edges = <usize>load<u32>(task, 20), starts = <usize>load<u32>(task, 28), lines = <usize>load<u32>(task, 36);
  const n = load<i32>(task, 24), last = <f64>(load<i32>(task, 32) - 1);
  const isNormal = load<i32>(task, 40) != 0;
  const parameters = <usize>load<u32>(task, 16);
  const low = load<f64>(parameters), scale = load<f64>(parameters, 8);
  let at = sourceOf(task, unit), out = outOf(task, unit);
  const end = at + ((<usize>rowsOf(task, first(task, unit))) << 3);
  if (lines == 0 && n <= FEW) return countReached(edges, n, at, out, end);
  for (; at < end; at += 8, out += 8) {
    const x = load<f64>(at);
    if (x != x) {
      store<f64>(out, NaN);
      continue;
    }
    const place = (x - low) * scale;
    const bucket = (<usize>(<i32>(place >= 0 ? min(place, last) : 0))) << 2;
    let from = load<i32>(starts + bucket), to = load<i32>(starts + bucket, 4);
    while (from < to) {
      const middle = (from + to) >> 1;
      if (load<f64>(edges + ((<usize>middle) << 3)) <= x) from = middle + 1;
      else to = middle;
    }
    if (lines == 0) store<f64>(out, <f64>from);
    else {
      const share = interpolated(edges, lines, n, from, x, isNormal);
      store<f64>(out, isNormal ? scoreOf(share) : share);
    }
  }
}

/** Of the normal distribution: nearer to the ends than this is at the end. Source: scikit-learn's `BOUNDS_THRESHOLD`. */
const THRESHOLD: f64 = 1e-7;

/** The share of a distribution that lies below x, which has reached `reached` of its n quantiles. */
// @ts-ignore: decorator
@inline
function interpolated(edges: usize, lines: usize, n: i32, reached: i32, x: f64, isNormal: bool): f64 {
  const low = load<f64>(edges), high = load<f64>(edges + ((<usize>(n - 1)) << 3));
  if (reached == 0 || (isNormal ? x - THRESHOLD < low : x == low)) return 0;
  if (isNormal ? x + THRESHOLD > high : x == high) return 1;
  const at = edges + ((<usize>(reached - 1)) << 3);
  const line = lines + ((<usize>(reached - 1)) << 5);
  const a = load<f64>(at);
  if (x == a) return load<f64>(line);
  if (reached == n) return load<f64>(line, 8);
  const slope = load<f64>(line, 16);
  return 0.5 * (load<f64>(line, 8) + (x - a) * slope + (load<f64>(line, 24) - (load<f64>(at, 8) - x) * slope));
}

// @ts-ignore: decorator
@inline
function scoreOf(share: f64): f64 {
  const z = normalQuantile(share);
  if (share <= THRESHOLD) return max(z, normalQuantile(THRESHOLD - f64.EPSILON));
  return share >= 1 - THRESHOLD ? min(z, normalQuantile(1 - (THRESHOLD - f64.EPSILON))) : z;
}

/** sign(x) · ln(1 + |x|). */
export function logarithmsUnit(task: usize, unit: i32): void {
  let at = sourceOf(task, unit), out = outOf(task, unit);
  const end = at + ((<usize>rowsOf(task, first(task, unit))) << 3);
  const sign = f64x2.splat(-0.0);
  for (; at < end; at += 16, out += 16) {
    const isLast = at + 16 > end;
    const x = isLast ? f64x2.splat(load<f64>(at)) : v128.load(at);
    const y = v128.or(logarithmOfMore(f64x2.abs(x)), v128.and(x, sign));
    if (isLast) store<f64>(out, f64x2.extract_lane(y, 0));
    else v128.store(out, y);
  }
}

/** Yeo and Johnson's transform of the x whose logarithms (above) are given. Parameters: λ a column. */
export function powersUnit(task: usize, unit: i32): void {
  const lambda = load<f64>(<usize>load<u32>(task, 16) + ((<usize>columnOf(task, unit)) << 3));
  const power = lambda - 2;
  // Where one of the two is 0 the logarithm itself is the limit.
  const up = f64x2.splat(lambda), down = f64x2.splat(power);
  const upIsZero = abs(lambda) < f64.EPSILON ? i64x2.splat(-1) : i64x2.splat(0);
  const downIsZero = abs(power) <= f64.EPSILON ? i64x2.splat(-1) : i64x2.splat(0);
  let at = sourceOf(task, unit), out = outOf(task, unit);
  const end = at + ((<usize>rowsOf(task, first(task, unit))) << 3);
  for (; at < end; at += 16, out += 16) {
    const isLast = at + 16 > end;
    const log = isLast ? f64x2.splat(load<f64>(at)) : v128.load(at);
    const isUp = f64x2.ge(log, f64x2.splat(0));
    const own = v128.bitselect(up, down, isUp);
    const y = f64x2.div(exponentialLessOne(f64x2.mul(own, log)), own);
    const z = v128.bitselect(log, y, v128.bitselect(upIsZero, downIsZero, isUp));
    if (isLast) store<f64>(out, f64x2.extract_lane(z, 0));
    else v128.store(out, z);
  }
}
