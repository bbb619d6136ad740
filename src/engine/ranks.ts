import type { Discrete } from '../ports/distributions.js';

/** The lower half of a distribution on 0 … largest that is symmetric: k ≤ largest / 2. */
export interface Half {
  /** P(X = k). */
  readonly point: (k: number) => number;
  /** P(X ≤ k). */
  readonly lower: (k: number) => number;
  readonly log10Lower: (k: number) => number;
}

/** The whole distribution; `half` is made when it is first asked for. */
export function tabled(
  largest: number,
  half: () => Half,
  by: { readonly log10Complement: (p: number) => number },
): Discrete {
  const middle = Math.floor(largest / 2);
  let made: Half | undefined;
  const table = (): Half => (made ??= half());

  /** P(X ≤ k) of an integer k, as it is or from the other side. */
  const below = (k: number): number => {
    if (k < 0) return 0;
    if (k >= largest) return 1;
    return k <= middle ? table().lower(k) : 1 - table().lower(largest - k - 1);
  };
  const log10Below = (k: number): number => {
    if (k < 0) return -Infinity;
    if (k >= largest) return 0;
    return k <= middle ? table().log10Lower(k) : by.log10Complement(table().lower(largest - k - 1));
  };
  const least = (p: number): number => {
    if (!(p >= 0 && p <= 1)) return NaN;
    if (p === 0) return -1;
    if (p === 1) return largest;
    let low = -1;
    let high = largest;
    while (high - low > 1) {
      const k = Math.floor((low + high) / 2);
      if (below(k) >= p) high = k;
      else low = k;
    }
    return high;
  };
  const from = (f: (k: number) => number) => (x: number) => (x !== x ? NaN : f(x));
  return {
    cdf: from((x) => below(Math.floor(x))),
    sf: from((x) => below(largest - Math.floor(x) - 1)),
    log10Cdf: from((x) => log10Below(Math.floor(x))),
    log10Sf: from((x) => log10Below(largest - Math.floor(x) - 1)),
    pmf: from((k) =>
      k < 0 || k > largest || !Number.isInteger(k) ? 0 : table().point(Math.min(k, largest - k)),
    ),
    quantile: least,
  };
}

const nothing = (): number => NaN;

/** Of parameters outside their domain. */
export const unknown: Discrete = {
  cdf: nothing,
  sf: nothing,
  log10Cdf: nothing,
  log10Sf: nothing,
  pmf: nothing,
  quantile: nothing,
};
