import type { Engine } from '../../ports/engine.js';
import { rootOf } from './root.js';
import type { Interval } from './test.js';

/** Counts [a, b], [c, d] of a table. */
export type FourCounts = readonly [a: number, b: number, c: number, d: number];

/** Counts up to which the exact interval is computed; beyond, Woolf's has its digits. */
const MOST_EXACT = 1e8;

/**
 * Interval of the odds ratio of a table, given its sides: SciPy's `contingency.odds_ratio(kind="conditional")`. It inverts
 * Fisher's noncentral hypergeometric distribution of the first cell. Of more than a hundred million counts, Woolf's: normal
 * in the logarithm. No side is empty.
 */
export function oddsRatioInterval(table: FourCounts, level: number, { distributions }: Engine): Interval {
  const [a, b, c, d] = table;
  const alpha = (1 - level) / 2;
  if (alpha === 0) return [0, Infinity];
  const centre = Math.log(((a + 0.5) * (d + 0.5)) / ((b + 0.5) * (c + 0.5)));
  const error = Math.sqrt(1 / (a + 0.5) + 1 / (b + 0.5) + 1 / (c + 0.5) + 1 / (d + 0.5));
  const reach = distributions.normal().upperQuantile(alpha) * error;
  const lowest = Math.max(0, a - d);
  const highest = a + Math.min(b, c);
  const exact = a + b + c + d <= MOST_EXACT;
  const end = (start: number, f: (logOdds: number) => number): number =>
    Math.exp(exact ? rootOf(f, start, error / 2) : start);
  return [
    a === lowest ? 0 : end(centre - reach, (x) => shares(table, x, lowest, highest).upper - alpha),
    a === highest ? Infinity : end(centre + reach, (x) => shares(table, x, lowest, highest).lower - alpha),
  ];
}

/** Terms below this share of the sum add nothing. */
const NEGLIGIBLE = 1e-18;

/**
 * P(X ≤ a) and P(X ≥ a) of the first cell, given the log odds ratio: terms from the largest one outwards, each from its
 * neighbour.
 */
function shares(
  [a, b, c, d]: FourCounts,
  logOdds: number,
  lowest: number,
  highest: number,
): { lower: number; upper: number } {
  const odds = Math.exp(logOdds);
  const [kind, drawn, rest] = [a + b, a + c, d - a];
  /** Weight of k + 1 over that of k. */
  const ratio = (k: number): number => (odds * (kind - k) * (drawn - k)) / ((k + 1) * (rest + k + 1));
  const middle = largest(ratio, lowest, highest);
  let [below, at, above] = [0, 0, 0];
  const count = (k: number, weight: number): void => {
    if (k < a) below += weight;
    else if (k > a) above += weight;
    else at += weight;
  };
  count(middle, 1);
  for (let k = middle, weight = 1; k < highest && weight > NEGLIGIBLE; k++)
    count(k + 1, (weight *= ratio(k)));
  for (let k = middle, weight = 1; k > lowest && weight > NEGLIGIBLE; k--)
    count(k - 1, (weight /= ratio(k - 1)));
  const total = below + at + above;
  return { lower: (below + at) / total, upper: (at + above) / total };
}

/** Where weights stop to grow: `ratio` falls with k. */
function largest(ratio: (k: number) => number, lowest: number, highest: number): number {
  let [low, high] = [lowest, highest];
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (ratio(middle) > 1) low = middle + 1;
    else high = middle;
  }
  return low;
}
