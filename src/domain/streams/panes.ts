import { Problem } from '../../ports/problem.js';
import type { WindowKind } from './definition.js';
import type { KeyCodes } from './records.js';

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Records of one key that are in the same windows. */
export interface Pane {
  /** A place in the keys. */
  readonly key: number;
  readonly windows: readonly Span[];
}

export interface Panes {
  /** Each record's pane; −1: it is in none. */
  readonly codes: Int32Array;
  readonly panes: readonly Pane[];
  /** Records of each pane. */
  readonly sizes: Int32Array;
}

/**
 * The windows that hold an instant and are open, in order. Windows begin at multiples of `every` since 1970, as those of Flink and
 * Kafka Streams do. `closed`: windows that end at or before it are closed.
 */
export function windowsAt(
  { size, every }: { size: number; every: number },
  time: number,
  closed: number,
): Span[] {
  const spans: Span[] = [];
  const last = Math.floor(time / every) * every;
  for (let start = last; start > time - size; start -= every)
    if (start + size > closed) spans.push({ start, end: start + size });
  return spans.reverse();
}

/** End of the last window that holds an instant: the record is late when that is closed. */
export const lastEnd = (window: WindowKind, time: number): number =>
  window.type === 'session'
    ? time + window.gap
    : Math.floor(time / window.every) * window.every + window.size;

/**
 * Cuts hopping windows into stretches of time that lie in the same windows: between multiples of `every` there is one cut, where
 * windows end. `times`: NaN for records that take no part. Throws Problem `too_large` beyond `most` panes.
 */
export function panesOf(
  window: Extract<WindowKind, { readonly size: number }>,
  times: Float64Array,
  { codes: keys, keys: { length: keyCount } }: KeyCodes,
  closed: number,
  most: number,
): Panes {
  const { size, every } = window;
  const cut = size % every;
  const codes = new Int32Array(times.length).fill(-1);
  const panes: Pane[] = [];
  const sizes: number[] = [];
  /** Panes of time in first-seen order, and of those and keys. */
  const places = new Map<number, number>();
  const known = new Map<number, number>();
  let [from, to, place, pane, lastKey] = [NaN, NaN, -1, -1, -1];
  for (let row = 0; row < times.length; row++) {
    const time = times[row]!;
    if (time !== time) continue;
    const isOther = !(time >= from && time < to);
    if (isOther) {
      const base = Math.floor(time / every) * every;
      const isAfter = cut > 0 && time >= base + cut;
      from = isAfter ? base + cut : base;
      to = isAfter || cut === 0 ? base + every : base + cut;
      place = places.get(from) ?? -1;
      if (place < 0) places.set(from, (place = places.size));
    }
    const key = keys === null ? 0 : keys[row]!;
    if (isOther || key !== lastKey) {
      lastKey = key;
      const both = place * keyCount + key;
      pane = known.get(both) ?? -1;
      if (pane < 0) {
        if (panes.length === most) throw tooMany(most);
        known.set(both, (pane = panes.length));
        panes.push({ key, windows: windowsAt(window, from, closed) });
        sizes.push(0);
      }
    }
    codes[row] = pane;
    sizes[pane]!++;
  }
  return { codes, panes, sizes: Int32Array.from(sizes) };
}

/** Sessions: records of a key each at most `gap` behind the one before. */
export function sessionsOf(
  gap: number,
  times: Float64Array,
  { codes: keys, keys: { length: keyCount } }: KeyCodes,
  most: number,
): Panes {
  const codes = new Int32Array(times.length).fill(-1);
  const panes: Pane[] = [];
  const sizes: number[] = [];
  const { rows, ends } = byKey(times, keys, keyCount);
  for (let key = 0; key < keyCount; key++) {
    const own = rows.subarray(key === 0 ? 0 : ends[key - 1], ends[key]);
    if (!own.every((row, i) => i === 0 || times[own[i - 1]!]! <= times[row]!))
      own.sort((a, b) => times[a]! - times[b]! || a - b);
    let [start, last] = [NaN, NaN];
    const close = (): void => {
      if (start === start) panes.push({ key, windows: [{ start, end: last + gap }] });
    };
    for (const row of own) {
      const time = times[row]!;
      if (!(time - last <= gap)) {
        close();
        if (panes.length === most) throw tooMany(most);
        start = time;
        sizes.push(0);
      }
      last = time;
      codes[row] = panes.length;
      sizes[panes.length]!++;
    }
    close();
  }
  return { codes, panes, sizes: Int32Array.from(sizes) };
}

/** Rows that take part, key by key in their order, and where those of each key end. */
function byKey(
  times: Float64Array,
  keys: Int32Array | null,
  keyCount: number,
): { readonly rows: Int32Array; readonly ends: Int32Array } {
  const ends = new Int32Array(keyCount);
  const keyOf = (row: number): number => (keys === null ? 0 : keys[row]!);
  let total = 0;
  for (let row = 0; row < times.length; row++) {
    if (times[row] !== times[row]) continue;
    ends[keyOf(row)]!++;
    total++;
  }
  for (let key = 1; key < keyCount; key++) ends[key]! += ends[key - 1]!;
  const rows = new Int32Array(total);
  const next = Int32Array.from(ends, (_, key) => (key === 0 ? 0 : ends[key - 1]!));
  for (let row = 0; row < times.length; row++) if (times[row] === times[row]) rows[next[keyOf(row)]!++] = row;
  return { rows, ends };
}

export const tooMany = (most: number): Problem =>
  new Problem(
    'too_large',
    `expected records of at most ${most} windows at a time, each key's counted, got more: send fewer records at a time`,
  );
