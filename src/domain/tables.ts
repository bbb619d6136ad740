import type { Json, JsonWriter } from '../ports/formats.js';
import { WrittenJson } from '../ports/formats.js';
import { Problem } from '../ports/problem.js';
import type { Column, Table } from '../ports/tables.js';
import type { Result } from './endpoint.js';

/** Cells that an answer in JSON has at most: its text is one string, and those have at most 2^29 characters. */
export const MOST_JSON_CELLS = 20_000_000;

/** What an Arrow answer is made of: a result's own table, or the client's with a column more. Undefined: there is none. */
export function arrowAnswer(
  table: Table,
  { table: made, appended }: Result,
): { readonly table: Table; readonly extra: NonNullable<Result['appended']> | null } | undefined {
  if (made !== undefined) return { table: made, extra: null };
  return appended === undefined ? undefined : { table, extra: appended };
}

/** Each column of a table as JSON text. Throws 413 `too_many_cells`. */
export function columnsText(table: Table, writeJson: JsonWriter): ReadonlyMap<string, WrittenJson> {
  const cells = table.rows * table.names.length;
  if (cells > MOST_JSON_CELLS) {
    const detail = `expected at most ${MOST_JSON_CELLS} cells in a JSON answer, got ${table.rows} rows of ${table.names.length} columns: ask for them by Accept: application/vnd.apache.arrow.stream`;
    throw new Problem('too_many_cells', detail);
  }
  return new Map(table.names.map((name) => [name, new WrittenJson(writeJson(valuesOf(table.column(name))))]));
}

/** `results` with the columns first. */
export const withColumns = (results: Json, columns: ReadonlyMap<string, WrittenJson>): Json => ({
  columns,
  ...(results as { readonly [key: string]: Json }),
});

/** Float64 where a column is a whole of numbers (its NaN are written as null), else its cells. */
function valuesOf(column: Column): Json {
  if (column.type !== 'number' || column.numbers.chunks.length !== 1) return [...column.cells()];
  const [only] = column.numbers.chunks;
  return only!.validity === null ? only!.values : [...column.cells()];
}

/**
 * What the hash of an Arrow answer covers beside its `results`: of each column the float64 values as they are (missing
 * ones NaN of one bit pattern), its categories as JSON and the codes into them as int32, or its cells as JSON.
 */
export function* columnBytes(table: Table): Iterable<string | Uint8Array> {
  for (const name of table.names) {
    const column = table.column(name);
    yield JSON.stringify(name);
    if ('categories' in column) {
      const { texts, codes } = column.categories;
      yield JSON.stringify(texts);
      yield new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength);
      continue;
    }
    const values = valuesOf(column);
    if (!(values instanceof Float64Array)) yield JSON.stringify(values);
    else yield* canonicalBytes(values);
  }
}

const RUN = 65_536;

/** Runs of the values' bytes, each overwritten by the next; a NaN may have any of many patterns, so all are written as one. */
function* canonicalBytes(values: Float64Array): Iterable<Uint8Array> {
  const run = new Float64Array(RUN);
  for (let start = 0; start < values.length; start += RUN) {
    const part = values.subarray(start, start + RUN);
    // Out of shared memory at once: by single values it costs twice as much.
    run.set(part);
    for (let i = 0; i < part.length; i++) run[i] = run[i] === run[i] ? run[i]! + 0 : NaN;
    yield new Uint8Array(run.buffer, 0, part.length * 8);
  }
}
