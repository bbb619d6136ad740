/** Columns as the domain and the engines see them, whatever format they came in. */

/**
 * A run of rows of a numeric column: one Arrow record batch, or a whole JSON column.
 * Row i is missing when bit `bitOffset + i` of `validity` is 0 (least significant bit first) or its value is NaN.
 */
export interface Chunk {
  readonly values: Float64Array;
  readonly validity: Uint8Array | null;
  readonly bitOffset: number;
}

/** Float64 values in chunks that keep the batches they arrived in. Booleans are 0 and 1. */
export interface Numbers {
  readonly length: number;
  readonly chunks: readonly Chunk[];
}

export type ColumnType = 'number' | 'boolean' | 'string' | 'timestamp' | 'mixed';

/** A value of a column that is not a number. */
export type Cell = string | number | boolean | null;

export type Column = NumericColumn | TextColumn;

export interface NumericColumn {
  readonly name: string;
  readonly type: 'number' | 'boolean';
  readonly numbers: Numbers;
}

export interface TextColumn {
  readonly name: string;
  readonly type: 'string' | 'timestamp' | 'mixed';
  readonly length: number;
  /** Missing values, where known without reading the cells. */
  readonly missing: number;
  /** The cells in row order, read when asked for. */
  cells(): Iterable<Cell>;
}

/** The data of one request. Column names are unique and in first-seen order. */
export interface Table {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** Something the client should know of an answer that is nevertheless a 200. */
export interface Warning {
  readonly code: string;
  readonly column?: string;
  readonly detail: string;
}
