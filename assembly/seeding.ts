/** k-means++ over the rows of a frame (tile.ts). Potentials are summed in eight lanes by row position; the host merges blocks in order. */
import { field, loadTile } from './tile';

/**
 * Lowers closest distances of `count` rows of the tile, and behind them to the next eight, by their distances to one
 * centre, and adds those of the rows to eight sums, each to its own.
 *
 * IN    closest   float64 a row and seven more, or 0: there are none yet
 * OUT   out       likewise, may be the same, or 0: not wanted
 * INOUT lanes     64 bytes
 */
export function lower(rows: usize, stride: usize, centre: usize, columns: i32, count: i32, closest: usize, out: usize, lanes: usize): void {
  let s0 = v128.load(lanes), s1 = v128.load(lanes, 16), s2 = v128.load(lanes, 32), s3 = v128.load(lanes, 48);
  const end = centre + ((<usize>columns) << 3);
  for (let i = 0; i < count; i += 8) {
    const offset = (<usize>i) << 3;
    let a = f64x2.splat(0), b = a, c = a, d = a;
    let line = rows + offset;
    for (let at = centre; at < end; at += 8) {
      const x = v128.load64_splat(at);
      const p = f64x2.sub(v128.load(line), x);
      const q = f64x2.sub(v128.load(line, 16), x);
      const r = f64x2.sub(v128.load(line, 32), x);
      const s = f64x2.sub(v128.load(line, 48), x);
      a = f64x2.add(a, f64x2.mul(p, p));
      b = f64x2.add(b, f64x2.mul(q, q));
      c = f64x2.add(c, f64x2.mul(r, r));
      d = f64x2.add(d, f64x2.mul(s, s));
      line += stride;
    }
    if (closest != 0) {
      const so = closest + offset;
      a = f64x2.pmin(v128.load(so), a);
      b = f64x2.pmin(v128.load(so, 16), b);
      c = f64x2.pmin(v128.load(so, 32), c);
      d = f64x2.pmin(v128.load(so, 48), d);
    }
    if (out != 0) {
      const to = out + offset;
      v128.store(to, a);
      v128.store(to, b, 16);
      v128.store(to, c, 32);
      v128.store(to, d, 48);
    }
    if (i + 8 > count) {
      // The end of the rows: what lies behind them counts nothing.
      a = v128.and(a, behind(count - i));
      b = v128.and(b, behind(count - i - 2));
      c = v128.and(c, behind(count - i - 4));
      d = v128.and(d, behind(count - i - 6));
    }
    s0 = f64x2.add(s0, a);
    s1 = f64x2.add(s1, b);
    s2 = f64x2.add(s2, c);
    s3 = f64x2.add(s3, d);
  }
  v128.store(lanes, s0);
  v128.store(lanes, s1, 16);
  v128.store(lanes, s2, 32);
  v128.store(lanes, s3, 48);
}

/** All bits of those of two lanes that are below `count`. */
export function behind(count: i32): v128 {
  return i64x2(count > 0 ? -1 : 0, count > 1 ? -1 : 0);
}

export function fold(lanes: usize): f64 {
  let sum: f64 = 0;
  for (let lane: usize = 0; lane < 64; lane += 8) sum += load<f64>(lanes + lane);
  return sum;
}

/**
 * k-means++: what the potential would be with each of some candidates as the next centre, over rows [from, to).
 *
 * IN  candidates  float64, trials × columns
 * IN  closest     float64 a row and seven more: squared distance to the nearest centre so far
 * OUT potentials  64 bytes a trial, the first float64 of which is the sum over the rows of min(closest, distance)
 * IN  lowered     u32 a trial: where those minima go, laid out like `closest`; or 0: nowhere
 */
export function kmeans_potentials(frame: usize, from: i32, to: i32, candidates: usize, trials: i32, closest: usize, potentials: usize, lowered: usize): void {
  const columns = field(frame, 4);
  const step = field(frame, 24);
  const stride = (<usize>step) << 3;
  const tile = <usize>load<u32>(frame, 28);
  memory.fill(potentials, 0, (<usize>trials) << 6);
  for (let row = from; row < to; row += step) {
    const count = min(step, to - row);
    loadTile(frame, row, count);
    const at = (<usize>row) << 3;
    for (let trial = 0; trial < trials; trial++) {
      const centre = candidates + ((<usize>(trial * columns)) << 3);
      const out: usize = lowered == 0 ? 0 : <usize>load<u32>(lowered + ((<usize>trial) << 2)) + at;
      lower(tile, stride, centre, columns, count, closest + at, out, potentials + ((<usize>trial) << 6));
    }
  }
  for (let trial = 0; trial < trials; trial++) {
    const lanes = potentials + ((<usize>trial) << 6);
    store<f64>(lanes, fold(lanes));
  }
}

/**
 * k-means++: takes a centre. INOUT closest: float64 a row and seven more, lowered to the distance to `center`; `first`
 * overwrites it. IN scratch: 64 bytes. returns the potential of rows [from, to)
 */
export function kmeans_closest(frame: usize, from: i32, to: i32, center: usize, first: i32, closest: usize, scratch: usize): f64 {
  const columns = field(frame, 4);
  const step = field(frame, 24);
  const tile = <usize>load<u32>(frame, 28);
  memory.fill(scratch, 0, 64);
  for (let row = from; row < to; row += step) {
    const count = min(step, to - row);
    loadTile(frame, row, count);
    // The last eight may reach behind the last row: into the seven spare places.
    const slot = closest + ((<usize>row) << 3);
    lower(tile, (<usize>step) << 3, center, columns, count, first != 0 ? 0 : slot, slot, scratch);
  }
  return fold(scratch);
}

/** Rows of a stripe of kmeans_search. */
const STRIPE: i32 = 512;

/**
 * searchsorted(cumsum(values), targets, side='left') over rows [from, to): stripes of 512 are summed at once, rows one
 * by one only where a target lies.
 *
 * IN  base        sum of the rows before `from`
 * IN  targets     float64 ascending, `count` of them
 * OUT found       i32 a target: the first row whose running sum is at least the target; `to` when none is
 * returns the running sum at `to`
 */
export function kmeans_search(values: usize, from: i32, to: i32, base: f64, targets: usize, count: i32, found: usize): f64 {
  let sum = base;
  let next = 0;
  for (let row = from; row < to; row += STRIPE) {
    const last = min(row + STRIPE, to);
    let a = f64x2.splat(0), b = a;
    let i = row;
    for (; i + 4 <= last; i += 4) {
      const at = values + ((<usize>i) << 3);
      a = f64x2.add(a, v128.load(at));
      b = f64x2.add(b, v128.load(at, 16));
    }
    const pairs = f64x2.add(a, b);
    let after = f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1);
    for (; i < last; i++) after += load<f64>(values + ((<usize>i) << 3));
    after += sum;
    if (next < count && after >= load<f64>(targets + ((<usize>next) << 3))) {
      let running = sum;
      for (let r = row; r < last; r++) {
        running += load<f64>(values + ((<usize>r) << 3));
        while (next < count && running >= load<f64>(targets + ((<usize>next) << 3))) {
          store<i32>(found + ((<usize>next) << 2), r);
          next++;
        }
      }
      // Rounding may leave a target between the two sums of the stripe: it belongs to its last row.
      while (next < count && after >= load<f64>(targets + ((<usize>next) << 3))) {
        store<i32>(found + ((<usize>next) << 2), last - 1);
          next++;
      }
    }
    sum = after;
  }
  for (; next < count; next++) store<i32>(found + ((<usize>next) << 2), to);
  return sum;
}
