import type { WindowsKernel } from '../../ports/windows.js';
import { segmentRows } from '../segments.js';

/** One pass each, row by row. */
export const windows: WindowsKernel = {
  shift: shifted,
  diff(values, periods) {
    const out = shifted(values, periods);
    for (let row = 0; row < out.length; row++) out[row] = values[row]! - out[row]!;
    return out;
  },
  rolling(values, { window, least, aggregate }) {
    const out = new Float64Array(values.length);
    const windows = { values: finite(values), window, least };
    if (aggregate === 'min' || aggregate === 'max') {
      rollingExtreme(windows, aggregate === 'min' ? 1 : -1, out);
      return out;
    }
    const segment = segmentRows(window, out.length);
    for (let start = 0; start < out.length; start += segment) {
      const end = Math.min(start + segment, out.length);
      if (aggregate === 'std') rollingStd(windows, start, end, out);
      else rollingSum(windows, start, end, aggregate === 'mean', out);
    }
    return out;
  },
  fading(values, { alpha, adjust }) {
    const out = new Float64Array(values.length);
    weigh(finite(values), alpha, adjust, out);
    return out;
  },
};

const finite = (values: Float64Array): Float64Array =>
  values.map((value) => (value - value === 0 ? value : NaN));

function shifted(values: Float64Array, periods: number): Float64Array {
  const rows = values.length;
  const out = new Float64Array(rows).fill(NaN);
  const far = Math.min(Math.abs(periods), rows);
  if (periods >= 0) out.set(values.subarray(0, rows - far), far);
  else out.set(values.subarray(far), 0);
  return out;
}

/**
 * Statistics of rolling windows of `window` rows, with pandas' numerics: sums compensated as values come and go, the
 * mean of equal values exactly that value. `values` without infinite ones; NaN are left out; `out` gets NaN where fewer
 * than `least` are there. Source: pandas 2.2 `_libs/window/aggregations.pyx`.
 */
interface Window {
  readonly values: Float64Array;
  readonly window: number;
  readonly least: number;
}

/** Kahan's compensated sums of the windows that end in rows from `start`; mean where `isMean`. */
function rollingSum(
  { values, window, least }: Window,
  start: number,
  end: number,
  isMean: boolean,
  out: Float64Array,
): void {
  let [sum, added, removed] = [0, 0, 0];
  let [count, negative, equal, last] = [0, 0, 0, NaN];
  for (let row = Math.max(0, start - window + 1); row < end; row++) {
    const old = row > start && row >= window ? values[row - window]! : NaN;
    if (window === 1) {
      sum = added = removed = count = negative = equal = 0;
      last = NaN;
    } else if (old === old) {
      count--;
      const y = -old - removed;
      const t = sum + y;
      removed = t - sum - y;
      sum = t;
      if (isBelow(old)) negative--;
    }
    const value = values[row]!;
    if (value === value) {
      count++;
      const y = value - added;
      const t = sum + y;
      added = t - sum - y;
      sum = t;
      if (isBelow(value)) negative++;
      equal = value === last ? equal + 1 : 1;
      last = value;
    }
    if (row < start) continue;
    if (count < least || (count === 0 && (isMean || least > 0))) out[row] = NaN;
    else if (!isMean) out[row] = count === 0 ? 0 : equal >= count ? last * count : sum;
    else {
      const mean = sum / count;
      if (equal >= count) out[row] = last;
      else if ((negative === 0 && mean < 0) || (negative === count && mean > 0)) out[row] = 0;
      else out[row] = mean;
    }
  }
}

/** −0 is below 0, too. */
const isBelow = (value: number): boolean => value < 0 || (value === 0 && 1 / value < 0);

/** Standard deviation, ddof 1, by Welford's method with compensation. */
function rollingStd({ values, window, least }: Window, start: number, end: number, out: Float64Array): void {
  let [mean, squares, added, removed] = [0, 0, 0, 0];
  let [count, equal, last] = [0, 0, NaN];
  for (let row = Math.max(0, start - window + 1); row < end; row++) {
    const old = row > start && row >= window ? values[row - window]! : NaN;
    if (window === 1) {
      mean = squares = added = removed = count = equal = 0;
      last = NaN;
    } else if (old === old) {
      count--;
      if (count > 0) {
        const before = mean - removed;
        const y = old - removed;
        const t = y - mean;
        removed = t + mean - y;
        mean -= t / count;
        squares -= (old - before) * (old - mean);
      } else mean = squares = 0;
    }
    const value = values[row]!;
    if (value === value) {
      count++;
      equal = value === last ? equal + 1 : 1;
      last = value;
      const before = mean - added;
      const y = value - added;
      const t = y - mean;
      added = t + mean - y;
      mean += t / count;
      squares += (value - before) * (value - mean);
    }
    if (row < start) continue;
    if (count < least || count < 2) out[row] = NaN;
    else out[row] = equal >= count ? 0 : Math.sqrt(Math.max(0, squares / (count - 1)));
  }
}

/** Least (`sign` 1) or greatest (−1) by a queue of the values that may still become it. */
function rollingExtreme({ values, window, least }: Window, sign: 1 | -1, out: Float64Array): void {
  const size = Math.min(window, values.length);
  const queue = new Int32Array(size);
  let [head, length, count] = [0, 0, 0];
  for (let row = 0; row < values.length; row++) {
    if (row >= window) {
      const old = values[row - window]!;
      if (old === old) count--;
      if (length > 0 && queue[head] === row - window) {
        head = head + 1 === size ? 0 : head + 1;
        length--;
      }
    }
    const value = values[row]!;
    if (value === value) {
      count++;
      while (length > 0) {
        const back = head + length - 1;
        const top = values[queue[back >= size ? back - size : back]!]!;
        if ((top - value) * sign < 0) break;
        length--;
      }
      const place = head + length;
      queue[place >= size ? place - size : place] = row;
      length++;
    }
    out[row] = count < least || count === 0 ? NaN : values[queue[head]!]!;
  }
}

/** Source: pandas 2.2 `_libs/window/aggregations.pyx`, `ewm`. */
function weigh(values: Float64Array, alpha: number, adjust: boolean, out: Float64Array): void {
  const factor = 1 - alpha;
  const fresh = adjust ? 1 : alpha;
  let [mean, weight] = [NaN, 1];
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (mean === mean) {
      weight *= factor;
      if (value === value) {
        // The mean of equal values stays that value.
        if (mean !== value) mean = (weight * mean + fresh * value) / (weight + fresh);
        weight = adjust ? weight + fresh : 1;
      }
    } else mean = value;
    out[row] = mean;
  }
}
