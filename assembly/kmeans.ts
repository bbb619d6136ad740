/**
 * Steps of scikit-learn's KMeans straight off the columns: k-means++ distances, Lloyd's assignment and sums, inertia.
 * The loop (trials, stop rule, empty clusters) is the host's: see src/engine/lloyd.ts.
 *
 * The data is a frame and passes through a tile: see tile.ts.
 *
 * Distances are sums of squared differences in column order, no fused multiply-add. Centre sums run in row order inside
 * a block of 65,536, potentials in eight lanes by row position; the host merges blocks in order.
 */
import { cell, chunkBit, chunkLength, chunkValidity, chunkValues } from './memory';
import { bump, field, loadTile } from './tile';

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

/** Adds one row of the tile to the sum of its centre. */
// @ts-ignore: decorator
@inline
function scatterOne(row: usize, stride: usize, label: i32, columns: i32, sums: usize, weights: usize): void {
  bump(weights + ((<usize>label) << 3), 1);
  let sum = sums + ((<usize>(label * columns)) << 3);
  let value = row;
  for (let column = 0; column < columns; column++) {
    bump(sum, load<f64>(value));
    sum += 8;
    value += stride;
  }
}

/** Adds rows [from, to) to the sums of the centres they are labelled with, as kmeans_assign does. */
export function scatter(frame: usize, from: i32, to: i32, labels: usize, sums: usize, weights: usize): void {
  const columns = field(frame, 4);
  const step = field(frame, 24);
  const stride = (<usize>step) << 3;
  const tile = <usize>load<u32>(frame, 28);
  for (let row = from; row < to; row += step) {
    const count = min(step, to - row);
    loadTile(frame, row, count);
    const whole = count & ~7;
    let rows = tile;
    let slot = labels + ((<usize>row) << 2);
    for (let i = 0; i < whole; i += 8) {
      scatterEight(rows, stride, slot, columns, sums, weights);
      rows += 64;
      slot += 32;
    }
    for (let i = whole; i < count; i++) {
      scatterOne(rows, stride, load<i32>(slot), columns, sums, weights);
      rows += 8;
      slot += 4;
    }
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
        if (sums != 0) scatterOne(rows + ((<usize>r) << 3), stride, label, columns, sums, weights);
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
    let i = 0;
    // Four rows at a time, each in column order: none waits for the additions of another.
    for (; i + 4 <= count; i += 4) {
      const slot = labels + ((<usize>(row + i)) << 2);
      assert(load<i32>(slot) >= 0 && load<i32>(slot, 4) >= 0 && load<i32>(slot, 8) >= 0 && load<i32>(slot, 12) >= 0, 'every row has a label');
      let a = centers + ((<usize>(load<i32>(slot) * columns)) << 3), b = centers + ((<usize>(load<i32>(slot, 4) * columns)) << 3);
      let c = centers + ((<usize>(load<i32>(slot, 8) * columns)) << 3), d = centers + ((<usize>(load<i32>(slot, 12) * columns)) << 3);
      let line = tile + ((<usize>i) << 3);
      let ab = f64x2.splat(0), cd = ab;
      for (const end = a + ((<usize>columns) << 3); a < end; a += 8) {
        const p = f64x2.sub(v128.load(line), v128.load64_lane(b, v128.load64_zero(a), 1));
        const q = f64x2.sub(v128.load(line, 16), v128.load64_lane(d, v128.load64_zero(c), 1));
        ab = f64x2.add(ab, f64x2.mul(p, p));
        cd = f64x2.add(cd, f64x2.mul(q, q));
        b += 8;
        c += 8;
        d += 8;
        line += stride;
      }
      inertia += f64x2.extract_lane(ab, 0);
      inertia += f64x2.extract_lane(ab, 1);
      inertia += f64x2.extract_lane(cd, 0);
      inertia += f64x2.extract_lane(cd, 1);
      if (out != 0) {
        v128.store(out + ((<usize>(row + i)) << 3), ab);
        v128.store(out + ((<usize>(row + i)) << 3), cd, 16);
      }
    }
    for (; i < count; i++) {
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
