/**
 * Steps of scikit-learn's KMeans straight off the columns: k-means++ distances, Lloyd's assignment and sums, inertia.
 * The loop (trials, stop rule, empty clusters) is the host's: see src/engine/lloyd.ts.
 *
 * The data is a frame, 32 bytes of u32:
 *
 *     byte   0      4         8          12       16         20      24       28
 *            rows   columns   segments   starts   pointers   means   stride   tile
 *
 * `starts` (i32, segments + 1) are the first rows of the record batches; `pointers` (u32, segments × columns) their
 * float64 values, none missing; `means` (float64, columns) is subtracted on the way in, as scikit-learn centres X.
 * `tile` is this lane's scratch: columns × stride float64, stride a multiple of eight.
 *
 * Rows pass through the tile, column by column, so that eight of them stand side by side whatever their batch is:
 *
 *     tile   column 0:  x0 x1 | x2 x3 | x4 x5 | x6 x7 | …     one f64x2 each
 *            column 1:  …
 *
 * Distances are sums of squared differences in column order, no fused multiply-add. Centre sums run in row order inside
 * a block of 65,536, potentials in eight lanes by row position; the host merges blocks in order.
 */
import { cell, chunkBit, chunkLength, chunkValidity, chunkValues } from './memory';

/**
 * Complete rows: marks the rows in which this column is missing.
 * INOUT labels    i32 a row: set to −1 where missing, else left
 * returns how many were newly marked
 */
export function kmeans_mark(chunks: usize, chunkCount: i32, labels: usize): i32 {
  let slot = labels;
  let marked = 0;
  for (let chunk = 0; chunk < chunkCount; chunk++) {
    const length = chunkLength(chunks, chunk);
    const values = chunkValues(chunks, chunk), validity = chunkValidity(chunks, chunk), bit = chunkBit(chunks, chunk);
    for (let row = 0; row < length; row++, slot += 4) {
      const value = cell(values, validity, bit, row);
      if (value != value && load<i32>(slot) >= 0) {
        store<i32>(slot, -1);
        marked++;
      }
    }
  }
  return marked;
}

/** Writes the values of the rows with labels ≥ 0, in row order. OUT out: float64, one a complete row and one more. */
export function kmeans_pack(chunks: usize, chunkCount: i32, labels: usize, out: usize): void {
  let slot = labels;
  let to = out;
  for (let chunk = 0; chunk < chunkCount; chunk++) {
    const length = chunkLength(chunks, chunk);
    const values = chunkValues(chunks, chunk);
    for (let row = 0; row < length; row++, slot += 4) {
      store<f64>(to, load<f64>(values + ((<usize>row) << 3)));
      to += <usize>i32(load<i32>(slot) >= 0) << 3;
    }
  }
}

// @ts-ignore: decorator
@inline
function field(frame: usize, offset: usize): i32 {
  return load<i32>(frame + offset);
}

/** Fills the tile with centred rows [from, from + count), zeros up to the next multiple of eight. */
function loadTile(frame: usize, from: i32, count: i32): void {
  const columns = field(frame, 4);
  const segments = field(frame, 8);
  const starts = <usize>load<u32>(frame, 12);
  const pointers = <usize>load<u32>(frame, 16);
  const means = <usize>load<u32>(frame, 20);
  const stride = <usize>load<u32>(frame, 24) << 3;
  const tile = <usize>load<u32>(frame, 28);
  const padded = (count + 7) & ~7;
  // The segment that holds `from`, by bisection: there may be many batches.
  let low = 0;
  let high = segments;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (load<i32>(starts + ((<usize>middle) << 2)) <= from) low = middle;
    else high = middle;
  }
  for (let column = 0; column < columns; column++) {
    const mean = load<f64>(means + ((<usize>column) << 3));
    const centre = f64x2.splat(mean);
    const line = tile + <usize>column * stride;
    let row = 0;
    for (let segment = low; row < count; segment++) {
      const start = load<i32>(starts + ((<usize>segment) << 2));
      const last = min(load<i32>(starts + ((<usize>(segment + 1)) << 2)) - from, count);
      const values = <usize>load<u32>(pointers + ((<usize>(segment * columns + column)) << 2)) + (<usize>(from - start) << 3);
      for (; row < last - 1; row += 2) {
        v128.store(line + ((<usize>row) << 3), f64x2.sub(v128.load(values + ((<usize>row) << 3)), centre));
      }
      if (row < last) {
        store<f64>(line + ((<usize>row) << 3), load<f64>(values + ((<usize>row) << 3)) - mean);
        row++;
      }
    }
    for (; row < padded; row++) store<f64>(line + ((<usize>row) << 3), 0);
  }
}

/**
 * Nearest centre of four rows, lowest index on ties: i32x4. Two centres at a time share the rows' loads; all that lives
 * through the loop fits into sixteen registers.
 */
// @ts-ignore: decorator
@inline
function nearest(rows: usize, stride: usize, centers: usize, k: i32, columns: i32): v128 {
  const width = (<usize>columns) << 3;
  let best = f64x2.splat(Infinity), bestNext = best;
  let label = i64x2.splat(0), labelNext = label;
  let centre = centers;
  let j = 0;
  for (; j + 2 <= k; j += 2) {
    let a = f64x2.splat(0), b = a, c = a, d = a;
    let line = rows;
    const end = centre + width;
    for (let at = centre; at < end; at += 8) {
      const x = v128.load(line), y = v128.load(line, 16);
      const m = v128.load64_splat(at), n = v128.load64_splat(at + width);
      const p = f64x2.sub(x, m), q = f64x2.sub(y, m), r = f64x2.sub(x, n), s = f64x2.sub(y, n);
      a = f64x2.add(a, f64x2.mul(p, p));
      b = f64x2.add(b, f64x2.mul(q, q));
      c = f64x2.add(c, f64x2.mul(r, r));
      d = f64x2.add(d, f64x2.mul(s, s));
      line += stride;
    }
    const first = i64x2.splat(<i64>j), second = i64x2.splat(<i64>(j + 1));
    label = v128.bitselect(first, label, f64x2.lt(a, best));
    labelNext = v128.bitselect(first, labelNext, f64x2.lt(b, bestNext));
    best = f64x2.pmin(best, a);
    bestNext = f64x2.pmin(bestNext, b);
    label = v128.bitselect(second, label, f64x2.lt(c, best));
    labelNext = v128.bitselect(second, labelNext, f64x2.lt(d, bestNext));
    best = f64x2.pmin(best, c);
    bestNext = f64x2.pmin(bestNext, d);
    centre = end + width;
  }
  if (j < k) {
    let a = f64x2.splat(0), b = a;
    let line = rows;
    const end = centre + width;
    for (let at = centre; at < end; at += 8) {
      const m = v128.load64_splat(at);
      const p = f64x2.sub(v128.load(line), m), q = f64x2.sub(v128.load(line, 16), m);
      a = f64x2.add(a, f64x2.mul(p, p));
      b = f64x2.add(b, f64x2.mul(q, q));
      line += stride;
    }
    const last = i64x2.splat(<i64>j);
    label = v128.bitselect(last, label, f64x2.lt(a, best));
    labelNext = v128.bitselect(last, labelNext, f64x2.lt(b, bestNext));
  }
  return v128.shuffle<i32>(label, labelNext, 0, 2, 4, 6);
}

// @ts-ignore: decorator
@inline
function bump(at: usize, by: f64): void {
  store<f64>(at, load<f64>(at) + by);
}

/** Adds eight rows to the sums of their centres, in row order for each sum. */
// @ts-ignore: decorator
@inline
function scatterEight(rows: usize, stride: usize, labels: usize, columns: i32, sums: usize, weights: usize): void {
  const a = load<i32>(labels), b = load<i32>(labels, 4), c = load<i32>(labels, 8), d = load<i32>(labels, 12);
  const e = load<i32>(labels, 16), f = load<i32>(labels, 20), g = load<i32>(labels, 24), h = load<i32>(labels, 28);
  bump(weights + ((<usize>a) << 3), 1);
  bump(weights + ((<usize>b) << 3), 1);
  bump(weights + ((<usize>c) << 3), 1);
  bump(weights + ((<usize>d) << 3), 1);
  bump(weights + ((<usize>e) << 3), 1);
  bump(weights + ((<usize>f) << 3), 1);
  bump(weights + ((<usize>g) << 3), 1);
  bump(weights + ((<usize>h) << 3), 1);
  const width = (<usize>columns) << 3;
  let sa = sums + <usize>a * width, sb = sums + <usize>b * width, sc = sums + <usize>c * width, sd = sums + <usize>d * width;
  let se = sums + <usize>e * width, sf = sums + <usize>f * width, sg = sums + <usize>g * width, sh = sums + <usize>h * width;
  let line = rows;
  for (let column = 0; column < columns; column++) {
    bump(sa, load<f64>(line));
    bump(sb, load<f64>(line, 8));
    bump(sc, load<f64>(line, 16));
    bump(sd, load<f64>(line, 24));
    bump(se, load<f64>(line, 32));
    bump(sf, load<f64>(line, 40));
    bump(sg, load<f64>(line, 48));
    bump(sh, load<f64>(line, 56));
    sa += 8;
    sb += 8;
    sc += 8;
    sd += 8;
    se += 8;
    sf += 8;
    sg += 8;
    sh += 8;
    line += stride;
  }
}

/**
 * One assignment of rows [from, to), at most a block, and the sums that make the next centres.
 *
 * IN    centers   float64, k × columns, row-major, in centred coordinates
 * INOUT labels    i32 a row
 * OUT   sums      float64, k × columns, then k weights; overwritten. 0: labels only
 * IN    scratch   64 bytes
 * returns how many labels changed
 */
export function kmeans_assign(frame: usize, from: i32, to: i32, centers: usize, k: i32, labels: usize, sums: usize, scratch: usize): i32 {
  const columns = field(frame, 4);
  const step = field(frame, 24);
  const stride = (<usize>step) << 3;
  const tile = <usize>load<u32>(frame, 28);
  const weights = sums + ((<usize>(k * columns)) << 3);
  assert(0 <= from && from <= to && to <= field(frame, 0) && (step & 7) == 0, 'rows lie in the frame');
  if (sums != 0) memory.fill(sums, 0, (<usize>(k * columns + k)) << 3);
  let changes = i32x4.splat(0);
  let changed = 0;
  for (let row = from; row < to; row += step) {
    const count = min(step, to - row);
    loadTile(frame, row, count);
    const whole = count & ~7;
    let rows = tile;
    let slot = labels + ((<usize>row) << 2);
    for (let i = 0; i < whole; i += 8) {
      const low = nearest(rows, stride, centers, k, columns);
      const high = nearest(rows + 32, stride, centers, k, columns);
      changes = i32x4.sub(changes, i32x4.ne(low, v128.load(slot)));
      changes = i32x4.sub(changes, i32x4.ne(high, v128.load(slot, 16)));
      v128.store(slot, low);
      v128.store(slot, high, 16);
      if (sums != 0) scatterEight(rows, stride, slot, columns, sums, weights);
      rows += 64;
      slot += 32;
    }
    if (whole < count) {
      v128.store(scratch, nearest(rows, stride, centers, k, columns));
      v128.store(scratch, nearest(rows + 32, stride, centers, k, columns), 16);
      for (let r = 0; r < count - whole; r++) {
        const label = load<i32>(scratch + ((<usize>r) << 2));
        changed += i32(load<i32>(slot) != label);
        store<i32>(slot, label);
        slot += 4;
        if (sums == 0) continue;
        bump(weights + ((<usize>label) << 3), 1);
        let sum = sums + ((<usize>(label * columns)) << 3);
        let value = rows + ((<usize>r) << 3);
        for (let column = 0; column < columns; column++) {
          bump(sum, load<f64>(value));
          sum += 8;
          value += stride;
        }
      }
    }
  }
  return changed + i32x4.extract_lane(changes, 0) + i32x4.extract_lane(changes, 1) + i32x4.extract_lane(changes, 2) + i32x4.extract_lane(changes, 3);
}

/**
 * Squared distances of rows [from, to) to the centre each is labelled with, summed in row order (inertia of the rows).
 *
 * OUT distances   float64 a row, or 0 when only the sum is wanted
 */
export function kmeans_inertia(frame: usize, from: i32, to: i32, centers: usize, labels: usize, out: usize): f64 {
  const columns = field(frame, 4);
  const step = field(frame, 24);
  const stride = (<usize>step) << 3;
  const tile = <usize>load<u32>(frame, 28);
  let inertia: f64 = 0;
  for (let row = from; row < to; row += step) {
    const count = min(step, to - row);
    loadTile(frame, row, count);
    for (let i = 0; i < count; i++) {
      const label = load<i32>(labels + ((<usize>(row + i)) << 2));
      assert(label >= 0, 'every row has a label');
      let center = centers + ((<usize>(label * columns)) << 3);
      let value = tile + ((<usize>i) << 3);
      let distance: f64 = 0;
      for (let column = 0; column < columns; column++) {
        const d = load<f64>(value) - load<f64>(center);
        distance += d * d;
        value += stride;
        center += 8;
      }
      inertia += distance;
      if (out != 0) store<f64>(out + ((<usize>(row + i)) << 3), distance);
    }
  }
  return inertia;
}

/** OUT out: the centred values of one row, `columns` float64. */
export function kmeans_row(frame: usize, row: i32, out: usize): void {
  const columns = field(frame, 4);
  const stride = <usize>load<u32>(frame, 24) << 3;
  const tile = <usize>load<u32>(frame, 28);
  loadTile(frame, row, 1);
  for (let column = 0; column < columns; column++) {
    store<f64>(out + ((<usize>column) << 3), load<f64>(tile + <usize>column * stride));
  }
}

/**
 * Lowers the closest distances of eight rows by their distances to one centre, in `into` as four f64x2. `closest` 0:
 * there are none yet.
 */
// @ts-ignore: decorator
@inline
function lowered(rows: usize, stride: usize, centre: usize, columns: i32, closest: usize, into: usize): void {
  let a = f64x2.splat(0), b = a, c = a, d = a;
  let line = rows;
  const end = centre + ((<usize>columns) << 3);
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
    a = f64x2.pmin(v128.load(closest), a);
    b = f64x2.pmin(v128.load(closest, 16), b);
    c = f64x2.pmin(v128.load(closest, 32), c);
    d = f64x2.pmin(v128.load(closest, 48), d);
  }
  v128.store(into, a);
  v128.store(into, b, 16);
  v128.store(into, c, 32);
  v128.store(into, d, 48);
}

/** Adds the first `count` of eight values to eight running sums, each to its own. */
// @ts-ignore: decorator
@inline
function addLanes(lanes: usize, values: usize, count: i32): void {
  if (count >= 8) {
    v128.store(lanes, f64x2.add(v128.load(lanes), v128.load(values)));
    v128.store(lanes, f64x2.add(v128.load(lanes, 16), v128.load(values, 16)), 16);
    v128.store(lanes, f64x2.add(v128.load(lanes, 32), v128.load(values, 32)), 32);
    v128.store(lanes, f64x2.add(v128.load(lanes, 48), v128.load(values, 48)), 48);
  } else {
    for (let i = 0; i < count; i++) bump(lanes + ((<usize>i) << 3), load<f64>(values + ((<usize>i) << 3)));
  }
}

function fold(lanes: usize): f64 {
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
 * IN  scratch     64 bytes
 */
export function kmeans_potentials(frame: usize, from: i32, to: i32, candidates: usize, trials: i32, closest: usize, potentials: usize, scratch: usize): void {
  const columns = field(frame, 4);
  const step = field(frame, 24);
  const stride = (<usize>step) << 3;
  const tile = <usize>load<u32>(frame, 28);
  memory.fill(potentials, 0, (<usize>trials) << 6);
  for (let row = from; row < to; row += step) {
    const count = min(step, to - row);
    loadTile(frame, row, count);
    for (let trial = 0; trial < trials; trial++) {
      const centre = candidates + ((<usize>(trial * columns)) << 3);
      const lanes = potentials + ((<usize>trial) << 6);
      for (let i = 0; i < count; i += 8) {
        lowered(tile + ((<usize>i) << 3), stride, centre, columns, closest + ((<usize>(row + i)) << 3), scratch);
        addLanes(lanes, scratch, count - i);
      }
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
  const stride = (<usize>step) << 3;
  const tile = <usize>load<u32>(frame, 28);
  memory.fill(scratch, 0, 64);
  for (let row = from; row < to; row += step) {
    const count = min(step, to - row);
    loadTile(frame, row, count);
    for (let i = 0; i < count; i += 8) {
      const slot = closest + ((<usize>(row + i)) << 3);
      // The last eight may reach behind the last row: into the seven spare places.
      lowered(tile + ((<usize>i) << 3), stride, center, columns, first != 0 ? 0 : slot, slot);
      addLanes(scratch, slot, count - i);
    }
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
