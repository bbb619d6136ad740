import type { DistributionsKernel } from '../../ports/distributions.js';
import type { Json } from '../../ports/formats.js';
import type { ColumnDrift } from '../../ports/profile.js';
import { driftOf } from '../profile/drift.js';
import { smirnovP } from '../profile/distances.js';
import { THRESHOLDS } from '../profile/thresholds.js';
import type { ColumnState } from './column-state.js';
import type { OperationOf } from './definition.js';
import { varianceOf } from './exact.js';
import { joined, middleOf, relativeError, type Sketch } from './sketch.js';
import type { WindowState } from './window-state.js';

/** The least share of a bin in the population stability index, so that an empty one does not make it infinite. */
const LEAST_SHARE = 1e-4;
/** Paths of D that are counted where results are made, the product of both samples' sizes. */
const MOST_PATHS = 1_000_000;

/** How much of two samples lies in each bucket that either has, in order. */
interface Shared {
  readonly middles: readonly number[];
  readonly reference: readonly number[];
  readonly data: readonly number[];
  readonly relativeError: number;
}

/**
 * How a window differs from a reference, column by column and as a whole, by the rule of a profile: up to 1,000 values in the
 * reference Kolmogorov and Smirnov's test decides, beyond Wasserstein's distance in standard deviations of the reference. With
 * the population stability index of each. Columns that only one of them has are not compared.
 */
export function drifting(
  window: WindowState,
  reference: WindowState,
  { columns: wanted, bins }: OperationOf<'drift'>,
  distributions: DistributionsKernel,
): Json {
  const names = (wanted ?? [...window.columns.keys()]).filter((name) => reference.columns.has(name));
  const found = names.map((name) => {
    const data = window.columns.get(name);
    return [name, compared(data, reference.columns.get(name)!, bins, distributions)] as const;
  });
  const { columns, ...whole } = driftOf(new Map(found), reference.records);
  return { ...whole, columns: new Map<string, Json>([...columns].map(([name, one]) => [name, { ...one }])) };
}

function compared(
  data: ColumnState | undefined,
  reference: ColumnState,
  bins: number,
  distributions: DistributionsKernel,
): ColumnDrift & { readonly [figure: string]: Json | undefined } {
  const n = [reference.finite, data?.finite ?? 0] as const;
  if (data === undefined || n[0] === 0 || n[1] === 0) {
    const detail = `no finite values in the ${n[0] === 0 ? 'reference' : 'data'}`;
    return { test: null, n, statistic: null, threshold: null, drifted: false, detail };
  }
  const shared = shareBuckets(reference.sketch, data.sketch);
  const ks = kolmogorovSmirnov(shared, n);
  const std = Math.sqrt(varianceOf(reference, n[0], 0));
  const distance = wasserstein(shared, n) / Math.max(std, 0.001);
  const p = smirnovP(ks.least, n[0], n[1], distributions, n[0] * n[1] <= MOST_PATHS);
  const more = {
    psi: stability(shared, n, bins),
    ks: { statistic: ks.least, statistic_error: ks.most - ks.least, p_value: p },
    wasserstein: distance,
    relative_error: shared.relativeError,
  };
  if (n[0] <= THRESHOLDS.testedRows) {
    const threshold = THRESHOLDS.pValue;
    return { test: 'ks', n, statistic: ks.least, p_value: p, threshold, drifted: p <= threshold, ...more };
  }
  const threshold = THRESHOLDS.distance;
  const drifted = distance >= threshold;
  return { test: 'wasserstein', n, statistic: distance, distance, threshold, drifted, ...more };
}

function shareBuckets(reference: Sketch, data: Sketch): Shared {
  const level = Math.max(reference.level, data.level);
  const [x, y] = [joined(reference, level), joined(data, level)];
  const both = [...new Set([...x.buckets, ...y.buckets])].sort((a, b) => a - b);
  const of = (sketch: Sketch): number[] => {
    const counts = new Map(Array.from(sketch.buckets, (bucket, i) => [bucket, sketch.counts[i]!]));
    return both.map((bucket) => counts.get(bucket) ?? 0);
  };
  return {
    middles: both.map((bucket) => middleOf(bucket, level)),
    reference: of(x),
    data: of(y),
    relativeError: relativeError(x),
  };
}

/** D between the buckets, which is at most the one of the values, and what that may be at most. */
function kolmogorovSmirnov(
  { reference, data }: Shared,
  [m, n]: readonly [number, number],
): { readonly least: number; readonly most: number } {
  let [i, j, least, most] = [0, 0, 0, 0];
  reference.forEach((count, place) => {
    const [p, q] = [count, data[place]!];
    // Inside a bucket one of them may rise before the other.
    most = Math.max(most, Math.abs((i + p) * n - j * m), Math.abs(i * n - (j + q) * m));
    i += p;
    j += q;
    least = Math.max(least, Math.abs(i * n - j * m));
  });
  return { least: least / (m * n), most: Math.max(least, most) / (m * n) };
}

/** The area between the distribution functions of the middles. */
function wasserstein({ middles, reference, data }: Shared, [m, n]: readonly [number, number]): number {
  let [i, j, area] = [0, 0, 0];
  middles.forEach((middle, place) => {
    if (place > 0) area += Math.abs(i / m - j / n) * (middle - middles[place - 1]!);
    i += reference[place]!;
    j += data[place]!;
  });
  return area;
}

/**
 * Population stability index Σ (q − p) ln(q / p) over bins that have about equal shares of the reference, between its buckets; a
 * share is 0.0001 at least.
 */
function stability({ reference, data }: Shared, [m, n]: readonly [number, number], bins: number): number {
  let [index, i, p, q, next] = [0, 0, 0, 0, 1];
  const close = (): void => {
    const [expected, actual] = [Math.max(p / m, LEAST_SHARE), Math.max(q / n, LEAST_SHARE)];
    index += (actual - expected) * Math.log(actual / expected);
    [p, q] = [0, 0];
  };
  reference.forEach((count, place) => {
    i += count;
    p += count;
    q += data[place]!;
    if (next < bins && i * bins >= next * m) {
      close();
      while (next < bins && i * bins >= next * m) next++;
    }
  });
  // What is beyond the reference's greatest value is in the last bin.
  if (p > 0 || q > 0) close();
  return index;
}
