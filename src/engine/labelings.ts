import type { Numbers } from '../ports/tables.js';

/** Rows and labelings of them as silhouettes need them. */
export interface LabelledRows {
  /** Float64, row after row. */
  readonly values: Float64Array;
  readonly rows: number;
  readonly columns: number;
  readonly labelings: readonly Labeling[];
}

/** Clusters that have rows, from 0, in the order of their labels. */
export interface Labeling {
  /** The cluster of each row. */
  readonly codes: Int32Array;
  readonly sizes: readonly number[];
  /** Whether silhouettes are defined: 2 clusters at least, one less than rows at most. */
  readonly defined: boolean;
}

/**
 * The rows in which no value is missing and no label negative. `columns` have the same length, and so have the labels.
 * `place` gives room for the values.
 */
export function labelledRows(
  columns: readonly Numbers[],
  labels: readonly Int32Array[],
  place: (length: number) => Float64Array,
): LabelledRows {
  const length = columns[0]?.length ?? 0;
  const cells = columns.map(cellsOf);
  const taken: number[] = [];
  for (let row = 0; row < length; row++) {
    if (labels.some((own) => own[row]! < 0)) continue;
    if (cells.every((own) => own[row] === own[row])) taken.push(row);
  }
  const values = place(taken.length * columns.length);
  taken.forEach((row, i) => {
    for (let c = 0; c < cells.length; c++) values[i * cells.length + c] = cells[c]![row]!;
  });
  const labelings = labels.map((own) => labelingOf(taken.map((row) => own[row]!)));
  return { values, rows: taken.length, columns: columns.length, labelings };
}

/** One number a row, NaN where it is missing. */
function cellsOf({ length, chunks }: Numbers): Float64Array {
  const [first] = chunks;
  if (chunks.length === 1 && first?.validity === null) return first.values;
  const cells = new Float64Array(length);
  let start = 0;
  for (const { values, validity, bitOffset } of chunks) {
    for (let row = 0; row < values.length; row++) {
      const bit = bitOffset + row;
      const present = validity === null || ((validity[bit >> 3]! >> (bit & 7)) & 1) === 1;
      cells[start + row] = present ? values[row]! : NaN;
    }
    start += values.length;
  }
  return cells;
}

function labelingOf(labels: readonly number[]): Labeling {
  const present = [...new Set(labels)].sort((a, b) => a - b);
  const codeOf = new Map(present.map((label, code) => [label, code]));
  const codes = Int32Array.from(labels, (label) => codeOf.get(label)!);
  const sizes = present.map(() => 0);
  for (const code of codes) sizes[code]!++;
  return { codes, sizes, defined: sizes.length >= 2 && sizes.length < labels.length };
}
