/**
 * Sums of products over a run of rows, for the co-moments of columns.
 *
 * A run is 128 rows of a block. Centred values of a column pass through a line of 1,024 bytes, so that rows stand side by
 * side whatever their batch is:
 *
 *     line    x0 x1 | x2 x3 | x4 x5 | …     one f64x2 each, zeros behind the last row
 *
 * A column with gaps has a line of masks too, all ones where a row is present, and zeros in both where it is not.
 *
 * A product of two columns has one register, even rows in its first half, odd rows in the other, so that 4 × 2 products
 * take eight registers, and their six operands most of those that are left of sixteen. 64 products are added up in a
 * register; then the register is added, with compensation, to the pair's place in memory:
 *
 *     place   0        16       32
 *             high     low                  f64x2 each
 *
 * Pairs in which a row may be missing go one at a time and keep sums for that pair's rows alone:
 *
 *     place   0    8     16    24        40        56        72
 *             n    Σdx   Σdy   Σdx²      Σdy²      Σdx·dy         float64; the last three a high and a low part each
 */
import { twoSumError } from './compensated';
import { carry } from './tile';

/** Bytes of the place of a pair. */
export const PAIR: usize = 72;

/** Rows of a run. */
export const RUN: i32 = 128;
/** Bytes of a run of one column. */
export const LINE: usize = 1024;

// @ts-ignore: decorator
@inline
function keep(place: usize, sum: v128): void {
  const high = v128.load(place);
  const next = f64x2.add(high, sum);
  v128.store(place, f64x2.add(v128.load(place, 16), twoSumError(high, sum, next)), 16);
  v128.store(place, next);
}

// @ts-ignore: decorator
@inline
function madd(sum: v128, a: v128, b: v128): v128 {
  return f64x2.add(sum, f64x2.mul(a, b));
}

/**
 * Rows of a run less `centre`, their sum is returned: eight running sums by the row's place in the run.
 *
 * IN  source      `count` float64, none missing; may be the line itself
 * OUT line        the differences, zeros up to the next multiple of eight
 */
export function centreLine(source: usize, count: i32, centre: f64, line: usize): f64 {
  const c = f64x2.splat(centre);
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  const whole = <usize>(count & ~7) << 3;
  for (let at: usize = 0; at < whole; at += 64) {
    const d0 = f64x2.sub(v128.load(source + at), c), d1 = f64x2.sub(v128.load(source + at, 16), c);
    const d2 = f64x2.sub(v128.load(source + at, 32), c), d3 = f64x2.sub(v128.load(source + at, 48), c);
    v128.store(line + at, d0);
    v128.store(line + at, d1, 16);
    v128.store(line + at, d2, 32);
    v128.store(line + at, d3, 48);
    s0 = f64x2.add(s0, d0);
    s1 = f64x2.add(s1, d1);
    s2 = f64x2.add(s2, d2);
    s3 = f64x2.add(s3, d3);
  }
  const folded = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  let sum = f64x2.extract_lane(folded, 0) + f64x2.extract_lane(folded, 1);
  const end = <usize>count << 3;
  for (let at = whole; at < end; at += 8) {
    const d = load<f64>(source + at) - centre;
    store<f64>(line + at, d);
    sum += d;
  }
  for (let at = end; (at & 63) != 0; at += 8) store<f64>(line + at, 0);
  return sum;
}

/**
 * The same for a column with gaps.
 *
 * IN  source      float64, NaN where missing, and behind the last one of an odd number
 * OUT line        the differences, zeros where missing and up to the next multiple of eight
 * OUT mask        all ones where present, zeros elsewhere
 */
export function maskLine(source: usize, count: i32, centre: f64, line: usize, mask: usize): void {
  const c = f64x2.splat(centre);
  let at: usize = 0;
  for (const end = <usize>((count + 1) & ~1) << 3; at < end; at += 16) {
    const x = v128.load(source + at);
    const present = f64x2.eq(x, x);
    v128.store(line + at, v128.and(f64x2.sub(x, c), present));
    v128.store(mask + at, present);
  }
  for (; (at & 63) != 0; at += 16) {
    v128.store(line + at, f64x2.splat(0));
    v128.store(mask + at, f64x2.splat(0));
  }
}

/**
 * Products of four lines with two others.
 *
 * IN    a, b       the first of each; the rest behind it
 * IN    steps      f64x2 of a line
 * INOUT r0 + j0 …  the eight places
 */
export function products42(a: usize, b: usize, steps: i32, r0: usize, r1: usize, r2: usize, r3: usize, j0: usize, j1: usize): void {
  let s00 = f64x2.splat(0), s10 = s00, s20 = s00, s30 = s00;
  let s01 = s00, s11 = s00, s21 = s00, s31 = s00;
  const end = a + (<usize>steps << 4);
  while (a < end) {
    const y0 = v128.load(b), y1 = v128.load(b, LINE);
    const x0 = v128.load(a);
    s00 = madd(s00, x0, y0);
    s01 = madd(s01, x0, y1);
    const x1 = v128.load(a, LINE);
    s10 = madd(s10, x1, y0);
    s11 = madd(s11, x1, y1);
    const x2 = v128.load(a, 2 * LINE);
    s20 = madd(s20, x2, y0);
    s21 = madd(s21, x2, y1);
    const x3 = v128.load(a, 3 * LINE);
    s30 = madd(s30, x3, y0);
    s31 = madd(s31, x3, y1);
    a += 16;
    b += 16;
  }
  keep(r0 + j0, s00);
  keep(r1 + j0, s10);
  keep(r2 + j0, s20);
  keep(r3 + j0, s30);
  keep(r0 + j1, s01);
  keep(r1 + j1, s11);
  keep(r2 + j1, s21);
  keep(r3 + j1, s31);
}

/** Products of four lines with each other and themselves: ten places. */
export function products4(a: usize, steps: i32, r0: usize, r1: usize, r2: usize, r3: usize, j0: usize, j1: usize, j2: usize, j3: usize): void {
  let s00 = f64x2.splat(0), s01 = s00, s02 = s00, s03 = s00, s11 = s00;
  let s12 = s00, s13 = s00, s22 = s00, s23 = s00, s33 = s00;
  const end = a + (<usize>steps << 4);
  while (a < end) {
    const x0 = v128.load(a), x1 = v128.load(a, LINE), x2 = v128.load(a, 2 * LINE), x3 = v128.load(a, 3 * LINE);
    s00 = madd(s00, x0, x0);
    s01 = madd(s01, x0, x1);
    s02 = madd(s02, x0, x2);
    s03 = madd(s03, x0, x3);
    s11 = madd(s11, x1, x1);
    s12 = madd(s12, x1, x2);
    s13 = madd(s13, x1, x3);
    s22 = madd(s22, x2, x2);
    s23 = madd(s23, x2, x3);
    s33 = madd(s33, x3, x3);
    a += 16;
  }
  keep(r0 + j0, s00);
  keep(r0 + j1, s01);
  keep(r0 + j2, s02);
  keep(r0 + j3, s03);
  keep(r1 + j1, s11);
  keep(r1 + j2, s12);
  keep(r1 + j3, s13);
  keep(r2 + j2, s22);
  keep(r2 + j3, s23);
  keep(r3 + j3, s33);
}

/** Products of two lines with each other and themselves: three places. */
export function products2(a: usize, steps: i32, r0: usize, r1: usize, j0: usize, j1: usize): void {
  let s00 = f64x2.splat(0), s01 = s00, s11 = s00;
  const end = a + (<usize>steps << 4);
  while (a < end) {
    const x0 = v128.load(a), x1 = v128.load(a, LINE);
    s00 = madd(s00, x0, x0);
    s01 = madd(s01, x0, x1);
    s11 = madd(s11, x1, x1);
    a += 16;
  }
  keep(r0 + j0, s00);
  keep(r0 + j1, s01);
  keep(r1 + j1, s11);
}

// @ts-ignore: decorator
@inline
function both(sum: v128): f64 {
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/**
 * Sums of one pair over the rows of a run in which both are present.
 *
 * IN    x, y     lines of differences, zero where missing
 * IN    mask     bytes from a line to its mask; one of the two has zeros behind the last row
 * IN    steps    f64x2 of a line
 * INOUT place    72 bytes
 */
export function pairSums(x: usize, y: usize, mask: usize, steps: i32, place: usize): void {
  let n = i64x2.splat(0);
  let sx = f64x2.splat(0), sy = sx, xx = sx, yy = sx, xy = sx;
  const end = x + (<usize>steps << 4);
  while (x < end) {
    const u = v128.load(x), v = v128.load(y);
    const p = v128.load(x + mask), q = v128.load(y + mask);
    const dx = v128.and(u, q), dy = v128.and(v, p);
    n = i64x2.sub(n, v128.and(p, q));
    sx = f64x2.add(sx, dx);
    sy = f64x2.add(sy, dy);
    xx = madd(xx, dx, dx);
    yy = madd(yy, dy, dy);
    // Not u and v, which may be an infinity and a zero for a gap.
    xy = madd(xy, dx, dy);
    x += 16;
    y += 16;
  }
  store<f64>(place, load<f64>(place) + <f64>(i64x2.extract_lane(n, 0) + i64x2.extract_lane(n, 1)));
  store<f64>(place, load<f64>(place, 8) + both(sx), 8);
  store<f64>(place, load<f64>(place, 16) + both(sy), 16);
  carry(place + 24, place + 32, both(xx));
  carry(place + 40, place + 48, both(yy));
  carry(place + 56, place + 64, both(xy));
}
