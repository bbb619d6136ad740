/**
 * The rows that k-means works on.
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
 */

// @ts-ignore: decorator
@inline
export function field(frame: usize, offset: usize): i32 {
  return load<i32>(frame + offset);
}

/** The segment that holds a row, by bisection: there may be many batches. */
export function segmentOf(frame: usize, row: i32): i32 {
  const starts = <usize>load<u32>(frame, 12);
  let low = 0;
  let high = field(frame, 8);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (load<i32>(starts + ((<usize>middle) << 2)) <= row) low = middle;
    else high = middle;
  }
  return low;
}

/** First row behind the segment that holds a row. */
// @ts-ignore: decorator
@inline
export function segmentEnd(frame: usize, segment: i32): i32 {
  return load<i32>(<usize>load<u32>(frame, 12) + ((<usize>(segment + 1)) << 2));
}

// @ts-ignore: decorator
@inline
export function segmentStart(frame: usize, segment: i32): i32 {
  return load<i32>(<usize>load<u32>(frame, 12) + ((<usize>segment) << 2));
}

// @ts-ignore: decorator
@inline
export function segmentPointers(frame: usize, segment: i32): usize {
  return <usize>load<u32>(frame, 16) + ((<usize>(segment * field(frame, 4))) << 2);
}

/** How many of `count` ascending listed rows, from the `from`th on, lie before a row. */
// @ts-ignore: decorator
@inline
export function before(list: usize, from: i32, count: i32, row: i32): i32 {
  let i = from;
  while (i < count && load<i32>(list + ((<usize>i) << 2)) < row) i++;
  return i;
}

/** Fills the tile with centred rows [from, from + count), zeros up to the next multiple of eight. */
export function loadTile(frame: usize, from: i32, count: i32): void {
  const columns = field(frame, 4);
  const starts = <usize>load<u32>(frame, 12);
  const pointers = <usize>load<u32>(frame, 16);
  const means = <usize>load<u32>(frame, 20);
  const stride = <usize>load<u32>(frame, 24) << 3;
  const tile = <usize>load<u32>(frame, 28);
  const padded = (count + 7) & ~7;
  const low = segmentOf(frame, from);
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

/** Copies listed rows of one segment into the tile, centred. */
// @ts-ignore: decorator
@inline
export function gather(frame: usize, pointers: usize, start: i32, list: usize, from: i32, to: i32): void {
  const columns = field(frame, 4);
  const means = <usize>load<u32>(frame, 20);
  const stride = <usize>load<u32>(frame, 24) << 3;
  let line = <usize>load<u32>(frame, 28);
  for (let column = 0; column < columns; column++) {
    const values = <usize>load<u32>(pointers + ((<usize>column) << 2));
    const mean = load<f64>(means + ((<usize>column) << 3));
    for (let i = from; i < to; i++) {
      const row = load<i32>(list + ((<usize>i) << 2)) - start;
      store<f64>(line + ((<usize>i) << 3), load<f64>(values + ((<usize>row) << 3)) - mean);
    }
    line += stride;
  }
}

/** Copies `count` listed rows of any segments into the tile; rows of one that stand together come together. */
export function gatherAll(frame: usize, list: usize, count: i32): void {
  for (let i = 0; i < count; ) {
    const segment = segmentOf(frame, load<i32>(list + ((<usize>i) << 2)));
    let next = i;
    const first = segmentStart(frame, segment), end = segmentEnd(frame, segment);
    for (; next < count; next++) {
      const row = load<i32>(list + ((<usize>next) << 2));
      if (row < first || row >= end) break;
    }
    gather(frame, segmentPointers(frame, segment), first, list, i, next);
    i = next;
  }
}

// @ts-ignore: decorator
@inline
export function bump(at: usize, by: f64): void {
  store<f64>(at, load<f64>(at) + by);
}

/** high + low += value, with what rounding takes off high (Knuth's two-sum). */
// @ts-ignore: decorator
@inline
export function carry(high: usize, low: usize, value: f64): void {
  const before = load<f64>(high);
  const sum = before + value;
  const part = sum - before;
  store<f64>(high, sum);
  store<f64>(low, load<f64>(low) + (before - (sum - part) + (value - part)));
}
