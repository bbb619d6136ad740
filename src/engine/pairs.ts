import type { PairCounts } from '../ports/order.js';

/** What groups of t equal values add up to. */
interface Ties {
  /** Σ t(t − 1)/2. */
  readonly pairs: number;
  readonly t1: number;
  readonly t2: number;
}

/** All counts of pairs of `count` rows, from those that are tied and those that are discordant. */
export function pairCounts(
  count: number,
  x: Ties,
  y: Ties,
  tiedBoth: number,
  discordant: number,
): PairCounts {
  // One of the two factors is even: halved first, the product is exact up to 2^53 pairs.
  const total = count % 2 === 0 ? (count / 2) * (count - 1) : count * ((count - 1) / 2);
  return {
    count,
    concordant: total - x.pairs - y.pairs + tiedBoth - discordant,
    discordant,
    tiedX: x.pairs,
    tiedY: y.pairs,
    tiedBoth,
    x: { t1: x.t1, t2: x.t2 },
    y: { t1: y.t1, t2: y.t2 },
  };
}
