import type { Space } from '../../ports/space.js';
import type { Numbers } from '../../ports/tables.js';

/** A column of values of which none is missing. */
export const numbersOf = (values: Float64Array): Numbers => ({
  length: values.length,
  chunks: [{ values, validity: null, bitOffset: 0 }],
});

/** Several columns one after the other, without a copy. */
export const pooled = (parts: readonly Numbers[]): Numbers => ({
  length: parts.reduce((sum, { length }) => sum + length, 0),
  chunks: parts.flatMap(({ chunks }) => chunks),
});

/** The present values in row order: the column's own memory where none is missing and it is one chunk, else a copy. */
export function presentValues(numbers: Numbers, space: Space): Float64Array {
  return completeRows([numbers], space)[0]!;
}

/**
 * The columns of the rows in which every one of them has a value, in row order. The columns are equally long; `gaps` false:
 * no value is missing.
 */
export function completeRows(columns: readonly Numbers[], space: Space, gaps = true): Float64Array[] {
  const rows = columns[0]?.length ?? 0;
  const missing = gaps ? missingRows(columns, rows) : null;
  const count = missing === null ? rows : missing.reduce((sum, bit) => sum - bit, rows);
  return columns.map(({ chunks }) => {
    if (count === rows && chunks.length === 1) return chunks[0]!.values;
    const out = space.float64(count);
    let row = 0;
    let place = 0;
    for (const { values } of chunks) {
      if (missing === null) {
        out.set(values, place);
        place += values.length;
        continue;
      }
      for (const value of values) {
        if (missing[row++] === 0) out[place++] = value;
      }
    }
    return out;
  });
}

/** A byte a row, 1 where one of the columns misses its value; null where none does. */
function missingRows(columns: readonly Numbers[], rows: number): Uint8Array | null {
  const missing = new Uint8Array(rows);
  let any = false;
  for (const { chunks } of columns) {
    let row = 0;
    for (const { values, validity, bitOffset } of chunks) {
      for (let i = 0; i < values.length; i++, row++) {
        const bit = bitOffset + i;
        const valid = validity === null || ((validity[bit >> 3]! >> (bit & 7)) & 1) === 1;
        if (valid && values[i] === values[i]) continue;
        missing[row] = 1;
        any = true;
      }
    }
  }
  return any ? missing : null;
}
