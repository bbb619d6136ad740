/**
 * Smirnov's two-sample D of m and n values without ties: the share of the lattice paths from (0, 0) to (m, n) that touch
 * |x/m − y/n| = D. Computed as that share itself (Viehmann, arXiv 2102.08037), never as 1 − the paths inside; in the
 * square by reflection (Hodges, The Significance Probability of the Smirnov Two-Sample Test, 1958).
 */

/** P(D ≥ d), D two-sided or, `oneSided`, D⁺. 1 ≤ n ≤ m. `column`: scratch of m + 2n + 2 float64. */
export function sharePaths(column: usize, m: f64, n: f64, divisor: f64, d: f64, oneSided: bool): f64 {
  const mg = m / divisor;
  const ng = n / divisor;
  const h = Math.floor(d * (mg * n) + 0.5);
  if (h <= 0) return 1;
  if (h > mg * n) return 0;
  if (m == n) return squarePaths(n, h, oneSided);
  let first: f64 = 0;
  const rows = n + 1;
  // A product of a reciprocal takes a third of a quotient's time, of which each waits for the last.
  const reciprocals = column + ((<usize>rows) << 3);
  for (let k: f64 = 1; k <= m + n; k++) store<f64>(reciprocals + ((<usize>k) << 3), 1 / k);
  let end = oneSided ? rows : min(Math.ceil(h / mg), rows);
  for (let j: f64 = 0; j < rows; j++) store<f64>(column + ((<usize>j) << 3), j < end ? 0 : 1);
  for (let i: f64 = 1; i <= m; i++) {
    const lastEnd = end;
    first = min(max(Math.floor((ng * i - h) / mg) + 1, 0.0), n);
    if (!oneSided) end = min(Math.ceil((ng * i + h) / mg), rows);
    if (end <= first) return 1;
    let value: f64 = first == 0 ? 0 : 1;
    const stop = min(lastEnd, end);
    for (let j = first; j < end; j++) {
      const place = column + ((<usize>j) << 3);
      const left: f64 = j < stop ? load<f64>(place) : 1;
      value = (left * i + value * j) * load<f64>(reciprocals + ((<usize>(i + j)) << 3));
      store<f64>(place, value);
    }
  }
  return load<f64>(column + ((<usize>n) << 3));
}

/** m = n, D = h / n: a product for one side, its alternating sum over reflections for two. */
function squarePaths(n: f64, h: f64, oneSided: bool): f64 {
  let share: f64 = 0;
  for (let k = oneSided ? 0 : Math.floor(n / h); k >= 0; k--) {
    let product: f64 = 1;
    for (let j: f64 = 0; j < h; j++) product *= (n - k * h - j) / (n + k * h + j + 1);
    share = product * (1 - share);
  }
  return oneSided ? share : min(1.0, 2 * share);
}
