/** Rows of a leaf: many columns cost more at a box, and tell less by it. */
export const leafRows = (columns: number): number => (columns < 8 ? 32 : 256);

/**
 * Numbers of the rows, cut in two at the median of the widest side of their box, and so on until leaves are left. Leaves have
 * equal length, the last is shorter; the first half of a cut has a power of two of them. So where the cuts are is known from
 * the number of rows alone (assembly/neighbours.ts).
 * Source: J. L. Bentley, "Multidimensional binary search trees", CACM 18 (1975).
 */
export function arrange(columns: readonly Float64Array[]): Int32Array {
  const n = columns[0]?.length ?? 0;
  const leaf = leafRows(columns.length);
  const rows = Int32Array.from({ length: n }, (_, row) => row);
  const open: [number, number][] = [[0, n]];
  for (let cut = open.pop(); cut !== undefined; cut = open.pop()) {
    const [start, end] = cut;
    const leaves = Math.ceil((end - start) / leaf);
    if (leaves < 2) continue;
    const widest = widestSide(columns, rows, start, end);
    if (widest === undefined) continue;
    const middle = start + leaf * 2 ** (Math.ceil(Math.log2(leaves)) - 1);
    select(widest, rows, start, end - 1, middle);
    open.push([start, middle], [middle, end]);
  }
  return rows;
}

/** Rows that are looked at to tell which side is widest. */
const SAMPLE = 128;

/** The column that is widest over some rows, by a sample of them; none where all of them are the same. */
function widestSide(
  columns: readonly Float64Array[],
  rows: Int32Array,
  start: number,
  end: number,
): Float64Array | undefined {
  const step = Math.max(1, Math.floor((end - start) / SAMPLE));
  const sampled = widestOf(columns, rows, start, end, step);
  return sampled ?? (step === 1 ? undefined : widestOf(columns, rows, start, end, 1));
}

function widestOf(
  columns: readonly Float64Array[],
  rows: Int32Array,
  start: number,
  end: number,
  step: number,
): Float64Array | undefined {
  let widest: Float64Array | undefined;
  let width = 0;
  for (const column of columns) {
    let least = Infinity;
    let greatest = -Infinity;
    for (let i = start; i < end; i += step) {
      const value = column[rows[i]!]!;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    if (!(greatest - least > width)) continue;
    width = greatest - least;
    widest = column;
  }
  return widest;
}

/** Brings the row that is at `place` in the order of `column` there, lesser ones before it, greater ones behind. */
export function select(
  column: Float64Array,
  rows: Int32Array,
  from: number,
  to: number,
  place: number,
): void {
  while (from < to) {
    const pivot = column[rows[(from + to) >> 1]!]!;
    let i = from;
    let j = to;
    while (i <= j) {
      while (column[rows[i]!]! < pivot) i++;
      while (column[rows[j]!]! > pivot) j--;
      if (i > j) break;
      const moved = rows[i]!;
      rows[i++] = rows[j]!;
      rows[j--] = moved;
    }
    if (place <= j) to = j;
    else if (place >= i) from = i;
    else return;
  }
}
