/**
 * Kolmogorov's D of n values, two-sided, by the methods and limits of Simard and L'Ecuyer (2011), as SciPy's `kstwo` has
 * them: Ruben and Gambino's closed forms at the ends, Durbin's matrix (Marsaglia, Tsang and Wang 2003), Pomeranz's
 * recursion (1974), Pelz and Good's expansion (1976), twice Smirnov's tail. What computes a lower tail has its
 * logarithm; the upper tail is then its complement where it is above 1e-4, and a tail of its own below.
 */
import { stirling } from './gamma';
import { lnSmirnov } from './smirnov';

const LN_2PI: f64 = 1.8378770664093454836;
const SQRT_2PI: f64 = 2.5066282746310005024;
/** Powers of two by which what grows and shrinks is kept in range. */
const BIG: f64 = 340282366920938463463374607431768211456.0;
const LN_BIG: f64 = 88.722839111672999628;

/** Scratch that `lnKolmogorovExact` may need for n values, in bytes: two matrices and two rows. */
export const DURBIN_BYTES: i32 = 8 * (2 * 121 * 121 + 2 * 121);

// @ts-ignore: decorator
@inline
function get(table: usize, i: i32): f64 {
  return load<f64>(table + ((<usize>i) << 3));
}

// @ts-ignore: decorator
@inline
function put(table: usize, i: i32, value: f64): void {
  store<f64>(table + ((<usize>i) << 3), value);
}

/** ln n! − n ln n. */
function lnFactorialRest(n: f64): f64 {
  return 0.5 * (LN_2PI + Math.log(n)) - n + stirling(n);
}

/** Durbin's matrix: 2k − 1 square, k = ⌈n x⌉, to the n-th power; ln P(D ≤ x). */
function lnMatrix(scratch: usize, n: f64, x: f64): f64 {
  const nx = n * x;
  const k = <i32>Math.ceil(nx);
  const h = <f64>k - nx;
  const m = 2 * k - 1;
  let matrix = scratch;
  let square = scratch + ((<usize>(m * m)) << 3);
  let row = square + ((<usize>(m * m)) << 3);
  let next = row + ((<usize>m) << 3);
  fillMatrix(matrix, next, m, h);
  for (let j = 0; j < m; j++) put(row, j, j == k - 1 ? 1 : 0);
  let scale: f64 = 0;
  let rowScale: f64 = 0;
  for (let rest = <i32>n; rest > 0; rest >>= 1) {
    if (rest & 1) {
      multiply(row, matrix, next, 1, m);
      const swap = row;
      row = next;
      next = swap;
      rowScale += scale;
      if (get(row, k - 1) > BIG) {
        for (let j = 0; j < m; j++) put(row, j, get(row, j) / BIG);
        rowScale++;
      }
    }
    if (rest == 1) break;
    multiply(matrix, matrix, square, m, m);
    const swap = matrix;
    matrix = square;
    square = swap;
    scale *= 2;
    if (get(matrix, (k - 1) * (m + 1)) > BIG) {
      for (let j = 0; j < m * m; j++) put(matrix, j, get(matrix, j) / BIG);
      scale++;
    }
  }
  return Math.log(get(row, k - 1)) + rowScale * LN_BIG + lnFactorialRest(n);
}

function fillMatrix(matrix: usize, first: usize, m: i32, h: f64): void {
  let factorial: f64 = 1;
  let power: f64 = 1;
  for (let j = 0; j < m; j++) {
    factorial /= <f64>(j + 1);
    power *= h;
    put(first, j, (1 - power) * factorial);
  }
  let corner: f64 = 1 - 2 * power;
  const over = 2 * h - 1;
  if (over > 0) {
    let tail: f64 = 1;
    for (let j = 0; j < m; j++) tail *= over;
    corner += tail;
  }
  put(first, m - 1, corner * factorial);
  for (let i = 0; i < m; i++) {
    let w: f64 = 1;
    put(matrix, i * m, get(first, i));
    // 1 / (i − j + 1)! from the entry above the diagonal down, written row by row.
    for (let j = i + 2; j < m; j++) put(matrix, i * m + j, 0);
    for (let j = min(i + 1, m - 1), d = i + 1 - j; j >= 1; j--, d++) {
      if (d > 1) w /= <f64>d;
      put(matrix, i * m + j, w);
    }
  }
  for (let j = 0; j < m; j++) put(matrix, (m - 1) * m + j, get(first, m - 1 - j));
}

/** out = a b, a of `rows` × m, b of m × m. */
function multiply(a: usize, b: usize, out: usize, rows: i32, m: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < m; j++) put(out, i * m + j, 0);
    for (let l = 0; l < m; l++) {
      const factor = get(a, i * m + l);
      if (factor == 0) continue;
      for (let j = 0; j < m; j++) put(out, i * m + j, get(out, i * m + j) + factor * get(b, l * m + j));
    }
  }
}

/** First column of Pomeranz's row i that is not zero. */
function firstColumn(i: i32, n: i32, whole: i32, up: i32, round: i32): i32 {
  if (i == 0) return max(1 - whole - up, 0);
  const half = (i + 1) >> 1;
  if (((i + 1) & 1) != 0) return max(half - whole, 0);
  return max(half == n + 1 ? n - whole - up + 1 : half - whole - round, 0);
}

/** Last column of it. */
function lastColumn(i: i32, n: i32, whole: i32, up: i32, round: i32): i32 {
  if (i == 0) return min(whole + up - 1, n);
  const half = (i + 1) >> 1;
  if (((i + 1) & 1) != 0) return min(half + whole + round - 1, n);
  return min(half == n + 1 ? n + whole + up - 1 : half + whole + up - 2, n);
}

/** Pomeranz's recursion, rows of at most 2⌊n x⌋ + 2 entries; ln P(D ≤ x). */
function lnPomeranz(scratch: usize, size: f64, x: f64): f64 {
  const n = <i32>size;
  const nx = size * x;
  const whole = <i32>Math.floor(nx);
  const part = nx - <f64>whole;
  const g = min(part, 1 - part);
  const up = part > 0 ? 1 : 0;
  const round = part > 0.5 ? 1 : 0;
  const width = 2 * (whole + 1);
  const bytes = (<usize>width) << 3;
  const ends = scratch;
  const odd = ends + bytes;
  const even = odd + bytes;
  let last = even + bytes;
  let row = last + bytes;
  put(ends, 0, 1);
  put(odd, 0, 1);
  put(even, 0, 1);
  for (let j = 1; j < width; j++) {
    put(ends, j, (get(ends, j - 1) * (g / size)) / <f64>j);
    put(odd, j, (get(odd, j - 1) * ((2 * g) / size)) / <f64>j);
    put(even, j, (get(even, j - 1) * ((1 - 2 * g) / size)) / <f64>j);
  }
  for (let j = 0; j < width; j++) put(row, j, j == 0 ? 1 : 0);
  let scale: f64 = 0;
  let first = firstColumn(0, n, whole, up, round);
  for (let i = 1; i < 2 * n + 2; i++) {
    const before = first;
    const swap = last;
    last = row;
    row = swap;
    first = firstColumn(i, n, whole, up, round);
    const end = lastColumn(i, n, whole, up, round);
    const powers = i == 1 || i == 2 * n + 1 ? ends : i & 1 ? odd : even;
    let most: f64 = 0;
    for (let j = 0; j < width; j++) {
      let sum: f64 = 0;
      const column = first + j;
      if (column <= end) {
        const reach = min(column - before, width - 1);
        for (let l = 0; l <= reach; l++) sum += get(last, l) * get(powers, column - before - l);
      }
      put(row, j, sum);
      most = max(most, sum);
    }
    if (most > 0 && most < 1 / BIG) {
      for (let j = 0; j < width; j++) put(row, j, get(row, j) * BIG);
      scale--;
    }
  }
  return Math.log(get(row, n - first)) + scale * LN_BIG + lnFactorialRest(size) + size * Math.log(size);
}

/** Pelz and Good's expansion to the order n^−3/2: P(D ≤ x) if not `upper`. */
function pelzGood(upper: bool, n: f64, x: f64): f64 {
  const z = Math.sqrt(n) * x;
  const z2 = z * z;
  const z4 = z2 * z2;
  const z6 = z4 * z2;
  const pi2 = Math.PI * Math.PI;
  const pi4 = pi2 * pi2;
  const pi6 = pi4 * pi2;
  const lnQ = -pi2 / 8 / z2;
  if (lnQ < -708) return upper ? 1 : 0;
  const terms = <i32>Math.ceil((16 * z) / Math.PI);
  let k0: f64 = 0;
  let k1: f64 = 0;
  let k2: f64 = 0;
  let k3: f64 = 0;
  let extra2: f64 = 0;
  let extra3: f64 = 0;
  for (let k = terms; k > 0; k--) {
    const m = <f64>(2 * k - 1);
    const m2 = m * m;
    const m4 = m2 * m2;
    const power = Math.exp(lnQ * 8 * <f64>k);
    k0 = k0 * power + 1;
    k1 = k1 * power + (-z2 + (pi2 / 4) * m2);
    k2 = k2 * power + (6 * z6 + 2 * z4 + ((2 * z4 - 5 * z2) * pi2 / 4) * m2 + (pi4 * (1 - 2 * z2) / 16) * m4);
    k3 =
      k3 * power +
      (-30 * z6 - 90 * z4 * z4 +
        ((pi2 * (135 * z4 - 96 * z6)) / 4) * m2 +
        ((pi4 * (-60 * z2 + 212 * z4)) / 16) * m4 +
        ((pi6 * (5 - 30 * z2)) / 64) * m4 * m2);
    const square = <f64>k * <f64>k;
    const even = square * Math.exp(4 * lnQ * square);
    extra2 += even;
    extra3 += (3 * z2 - pi2 * square) * even;
  }
  const front = Math.exp(lnQ) * SQRT_2PI;
  k0 *= front / z;
  k1 *= front / (6 * z4);
  k2 = k2 * (front / (72 * z6 * z)) - (extra2 * pi2 * SQRT_2PI) / (36 * z2 * z);
  k3 = k3 * (front / (6480 * z6 * z4)) + (extra3 * pi2 * SQRT_2PI) / (216 * z6);
  const root = Math.sqrt(n);
  const sum = k1 / root + k2 / n + k3 / (n * root);
  return upper ? 1 - k0 - sum : k0 + sum;
}

/** ln P(D > x) if `upper`, else ln P(D ≤ x), D of n ≥ 1 values. `scratch`: DURBIN_BYTES. */
export function lnKolmogorovExact(scratch: usize, upper: bool, x: f64, n: f64): f64 {
  if (!(n >= 1) || n == Infinity || Math.floor(n) != n || x != x) return NaN;
  if (x >= 1) return upper ? -Infinity : 0;
  const t = n * x;
  if (t <= 0.5) return upper ? 0 : -Infinity;
  let lower: f64;
  if (t <= 1) lower = lnFactorialRest(n) + n * Math.log(2 * t - 1);
  else if (t >= n - 1) return complement(upper, Math.LN2 + n * Math.log1p(-x));
  else if (x >= 0.5 || t * x > (n <= 140 ? 4.0 : upper ? 2.2 : 18.0))
    return complement(upper, Math.LN2 + lnSmirnov(true, x, n));
  else if (n <= 140) {
    lower = t * x <= 0.754693 ? lnMatrix(scratch, n, x) : lnPomeranz(scratch, n, x);
  } else if (n <= 100000 && t * Math.sqrt(x) <= 1.4) lower = lnMatrix(scratch, n, x);
  else return Math.log(max(0.0, pelzGood(upper, n, x)));
  return upper ? Math.log1p(-Math.exp(min(lower, 0.0))) : min(lower, 0.0);
}

/** From the upper tail to the one that is asked for. */
function complement(upper: bool, tail: f64): f64 {
  return upper ? min(tail, 0.0) : Math.log1p(-Math.exp(min(tail, 0.0)));
}
