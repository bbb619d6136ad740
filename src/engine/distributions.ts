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

/** At most three, the rest 0. */
export type Parameters = readonly [a: number, b: number, c: number];

/** What an engine computes; the rest is the same for all. */
export interface Probabilities {
  /** P(X > x) if `upper`, else P(X ≤ x); of `mannWhitney` the latter, up to half of m · n. */
  readonly tail: (kind: Kind, upper: boolean, x: number, parameters: Parameters) => number;
  readonly log10Tail: (kind: Kind, upper: boolean, x: number, parameters: Parameters) => number;
  /** P(X = k). */
  readonly point: (kind: Kind, k: number, parameters: Parameters) => number;
  /** x with P(X > x) = p if `upper`, else with P(X ≤ x) = p. */
  readonly quantile: (kind: Kind, upper: boolean, p: number, parameters: Parameters) => number;
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
/** Up to this smaller sample the table of U keeps its digits. */
const MOST_TABLED = 20;
const MOST_PRODUCT = 1_000_000;
const MOST_RANKS = 1000;

export function distributions(by: Probabilities): DistributionsKernel {
  const both = (kind: Kind, a = 0, b = 0, c = 0): Distribution => {
    const parameters = [a, b, c] as const;
    return {
      cdf: (x) => by.tail(kind, false, x, parameters),
      sf: (x) => by.tail(kind, true, x, parameters),
      log10Cdf: (x) => by.log10Tail(kind, false, x, parameters),
      log10Sf: (x) => by.log10Tail(kind, true, x, parameters),
    };
  };
  const continuous = (kind: Kind, a = 0, b = 0): Continuous => {
    const parameters = [a, b, 0] as const;
    return {
      ...both(kind, a, b),
      quantile: (p) => by.quantile(kind, false, p, parameters),
      upperQuantile: (p) => by.quantile(kind, true, p, parameters),
    };
  };
  const discrete = (kind: Kind, a: number, b: number, c = 0): Discrete => {
    const parameters = [a, b, c] as const;
    return {
      ...both(kind, a, b, c),
      pmf: (k) => by.point(kind, k, parameters),
      quantile: (p) => by.quantile(kind, false, p, parameters),
    };
  };
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
        few <= MOST_TABLED
          ? counted(by.mannWhitney(few, many, 2 ** SCALE), SCALE)
          : integrated([few, many, 0]),
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

  function integrated(parameters: Parameters): Half {
    return {
      point: (k) => by.point('mannWhitney', k, parameters),
      lower: (k) => by.tail('mannWhitney', false, k, parameters),
      log10Lower: (k) => by.log10Tail('mannWhitney', false, k, parameters),
    };
  }
}

const isCount = (n: number, least: number): boolean => Number.isSafeInteger(n) && n >= least;

function divisor(m: number, n: number): number {
  return n === 0 ? m : divisor(n, m % n);
}
