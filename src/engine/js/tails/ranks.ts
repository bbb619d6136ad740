/** Exact counts of rank statistics without ties, as tables of the lower half of the support: assembly/ranks.ts. */

function table(largest: number, first: number): Float64Array {
  const counts = new Float64Array(Math.floor(largest / 2) + 1);
  counts[0] = first;
  return counts;
}

/** How many of the 2^n signs of n ranks have the sum i. */
export function wilcoxon(n: number): Float64Array {
  const counts = table((n * (n + 1)) / 2, 1);
  for (let j = 1; j <= n; j++) {
    for (let i = Math.min(counts.length - 1, (j * (j + 1)) / 2); i >= j; i--) counts[i]! += counts[i - j]!;
  }
  return counts;
}

/** Probability of i inversions of n values, times `total`. */
export function kendall(n: number, total: number): Float64Array {
  const counts = table((n * (n - 1)) / 2, total);
  for (let j = 2; j <= n; j++) {
    const reach = Math.min(counts.length - 1, (j * (j - 1)) / 2);
    for (let i = 1; i <= reach; i++) counts[i]! += counts[i - 1]!;
    for (let i = reach; i >= 0; i--) counts[i] = (counts[i]! - (i >= j ? counts[i - j]! : 0)) / j;
  }
  return counts;
}

/** Probability of U = i of m ≤ n values, times `total`. */
export function mannWhitney(m: number, n: number, total: number): Float64Array {
  const counts = table(m * n, total);
  for (let j = 1; j <= m; j++) {
    for (let i = counts.length - 1; i >= n + j; i--) counts[i]! -= counts[i - n - j]!;
    for (let i = j; i < counts.length; i++) counts[i]! += counts[i - j]!;
    for (let i = 0; i < counts.length; i++) counts[i]! *= j / (n + j);
  }
  return counts;
}
