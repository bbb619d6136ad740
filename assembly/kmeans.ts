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
 * Distances are sums of squared differences in column order, no fused multiply-add. Sums over rows run in row order
 * inside a block of 65,536; the host merges blocks in order.
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

/** Squared distances of the eight rows at `rows` to one centre, in `into` as four f64x2. */
// @ts-ignore: decorator
@inline
function distances(rows: usize, stride: usize, centre: usize, columns: i32, into: usize): void {
  let a = f64x2.splat(0), b = f64x2.splat(0), c = f64x2.splat(0), d = f64x2.splat(0);
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
  v128.store(into, a);
  v128.store(into, b, 16);
  v128.store(into, c, 32);
  v128.store(into, d, 48);
}

/** Nearest centre of eight rows, lowest index on ties: i64 labels at `into`. */
// @ts-ignore: decorator
@inline
function nearest(rows: usize, stride: usize, centers: usize, k: i32, columns: i32, into: usize): void {
  let da = f64x2.splat(Infinity), db = da, dc = da, dd = da;
  let la = i64x2.splat(0), lb = la, lc = la, ld = la;
  let centre = centers;
  const width = (<usize>columns) << 3;
  for (let j = 0; j < k; j++) {
    let a = f64x2.splat(0), b = a, c = a, d = a;
    let line = rows;
    const end = centre + width;
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
    const label = i64x2.splat(<i64>j);
    la = v128.bitselect(label, la, f64x2.lt(a, da));
    lb = v128.bitselect(label, lb, f64x2.lt(b, db));
    lc = v128.bitselect(label, lc, f64x2.lt(c, dc));
    ld = v128.bitselect(label, ld, f64x2.lt(d, dd));
    da = f64x2.pmin(da, a);
    db = f64x2.pmin(db, b);
    dc = f64x2.pmin(dc, c);
    dd = f64x2.pmin(dd, d);
    centre = end;
  }
  v128.store(into, la);
  v128.store(into, lb, 16);
  v128.store(into, lc, 32);
  v128.store(into, ld, 48);
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
  let changed = 0;
  for (let row = from; row < to; row += step) {
    const count = min(step, to - row);
    loadTile(frame, row, count);
    for (let i = 0; i < count; i += 8) {
      const rows = tile + ((<usize>i) << 3);
      nearest(rows, stride, centers, k, columns, scratch);
      const some = min(8, count - i);
      for (let r = 0; r < some; r++) {
        const label = load<i32>(scratch + ((<usize>r) << 3));
        const slot = labels + ((<usize>(row + i + r)) << 2);
        changed += i32(load<i32>(slot) != label);
        store<i32>(slot, label);
        if (sums != 0) {
          let sum = sums + ((<usize>(label * columns)) << 3);
          let value = rows + ((<usize>r) << 3);
          for (let column = 0; column < columns; column++) {
            store<f64>(sum, load<f64>(sum) + load<f64>(value));
            sum += 8;
            value += stride;
          }
          const weight = weights + ((<usize>label) << 3);
          store<f64>(weight, load<f64>(weight) + 1);
        }
      }
    }
  }
  return changed;
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
 * k-means++: what the potential would be with each of some candidates as the next centre, over rows [from, to).
 *
 * IN  candidates  float64, trials × columns
 * IN  closest     float64 a row: squared distance to the nearest centre so far; 0 before the first
 * OUT potentials  float64, one a trial: sum over the rows of min(closest, distance), in row order
 */
export function kmeans_potentials(frame: usize, from: i32, to: i32, candidates: usize, trials: i32, closest: usize, potentials: usize, scratch: usize): void {
  const columns = field(frame, 4);
  const step = field(frame, 24);
  const stride = (<usize>step) << 3;
  const tile = <usize>load<u32>(frame, 28);
  memory.fill(potentials, 0, (<usize>trials) << 3);
  for (let row = from; row < to; row += step) {
    const count = min(step, to - row);
    loadTile(frame, row, count);
    for (let i = 0; i < count; i += 8) {
      const rows = tile + ((<usize>i) << 3);
      const some = min(8, count - i);
      for (let trial = 0; trial < trials; trial++) {
        distances(rows, stride, candidates + ((<usize>(trial * columns)) << 3), columns, scratch);
        let potential = load<f64>(potentials + ((<usize>trial) << 3));
        for (let r = 0; r < some; r++) {
          const distance = load<f64>(scratch + ((<usize>r) << 3));
          const so_far = closest == 0 ? Infinity : load<f64>(closest + ((<usize>(row + i + r)) << 3));
          potential += distance < so_far ? distance : so_far;
        }
        store<f64>(potentials + ((<usize>trial) << 3), potential);
      }
    }
  }
}

/**
 * k-means++: takes a centre. INOUT closest: float64 a row, lowered to the distance to `center`; `first` overwrites it.
 * returns the potential of rows [from, to), summed in row order
 */
export function kmeans_closest(frame: usize, from: i32, to: i32, center: usize, first: i32, closest: usize, scratch: usize): f64 {
  const columns = field(frame, 4);
  const step = field(frame, 24);
  const stride = (<usize>step) << 3;
  const tile = <usize>load<u32>(frame, 28);
  let potential: f64 = 0;
  for (let row = from; row < to; row += step) {
    const count = min(step, to - row);
    loadTile(frame, row, count);
    for (let i = 0; i < count; i += 8) {
      distances(tile + ((<usize>i) << 3), stride, center, columns, scratch);
      const some = min(8, count - i);
      for (let r = 0; r < some; r++) {
        const slot = closest + ((<usize>(row + i + r)) << 3);
        const distance = load<f64>(scratch + ((<usize>r) << 3));
        const so_far = first != 0 ? Infinity : load<f64>(slot);
        const next = distance < so_far ? distance : so_far;
        store<f64>(slot, next);
        potential += next;
      }
    }
  }
  return potential;
}

/**
 * searchsorted(cumsum(values), target, side='left') over one block: the first row in [from, to) whose running sum,
 * begun at `base`, is at least `target`; `to` when none is.
 */
export function kmeans_search(values: usize, from: i32, to: i32, base: f64, target: f64): i32 {
  let sum = base;
  for (let row = from; row < to; row++) {
    sum += load<f64>(values + ((<usize>row) << 3));
    if (sum >= target) return row;
  }
  return to;
}
