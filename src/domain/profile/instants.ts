import type { TimestampProfile } from '../../ports/profile.js';
import { autoEdges, binCounts } from './histogram.js';
import type { Coded } from './values.js';

/** First and last of a column's instants, what lies between them, and how they are spread over it. */
export function instants({
  values,
  counts,
}: Coded): Pick<TimestampProfile, 'min' | 'max' | 'span_seconds' | 'histogram'> {
  const texts = values.map(String);
  if (texts.length === 0) return { min: null, max: null, span_seconds: null, histogram: null };
  const times = texts.map(milliseconds);
  let [first, last] = [0, 0];
  for (let i = 1; i < texts.length; i++) {
    if (isBefore(i, first, times, texts)) first = i;
    if (isBefore(last, i, times, texts)) last = i;
  }
  const all = new Float64Array(counts.reduce((sum, times) => sum + times, 0));
  let at = 0;
  times.forEach((time, place) => {
    all.fill(time, at, (at += counts[place]!));
  });
  all.sort();
  const edges = autoEdges(all);
  const histogram = edges && { counts: binCounts(all, edges), edges: edges.map(instantText) };
  const span = (times[last]! - times[first]!) / 1000;
  return { min: texts[first]!, max: texts[last]!, span_seconds: span, histogram: histogram ?? null };
}

/** Of equal milliseconds the digits behind them decide. */
function isBefore(a: number, b: number, times: readonly number[], texts: readonly string[]): boolean {
  if (times[a] !== times[b]) return times[a]! < times[b]!;
  return texts[a]!.replace('Z', '') < texts[b]!.replace('Z', '');
}

/** Since 1970. An instant is ISO 8601 in UTC; in years that ISO 8601 does not have, nanoseconds: `… ns`. */
function milliseconds(instant: string): number {
  if (instant.endsWith(' ns')) return Number(instant.slice(0, -3)) / 1e6;
  return Date.parse(instant.replace(/(\.\d{3})\d+/u, '$1'));
}

/** The last instant that a Date can be. */
const LAST = 8.64e15;
const instantText = (time: number): string =>
  Math.abs(time) <= LAST ? new Date(time).toISOString() : `${time * 1e6} ns`;
