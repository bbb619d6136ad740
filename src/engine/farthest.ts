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

function swap(order: Int32Array, i: number, j: number): void {
  const kept = order[i]!;
  order[i] = order[j]!;
  order[j] = kept;
}

function introselect(values: Float64Array, order: Int32Array, kth: number): void {
  const at = (i: number): number => values[order[i]!]!;
  const n = order.length;
  if (kth < 3) {
    for (let i = 0; i <= kth; i++) {
      let least = i;
      for (let k = i + 1; k < n; k++) if (at(k) < at(least)) least = k;
      swap(order, i, least);
    }
    return;
  }
  if (kth === n - 1) {
    let most = 0;
    for (let k = 1; k < n; k++) if (!(at(k) < at(most))) most = k;
    swap(order, kth, most);
    return;
  }
  let low = 0;
  let high = n - 1;
  for (let depth = 2 * Math.floor(Math.log2(n)); low + 1 < high; depth--) {
    let left = low + 1;
    let right = high;
    if (depth > 0 || right - left < 5) {
      const middle = low + Math.floor((high - low) / 2);
      if (at(high) < at(middle)) swap(order, high, middle);
      if (at(high) < at(low)) swap(order, high, low);
      if (at(low) < at(middle)) swap(order, low, middle);
      swap(order, middle, low + 1);
    } else {
      swap(order, left + medianOfMedians(values, order.subarray(left, right)), low);
      left--;
      right++;
    }
    const pivot = at(low);
    for (;;) {
      do left++;
      while (at(left) < pivot);
      do right--;
      while (pivot < at(right));
      if (right < left) break;
      swap(order, left, right);
    }
    swap(order, low, right);
    if (right >= kth) high = right - 1;
    if (right <= kth) low = left;
  }
  if (high === low + 1 && at(high) < at(low)) swap(order, high, low);
}

/** Medians of five to the front; the place of their median. */
function medianOfMedians(values: Float64Array, order: Int32Array): number {
  const medians = Math.floor(order.length / 5);
  for (let i = 0; i < medians; i++) {
    const five = i * 5;
    swap(order, five + medianOfFive(values, order.subarray(five, five + 5)), i);
  }
  const middle = Math.floor(medians / 2);
  if (medians > 2) introselect(values, order.subarray(0, medians), middle);
  return middle;
}

function medianOfFive(values: Float64Array, order: Int32Array): number {
  const sort = (i: number, j: number): void => {
    if (values[order[j]!]! < values[order[i]!]!) swap(order, i, j);
  };
  sort(0, 1);
  sort(3, 4);
  sort(0, 3);
  sort(1, 4);
  sort(1, 2);
  if (!(values[order[3]!]! < values[order[2]!]!)) return 2;
  return values[order[3]!]! < values[order[1]!]! ? 1 : 3;
}
