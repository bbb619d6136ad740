import type { DistributionsKernel } from '../../ports/distributions.js';

/** Frequencies of the same values in two samples. */
export type Frequencies = readonly (readonly [reference: number, data: number])[];

/** Samples up to this size: the exact distribution of D, SciPy's `MAX_AUTO_N`. */
const EXACT_UP_TO = 10_000;

/** SciPy's `ks_2samp`, two-sided, `method="auto"`; both samples ascending, neither empty. */
export function kolmogorovSmirnov(
  x: Float64Array,
  y: Float64Array,
  distributions: DistributionsKernel,
): { readonly statistic: number; readonly pValue: number } {
  const [m, n] = [x.length, y.length];
  let [i, j, most] = [0, 0, 0];
  while (i < m && j < n) {
    const value = Math.min(x[i]!, y[j]!);
    while (i < m && x[i] === value) i++;
    while (j < n && y[j] === value) j++;
    // In whole numbers, so that equal distances are equal.
    most = Math.max(most, Math.abs(i * n - j * m));
  }
  const statistic = most / (m * n);
  return { statistic, pValue: smirnovP(statistic, m, n, distributions, Math.max(m, n) <= EXACT_UP_TO) };
}

/** P of a two-sided D of samples of m and n values at least as large, `isExact` by paths where those can be counted. */
export function smirnovP(
  statistic: number,
  m: number,
  n: number,
  distributions: DistributionsKernel,
  isExact: boolean,
): number {
  const exact = isExact ? distributions.smirnovTwoSample(m, n, 'two-sided').sf(statistic) : NaN;
  const p = Number.isNaN(exact)
    ? distributions.kolmogorovExact(roundHalfEven((m * n) / (m + n))).sf(statistic)
    : exact;
  return Math.min(1, Math.max(0, p));
}

/** SciPy's `wasserstein_distance` of ascending samples: the area between their distribution functions. */
export function wasserstein(x: Float64Array, y: Float64Array): number {
  let [i, j, area, previous] = [0, 0, 0, 0];
  while (i < x.length || j < y.length) {
    const value = Math.min(x[i] ?? Infinity, y[j] ?? Infinity);
    if (i + j > 0) area += Math.abs(i / x.length - j / y.length) * (value - previous);
    while (i < x.length && x[i] === value) i++;
    while (j < y.length && y[j] === value) j++;
    previous = value;
  }
  return area;
}

/** SciPy's `jensenshannon` of the two samples' shares, with natural logarithms as Evidently has it. */
export function jensenShannon(frequencies: Frequencies): number {
  const [p, q] = totals(frequencies);
  let divergence = 0;
  for (const [reference, data] of frequencies) {
    const [a, b] = [reference / p, data / q];
    const middle = (a + b) / 2;
    divergence += relativeEntropy(a, middle) + relativeEntropy(b, middle);
  }
  return Math.sqrt(Math.max(0, divergence) / 2);
}

/** SciPy's `chisquare` of the data's frequencies, those of the reference scaled to their number as the expected ones. */
export function chiSquare(
  frequencies: Frequencies,
  distributions: DistributionsKernel,
): { readonly statistic: number; readonly pValue: number } {
  const [p, q] = totals(frequencies);
  const scale = q / p;
  const statistic = frequencies.reduce(
    (sum, [reference, data]) => sum + (data - reference * scale) ** 2 / (reference * scale),
    0,
  );
  // A value that the reference does not have.
  if (statistic === Infinity) return { statistic, pValue: 0 };
  return { statistic, pValue: distributions.chi2(frequencies.length - 1).sf(statistic) };
}

/** Two-sided z-test of the share of one of two values; no difference where there is but one value. */
export function proportions(
  frequencies: Frequencies,
  distributions: DistributionsKernel,
): { readonly statistic: number; readonly pValue: number } {
  if (frequencies.length < 2) return { statistic: 0, pValue: 1 };
  const [p, q] = totals(frequencies);
  const [reference, data] = frequencies[1]!;
  const share = (reference + data) / (p + q);
  const difference = reference / p - data / q;
  const statistic = difference / Math.sqrt(share * (1 - share) * (1 / p + 1 / q));
  return { statistic, pValue: 2 * distributions.normal().sf(Math.abs(statistic)) };
}

function totals(frequencies: Frequencies): [reference: number, data: number] {
  let [p, q] = [0, 0];
  for (const [reference, data] of frequencies) {
    p += reference;
    q += data;
  }
  return [p, q];
}

const relativeEntropy = (p: number, q: number): number => (p === 0 ? 0 : p * Math.log(p / q));

/** As NumPy rounds. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
