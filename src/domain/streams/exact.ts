/**
 * Sums of float64 values and of their squares without rounding: m · 2^e in whole numbers. Any order, any parts give the same
 * number, to the bit. Running sums are kept in two and three float64 values by error-free transformations (Knuth's TwoSum,
 * Dekker's product); what does not fit into those goes to the whole number at once.
 */
import { SPLITTER, sumError } from '../double-double.js';

/** m · 2^e. */
export interface Exact {
  readonly m: bigint;
  readonly e: number;
}

export const NOTHING: Exact = { m: 0n, e: 0 };

export function addExact(a: Exact, b: Exact): Exact {
  if (a.m === 0n) return b;
  if (b.m === 0n) return a;
  if (a.e === b.e) return { m: a.m + b.m, e: a.e };
  const [low, high] = a.e < b.e ? [a, b] : [b, a];
  return { m: low.m + (high.m << BigInt(high.e - low.e)), e: low.e };
}

/** The one of all forms of a number in which m is odd, or 0 · 2^0. */
export function reduced({ m, e }: Exact): Exact {
  if (m === 0n) return NOTHING;
  let [odd, exponent] = [m, e];
  while ((odd & 0xffffffffn) === 0n) [odd, exponent] = [odd >> 32n, exponent + 32];
  const zeros = trailingZeros(Number(odd & 0xffffffffn));
  return { m: odd >> BigInt(zeros), e: exponent + zeros };
}

const trailingZeros = (word: number): number => 31 - Math.clz32(word & -word);

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** A finite number. */
export function exactOf(x: number): Exact {
  if (x === 0) return NOTHING;
  float[0] = x;
  const [low, high] = [words[0]!, words[1]!];
  const biased = (high >>> 20) & 0x7ff;
  const top = (high & 0xfffff) + (biased === 0 ? 0 : 0x100000);
  const m = BigInt(top * 4294967296 + low);
  return { m: high >>> 31 === 1 ? -m : m, e: Math.max(biased, 1) - 1075 };
}

export interface Sums {
  readonly sum: Exact;
  readonly squares: Exact;
}

/** Between these sizes a square, its rounding error and sums of 2^40 of them are neither too large nor too small for float64. */
const LARGE = 2 ** 480;
const SMALL = 2 ** -400;

/** Σx and Σx² of the values that are numbers; none is infinite. */
export function exactSums(values: Float64Array): Sums {
  let [s, t] = [0, 0];
  let [p, q, r] = [0, 0, 0];
  let [sum, squares] = [NOTHING, NOTHING];
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    const size = Math.abs(x);
    if (!(size <= LARGE && size >= SMALL)) {
      if (x !== x || x === 0) continue;
      const whole = exactOf(x);
      sum = addExact(sum, whole);
      squares = addExact(squares, { m: whole.m * whole.m, e: 2 * whole.e });
      continue;
    }
    const next = s + x;
    let error = sumError(s, x, next);
    s = next;
    if (error !== 0) {
      const after = t + error;
      error = sumError(t, error, after);
      t = after;
      if (error !== 0) sum = addExact(sum, exactOf(error));
    }
    const square = x * x;
    const c = SPLITTER * x;
    const high = c - (c - x);
    const low = x - high;
    const rest = low * low - (square - high * high - 2 * (high * low));
    const total = p + square;
    const first = sumError(p, square, total);
    p = total;
    const second = q + first;
    const third = sumError(q, first, second);
    const fourth = second + rest;
    const fifth = sumError(second, rest, fourth);
    q = fourth;
    if (third !== 0 || fifth !== 0) {
      const sixth = r + third;
      error = sumError(r, third, sixth);
      if (error !== 0) squares = addExact(squares, exactOf(error));
      r = sixth + fifth;
      error = sumError(sixth, fifth, r);
      if (error !== 0) squares = addExact(squares, exactOf(error));
    }
  }
  for (const one of [s, t]) sum = addExact(sum, exactOf(one));
  for (const one of [p, q, r]) squares = addExact(squares, exactOf(one));
  return { sum, squares };
}

/** The float64 nearest to a / (b · 2^-e), b > 0; infinite where it is too large. Halves go to the even one. */
export function nearestRatio(a: bigint, b: bigint, e: number): number {
  if (a === 0n) return 0;
  const size = a < 0n ? -a : a;
  const shift = Math.max(0, 66 - (bits(size) - bits(b)));
  const scaled = size << BigInt(shift);
  const quotient = scaled / b;
  // What is left over only has to be told from nothing, in a digit far below those that count.
  const sticky = quotient * b === scaled ? quotient : quotient | 1n;
  const value = scaledBy(sticky, e - shift);
  return a < 0n ? -value : value;
}

const bits = (m: bigint): number => m.toString(16).length * 4;

/** m · 2^e rounded once, m > 0 of at least 60 bits. */
function scaledBy(m: bigint, e: number): number {
  // Beyond the greatest; and into whole numbers of 2^-1074, the least there is.
  const exponent = bits(m) + e;
  if (exponent > 1100) return Infinity;
  if (exponent < -1100) return 0;
  const drop = Math.max(0, -1074 - e, bits(m) - 900);
  if (drop === 0) return Number(m) * 2 ** Math.min(e, 500) * 2 ** Math.max(0, e - 500);
  const kept = m >> BigInt(drop);
  // Where 53 bits are not left the number is subnormal, in whole units of the least one.
  const isShort = kept < 1n << 53n;
  const whole = isShort ? halfEven(m, drop) : kept << BigInt(drop) === m ? kept : kept | 1n;
  return timesPower(Number(whole), e + drop);
}

/** m / 2^drop to the nearest whole number. */
function halfEven(m: bigint, drop: number): bigint {
  const kept = m >> BigInt(drop);
  const rest = m - (kept << BigInt(drop));
  const half = 1n << BigInt(drop - 1);
  return rest > half || (rest === half && (kept & 1n) === 1n) ? kept + 1n : kept;
}

function timesPower(value: number, e: number): number {
  const half = Math.trunc(e / 2);
  return value * 2 ** half * 2 ** (e - half);
}

/** Of n values with these sums: their mean, and the sum of squared deviations from it; each rounded once. */
export function centred({ sum, squares }: Sums, n: number): { readonly mean: number; readonly m2: number } {
  if (n === 0) return { mean: NaN, m2: NaN };
  const count = BigInt(n);
  const { m, e } = deviations({ sum, squares }, count);
  return { mean: nearestRatio(sum.m, count, sum.e), m2: nearestRatio(m, count, e) };
}

/** Variance with n − `ddof` below, rounded once. NaN where that is not above 0. */
export function varianceOf(sums: Sums, n: number, ddof: number): number {
  if (n <= ddof) return NaN;
  const { m, e } = deviations(sums, BigInt(n));
  return nearestRatio(m, BigInt(n) * BigInt(n - ddof), e);
}

/** n Σx² − (Σx)². */
function deviations({ sum, squares }: Sums, n: bigint): Exact {
  return addExact({ m: squares.m * n, e: squares.e }, { m: -(sum.m * sum.m), e: 2 * sum.e });
}
