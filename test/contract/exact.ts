/** Sums in exact arithmetic, rounded once at the end: what moments and co-moments are compared with. */

const float64 = new Float64Array(1);
const uint64 = new BigUint64Array(float64.buffer);

/** A finite float64 as `mantissa × 2^exponent`. */
function parts(value: number): { mantissa: bigint; exponent: number } {
  float64[0] = value;
  const bits = uint64[0]!;
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const magnitude = biased === 0 ? fraction : fraction | 0x10000000000000n;
  return { mantissa: bits >> 63n === 0n ? magnitude : -magnitude, exponent: Math.max(biased, 1) - 1075 };
}

/** All values as whole multiples of one power of two. */
function whole(values: readonly number[]): { units: bigint[]; exponent: number } {
  const split = values.map(parts);
  const exponent = split.reduce((least, { mantissa, exponent: own }) => {
    return mantissa === 0n ? least : Math.min(least, own);
  }, 1023);
  const units = split.map(({ mantissa, exponent: own }) => {
    return mantissa === 0n ? 0n : mantissa << BigInt(own - exponent);
  });
  return { units, exponent };
}

const bitLength = (value: bigint): number => value.toString(2).length;

/** `numerator / denominator × 2^exponent` as a float64. */
function nearest(numerator: bigint, denominator: bigint, exponent: number): number {
  if (numerator === 0n) return 0;
  const top = numerator < 0n ? -numerator : numerator;
  // A quotient of at least 64 bits, cut to 64, the last one sticky: its conversion is the only rounding that counts.
  const shift = Math.max(0, 65 + bitLength(denominator) - bitLength(top));
  const dividend = top << BigInt(shift);
  const quotient = dividend / denominator;
  const drop = BigInt(bitLength(quotient) - 64);
  const kept = quotient >> drop;
  const sticky = (kept << drop) * denominator === dividend ? 0n : 1n;
  let value = Number(kept | sticky);
  let power = Number(drop) - shift + exponent;
  // In steps, so that no factor leaves the range of float64.
  for (; power < -1000; power += 500) value *= 2 ** -500;
  for (; power > 900; power -= 500) value *= 2 ** 500;
  value *= 2 ** power;
  return numerator < 0n ? -value : value;
}

/** Σx, the mean and the centred power sums of finite values. */
export function exactMoments(values: readonly number[]): {
  sum: number;
  mean: number;
  m2: number;
  m3: number;
  m4: number;
} {
  const { units, exponent } = whole(values);
  const n = BigInt(values.length);
  let s1 = 0n;
  let s2 = 0n;
  let s3 = 0n;
  let s4 = 0n;
  for (const x of units) {
    const square = x * x;
    s1 += x;
    s2 += square;
    s3 += square * x;
    s4 += square * square;
  }
  return {
    sum: nearest(s1, 1n, exponent),
    mean: nearest(s1, n, exponent),
    m2: nearest(n * s2 - s1 * s1, n, 2 * exponent),
    m3: nearest(n * n * s3 - 3n * n * s1 * s2 + 2n * s1 ** 3n, n * n, 3 * exponent),
    m4: nearest(
      n ** 3n * s4 - 4n * n * n * s1 * s3 + 6n * n * s1 * s1 * s2 - 3n * s1 ** 4n,
      n ** 3n,
      4 * exponent,
    ),
  };
}

/** Σ(x − x̄)(y − ȳ) of finite values. */
export function exactComoment(xs: readonly number[], ys: readonly number[]): number {
  const [x, y] = [whole(xs), whole(ys)];
  let product = 0n;
  let [sx, sy] = [0n, 0n];
  x.units.forEach((unit, i) => {
    product += unit * y.units[i]!;
    sx += unit;
    sy += y.units[i]!;
  });
  const n = BigInt(xs.length);
  return nearest(n * product - sx * sy, n, x.exponent + y.exponent);
}

/** Σx of finite values. */
export function exactSum(values: readonly number[]): number {
  const { units, exponent } = whole(values);
  return nearest(
    units.reduce((total, x) => total + x, 0n),
    1n,
    exponent,
  );
}

/** Sums of squares between and within samples of finite values, and F. Every sample has a value. */
export function exactAnova(samples: readonly (readonly number[])[]): {
  ssBetween: number;
  ssWithin: number;
  f: number;
} {
  const { units, exponent } = whole(samples.flat());
  const total = BigInt(units.length);
  const counts = samples.map(({ length }) => BigInt(length));
  // Everything over one denominator: the number of values times the product of the samples' sizes.
  const product = counts.reduce((all, n) => all * n, 1n);
  const denominator = total * product;
  let [start, s1, s2, between] = [0, 0n, 0n, 0n];
  samples.forEach(({ length }, sample) => {
    const own = units.slice(start, start + length).reduce((sum, x) => sum + x, 0n);
    between += own * own * total * (product / counts[sample]!);
    s1 += own;
    start += length;
  });
  for (const x of units) s2 += x * x;
  between -= s1 * s1 * product;
  const within = s2 * denominator - s1 * s1 * product - between;
  const [dfBetween, dfWithin] = [BigInt(samples.length - 1), total - BigInt(samples.length)];
  return {
    ssBetween: nearest(between, denominator, 2 * exponent),
    ssWithin: nearest(within, denominator, 2 * exponent),
    f: within === 0n ? (between === 0n ? NaN : Infinity) : nearest(between * dfWithin, within * dfBetween, 0),
  };
}

/**
 * Least squares of finite columns in exact arithmetic, rounded at the end: the coefficients, Σr², the diagonal of (X'X)⁻¹.
 * Null where the columns are dependent. Bareiss's elimination of the normal equations, without fractions.
 */
export function exactLeastSquares(
  columns: readonly (readonly number[])[],
  y: readonly number[],
): { coefficients: number[]; squares: number; variances: number[] } | null {
  const x = columns.map(whole);
  const target = whole(y);
  const dot = (a: readonly bigint[], b: readonly bigint[]): bigint =>
    a.reduce((sum, value, row) => sum + value * b[row]!, 0n);
  const order = x.length;
  // Right of the matrix: X'y, then the unit matrix. Below it: y'X, so that the last pivot is that of Σr².
  const a = x.map(({ units }, i) => [
    ...x.map((other) => dot(units, other.units)),
    dot(units, target.units),
    ...x.map((_, j) => (i === j ? 1n : 0n)),
  ]);
  a.push([
    ...x.map(({ units }) => dot(target.units, units)),
    dot(target.units, target.units),
    ...x.map(() => 0n),
  ]);
  let before = 1n;
  for (let k = 0; k < order; k++) {
    const pivot = a[k]![k]!;
    // Gram matrices need no exchange of rows: a leading minor is 0 only where columns are dependent.
    if (pivot === 0n) return null;
    for (let i = 0; i <= order; i++) {
      if (i === k) continue;
      const factor = a[i]![k]!;
      a[i] = a[i]!.map((value, j) => (value * pivot - factor * a[k]![j]!) / before);
    }
    before = pivot;
  }
  const scale = (i: number): number => x[i]!.exponent;
  return {
    coefficients: x.map((_, i) => nearest(a[i]![order]!, before, target.exponent - scale(i))),
    squares: nearest(a[order]![order]!, before, 2 * target.exponent),
    variances: x.map((_, i) => nearest(a[i]![order + 1 + i]!, before, -2 * scale(i))),
  };
}

/** Σ (x[t] − x̄)(x[t + lag] − x̄) over the pairs that are there / Σ (x − x̄)²; NaN where that is 0. */
export function exactAutocorrelation(rows: readonly (number | null)[], lag: number): number {
  const { units } = whole(rows.filter((row) => row !== null));
  let place = 0;
  const series = rows.map((row) => (row === null ? null : units[place++]!));
  const n = BigInt(units.length);
  const sum = units.reduce((total, x) => total + x, 0n);
  // Deviations times n.
  const deviation = (x: bigint): bigint => n * x - sum;
  let [above, below] = [0n, 0n];
  series.forEach((x, t) => {
    if (x === null) return;
    below += deviation(x) ** 2n;
    const y = series[t + lag] ?? null;
    if (y !== null) above += deviation(x) * deviation(y);
  });
  return below === 0n ? NaN : nearest(above, below, 0);
}
