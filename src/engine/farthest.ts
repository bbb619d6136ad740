/**
 * The `count` rows with the largest distances, farthest first, as `numpy.argpartition(distances, -count)[:-count-1:-1]`
 * orders them: NumPy's introselect, so that ties fall where scikit-learn's fall.
 * Source: numpy/core/src/npysort/selection.cpp (1.26).
 */
export function farthest(distances: Float64Array, count: number): Int32Array {
  const n = distances.length;
  const order = Int32Array.from(distances, (_, row) => row);
  introselect(distances, order, n - count);
  return order.slice(n - count).reverse();
}

function introselect(values: Float64Array, order: Int32Array, kth: number): void {
  const at = (i: number): number => values[order[i]!]!;
  const swap = (i: number, j: number): void => {
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  };
  const n = order.length;
  if (kth < 3) {
    for (let i = 0; i <= kth; i++) {
      let least = i;
      for (let k = i + 1; k < n; k++) if (at(k) < at(least)) least = k;
      swap(i, least);
    }
    return;
  }
  if (kth === n - 1) {
    let most = 0;
    for (let k = 1; k < n; k++) if (!(at(k) < at(most))) most = k;
    swap(kth, most);
    return;
  }
  let low = 0;
  let high = n - 1;
  let depth = 2 * Math.floor(Math.log2(n));
  while (low + 1 < high) {
    if (depth-- === 0) {
      // NumPy changes to a median of medians here; a sort is as safe and this is as rare.
      const rest = order.slice(low, high + 1).sort((i, j) => values[i]! - values[j]!);
      order.set(rest, low);
      return;
    }
    const middle = low + Math.floor((high - low) / 2);
    if (at(high) < at(middle)) swap(high, middle);
    if (at(high) < at(low)) swap(high, low);
    if (at(low) < at(middle)) swap(low, middle);
    swap(middle, low + 1);
    const pivot = at(low);
    let left = low + 1;
    let right = high;
    for (;;) {
      do left++;
      while (at(left) < pivot);
      do right--;
      while (pivot < at(right));
      if (right < left) break;
      swap(left, right);
    }
    swap(low, right);
    if (right >= kth) high = right - 1;
    if (right <= kth) low = left;
  }
  if (high === low + 1 && at(high) < at(low)) swap(high, low);
}
