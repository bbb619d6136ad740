/**
 * Numbers of about 32 digits as the unevaluated sum of two float64 values, |lo| ≤ half a unit in the last place of hi.
 *
 * Source: T. J. Dekker, "A floating-point technique for extending the available precision", Numerische Mathematik 18, 1971
 * (TwoProduct by Veltkamp's splitting, sums, products and quotients of pairs); Knuth's TwoSum. JavaScript has no fused
 * multiply-add, and every operation of it rounds to float64, which is what the proofs need. Not for values beyond 2^995:
 * the splitting overflows.
 */
export interface DoubleDouble {
  readonly hi: number;
  readonly lo: number;
}

export const ZERO: DoubleDouble = { hi: 0, lo: 0 };

/** Veltkamp's constant: 2^27 + 1 parts a float64 into two halves of 26 bits. */
export const SPLITTER = 134217729;

/** The rounding error of `sum` = a + b. */
export function sumError(a: number, b: number, sum: number): number {
  const bb = sum - a;
  return a - (sum - bb) + (b - bb);
}

/** The rounding error of `product` = a · b. */
export function productError(a: number, b: number, product: number): number {
  const ca = SPLITTER * a;
  const ah = ca - (ca - a);
  const al = a - ah;
  const cb = SPLITTER * b;
  const bh = cb - (cb - b);
  const bl = b - bh;
  return ah * bh - product + ah * bl + al * bh + al * bl;
}

/** hi + lo as a pair again, where |hi| ≥ |lo| or hi is 0. */
export function pair(hi: number, lo: number): DoubleDouble {
  const sum = hi + lo;
  return { hi: sum, lo: lo - (sum - hi) };
}

/** a + b of two float64 values, exactly. */
export function twoSum(a: number, b: number): DoubleDouble {
  const hi = a + b;
  return { hi, lo: sumError(a, b, hi) };
}

/** a · b of two float64 values, exactly. */
export function twoProduct(a: number, b: number): DoubleDouble {
  const hi = a * b;
  return { hi, lo: productError(a, b, hi) };
}

export function add(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const { hi, lo } = twoSum(a.hi, b.hi);
  const low = twoSum(a.lo, b.lo);
  const first = pair(hi, lo + low.hi);
  return pair(first.hi, first.lo + low.lo);
}

export function negate({ hi, lo }: DoubleDouble): DoubleDouble {
  return { hi: -hi, lo: -lo };
}

export function subtract(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  return add(a, negate(b));
}

export function multiply(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const { hi, lo } = twoProduct(a.hi, b.hi);
  return pair(hi, lo + (a.hi * b.lo + a.lo * b.hi));
}

export function divide(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const first = a.hi / b.hi;
  if (!Number.isFinite(first)) return { hi: first, lo: 0 };
  const rest = subtract(a, multiply({ hi: first, lo: 0 }, b));
  const second = rest.hi / b.hi;
  const after = subtract(rest, multiply({ hi: second, lo: 0 }, b));
  const two = pair(first, second);
  return pair(two.hi, two.lo + after.hi / b.hi);
}

/** Of a value that is not negative. */
export function squareRoot(a: DoubleDouble): DoubleDouble {
  const root = Math.sqrt(a.hi);
  if (!(root > 0) || root === Infinity) return { hi: root, lo: 0 };
  const rest = subtract(a, twoProduct(root, root));
  return pair(root, rest.hi / (2 * root));
}

/** A float64 value as a pair. */
export function widened(value: number): DoubleDouble {
  return { hi: value, lo: 0 };
}
