import type { Engine } from '../ports/engine.js';
import type { Space } from '../ports/space.js';
import type { Numbers } from '../ports/tables.js';

/** Rows in which every column has a value. */
export interface CompleteRows {
  /** Of `count` rows each; the given columns themselves where nothing is missing. */
  readonly columns: readonly Numbers[];
  readonly count: number;
  /** Which rows of the table they are, ascending; null: all. */
  readonly rows: Int32Array | null;
}

/** The complete rows of columns of equal length; where some are left out, packed into one chunk a column in `space`. */
export function completeRows(columns: readonly Numbers[], engine: Engine, space: Space): CompleteRows {
  const length = columns[0]?.length ?? 0;
  engine.ahead.moments(columns, 2);
  if (columns.every((column) => engine.moments(column, 2).count === length))
    return { columns, count: length, rows: null };
  const gaps = new Uint8Array(length);
  for (const column of columns) {
    eachCell(column, (value, row) => {
      if (value !== value) gaps[row] = 1;
    });
  }
  const kept = new Int32Array(length);
  let count = 0;
  for (let row = 0; row < length; row++) if (gaps[row] === 0) kept[count++] = row;
  const packed = columns.map((column) => {
    const values = space.float64(count);
    let next = 0;
    eachCell(column, (value, row) => {
      if (gaps[row] === 0) values[next++] = value;
    });
    return oneChunk(values);
  });
  return { columns: packed, count, rows: kept.subarray(0, count) };
}

/** Some rows of columns without missing values, in the order given, packed into `space`. */
export function pickRows(columns: readonly Numbers[], rows: ArrayLike<number>, space: Space): Numbers[] {
  return columns.map((column) => {
    const cells = new Float64Array(column.length);
    let start = 0;
    for (const { values } of column.chunks) {
      cells.set(values, start);
      start += values.length;
    }
    const values = space.float64(rows.length);
    for (let i = 0; i < values.length; i++) values[i] = cells[rows[i]!]!;
    return oneChunk(values);
  });
}

/** Means and population deviations that columns were standardised with. */
export interface Scaling {
  readonly mean: readonly number[];
  readonly scale: readonly number[];
}

/**
 * scikit-learn's `StandardScaler` on columns without missing values: (x − mean) / √variance, the variance over n. A column
 * whose variance is no more than rounding is only centred: scale 1. Source: sklearn/preprocessing/_data.py,
 * `_is_constant_feature`.
 */
export function standardised(
  columns: readonly Numbers[],
  engine: Engine,
  space: Space,
): { readonly columns: Numbers[]; readonly scaling: Scaling } {
  engine.ahead.moments(columns, 2);
  const fitted = columns.map((column) => {
    const { count, mean, m2 } = engine.moments(column, 2);
    const variance = m2 / count;
    const rounding = count * Number.EPSILON * variance + (count * mean * Number.EPSILON) ** 2;
    return { mean, scale: variance <= rounding ? 1 : Math.sqrt(variance) };
  });
  const scaled = columns.map((column, i) => {
    const { mean, scale } = fitted[i]!;
    const values = space.float64(column.length);
    eachCell(column, (value, row) => {
      values[row] = (value - mean) / scale;
    });
    return oneChunk(values);
  });
  const scaling = { mean: fitted.map(({ mean }) => mean), scale: fitted.map(({ scale }) => scale) };
  return { columns: scaled, scaling };
}

const oneChunk = (values: Float64Array): Numbers => ({
  length: values.length,
  chunks: [{ values, validity: null, bitOffset: 0 }],
});

/** Each value with its row; NaN where it is missing. */
function eachCell({ chunks }: Numbers, visit: (value: number, row: number) => void): void {
  let start = 0;
  for (const { values, validity, bitOffset } of chunks) {
    for (let row = 0; row < values.length; row++) {
      const bit = bitOffset + row;
      const present = validity === null || ((validity[bit >> 3]! >> (bit & 7)) & 1) === 1;
      visit(present ? values[row]! : NaN, start + row);
    }
    start += values.length;
  }
}
