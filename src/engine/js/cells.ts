import type { Chunk, Numbers } from '../../ports/tables.js';

/** Value of a row of a chunk; NaN where it is missing. */
export function cellOf({ values, validity, bitOffset }: Chunk, row: number): number {
  if (validity !== null) {
    const bit = bitOffset + row;
    if (((validity[bit >> 3]! >> (bit & 7)) & 1) === 0) return NaN;
  }
  return values[row]!;
}

/** Calls `visit` with each present value and its row, in row order. */
export function eachPresent(column: Numbers, visit: (value: number, row: number) => void): void {
  let start = 0;
  for (const chunk of column.chunks) {
    const { length } = chunk.values;
    for (let row = 0; row < length; row++) {
      const value = cellOf(chunk, row);
      if (value === value) visit(value, start + row);
    }
    start += length;
  }
}

/** One number a row, NaN where it is missing. */
export function cellsOf(column: Numbers): Float64Array {
  const cells = new Float64Array(column.length).fill(NaN);
  eachPresent(column, (value, row) => {
    cells[row] = value;
  });
  return cells;
}
