/** Correlations of pairs and their p-values, from sums and counts: what the tests and the matrix of `correlate` share. */
import type { Engine } from '../../ports/engine.js';
import type { PairCounts } from '../../ports/order.js';
import { studentTail, type Alternative } from './student.js';
import { lowerTail, NO_TAIL, symmetricTail, twoSided } from './tails.js';
import type { Tail } from './test.js';

/** Sums of squares and of products of deviations from the means, of n pairs. */
export interface Sums {
  readonly n: number;
  readonly m2x: number;
  readonly m2y: number;
  readonly c: number;
}

/** Pearson's r; NaN where a column is constant or n < 2. */
export function pearson({ m2x, m2y, c }: Sums): number {
  return clipped(c / Math.sqrt(m2x) / Math.sqrt(m2y));
}

/** p of r under independent normal columns; of two pairs 1. SciPy has it by the beta distribution of r: the same. */
export function pearsonTail(r: number, n: number, alternative: Alternative, engine: Engine): Tail {
  if (Number.isNaN(r) || n < 2) return NO_TAIL;
  if (n === 2) return { p: 1, log10: 0 };
  const df = n - 2;
  return studentTail(r * Math.sqrt(df / ((1 - r) * (1 + r))), df, alternative, engine.student);
}

/**
 * Spearman's ρ from the sums of ranks, with NumPy's roundings in `corrcoef`: the sums are exact, and where one order is the
 * other these roundings are all that p is made of.
 */
export function spearman({ n, m2x, m2y, c }: Sums): number {
  const share = 1 / (n - 1);
  return clipped((c * share) / Math.sqrt(m2y * share) / Math.sqrt(m2x * share));
}

/** p of ρ by Student's t, n − 2 degrees of freedom; NaN for two pairs. */
export function spearmanTail(rho: number, n: number, alternative: Alternative, engine: Engine): Tail {
  const df = n - 2;
  if (Number.isNaN(rho) || !(df > 0)) return NO_TAIL;
  return studentTail(rho * Math.sqrt(df / ((rho + 1) * (1 - rho))), df, alternative, engine.student);
}

/** Kendall's τ-b; NaN where a column is constant. */
export function tauB({ concordant, discordant, count, tiedX, tiedY }: PairCounts): number {
  const total = pairsOf(count);
  return clipped((concordant - discordant) / Math.sqrt(total - tiedX) / Math.sqrt(total - tiedY));
}

/** Stuart's τ-c; `distinct`: different values in the column that has fewer. */
export function tauC({ concordant, discordant, count }: PairCounts, distinct: number): number {
  return clipped((2 * (concordant - discordant)) / ((count ** 2 * (distinct - 1)) / distinct));
}

/** n (n − 1) / 2. */
export const pairsOf = (n: number): number => (n % 2 === 0 ? (n / 2) * (n - 1) : n * ((n - 1) / 2));

/** Values up to which SciPy counts permutations without being asked, and up to which it is done here. */
const MOST_AUTO = 33;
export const MOST_EXACT = 171;

/** Whether `auto` is exact: no ties, and few values or an order that is the other's but for one pair. */
export function isExact({ count, concordant, discordant, tiedX, tiedY }: PairCounts): boolean {
  const few = count <= MOST_AUTO || Math.min(discordant, concordant) <= 1;
  return tiedX === 0 && tiedY === 0 && few;
}

/** p by the number of permutations of n with as few discordant pairs; without ties. */
export function exactKendallTail(
  { count, concordant, discordant }: PairCounts,
  alternative: Alternative,
  engine: Engine,
): Tail {
  const atMost = (pairs: number): Tail => {
    if (pairs <= 1 && count > MOST_EXACT) return fewest(pairs, count);
    return lowerTail(engine.distributions.kendall(count), pairs);
  };
  if (count < 2) return { p: 1, log10: 0 };
  // With the order turned round, concordant pairs are discordant ones.
  if (alternative === 'greater') return beyond(discordant, concordant, atMost);
  if (alternative === 'less') return beyond(concordant, discordant, atMost);
  const tail = atMost(Math.min(concordant, discordant));
  return concordant === discordant ? { p: 1, log10: 0 } : twoSided(tail, tail);
}

/** P(pairs or fewer), of many values by its complement where it is nearly 1. */
function beyond(pairs: number, others: number, atMost: (pairs: number) => Tail): Tail {
  if (others > 1 || pairs <= others) return atMost(pairs);
  // All but those with fewer than `others` of the other kind.
  const { p } = others === 0 ? { p: 0 } : atMost(others - 1);
  return { p: 1 - p, log10: Math.log1p(-p) / Math.LN10 };
}

/** Of n values: one permutation has no discordant pair, n − 1 have one. */
function fewest(pairs: number, n: number): Tail {
  const log = (pairs === 0 ? 0 : Math.log(n)) - lnFactorial(n);
  return { p: Math.exp(log), log10: log / Math.LN10 };
}

/** ln n! by Stirling's series, n ≥ 10. */
function lnFactorial(n: number): number {
  const z = n + 1;
  const u = 1 / (z * z);
  const series = (1 / 12 - u * (1 / 360 - u * (1 / 1260 - u / 1680))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series;
}

/** p by the normal distribution of concordant minus discordant pairs, its variance corrected for ties (Kendall 1970). */
export function asymptoticKendallTail(
  { count: n, concordant, discordant, tiedX, tiedY, x, y }: PairCounts,
  alternative: Alternative,
  engine: Engine,
): Tail {
  const m = n * (n - 1);
  const triples = x.t1 === 0 || y.t1 === 0 ? 0 : ((x.t1 / m) * y.t1) / (9 * (n - 2));
  const variance = (m * (2 * n + 5) - x.t2 - y.t2) / 18 + (2 * tiedX * tiedY) / m + triples;
  const z = (concordant - discordant) / Math.sqrt(variance);
  return symmetricTail(engine.distributions.normal(), z, alternative);
}

const clipped = (r: number): number => Math.max(-1, Math.min(1, r));
