/** Products with columns that are centred and scaled on the way, where they lie: nothing is copied. */
export interface Centred {
  readonly columns: readonly Float64Array[];
  /** What is taken off each column, and what it is multiplied by then. */
  readonly centres: Float64Array;
  readonly scales: Float64Array;
}

/** Adds Σ w[from + j] · (column j − centre) · scale of rows from `start` on to `length` entries of `out` from `to` on. */
export function addCombination(
  { columns, centres, scales }: Centred,
  w: Float64Array,
  from: number,
  start: number,
  out: Float64Array,
  to: number,
  length: number,
): void {
  const even = columns.length - (columns.length % 4);
  const factor = (j: number): number => w[from + j]! * scales[j]!;
  for (let j = 0; j < even; j += 4)
    combineFour(
      columns,
      centres,
      j,
      factor(j),
      factor(j + 1),
      factor(j + 2),
      factor(j + 3),
      start,
      out,
      to,
      length,
    );
  for (let j = even; j < columns.length; j++)
    combineOne(columns[j]!, centres[j]!, factor(j), start, out, to, length);
}

function combineFour(
  columns: readonly Float64Array[],
  centres: Float64Array,
  j: number,
  p: number,
  q: number,
  r: number,
  s: number,
  start: number,
  out: Float64Array,
  to: number,
  length: number,
): void {
  const [a, b, c, d] = [columns[j]!, columns[j + 1]!, columns[j + 2]!, columns[j + 3]!];
  const [ma, mb, mc, md] = [centres[j]!, centres[j + 1]!, centres[j + 2]!, centres[j + 3]!];
  for (let i = 0; i < length; i++) {
    const row = start + i;
    out[to + i]! += p * (a[row]! - ma) + q * (b[row]! - mb) + (r * (c[row]! - mc) + s * (d[row]! - md));
  }
}

function combineOne(
  column: Float64Array,
  centre: number,
  factor: number,
  start: number,
  out: Float64Array,
  to: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) out[to + i]! += factor * (column[start + i]! - centre);
}

/** Adds the products of `length` entries of `line` from `at` on with each column to `out[to + j]`. */
export function addColumnProducts(
  { columns, centres, scales }: Centred,
  line: Float64Array,
  at: number,
  start: number,
  out: Float64Array,
  to: number,
  length: number,
): void {
  const even = columns.length - (columns.length % 4);
  for (let j = 0; j < even; j += 4)
    productFour(columns, centres, scales, j, line, at, start, out, to + j, length);
  for (let j = even; j < columns.length; j++) {
    const [column, centre] = [columns[j]!, centres[j]!];
    let sum = 0;
    for (let i = 0; i < length; i++) sum += line[at + i]! * (column[start + i]! - centre);
    out[to + j]! += sum * scales[j]!;
  }
}

function productFour(
  columns: readonly Float64Array[],
  centres: Float64Array,
  scales: Float64Array,
  j: number,
  line: Float64Array,
  at: number,
  start: number,
  out: Float64Array,
  to: number,
  length: number,
): void {
  const [a, b, c, d] = [columns[j]!, columns[j + 1]!, columns[j + 2]!, columns[j + 3]!];
  const [ma, mb, mc, md] = [centres[j]!, centres[j + 1]!, centres[j + 2]!, centres[j + 3]!];
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < length; i++) {
    const v = line[at + i]!;
    const row = start + i;
    s0 += v * (a[row]! - ma);
    s1 += v * (b[row]! - mb);
    s2 += v * (c[row]! - mc);
    s3 += v * (d[row]! - md);
  }
  out[to]! += s0 * scales[j]!;
  out[to + 1]! += s1 * scales[j + 1]!;
  out[to + 2]! += s2 * scales[j + 2]!;
  out[to + 3]! += s3 * scales[j + 3]!;
}
