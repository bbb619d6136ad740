/** What two ascending samples are to each other: enough for every rank sum of the two, without a rank. */
export interface PooledRanks {
  /** Pairs (x, y) with x > y, those with x = y half: Mann and Whitney's U of the first sample. Exact. */
  readonly u: number;
  /** Σ t³ − t over groups of t equal values in both together. */
  readonly ties: number;
  /** Of those groups the ones of more than one value. */
  readonly tied: number;
}

/** One walk through both samples. */
export function pooledRanks(x: Float64Array, y: Float64Array): PooledRanks {
  let u = 0;
  let ties = 0;
  let tied = 0;
  let i = 0;
  let j = 0;
  while (i < x.length || j < y.length) {
    const a = i < x.length ? x[i]! : Infinity;
    const b = j < y.length ? y[j]! : Infinity;
    const value = a < b ? a : b;
    const [firstX, firstY] = [i, j];
    while (i < x.length && x[i] === value) i++;
    while (j < y.length && y[j] === value) j++;
    const fromX = i - firstX;
    const fromY = j - firstY;
    u += fromX * (firstY + fromY / 2);
    const t = fromX + fromY;
    if (t > 1) {
      ties += t ** 3 - t;
      tied++;
    }
  }
  return { u, ties, tied };
}
