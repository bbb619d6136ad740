/** Sum with its rounding errors carried along (Neumaier, ZAMM 54, 1974). */
export function compensatedSum(values: Iterable<number>): number {
  let sum = 0;
  let error = 0;
  for (const value of values) {
    const next = sum + value;
    error += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return Number.isFinite(sum) ? sum + error : sum;
}
