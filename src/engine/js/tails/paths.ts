/**
 * Smirnov's two-sample D of m and n values without ties: the share of the lattice paths from (0, 0) to (m, n) that touch
 * |x/m − y/n| = D. Computed as that share itself (Viehmann, arXiv 2102.08037), never as 1 − the paths inside; in the
 * square by reflection (Hodges, The Significance Probability of the Smirnov Two-Sample Test, 1958).
 */

/** P(D ≥ d), D two-sided or, `oneSided`, D⁺. 1 ≤ n ≤ m. */
export function sharePaths(m: number, n: number, divisor: number, d: number, oneSided: boolean): number {
  const mg = m / divisor;
  const ng = n / divisor;
  const h = Math.floor(d * (mg * n) + 0.5);
  if (h <= 0) return 1;
  if (h > mg * n) return 0;
  if (m === n) return squarePaths(n, h, oneSided);
  const rows = n + 1;
  // A product of a reciprocal takes a third of a quotient's time, of which each waits for the last.
  const reciprocals = new Float64Array(m + n + 1);
  for (let k = 1; k <= m + n; k++) reciprocals[k] = 1 / k;
  const column = new Float64Array(rows);
  let end = oneSided ? rows : Math.min(Math.ceil(h / mg), rows);
  for (let j = 0; j < rows; j++) column[j] = j < end ? 0 : 1;
  for (let i = 1; i <= m; i++) {
    const lastEnd = end;
    const first = Math.min(Math.max(Math.floor((ng * i - h) / mg) + 1, 0), n);
    if (!oneSided) end = Math.min(Math.ceil((ng * i + h) / mg), rows);
    if (end <= first) return 1;
    let value = first === 0 ? 0 : 1;
    const stop = Math.min(lastEnd, end);
    for (let j = first; j < end; j++) {
      const left = j < stop ? column[j]! : 1;
      value = (left * i + value * j) * reciprocals[i + j]!;
      column[j] = value;
    }
  }
  return column[n]!;
}

/** m = n, D = h / n: a product for one side, its alternating sum over reflections for two. */
function squarePaths(n: number, h: number, oneSided: boolean): number {
  let share = 0;
  for (let k = oneSided ? 0 : Math.floor(n / h); k >= 0; k--) {
    let product = 1;
    for (let j = 0; j < h; j++) product *= (n - k * h - j) / (n + k * h + j + 1);
    share = product * (1 - share);
  }
  return oneSided ? share : Math.min(1, 2 * share);
}
