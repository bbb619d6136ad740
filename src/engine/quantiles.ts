/**
 * NumPy's `linear` quantiles of a sample of `count` values, from the few order statistics they need.
 * `orderStatistics` is given ascending, distinct ranks in [0, count) and returns the values at them.
 * Source: numpy/lib/function_base.py `_lerp`, h = (n − 1) q.
 */
export function linearQuantiles(
  count: number,
  q: readonly number[],
  orderStatistics: (ranks: Int32Array) => Float64Array,
): number[] {
  if (count === 0) return q.map(() => NaN);
  const places = q.map((fraction) => {
    const h = (count - 1) * fraction;
    const low = Math.floor(h);
    return { low, high: Math.min(low + 1, count - 1), t: h - low };
  });
  const ranks = Int32Array.from(new Set(places.flatMap(({ low, high }) => [low, high]))).sort();
  const values = orderStatistics(ranks);
  const valueAt = new Map(Array.from(ranks, (rank, i) => [rank, values[i]!]));
  return places.map(({ low, high, t }) => {
    const a = valueAt.get(low)!;
    const b = valueAt.get(high)!;
    const step = b - a;
    // Adding zero turns −0 into 0.
    return (t >= 0.5 ? b - step * (1 - t) : a + step * t) + 0;
  });
}
