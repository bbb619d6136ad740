import { excerpt, Problem } from './problem.js';

/** What a table may have before it is refused, whatever format it came in. */
export interface TableLimits {
  readonly rows: number;
  readonly cells: number;
  readonly columns: number;
  /** Bytes of UTF-8 of a column name. */
  readonly nameBytes: number;
  /** Nesting of JSON. */
  readonly depth: number;
  /** Bytes that the compressed buffers or pages of a body may grow to together. */
  readonly decodedBytes: number;
  /** Decoded bytes for each compressed one, looked at beyond `ratioFrom`. */
  readonly ratio: number;
  /** Decoded bytes up to which a compression ratio is not looked at. */
  readonly ratioFrom: number;
}

/** Throws 413 `too_many_rows` or `too_many_cells`, which name the limit. */
export function refuseSize(rows: number, columns: number, limits: TableLimits): void {
  if (rows > limits.rows)
    throw new Problem('too_many_rows', `expected at most ${limits.rows} rows (MAX_ROWS), got ${rows}`);
  if (rows * columns > limits.cells) {
    const got = `${rows} rows of ${columns} columns`;
    throw new Problem('too_many_cells', `expected at most ${limits.cells} cells (MAX_CELLS), got ${got}`);
  }
}

/** Throws 422 `too_many_columns` at a place of the request. */
export function refuseColumns(count: number, pointer: string, limits: TableLimits): void {
  if (count > limits.columns) {
    const detail = `expected at most ${limits.columns} columns (MAX_COLUMNS), got more`;
    throw Problem.at(pointer, 'too_many_columns', detail);
  }
}

/** Throws 422 `invalid_column_name` for a name over the limit or with a lone surrogate. */
export function refuseName(name: string, pointer: () => string, limits: TableLimits): void {
  if (!name.isWellFormed()) {
    const detail = 'expected a column name of Unicode text, got one with a lone surrogate';
    throw Problem.at(pointer(), 'invalid_column_name', detail);
  }
  if (name.length * 3 <= limits.nameBytes) return;
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > limits.nameBytes) {
    const got = `${bytes} bytes: ${JSON.stringify(excerpt(name, 40))}`;
    throw Problem.at(pointer(), 'invalid_column_name', longName(limits, got));
  }
}

/** What is said of a name over the limit. */
export const longName = ({ nameBytes }: TableLimits, got: string): string =>
  `expected a column name of at most ${nameBytes} bytes (MAX_NAME_BYTES), got ${got}`;

/** 400 `too_deep`. */
export const tooDeep = (depth: number): Problem =>
  new Problem('too_deep', `expected JSON nested at most ${depth} deep (MAX_JSON_DEPTH), got deeper`);

/** Throws `too_deep` when arrays and objects are nested deeper than `maxDepth`, counting `depth` around `value`. */
export function refuseDepth(value: unknown, depth: number, maxDepth: number): void {
  const stack: { value: object; depth: number }[] = [];
  const push = (item: unknown, at: number): void => {
    if (typeof item !== 'object' || item === null) return;
    if (at > maxDepth) throw tooDeep(maxDepth);
    stack.push({ value: item, depth: at });
  };
  push(value, depth);
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const items: readonly unknown[] = Array.isArray(next.value) ? next.value : Object.values(next.value);
    for (const item of items) push(item, next.depth + 1);
  }
}

/** Throws 413 `compression_ratio` or `too_large` once compressed bytes have grown beyond what is allowed. */
export function refuseGrowth(compressed: number, decoded: number, limits: TableLimits): void {
  if (decoded > limits.decodedBytes) {
    const detail = `expected at most ${limits.decodedBytes} bytes when decompressed (MAX_ARROW_BYTES), got more`;
    throw new Problem('too_large', detail);
  }
  if (decoded > limits.ratioFrom && decoded > compressed * limits.ratio) {
    const detail = `expected data compressed at most ${limits.ratio}:1 (MAX_RATIO), got more`;
    throw new Problem('compression_ratio', detail);
  }
}

/** RFC 6901 reference token. */
export function token(name: string): string {
  return excerpt(name).replaceAll('~', '~0').replaceAll('/', '~1');
}
