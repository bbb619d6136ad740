/**
 * What pruned assignments (sift.ts) know of a row, and their steps in float64.
 *
 * Source: G. Hamerly, "Making k-means even faster", SDM 2010 (one lower bound a row, centre drift); J. Drake and G. Hamerly,
 * "Accelerated k-means with adaptive distance bounds", 2012, with one runner-up a row.
 *
 * A row remembers its nearest centre a (its label), the second nearest b (its runner-up) and how far off all others
 * were. Bounds are kept against running totals of the drift since the start, so that a row which is skipped is read
 * and not written. With M[a] the total over the iterations of the largest shift among all centres but a, and D[a] = M[a] + the
 * total of a's own shifts:
 *
 *     gap    = (distance to second nearest) − (distance to nearest) + D[a]   when they were last known
 *     third  = (distance to third nearest) + M[a]                            likewise
 *
 *     1. gap > D[a] now                                   the label stands: neither column nor centre is read
 *     2. min(distance to a, to b) < third − M[a] now       the nearer of a and b; equal: the lower index
 *     3. else                                             all distances, in a tile of the rows that got so far
 *
 * Distances of bounds and drifts are scaled by the power of two of the singles (single.ts), so that they fit into a float32.
 *
 * Rounding: bounds give way by 4e-9 of a distance and 1e-9 of a drift, a million times what rounding can make of either
 * (columns < 1e6, iterations < 1e6), and by what a float32 takes off; what is nearer than that is decided by the very
 * distances that kmeans_assign compares. Squares below 1e-290, where float64 runs out of range, bound nothing.
 *
 * Layout of `plan`, 64 bytes of u32, pointers to
 *
 *     byte   0      4        8         12       16     20      24      28
 *            gaps   thirds   runners   drifts   sums   rows    before  singles
 *
 *     byte   32     36       40        44       48
 *            nears  packs    lists     unused   f64: scale
 *
 * `gaps`, `thirds`: f32 a row; `runners`: u16 a row. `drifts`, 32 bytes a centre, f32, rounded up (+) or down (−):
 *
 *     byte   0     4     8     12    16
 *            D+    D−    M+    M−    what singles may be off by (sift.ts)
 *
 * `sums`: float64, k × columns high parts, as many low parts, k weights. `rows`: i32, twice the tile's stride and 32 more;
 * `before`: i32, a block. `sums`, `rows`, `before` and `lists` are this lane's own. Fields from byte 28 on: sift.ts.
 */
import { bump, carry, field, gather } from './tile';

/** The low bits of a squared distance that give way to the index of its centre: 2^-40 of it, far inside the margin. */
const INDEX: i64 = 4095;
const TINY: f64 = 1e-290;
/** Farther than any row in scaled units: what two centres have for a third. */
const HUGE: f64 = 1e30;
export const GIVE: f64 = 1 - 4e-9;

// @ts-ignore: decorator
@inline
export function pointer(plan: usize, offset: usize): usize {
  return <usize>load<u32>(plan + offset);
}

/** Rounded down to a float32. */
// @ts-ignore: decorator
@inline
function lower(value: f64): f32 {
  return <f32>(value - abs(value) * 1.1920928955078125e-7);
}

/** Writes what is known of a row: its centres, and bounds as they are now. */
// @ts-ignore: decorator
@inline
export function keep(plan: usize, labels: usize, row: i32, label: i32, runner: i32, gap: f64, third: f64): void {
  const drift = pointer(plan, 12) + ((<usize>label) << 5);
  store<i32>(labels + ((<usize>row) << 2), label);
  store<u16>(pointer(plan, 8) + ((<usize>row) << 1), <u16>runner);
  store<f32>(pointer(plan, 0) + ((<usize>row) << 2), lower(gap + <f64>load<f32>(drift, 4)));
  store<f32>(pointer(plan, 4) + ((<usize>row) << 2), lower(third + <f64>load<f32>(drift, 12)));
}

/**
 * All centres for row `i` of the tile, one at a time with full digits. OUT into: nearest, second and third squared
 * distance. returns the nearest centre (lowest index on ties), the second one in the upper half.
 */
function rank(at: usize, stride: usize, centers: usize, k: i32, columns: i32, into: usize): i64 {
  let best = Infinity, second = Infinity, third = Infinity;
  let label: i64 = 0, runner: i64 = 0;
  let center = centers;
  for (let j = 0; j < k; j++) {
    let value = at;
    let distance: f64 = 0;
    for (let column = 0; column < columns; column++) {
      const d = load<f64>(value) - load<f64>(center);
      distance += d * d;
      value += stride;
      center += 8;
    }
    if (distance < best) {
      third = second;
      second = best;
      runner = label;
      best = distance;
      label = j;
    } else if (distance < second) {
      third = second;
      second = distance;
      runner = j;
    } else if (distance < third) {
      third = distance;
    }
  }
  store<f64>(into, best);
  store<f64>(into, second, 8);
  store<f64>(into, third, 16);
  return label | (runner << 32);
}

/**
 * Step 3 for the first `count` rows of the tile. Two rows and four centres at a time. The index of a centre travels in
 * the lowest bits of its distance, so that three minima are all there is to keep; where that could matter, rank decides.
 */
export function rankTile(frame: usize, plan: usize, count: i32, centers: usize, k: i32, labels: usize): void {
  const columns = field(frame, 4);
  const stride = <usize>load<u32>(frame, 24) << 3;
  const tile = <usize>load<u32>(frame, 28);
  const list = pointer(plan, 20);
  const scratch = list + stride;
  const scale = load<f64>(plan, 48);
  const width = (<usize>columns) << 3;
  const mask = i64x2.splat(~INDEX);
  const one = i64x2.splat(1);
  for (let i = 0; i < count; i += 2) {
    const rows = tile + ((<usize>i) << 3);
    let best = f64x2.splat(Infinity), second = best, third = best;
    let index = i64x2.splat(0);
    let centre = centers;
    let j = 0;
    for (; j + 4 <= k; j += 4) {
      let a = f64x2.splat(0), b = a, c = a, d = a;
      let line = rows;
      const end = centre + width;
      const far = centre + 2 * width;
      let next = far;
      for (let at = centre; at < end; at += 8) {
        const x = v128.load(line);
        const p = f64x2.sub(x, v128.load64_splat(at)), q = f64x2.sub(x, v128.load64_splat(at + width));
        const r = f64x2.sub(x, v128.load64_splat(next)), s = f64x2.sub(x, v128.load64_splat(next + width));
        a = f64x2.add(a, f64x2.mul(p, p));
        b = f64x2.add(b, f64x2.mul(q, q));
        c = f64x2.add(c, f64x2.mul(r, r));
        d = f64x2.add(d, f64x2.mul(s, s));
        line += stride;
        next += 8;
      }
      a = v128.or(v128.and(a, mask), index);
      index = i64x2.add(index, one);
      b = v128.or(v128.and(b, mask), index);
      index = i64x2.add(index, one);
      c = v128.or(v128.and(c, mask), index);
      index = i64x2.add(index, one);
      d = v128.or(v128.and(d, mask), index);
      index = i64x2.add(index, one);
      third = f64x2.pmin(third, f64x2.pmax(second, a));
      second = f64x2.pmin(second, f64x2.pmax(best, a));
      best = f64x2.pmin(best, a);
      third = f64x2.pmin(third, f64x2.pmax(second, b));
      second = f64x2.pmin(second, f64x2.pmax(best, b));
      best = f64x2.pmin(best, b);
      third = f64x2.pmin(third, f64x2.pmax(second, c));
      second = f64x2.pmin(second, f64x2.pmax(best, c));
      best = f64x2.pmin(best, c);
      third = f64x2.pmin(third, f64x2.pmax(second, d));
      second = f64x2.pmin(second, f64x2.pmax(best, d));
      best = f64x2.pmin(best, d);
      centre = far + 2 * width;
    }
    for (; j < k; j++) {
      let a = f64x2.splat(0);
      let line = rows;
      const end = centre + width;
      for (let at = centre; at < end; at += 8) {
        const p = f64x2.sub(v128.load(line), v128.load64_splat(at));
        a = f64x2.add(a, f64x2.mul(p, p));
        line += stride;
      }
      a = v128.or(v128.and(a, mask), index);
      index = i64x2.add(index, one);
      third = f64x2.pmin(third, f64x2.pmax(second, a));
      second = f64x2.pmin(second, f64x2.pmax(best, a));
      best = f64x2.pmin(best, a);
      centre = end;
    }
    // Certain where the second is farther by more than the index bits and rounding could hide. NaN: not certain.
    const give = f64x2.splat(GIVE), less = f64x2.splat(GIVE * scale), huge = f64x2.splat(HUGE);
    const shrunk = f64x2.mul(second, give);
    const certain = i64x2.bitmask(v128.and(f64x2.gt(shrunk, best), f64x2.gt(second, f64x2.splat(TINY))));
    const near = f64x2.mul(f64x2.sqrt(f64x2.add(best, f64x2.splat(TINY))), f64x2.splat(scale));
    const gap = f64x2.sub(f64x2.pmin(huge, f64x2.mul(f64x2.sqrt(second), less)), near);
    const rest = f64x2.pmin(huge, f64x2.mul(f64x2.sqrt(third), less));
    const row = load<i32>(list + ((<usize>i) << 2));
    if ((certain & 1) != 0) {
      const label = <i32>(i64x2.extract_lane(best, 0) & INDEX), runner = <i32>(i64x2.extract_lane(second, 0) & INDEX);
      keep(plan, labels, row, label, runner, f64x2.extract_lane(gap, 0), f64x2.extract_lane(rest, 0));
    } else {
      settleExactly(frame, plan, i, centers, k, labels, scratch);
    }
    if (i + 1 == count) return;
    if ((certain & 2) != 0) {
      const next = load<i32>(list + ((<usize>i) << 2), 4);
      const label = <i32>(i64x2.extract_lane(best, 1) & INDEX), runner = <i32>(i64x2.extract_lane(second, 1) & INDEX);
      keep(plan, labels, next, label, runner, f64x2.extract_lane(gap, 1), f64x2.extract_lane(rest, 1));
    } else {
      settleExactly(frame, plan, i + 1, centers, k, labels, scratch);
    }
  }
}

function settleExactly(frame: usize, plan: usize, i: i32, centers: usize, k: i32, labels: usize, scratch: usize): void {
  const stride = <usize>load<u32>(frame, 24) << 3;
  const at = <usize>load<u32>(frame, 28) + ((<usize>i) << 3);
  const both = rank(at, stride, centers, k, field(frame, 4), scratch);
  const scale = load<f64>(plan, 48);
  const near = sqrt(load<f64>(scratch) + TINY) * scale;
  const gap = min(HUGE, sqrt(load<f64>(scratch, 8)) * GIVE * scale) - near, rest = min(HUGE, sqrt(load<f64>(scratch, 16)) * GIVE * scale);
  keep(plan, labels, load<i32>(pointer(plan, 20) + ((<usize>i) << 2)), <i32>both, <i32>(both >> 32), gap, rest);
}

/** Step 1 for rows [from, to). OUT list: those it leaves, and one place more. returns how many */
// @ts-ignore: decorator
@inline
export function scan(plan: usize, from: i32, to: i32, labels: usize, list: usize): i32 {
  const drifts = pointer(plan, 12);
  let gap = pointer(plan, 0) + ((<usize>from) << 2);
  let slot = labels + ((<usize>from) << 2);
  let out = list;
  for (let row = from; row < to; row++) {
    store<i32>(out, row);
    const limit = load<f32>(drifts + ((<usize>load<i32>(slot)) << 5));
    out += <usize>i32(!(load<f32>(gap) > limit)) << 2;
    gap += 4;
    slot += 4;
  }
  return <i32>((out - list) >> 2);
}

/**
 * Step 2 for rows of one segment, whose columns start at `pointers` minus `start` rows. INOUT list: those it leaves, in
 * `out`, which may be the same. returns how many
 */
export function duel(frame: usize, plan: usize, pointers: usize, start: i32, centers: usize, labels: usize, list: usize, count: i32, out: usize): i32 {
  const columns = field(frame, 4);
  const means = <usize>load<u32>(frame, 20);
  const thirds = pointer(plan, 4), runners = pointer(plan, 8), drifts = pointer(plan, 12);
  const width = (<usize>columns) << 3;
  const tiny = f64x2(TINY, 0), scale = f64x2.splat(load<f64>(plan, 48));
  let left = out;
  for (let i = 0; i < count; i++) {
    const row = load<i32>(list + ((<usize>i) << 2));
    const a = load<i32>(labels + ((<usize>row) << 2)), b = <i32>load<u16>(runners + ((<usize>row) << 1));
    const offset = (<usize>(row - start)) << 3;
    let first = centers + <usize>a * width, other = centers + <usize>b * width;
    let mean = means;
    let both = f64x2.splat(0);
    const end = pointers + (width >> 1);
    for (let column = pointers; column < end; column += 4) {
      const x = load<f64>(<usize>load<u32>(column) + offset) - load<f64>(mean);
      const p = f64x2.sub(f64x2.splat(x), v128.load64_lane(other, v128.load64_zero(first), 1));
      both = f64x2.add(both, f64x2.mul(p, p));
      mean += 8;
      first += 8;
      other += 8;
    }
    const turned = v128.shuffle<i64>(both, both, 1, 0);
    const u = f64x2.extract_lane(both, 0), v = f64x2.extract_lane(both, 1);
    const turn = i32(v < u) | (i32(v == u) & i32(b < a));
    // Nearest in the low lane, second in the high one.
    const ordered = v128.shuffle<i64>(f64x2.pmin(both, turned), f64x2.pmax(both, turned), 0, 2);
    const roots = f64x2.mul(f64x2.sqrt(f64x2.add(ordered, tiny)), scale);
    const near = f64x2.extract_lane(roots, 0);
    const third = <f64>load<f32>(thirds + ((<usize>row) << 2)) - <f64>load<f32>(drifts + ((<usize>a) << 5), 8);
    const done = i32(near < third * GIVE);
    const flip = (a ^ b) & -(turn & done);
    const gap = f64x2.extract_lane(f64x2.pmin(f64x2.splat(third), v128.shuffle<i64>(roots, roots, 1, 1)), 0);
    keep(plan, labels, row, a ^ flip, b ^ flip, gap * GIVE - near, third);
    store<i32>(left, row);
    left += <usize>(1 - done) << 2;
  }
  return <i32>((left - out) >> 2);
}

/**
 * Moves rows [from, to) of one segment from the sums of the labels they had to those they have. They are gathered first,
 * column by column, so that no line of one waits for that of another. Goes over the tile. returns how many moved
 */
export function move(frame: usize, plan: usize, pointers: usize, start: i32, from: i32, to: i32, k: i32, labels: usize, before: usize): i32 {
  const step = field(frame, 24);
  const list = pointer(plan, 20);
  let moved = 0;
  let waiting = 0;
  for (let row = from; row < to; ) {
    const slot = labels + ((<usize>row) << 2), was = before + ((<usize>row) << 2);
    if (row + 4 <= to && !v128.any_true(v128.xor(v128.load(slot), v128.load(was)))) {
      row += 4;
      continue;
    }
    if (load<i32>(slot) != load<i32>(was)) {
      store<i32>(list + ((<usize>waiting) << 2), row);
      waiting++;
      if (waiting == step) {
        moveTile(frame, plan, pointers, start, list, waiting, k, labels, before);
        moved += waiting;
        waiting = 0;
      }
    }
    row++;
  }
  moveTile(frame, plan, pointers, start, list, waiting, k, labels, before);
  return moved + waiting;
}

function moveTile(frame: usize, plan: usize, pointers: usize, start: i32, list: usize, count: i32, k: i32, labels: usize, before: usize): void {
  const columns = field(frame, 4);
  const stride = <usize>load<u32>(frame, 24) << 3;
  const sums = pointer(plan, 16);
  const width = (<usize>columns) << 3;
  const lows = <usize>k * width;
  const weights = sums + 2 * lows;
  gather(frame, pointers, start, list, 0, count);
  let value = <usize>load<u32>(frame, 28);
  for (let i = 0; i < count; i++) {
    const row = <usize>load<i32>(list + ((<usize>i) << 2)) << 2;
    const label = load<i32>(labels + row), old = load<i32>(before + row);
    let into = sums + <usize>label * width, out = sums + <usize>old * width;
    bump(weights + ((<usize>label) << 3), 1);
    bump(weights + ((<usize>old) << 3), -1);
    let line = value;
    for (const end = into + width; into < end; into += 8) {
      const x = load<f64>(line);
      carry(into, into + lows, x);
      carry(out, out + lows, -x);
      line += stride;
      out += 8;
    }
    value += 8;
  }
}
