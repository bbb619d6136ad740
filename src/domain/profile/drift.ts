import type { DistributionsKernel } from '../../ports/distributions.js';
import type { ColumnDrift, Drift, DriftTest } from '../../ports/profile.js';
import type { ColumnType } from '../../ports/tables.js';
import { mostFrequent, type Surveyed } from './columns.js';
import {
  chiSquare,
  type Frequencies,
  jensenShannon,
  kolmogorovSmirnov,
  proportions,
  wasserstein,
} from './distances.js';
import { overlaid } from './plot.js';
import { THRESHOLDS } from './thresholds.js';
import { finiteOf, runs, type Value } from './values.js';

/** Values that are shown of a column that is compared by them. */
const SHOWN = 10;

/** What the columns that were compared say of the table: it has drifted when half of them have. */
export function driftOf(columns: ReadonlyMap<string, ColumnDrift>, referenceRows: number): Drift {
  const compared = [...columns.values()].filter(({ test }) => test !== null);
  const drifted = compared.filter((column) => column.drifted).length;
  const share = compared.length === 0 ? 0 : drifted / compared.length;
  return {
    dataset_drift: compared.length > 0 && share >= THRESHOLDS.drifted,
    share_drifted: share,
    threshold: THRESHOLDS.drifted,
    drifted,
    compared: compared.length,
    reference_rows: referenceRows,
    columns,
  };
}

/**
 * How a column differs from the one of the same name in the reference, by Evidently's default rule. Up to 1,000 values in
 * the reference: Kolmogorov and Smirnov's test of numbers, the χ² test of what has up to five different numbers or is
 * none, of two values the z-test of their proportions; drift is a p-value below 0.05. Beyond: Wasserstein's distance in
 * standard deviations of the reference, or Jensen and Shannon's of the shares; drift is 0.1 or more. Missing and infinite
 * values are left out. Source: evidently 0.6.7, calculations/stattests/registry.py and its neighbours.
 */
export function compare(
  data: Surveyed,
  reference: Surveyed,
  distributions: DistributionsKernel,
): ColumnDrift {
  const n = [presentCount(reference), presentCount(data)] as const;
  const reason = incomparable(data.column.type, reference.column.type, n);
  if (reason !== undefined) {
    const nothing = { statistic: null, threshold: null, drifted: false };
    return { test: null, n, ...nothing, detail: reason };
  }
  const isFew = n[0] <= THRESHOLDS.testedRows;
  if (data.column.type !== 'number' || data.sorted === undefined || reference.sorted === undefined)
    return ofFrequencies(frequenciesOf(reference, data), n, isFew, distributions);
  const [x, y] = [finiteOf(reference.sorted), finiteOf(data.sorted)];
  if (isCategorical(data, reference, x, y))
    return ofFrequencies(numberFrequencies(x, y), n, isFew, distributions);
  const both = overlaid(x, y);
  const shown = {
    n,
    ...(both && { histogram: { edges: both.edges, reference: both.counts[0], data: both.counts[1] } }),
  };
  return isFew
    ? tested('ks', kolmogorovSmirnov(x, y, distributions), shown)
    : distant('wasserstein', wasserstein(x, y) / Math.max(deviation(x), 0.001), shown);
}

type Counted = ReadonlyMap<Value, readonly [reference: number, data: number]>;

function ofFrequencies(
  counted: Counted,
  n: ColumnDrift['n'],
  isFew: boolean,
  distributions: DistributionsKernel,
): ColumnDrift {
  const frequencies: Frequencies = [...counted.values()];
  const shown = { n, values: mostSeen(counted, n) };
  if (!isFew) return distant('jensenshannon', jensenShannon(frequencies), shown);
  return frequencies.length > 2
    ? tested('chisquare', chiSquare(frequencies, distributions), shown)
    : tested('z', proportions(frequencies, distributions), shown);
}

type Shown = Pick<ColumnDrift, 'n' | 'histogram' | 'values'>;

function tested(
  test: DriftTest,
  { statistic, pValue }: { readonly statistic: number; readonly pValue: number },
  shown: Shown,
): ColumnDrift {
  const threshold = THRESHOLDS.pValue;
  // Evidently's own: at the threshold itself it is drift by one of the tests, and not by the others.
  const drifted = test === 'ks' ? pValue <= threshold : pValue < threshold;
  const finite = Number.isFinite(statistic) ? statistic : null;
  return { test, statistic: finite, p_value: pValue, threshold, drifted, ...shown };
}

function distant(test: DriftTest, distance: number, shown: Shown): ColumnDrift {
  const threshold = THRESHOLDS.distance;
  const finite = Number.isFinite(distance) ? distance : null;
  return { test, statistic: finite, distance: finite, threshold, drifted: distance >= threshold, ...shown };
}

/** Why two columns are not compared, if they are not. */
function incomparable(data: ColumnType, reference: ColumnType, n: ColumnDrift['n']): string | undefined {
  if (n[0] === 0 || n[1] === 0) return `no finite values in the ${n[0] === 0 ? 'reference' : 'data'}`;
  if (data !== reference) return `${reference} in the reference, ${data} in the data`;
  if (data === 'timestamp') return 'timestamps are not compared';
  return data === 'mixed' ? 'values of several types are not compared' : undefined;
}

/** Values that are compared. */
function presentCount({ sorted, coded }: Surveyed): number {
  return sorted === undefined ? sum(coded?.counts ?? []) : finiteOf(sorted).length;
}

/**
 * Up to five different numbers in both together; and, since Evidently takes integers so (a column of pandas without
 * missing values), whole numbers of which the reference alone has up to five.
 */
function isCategorical(data: Surveyed, reference: Surveyed, x: Float64Array, y: Float64Array): boolean {
  const most = THRESHOLDS.categories;
  if (!hasAtMost(most, x)) return false;
  if (hasAtMost(most, x, y)) return true;
  return [data, reference].every(
    ({ rows, sorted }) => sorted?.length === rows && sorted.every((value) => Number.isInteger(value)),
  );
}

/** Whether ascending samples have no more different values together. */
function hasAtMost(most: number, ...samples: readonly Float64Array[]): boolean {
  const found = new Set<number>();
  for (const sorted of samples) {
    for (let at = 0; at < sorted.length;) {
      const value = sorted[at]!;
      if (found.add(value).size > most) return false;
      while (at < sorted.length && sorted[at] === value) at++;
    }
  }
  return true;
}

/** Different numbers of two ascending samples, and how often each is there. */
function numberFrequencies(reference: Float64Array, data: Float64Array): Counted {
  const counted = new Map<Value, [number, number]>();
  [reference, data].forEach((sorted, which) => {
    runs(sorted, (value, count) => {
      const known = counted.get(value) ?? [0, 0];
      known[which] = count;
      counted.set(value, known);
    });
  });
  return counted;
}

function frequenciesOf(reference: Surveyed, data: Surveyed): Counted {
  const counted = new Map<Value, [number, number]>();
  [reference, data].forEach((surveyed, which) => {
    for (const [value, count] of valueCounts(surveyed)) {
      const known = counted.get(value) ?? [0, 0];
      known[which] = count;
      counted.set(value, known);
    }
  });
  return counted;
}

function valueCounts({ sorted, coded }: Surveyed): [Value, number][] {
  if (coded !== undefined) return coded.values.map((value, place) => [value, coded.counts[place]!]);
  const found: [Value, number][] = [];
  runs(sorted ?? new Float64Array(0), (value, count) => found.push([value === 1, count]));
  return found;
}

/** The values with the largest shares in both together. */
function mostSeen(counted: Counted, n: ColumnDrift['n']): NonNullable<ColumnDrift['values']> {
  const entries = [...counted];
  const shares = entries.map(([, [reference, data]]) => reference / n[0] + data / n[1]);
  return mostFrequent(shares, SHOWN).map((place) => {
    const [value, [reference, data]] = entries[place]!;
    return { value, reference, data };
  });
}

/** With ddof 0, as NumPy's `std`. */
function deviation(values: Float64Array): number {
  const mean = sum(values) / values.length;
  return Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / values.length);
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
