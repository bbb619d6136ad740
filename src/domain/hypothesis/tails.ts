import type { Continuous, Distribution } from '../../ports/distributions.js';
import type { Alternative } from './student.js';
import type { Tail } from './test.js';

/** No p-value: of a statistic that is not there. */
export const NO_TAIL: Tail = { p: NaN, log10: NaN };

/** P(X > x), and its decimal logarithm. */
export function upperTail(distribution: Distribution, x: number): Tail {
  return { p: distribution.sf(x), log10: distribution.log10Sf(x) };
}

/** P(X ≤ x), and its decimal logarithm. */
export function lowerTail(distribution: Distribution, x: number): Tail {
  return { p: distribution.cdf(x), log10: distribution.log10Cdf(x) };
}

/** Twice a probability, one at most. */
export function twice({ p, log10 }: Tail): Tail {
  if (Number.isNaN(p)) return NO_TAIL;
  return { p: Math.min(1, 2 * p), log10: Math.min(0, log10 + Math.log10(2)) };
}

/** p-value of a statistic whose distribution is symmetric about 0. */
export function symmetricTail(distribution: Continuous, x: number, alternative: Alternative): Tail {
  if (Number.isNaN(x)) return NO_TAIL;
  switch (alternative) {
    case 'two-sided':
      return twice(upperTail(distribution, Math.abs(x)));
    case 'less':
      return lowerTail(distribution, x);
    case 'greater':
      return upperTail(distribution, x);
  }
}

/** The likelier of two one-sided answers is out: twice the smaller. */
export function twoSided(a: Tail, b: Tail): Tail {
  return twice(a.log10 <= b.log10 ? a : b);
}
