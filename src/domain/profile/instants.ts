import type { TimestampProfile } from '../../ports/profile.js';
import { compareInstants, milliseconds } from '../grouping.js';
import { plotHistogram } from './plot.js';
import type { Coded } from './values.js';

/** First and last of a column's instants, what lies between them, and how they are spread over it. */
export function instants({
  values,
  counts,
}: Coded): Pick<TimestampProfile, 'min' | 'max' | 'span_seconds' | 'histogram'> {
  const texts = values.map(String);
  if (texts.length === 0) return { min: null, max: null, span_seconds: null, histogram: null };
  const times = texts.map(milliseconds);
  const isBefore = (a: number, b: number): boolean =>
    times[a] === times[b] ? compareInstants(texts[a]!, texts[b]!) < 0 : times[a]! < times[b]!;
  let [first, last] = [0, 0];
  for (let i = 1; i < texts.length; i++) {
    if (isBefore(i, first)) first = i;
    if (isBefore(last, i)) last = i;
  }
  const all = new Float64Array(counts.reduce((sum, times) => sum + times, 0));
  let at = 0;
  times.forEach((time, place) => {
    all.fill(time, at, (at += counts[place]!));
  });
  const made = plotHistogram(all.sort());
  return {
    min: texts[first]!,
    max: texts[last]!,
    span_seconds: (times[last]! - times[first]!) / 1000,
    histogram: made && { counts: made.counts, edges: made.edges.map(instantText) },
  };
}

/** The last instant that a Date can be. */
const LAST = 8.64e15;
const instantText = (time: number): string =>
  Math.abs(time) <= LAST ? new Date(time).toISOString() : `${time * 1e6} ns`;
