/** The mean as NumPy adds it up, pairwise with eight partial sums to 128 values: for its very bits. */
export function pairwiseMean(values: Float64Array): number {
  return pairwiseSum(values, 0, values.length) / values.length;
}

function pairwiseSum(values: Float64Array, from: number, n: number): number {
  if (n < 8) {
    // NumPy begins at −0, which no sum shows.
    let sum = 0;
    for (let i = from; i < from + n; i++) sum += values[i]!;
    return sum;
  }
  if (n > 128) {
    const half = Math.floor(n / 2);
    const first = half - (half % 8);
    return pairwiseSum(values, from, first) + pairwiseSum(values, from + first, n - first);
  }
  const r = [...values.subarray(from, from + 8)] as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const full = n - (n % 8);
  for (let i = 8; i < full; i += 8) for (let k = 0; k < 8; k++) r[k]! += values[from + i + k]!;
  let sum = r[0] + r[1] + (r[2] + r[3]) + (r[4] + r[5] + (r[6] + r[7]));
  for (let i = full; i < n; i++) sum += values[from + i]!;
  return sum;
}
