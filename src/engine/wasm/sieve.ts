/** Between which values of a sample a quantile of the whole very probably lies, and what one pass found out of that. */

/** Values low to high, both inside. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Standard deviations of a sample's rank that an interval reaches to both sides. */
const REACH = 3;

/** Ranks of a sample of `count` between which each quantile lies, ascending; −1 and `count`: no bound. */
function reachOf(count: number, q: number): { low: number; high: number } {
  const centre = q * (count - 1);
  const reach = REACH * Math.sqrt(count * q * (1 - q)) + 2;
  return { low: Math.max(-1, Math.floor(centre - reach)), high: Math.min(count, Math.ceil(centre + reach)) };
}

/** The ranks of a sample of `count` whose values bound the quantiles: ascending, distinct. */
export function sampleRanks(count: number, q: readonly number[]): Int32Array {
  const ranks = q.flatMap((fraction) => Object.values(reachOf(count, fraction)));
  return Int32Array.from(new Set(ranks.filter((rank) => rank >= 0 && rank < count))).sort();
}

/** Intervals around the quantiles from the sample's values at those ranks: ascending, apart from each other. */
export function boundsOf(
  count: number,
  q: readonly number[],
  ranks: Int32Array,
  values: ArrayLike<number>,
): Interval[] {
  const valueAt = new Map(Array.from(ranks, (rank, i) => [rank, values[i]!]));
  const intervals: { low: number; high: number }[] = [];
  for (const fraction of q.toSorted((a, b) => a - b)) {
    const reach = reachOf(count, fraction);
    const low = valueAt.get(reach.low) ?? -Infinity;
    const high = valueAt.get(reach.high) ?? Infinity;
    const last = intervals.at(-1);
    if (last !== undefined && low <= last.high) last.high = Math.max(last.high, high);
    else intervals.push({ low, high });
  }
  return intervals;
}

/** What a pass counted of a column: present values, and of each interval those below its low and up to its high. */
export interface Counted {
  readonly present: number;
  readonly below: readonly number[];
  readonly upTo: readonly number[];
}

/** Where each rank of a column is to be found: an interval of one value, or a place among what was kept. */
export type Find = { readonly value: number } | { readonly kept: number };

/** Undefined when the sample misled: a rank lies in no interval. */
export function findRanks(
  ranks: Int32Array,
  intervals: readonly Interval[],
  { below, upTo }: Counted,
): Find[] | undefined {
  const finds: Find[] = [];
  let interval = 0;
  let keptBefore = 0;
  for (const rank of ranks) {
    while (interval < intervals.length && rank >= upTo[interval]!) {
      if (keeps(intervals[interval]!)) keptBefore += upTo[interval]! - below[interval]!;
      interval++;
    }
    const at = intervals[interval];
    if (at === undefined || rank < below[interval]!) return undefined;
    finds.push(keeps(at) ? { kept: keptBefore + rank - below[interval]! } : { value: at.low });
  }
  return finds;
}

const keeps = ({ low, high }: Interval): boolean => low < high;
