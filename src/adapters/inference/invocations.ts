/** The JSON that MLflow's scoring server takes. */
import type { Decoder, DecodeTools } from '../../ports/formats.js';
import { refuseColumns, refuseName, refuseSize, type TableLimits, token } from '../../ports/limits.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { Column, Table } from '../../ports/tables.js';
import { kindOf } from './datatypes.js';
import { type Grid, readGrids } from './grid.js';
import {
  afterSpace,
  afterValue,
  ARRAY,
  OBJECT,
  parseWithout,
  readArray,
  readObject,
  type Stretch,
} from './scan.js';

const SHAPES = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;
type Shape = (typeof SHAPES)[number];

/**
 * One object with one of `dataframe_split` (`columns`, `data` and perhaps `index`), `dataframe_records`, `instances` (rows:
 * objects, arrays, or single values) and `inputs` (arrays by column name, or rows). Rows that are arrays without names
 * are columns "0", "1", …; `positional` stands beside the table then.
 */
export const readInvocations: Decoder = (body, tools) => {
  const { limits } = tools;
  const start = afterSpace(body, 0);
  const found: { readonly shape: Shape; readonly value: Stretch }[] = [];
  const cuts: Stretch[] = [];
  if (body[start] === OBJECT) {
    readObject(body, start, (key, at) => {
      const end = afterValue(body, at, limits.depth, 1);
      const shape = SHAPES.find((name) => name === key);
      if (shape !== undefined) {
        found.push({ shape, value: { start: at, end } });
        cuts.push({ start: at, end });
      }
      return end;
    });
  } else afterValue(body, start, limits.depth);
  const head = parseWithout(body, cuts);
  const wanted = SHAPES.map((name) => JSON.stringify(name)).join(', ');
  if (typeof head !== 'object' || head === null || Array.isArray(head)) {
    const detail = `expected an object with one of ${wanted}, got ${kindOf(head)}`;
    throw Problem.at('', 'invalid_request', detail);
  }
  const [only, ...others] = found;
  if (only === undefined || others.length > 0) {
    const got = only === undefined ? 'none' : `${found.length} of them`;
    throw Problem.at('', 'invalid_request', `expected one of ${wanted}, got ${got}`);
  }
  const beside = new Map(Object.entries(head).filter(([key, value]) => key !== only.shape && value !== null));
  const { table, positional } = tableOf(body, only.shape, only.value, tools);
  if (positional) beside.set('positional', true);
  return { table, options: undefined, beside };
};

interface Read {
  readonly table: Table;
  readonly positional: boolean;
}

function tableOf(text: Uint8Array, shape: Shape, value: Stretch, tools: DecodeTools): Read {
  const first = text[value.start];
  if (shape === 'dataframe_split') {
    if (first !== OBJECT) throw strange(text, value, '/dataframe_split', 'an object with columns and data');
    return { table: splitTable(text, value, tools), positional: false };
  }
  if (shape === 'inputs' && first === OBJECT)
    return { table: namedTable(text, value, tools), positional: false };
  const wanted = shape === 'inputs' ? 'an object of arrays, or an array of rows' : 'an array of rows';
  if (first !== ARRAY) throw strange(text, value, `/${shape}`, wanted);
  const row = afterSpace(text, value.start + 1);
  if (shape === 'dataframe_records' || text[row] === OBJECT)
    return { table: recordsTable(text, shape, value, tools), positional: false };
  return { table: rowsTable(text, value, `/${shape}`, tools), positional: true };
}

function strange(text: Uint8Array, { start, end }: Stretch, pointer: string, expected: string): Problem {
  const got = excerpt(new TextDecoder().decode(text.slice(start, Math.min(end, start + 40))), 40);
  return Problem.at(pointer, 'invalid_request', `expected ${expected}, got ${JSON.stringify(got)}`);
}

/** Row objects: the engine's reader of JSON knows them as `data`. */
function recordsTable(text: Uint8Array, shape: Shape, { start, end }: Stretch, tools: DecodeTools): Table {
  const opening = new TextEncoder().encode('{"data":');
  const document = tools.space.bytes(opening.length + end - start + 1);
  document.set(opening);
  document.set(text.subarray(start, end), opening.length);
  document[document.length - 1] = 0x7d;
  try {
    return tools.engine.json(document, 'document', tools.limits).table;
  } catch (error) {
    throw moved(error, '/data', `/${shape}`, start - opening.length);
  }
}

/** A fault of the document that was made, said of the one that came: its pointers, and the byte that it names. */
function moved(error: unknown, from: string, to: string, bytes: number): unknown {
  if (!(error instanceof Problem)) return error;
  const detail = error.message.replace(/at byte (\d+)$/u, (_, at: string) => `at byte ${Number(at) + bytes}`);
  const [fault] = error.faults;
  if (fault === undefined) return new Problem(error.code, detail);
  const pointer = fault.pointer.startsWith(from) ? to + fault.pointer.slice(from.length) : fault.pointer;
  return Problem.at(pointer, error.code, detail);
}

/** Columns of their names, each an array with a value a row; `[[1], [2]]` is taken as `[1, 2]`. */
function namedTable(text: Uint8Array, value: Stretch, tools: DecodeTools): Table {
  const arrays = new Map<string, Stretch>();
  readObject(text, value.start, (key, at) => {
    const end = afterValue(text, at, tools.limits.depth);
    arrays.set(key, { start: at, end });
    if (arrays.size > tools.limits.columns) refuseColumns(arrays.size, '/inputs', tools.limits);
    return end;
  });
  const names = [...arrays.keys()];
  const grids = [...arrays].map(([name, stretch]): Grid => {
    const pointer = `/inputs/${token(name)}`;
    if (text[stretch.start] !== ARRAY) throw strange(text, stretch, pointer, 'an array of values');
    const { rows, width, nested } = sizeOf(text, stretch, pointer, tools.limits);
    if (width !== 1) {
      const detail = `expected one value a row in a column, got ${width}`;
      throw Problem.at(pointer, 'invalid_request', detail);
    }
    return { text, stretch, shape: nested ? [rows, 1] : [rows], width, pointer };
  });
  if (grids.length === 0) throw Problem.at('/inputs', 'no_data', 'expected at least one column, got none');
  const [first] = grids;
  for (const { shape, pointer } of grids) {
    if (shape[0] === first!.shape[0]) continue;
    const detail = `expected ${first!.shape[0]} values as in the first column, got ${shape[0]}`;
    throw Problem.at(pointer, 'invalid_request', detail);
  }
  return named(first!.shape[0]!, names, readGrids(grids, tools), '/inputs', tools.limits);
}

/** pandas' `to_dict(orient="split")`. */
function splitTable(text: Uint8Array, value: Stretch, tools: DecodeTools): Table {
  const at = '/dataframe_split';
  let data: Stretch | undefined;
  const cuts: Stretch[] = [];
  const { start: from, end: to } = value;
  readObject(text, from, (key, start) => {
    const end = afterValue(text, start, tools.limits.depth);
    if (key === 'data') data = { start, end };
    // The labels of the rows mean nothing here, however many there are.
    if ((key === 'data' || key === 'index') && text[start] === ARRAY)
      cuts.push({ start: start - from, end: end - from });
    return end;
  });
  const head = parseWithout(text.subarray(from, to), cuts) as { readonly columns?: unknown };
  for (const key of Object.keys(head)) {
    if (['columns', 'data', 'index'].includes(key)) continue;
    const detail = `expected only columns, data and index, got ${JSON.stringify(excerpt(key))}`;
    throw Problem.at(`${at}/${token(key)}`, 'invalid_request', detail);
  }
  const { columns } = head;
  if (!Array.isArray(columns)) {
    const detail = `expected an array of names of columns, got ${kindOf(columns)}`;
    throw Problem.at(`${at}/columns`, 'invalid_request', detail);
  }
  // pandas takes numbers as names of columns, and writes them as such.
  const names = columns.map((name: unknown, i) => {
    if (typeof name === 'string' || typeof name === 'number') return String(name);
    const detail = `expected the name of a column, got ${kindOf(name)}`;
    throw Problem.at(`${at}/columns/${i}`, 'invalid_request', detail);
  });
  if (names.length === 0)
    throw Problem.at(`${at}/columns`, 'no_data', 'expected at least one column, got none');
  refuseColumns(names.length, `${at}/columns`, tools.limits);
  if (data === undefined || text[data.start] !== ARRAY)
    throw Problem.at(`${at}/data`, 'invalid_request', 'expected an array of rows in "data", got none');
  const { rows, width } = sizeOf(text, data, `${at}/data`, tools.limits);
  if (width !== names.length) {
    const detail = `expected ${names.length} values in a row, one for each of the columns, got ${width}`;
    throw Problem.at(`${at}/data/0`, 'invalid_request', detail);
  }
  const grid = { text, stretch: data, shape: [rows, width], width, pointer: `${at}/data` };
  return named(rows, names, readGrids([grid], tools), `${at}/columns`, tools.limits);
}

/** Rows without names: the columns are called by their places. */
function rowsTable(text: Uint8Array, stretch: Stretch, pointer: string, tools: DecodeTools): Table {
  const { rows, width, nested } = sizeOf(text, stretch, pointer, tools.limits);
  const names = Array.from({ length: width }, (_, j) => String(j));
  const grid = { text, stretch, shape: nested ? [rows, width] : [rows], width, pointer };
  return named(rows, names, readGrids([grid], tools), pointer, tools.limits);
}

interface Size {
  readonly rows: number;
  readonly width: number;
  /** Whether rows are arrays. */
  readonly nested: boolean;
}

/** How many rows an array has, and how many values the first of them. Throws 413 and 422 before anything is made. */
function sizeOf(text: Uint8Array, { start }: Stretch, pointer: string, limits: TableLimits): Size {
  let rows = 0;
  let width = 1;
  let nested = false;
  readArray(text, start, (at) => {
    if (rows++ === 0 && text[at] === ARRAY) {
      nested = true;
      width = 0;
      return readArray(text, at, (item) => {
        width++;
        return afterValue(text, item, limits.depth);
      });
    }
    return afterValue(text, at, limits.depth);
  });
  if (rows === 0) throw Problem.at(pointer, 'no_data', 'expected at least one row, got none');
  if (width === 0) throw Problem.at(`${pointer}/0`, 'no_data', 'expected at least one column, got none');
  refuseColumns(width, pointer, limits);
  refuseSize(rows, width, limits);
  return { rows, width, nested };
}

/** Throws 422 `invalid_column_name`, `duplicate_column`. */
function named(
  rows: number,
  names: readonly string[],
  columns: readonly Column[],
  pointer: string,
  limits: TableLimits,
): Table {
  const byName = new Map<string, Column>();
  for (const [i, name] of names.entries()) {
    refuseName(name, () => `${pointer}/${i}`, limits);
    if (byName.has(name)) {
      const detail = `expected columns with different names, got ${JSON.stringify(excerpt(name))} twice`;
      throw Problem.at(`${pointer}/${i}`, 'duplicate_column', detail);
    }
    byName.set(name, { ...columns[i]!, name });
  }
  return { rows, names: [...byName.keys()], column: (name) => byName.get(name)! };
}
