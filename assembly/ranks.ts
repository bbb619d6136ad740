/**
 * Exact distributions of rank statistics without ties, as tables of the lower half of the support: counts times a power
 * of two, so that the smallest is far from underflow. Wilcoxon's and Kendall's are sums of positive terms.
 */

// @ts-ignore: decorator
@inline
function at(table: usize, i: i32): usize {
  return table + ((<usize>i) << 3);
}

function clear(out: usize, last: i32, first: f64): void {
  for (let i = 0; i <= last; i++) store<f64>(at(out, i), 0);
  store<f64>(out, first);
}

/**
 * Wilcoxon's signed ranks of n ≤ 1,000 differences: how many of the 2^n signs have the sum i, i = 0 … ⌊n(n+1)/4⌋.
 *
 *     out   OUT  ⌊n(n+1)/4⌋ + 1 float64
 */
export function ranks_wilcoxon(n: i32, out: usize): void {
  const last = (n * (n + 1)) >> 2;
  clear(out, last, 1);
  for (let j = 1; j <= n; j++) {
    let i = min(last, (j * (j + 1)) >> 1);
    // Two at a time from above: what is read lies below what was written.
    for (; i - 1 >= j; i -= 2) {
      const place = at(out, i - 1);
      v128.store(place, f64x2.add(v128.load(place), v128.load(at(out, i - 1 - j))));
    }
    if (i >= j) store<f64>(at(out, i), load<f64>(at(out, i)) + load<f64>(at(out, i - j)));
  }
}

/**
 * Kendall's discordant pairs of n values: probability of i = 0 … ⌊n(n−1)/4⌋ inversions times `total`.
 *
 *     out   OUT  ⌊n(n−1)/4⌋ + 1 float64
 */
export function ranks_kendall(n: i32, total: f64, out: usize): void {
  const last = (n * (n - 1)) >> 2;
  clear(out, last, total);
  for (let j = 2; j <= n; j++) {
    const reach = min(last, (j * (j - 1)) >> 1);
    let sum: f64 = 0;
    for (let i = 0; i <= reach; i++) {
      sum += load<f64>(at(out, i));
      store<f64>(at(out, i), sum);
    }
    const share = <f64>j;
    for (let i = reach; i >= j; i--) {
      store<f64>(at(out, i), (load<f64>(at(out, i)) - load<f64>(at(out, i - j))) / share);
    }
    for (let i = min(reach, j - 1); i >= 0; i--) store<f64>(at(out, i), load<f64>(at(out, i)) / share);
  }
}

/**
 * Mann and Whitney's U of m and n values, m ≤ n: probability of U = i, i = 0 … ⌊mn/2⌋, times `total`. Products of
 * (1 − q^(n+j)) / (1 − q^j), whose rounding grows with both: beyond m = 20 or m + n = 160 assembly/whitney.ts has another
 * way.
 *
 *     out   OUT  ⌊mn/2⌋ + 1 float64
 */
export function ranks_mann_whitney(m: i32, n: i32, total: f64, out: usize): void {
  const last = (m * n) >> 1;
  clear(out, last, total);
  for (let j = 1; j <= m; j++) {
    const share = <f64>j / <f64>(n + j);
    for (let i = last; i >= n + j; i--) {
      store<f64>(at(out, i), load<f64>(at(out, i)) - load<f64>(at(out, i - n - j)));
    }
    for (let i = j; i <= last; i++) {
      store<f64>(at(out, i), load<f64>(at(out, i)) + load<f64>(at(out, i - j)));
    }
    for (let i = 0; i <= last; i++) store<f64>(at(out, i), load<f64>(at(out, i)) * share);
  }
}
