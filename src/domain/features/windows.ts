/**
 * Statistics of rolling windows of `window` rows, with pandas' numerics: sums compensated as values come and go, the
 * mean of equal values exactly that value. `values` without infinite ones; NaN are left out; `out` gets NaN where fewer
 * than `least` are there. Source: pandas 2.2 `_libs/window/aggregations.pyx`.
 */
export interface Window {
  readonly values: Float64Array;
  readonly window: number;
  readonly least: number;
}

/** Kahan's compensated sums; mean where `isMean`. */
export function rollingSum({ values, window, least }: Window, isMean: boolean, out: Float64Array): void {
  let [sum, added, removed] = [0, 0, 0];
  let [count, negative, equal, last] = [0, 0, 0, NaN];
  for (let row = 0; row < values.length; row++) {
    const old = row >= window ? values[row - window]! : NaN;
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
export function rollingStd({ values, window, least }: Window, out: Float64Array): void {
  let [mean, squares, added, removed] = [0, 0, 0, 0];
  let [count, equal, last] = [0, 0, NaN];
  for (let row = 0; row < values.length; row++) {
    const old = row >= window ? values[row - window]! : NaN;
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
    if (count < least || count < 2) out[row] = NaN;
    else out[row] = equal >= count ? 0 : Math.sqrt(Math.max(0, squares / (count - 1)));
  }
}

/** Least (`sign` 1) or greatest (−1) by a queue of the values that may still become it. */
export function rollingExtreme({ values, window, least }: Window, sign: 1 | -1, out: Float64Array): void {
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
