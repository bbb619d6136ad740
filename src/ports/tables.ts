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

/** A value of a column, read one at a time. Timestamps are ISO 8601 in UTC. */
export type Cell = string | number | boolean | null;

interface ColumnBase {
  readonly name: string;
  /** The cells in row order, null where missing. */
  cells(): Iterable<Cell>;
}

export interface NumericColumn extends ColumnBase {
  readonly type: 'number' | 'boolean';
  readonly numbers: Numbers;
  /** Present integers beyond 2^53 that lost digits on their way to float64. */
  readonly inexact: number;
}

export interface TextColumn extends ColumnBase {
  readonly type: 'string' | 'timestamp' | 'mixed';
  readonly missing: number;
  /** Of timestamps that came as such: milliseconds since 1970, fractions cut off downwards; NaN where missing. */
  readonly instants?: () => Float64Array;
  /** Of strings that lie in a dictionary, in first-seen order: how often each is there, each row's place (−1: missing), its text. */
  readonly dictionary?: {
    readonly counts: () => Uint32Array;
    readonly places: () => Int32Array;
    readonly text: (place: number) => string;
  };
  /** Of few texts in many rows, which an answer in Arrow has as a dictionary: each row's place in them (−1: missing). */
  readonly categories?: { readonly texts: readonly string[]; readonly codes: Int32Array };
}

export type Column = NumericColumn | TextColumn;

/** The data of one request. Names are unique and in first-seen order; a column is decoded when it is asked for. */
export interface Table {
  readonly rows: number;
  readonly names: readonly string[];
  /** Throws Problem `unsupported_type`. `name` is one of `names`. */
  column(name: string): Column;
}

/** Something the client should know of an answer that is nevertheless a 200. */
export interface Warning {
  readonly code: string;
  readonly column?: string;
  readonly detail: string;
}

/** The cells of a numeric column in row order. */
export function* numericCells(type: 'number' | 'boolean', { chunks }: Numbers): Iterable<Cell> {
  for (const { values, validity, bitOffset } of chunks) {
    for (const [row, value] of values.entries()) {
      const bit = bitOffset + row;
      const present =
        (validity === null || ((validity[bit >> 3]! >> (bit & 7)) & 1) === 1) && !Number.isNaN(value);
      yield present ? (type === 'boolean' ? value === 1 : value) : null;
    }
  }
}
