interface Place {
  readonly low: number;
  readonly high: number;
  readonly t: number;
}

/** Where NumPy's `linear` quantiles of `count` values lie: h = (n − 1) q. */
function placesOf(count: number, q: readonly number[]): Place[] {
  return q.map((fraction) => {
    const h = (count - 1) * fraction;
    const low = Math.floor(h);
    return { low, high: Math.min(low + 1, count - 1), t: h - low };
  });
}

/** The ranks that quantiles of `count` values need: ascending, distinct, in [0, count). */
export function ranksOf(count: number, q: readonly number[]): Int32Array {
  if (count === 0) return new Int32Array(0);
  return Int32Array.from(new Set(placesOf(count, q).flatMap(({ low, high }) => [low, high]))).sort();
}

/**
 * NumPy's `linear` quantiles of a sample of `count` values, from the values at the ranks of ranksOf. NaN of nothing.
 * Source: numpy/lib/function_base.py `_lerp`.
 */
export function quantilesAt(
  count: number,
  q: readonly number[],
  ranks: Int32Array,
  values: ArrayLike<number>,
): number[] {
  if (count === 0) return q.map(() => NaN);
  const valueAt = new Map(Array.from(ranks, (rank, i) => [rank, values[i]!]));
  return placesOf(count, q).map(({ low, high, t }) => {
    const a = valueAt.get(low)!;
    const b = valueAt.get(high)!;
    const step = b - a;
    // Adding zero turns −0 into 0.
    return (t >= 0.5 ? b - step * (1 - t) : a + step * t) + 0;
  });
}
