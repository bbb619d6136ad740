import type { Continuous, Discrete, Distribution, DistributionsKernel } from '../ports/distributions.js';
import { tabled, unknown, type Half } from './ranks.js';

/** Order is the wasm ABI: assembly/distributions.ts. */
export const KINDS = [
  'normal',
  't',
  'chi2',
  'f',
  'beta',
  'binomial',
  'hypergeometric',
  'noncentralT',
  'noncentralF',
  'kolmogorov',
  'kolmogorovExact',
  'smirnovOneSided',
  'mannWhitney',
] as const;
export type Kind = (typeof KINDS)[number];

/** What an engine computes; the rest is the same for all. Parameters that a distribution has not are 0. */
export interface Probabilities {
  /** P(X > x) if `upper`, else P(X ≤ x); of `mannWhitney` the latter, up to half of m · n. */
  readonly tail: (kind: Kind, upper: boolean, x: number, a: number, b: number, c: number) => number;
  readonly log10Tail: (kind: Kind, upper: boolean, x: number, a: number, b: number, c: number) => number;
  /** P(X = k). */
  readonly point: (kind: Kind, k: number, a: number, b: number, c: number) => number;
  /** x with P(X > x) = p if `upper`, else with P(X ≤ x) = p. */
  readonly quantile: (kind: Kind, upper: boolean, p: number, a: number, b: number, c: number) => number;
  /** log10(value · 2^exponent). */
  readonly log10: (value: number, exponent: number) => number;
  /** log10(1 − p). */
  readonly log10Complement: (p: number) => number;
  /** P(D ≥ d) by paths, m ≥ n ≥ 1 and their greatest common divisor. */
  readonly paths: (m: number, n: number, divisor: number, d: number, oneSided: boolean) => number;
  /** Counts of the lower half of the support: assembly/ranks.ts. */
  readonly wilcoxon: (n: number) => Float64Array;
  readonly kendall: (n: number, total: number) => Float64Array;
  readonly mannWhitney: (m: number, n: number, total: number) => Float64Array;
}

/** Exponent of the power of two that all counts of a table add to: the smallest stays far from underflow. */
const SCALE = 1000;
/** The table of U keeps its digits up to this smaller sample, or this many values in all. */
const MOST_FEW = 20;
const MOST_VALUES = 160;
const MOST_PRODUCT = 1_000_000;
const MOST_RANKS = 1000;

export function distributions(by: Probabilities): DistributionsKernel {
  // Object literals, not spreads: a distribution is made for each call of a test.
  const both = (kind: Kind, a: number, b: number, c = 0): Distribution => ({
    cdf: (x) => by.tail(kind, false, x, a, b, c),
    sf: (x) => by.tail(kind, true, x, a, b, c),
    log10Cdf: (x) => by.log10Tail(kind, false, x, a, b, c),
    log10Sf: (x) => by.log10Tail(kind, true, x, a, b, c),
  });
  const continuous = (kind: Kind, a = 0, b = 0): Continuous => ({
    cdf: (x) => by.tail(kind, false, x, a, b, 0),
    sf: (x) => by.tail(kind, true, x, a, b, 0),
    log10Cdf: (x) => by.log10Tail(kind, false, x, a, b, 0),
    log10Sf: (x) => by.log10Tail(kind, true, x, a, b, 0),
    quantile: (p) => by.quantile(kind, false, p, a, b, 0),
    upperQuantile: (p) => by.quantile(kind, true, p, a, b, 0),
  });
  const discrete = (kind: Kind, a: number, b: number, c = 0): Discrete => ({
    cdf: (x) => by.tail(kind, false, x, a, b, c),
    sf: (x) => by.tail(kind, true, x, a, b, c),
    log10Cdf: (x) => by.log10Tail(kind, false, x, a, b, c),
    log10Sf: (x) => by.log10Tail(kind, true, x, a, b, c),
    pmf: (k) => by.point(kind, k, a, b, c),
    quantile: (p) => by.quantile(kind, false, p, a, b, c),
  });
  const ranked = (valid: boolean, largest: number, half: () => Half): Discrete =>
    valid ? tabled(largest, half, by) : unknown;
  return {
    normal: () => continuous('normal'),
    t: (df) => continuous('t', df),
    chi2: (df) => continuous('chi2', df),
    f: (dfn, dfd) => continuous('f', dfn, dfd),
    beta: (a, b) => continuous('beta', a, b),
    binomial: (n, p) => discrete('binomial', n, p),
    hypergeometric: (total, kind, drawn) => discrete('hypergeometric', total, kind, drawn),
    noncentralT: (df, nc) => both('noncentralT', df, nc),
    noncentralF: (dfn, dfd, nc) => both('noncentralF', dfn, dfd, nc),
    kolmogorov: () => continuous('kolmogorov'),
    kolmogorovExact: (n) => continuous('kolmogorovExact', n),
    smirnovOneSided: (n) => continuous('smirnovOneSided', n),
    smirnovTwoSample: (m, n, alternative) => ({
      sf: (d) =>
        isCount(m, 1) && isCount(n, 1) && d === d
          ? by.paths(Math.max(m, n), Math.min(m, n), divisor(m, n), d, alternative === 'one-sided')
          : NaN,
    }),
    wilcoxon: (n) =>
      ranked(isCount(n, 0) && n <= MOST_RANKS, (n * (n + 1)) / 2, () => counted(by.wilcoxon(n), n)),
    kendall: (n) =>
      ranked(isCount(n, 1) && n <= MOST_RANKS, (n * (n - 1)) / 2, () =>
        counted(by.kendall(n, 2 ** SCALE), SCALE),
      ),
    mannWhitney: (m, n) => {
      const [few, many] = [Math.min(m, n), Math.max(m, n)];
      return ranked(isCount(m, 1) && isCount(n, 1) && m * n <= MOST_PRODUCT, m * n, () =>
        few <= MOST_FEW || m + n <= MOST_VALUES
          ? counted(by.mannWhitney(few, many, 2 ** SCALE), SCALE)
          : integrated(few, many),
      );
    },
  };

  function counted(counts: Float64Array, exponent: number): Half {
    const scale = 2 ** -exponent;
    const sums = counts.slice();
    for (let i = 1; i < sums.length; i++) sums[i]! += sums[i - 1]!;
    return {
      point: (k) => counts[k]! * scale,
      lower: (k) => sums[k]! * scale,
      log10Lower: (k) => by.log10(sums[k]!, -exponent),
    };
  }

  function integrated(m: number, n: number): Half {
    return {
      point: (k) => by.point('mannWhitney', k, m, n, 0),
      lower: (k) => by.tail('mannWhitney', false, k, m, n, 0),
      log10Lower: (k) => by.log10Tail('mannWhitney', false, k, m, n, 0),
    };
  }
}

const isCount = (n: number, least: number): boolean => Number.isSafeInteger(n) && n >= least;

function divisor(m: number, n: number): number {
  return n === 0 ? m : divisor(n, m % n);
}
