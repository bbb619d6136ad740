/**
 * Least and greatest values of rolling windows. The rows are cut into stretches as long as a window, so that each window is
 * the end of one stretch and the beginning of the next: running extremes from both sides give it with one comparison.
 * Source: M. van Herk, Pattern Recognition Letters 13 (1992).
 */
import { Aggregate, valueAt } from './windows';

/**
 * Rows of a unit are `stretches` windows.
 *
 * Arguments, u32:
 *
 *     byte 0    values
 *          4    rows
 *          8    window      at most `rows`
 *         12    least       values that a window needs
 *         16    aggregate
 *         20    stretches   of a unit
 *         24    out         OUT, f64 a row
 *         28    scratch     12 bytes a row of a window, and lane: extremes to the end of the stretch above, counts
 *         32    bytes       of a lane's scratch
 */
export function extremesUnit(task: usize, unit: i32, lane: i32): void {
  const values = <usize>load<u32>(task), rows = load<i32>(task, 4), window = load<i32>(task, 8);
  const needed = max<u32>(load<u32>(task, 12), 1);
  const sign: f64 = load<i32>(task, 16) == Aggregate.max ? -1 : 1;
  const stretches = load<i32>(task, 20);
  const out = <usize>load<u32>(task, 24);
  const ends = <usize>load<u32>(task, 28) + <usize>lane * <usize>load<u32>(task, 32);
  const counts = ends + ((<usize>window) << 3);
  for (let i = 0; i < stretches; i++) {
    const first = <i64>(unit * stretches + i) * <i64>window;
    if (first >= <i64>rows) return;
    const start = <i32>first;
    let best = Infinity, count: u32 = 0;
    for (let k = window - 1; k > 0; k--) {
      const x = valueAt(values, start - window + k, rows) * sign;
      const there = x - x == 0;
      // Of equal ones the lower: zeros keep their sign.
      best = there && x < best ? x : best;
      count += u32(there);
      store<f64>(ends + ((<usize>k) << 3), best);
      store<u32>(counts + ((<usize>k) << 2), count);
    }
    best = Infinity;
    count = 0;
    const length = min(window, rows - start);
    for (let k = 0; k < length; k++) {
      const at = (<usize>(start + k)) << 3;
      const x = load<f64>(values + at) * sign;
      const there = x - x == 0;
      best = there && x <= best ? x : best;
      count += u32(there);
      // The window of a stretch's last row is the stretch.
      const above = k + 1 < window ? load<f64>(ends + ((<usize>(k + 1)) << 3)) : Infinity;
      const all = count + (k + 1 < window ? load<u32>(counts + ((<usize>(k + 1)) << 2)) : 0);
      store<f64>(out + at, all < needed ? NaN : (above < best ? above : best) * sign);
    }
  }
}
