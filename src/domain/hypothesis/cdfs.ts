import type { DistributionsKernel } from '../../ports/distributions.js';

/** A family of distributions under SciPy's name: how many shape parameters it has, and F of the standard one. */
interface Family {
  readonly shapes: number;
  readonly cdf: (shapes: readonly number[], distributions: DistributionsKernel) => (x: number) => number;
}

/** F of the standardised x, for location 0 and scale 1. */
const plain = (cdf: (x: number) => number): Family => ({ shapes: 0, cdf: () => cdf });

export const FAMILIES = {
  norm: { shapes: 0, cdf: (_, distributions) => distributions.normal().cdf },
  uniform: plain((x) => Math.min(Math.max(x, 0), 1)),
  expon: plain((x) => (x > 0 ? -Math.expm1(-x) : 0)),
  logistic: plain((x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))),
  laplace: plain((x) => (x > 0 ? 1 - 0.5 * Math.exp(-x) : 0.5 * Math.exp(x))),
  cauchy: plain((x) => 0.5 + Math.atan(x) / Math.PI),
  gumbel_l: plain((x) => -Math.expm1(-Math.exp(x))),
  gumbel_r: plain((x) => Math.exp(-Math.exp(-x))),
  t: { shapes: 1, cdf: ([df], distributions) => distributions.t(df!).cdf },
  chi2: { shapes: 1, cdf: ([df], distributions) => positive(distributions.chi2(df!).cdf) },
  f: { shapes: 2, cdf: ([dfn, dfd], distributions) => positive(distributions.f(dfn!, dfd!).cdf) },
  beta: {
    shapes: 2,
    cdf: ([a, b], distributions) => {
      const { cdf } = distributions.beta(a!, b!);
      return (x) => (x <= 0 ? 0 : x >= 1 ? 1 : cdf(x));
    },
  },
  gamma: {
    shapes: 1,
    cdf: ([a], distributions) => {
      const { cdf } = distributions.chi2(2 * a!);
      return positive((x) => cdf(2 * x));
    },
  },
  lognorm: {
    shapes: 1,
    cdf: ([s], distributions) => {
      const { cdf } = distributions.normal();
      return positive((x) => cdf(Math.log(x) / s!));
    },
  },
  weibull_min: { shapes: 1, cdf: ([c]) => positive((x) => -Math.expm1(-(x ** c!))) },
} satisfies Readonly<Record<string, Family>>;

function positive(cdf: (x: number) => number): (x: number) => number {
  return (x) => (x > 0 ? cdf(x) : 0);
}
