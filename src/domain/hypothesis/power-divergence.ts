import type { Engine } from '../../ports/engine.js';
import { CompensatedSum } from './compensated-sum.js';
import type { Tail } from './test.js';

/** Members of the family of Cressie and Read (1984), by SciPy's names. */
export const LAMBDAS = {
  pearson: 1,
  'log-likelihood': 0,
  'freeman-tukey': -0.5,
  'mod-log-likelihood': -1,
  neyman: -2,
  'cressie-read': 2 / 3,
} as const;

/** Σ over the cells, as SciPy's `power_divergence`. A zero among the expected or, below λ = 0, the observed ones: not finite. */
export function powerDivergence(
  observed: ArrayLike<number>,
  expected: ArrayLike<number>,
  lambda: number,
): number {
  const sum = new CompensatedSum();
  for (let i = 0; i < observed.length; i++) sum.add(term(observed[i]!, expected[i]!, lambda));
  return sum.value;
}

function term(observed: number, expected: number, lambda: number): number {
  switch (lambda) {
    case 1:
      return (observed - expected) ** 2 / expected;
    case 0:
      return 2 * xLogY(observed, observed / expected);
    case -1:
      return 2 * xLogY(expected, expected / observed);
    default:
      return (observed * ((observed / expected) ** lambda - 1)) / (0.5 * lambda * (lambda + 1));
  }
}

/** 0 where x is, whatever y. */
const xLogY = (x: number, y: number): number => (x === 0 && !Number.isNaN(y) ? 0 : x * Math.log(y));

/** P(χ² > x); no p-value without a degree of freedom. */
export function chiSquareTail(x: number, df: number, { distributions }: Engine): Tail {
  if (Number.isNaN(x) || !(df > 0)) return { p: NaN, log10: NaN };
  const { sf, log10Sf } = distributions.chi2(df);
  // A sum of terms of both signs may end below 0.
  return x < 0 ? { p: 1, log10: 0 } : { p: sf(x), log10: log10Sf(x) };
}
