/**
 * Distributions of the tests, by SciPy's names and parameters. Probabilities have twelve correct digits in the body and ten
 * in the tails down to 1e-300; their decimal logarithms go on where the probability underflows. A probability is computed as
 * the tail it is, never as 1 minus the other. A parameter outside its domain, or x NaN: NaN.
 */
export interface Distribution {
  /** P(X ≤ x). */
  readonly cdf: (x: number) => number;
  /** P(X > x); of discrete ones too, as SciPy's `sf`. */
  readonly sf: (x: number) => number;
  readonly log10Cdf: (x: number) => number;
  readonly log10Sf: (x: number) => number;
}

export interface Continuous extends Distribution {
  /** x with cdf(x) = p; SciPy's `ppf`. */
  readonly quantile: (p: number) => number;
  /** x with sf(x) = p, also for tiny p; SciPy's `isf`. */
  readonly upperQuantile: (p: number) => number;
}

export interface Discrete extends Distribution {
  readonly pmf: (k: number) => number;
  /** The least k with cdf(k) ≥ p. */
  readonly quantile: (p: number) => number;
}

/** Each makes a distribution with its parameters fixed, as SciPy "freezes" one. Cheap to make. */
export interface DistributionsKernel {
  readonly normal: () => Continuous;
  /** Student's t, df > 0. */
  readonly t: (df: number) => Continuous;
  readonly chi2: (df: number) => Continuous;
  readonly f: (dfn: number, dfd: number) => Continuous;
  readonly beta: (a: number, b: number) => Continuous;
  readonly binomial: (n: number, p: number) => Discrete;
  /** SciPy's `hypergeom(M, n, N)`: total, of the kind, drawn. */
  readonly hypergeometric: (total: number, kind: number, drawn: number) => Discrete;
  /** Non-central t and F: for the intervals of effect sizes. Nine digits; |nc| ≤ 1e12. */
  readonly noncentralT: (df: number, nc: number) => Distribution;
  readonly noncentralF: (dfn: number, dfd: number, nc: number) => Distribution;
  /** Limit of √n · D; SciPy's `kstwobign`. */
  readonly kolmogorov: () => Continuous;
  /** D of n values, two-sided: SciPy's `kstwo(n)`, its choice of methods by n and x. */
  readonly kolmogorovExact: (n: number) => Continuous;
  /** D⁺ or D⁻ of n values: SciPy's `ksone(n)`. */
  readonly smirnovOneSided: (n: number) => Continuous;
  /** D of two samples of m and n values without ties, by counting paths: SciPy's `ks_2samp(method="exact")`. x is D. */
  readonly smirnovTwoSample: (
    m: number,
    n: number,
    alternative: 'two-sided' | 'one-sided',
  ) => Pick<Distribution, 'sf'>;
  /** Sum of the positive ranks of n differences without ties and zeros; P(T ≤ t). n ≤ 1,000. */
  readonly wilcoxon: (n: number) => Discrete;
  /** Mann–Whitney's U of samples of m and n values without ties. m · n ≤ 1,000,000. */
  readonly mannWhitney: (m: number, n: number) => Discrete;
  /** Number of discordant pairs of n without ties, under independence: of Kendall's τ. n ≤ 1,000. */
  readonly kendall: (n: number) => Discrete;
}
