import { CsvError, parse } from 'csv-parse/sync';
import type { CsvKernel } from '../../ports/engine.js';
import { refuseColumns, refuseName, refuseSize, type TableLimits, token } from '../../ports/limits.js';
import { Problem } from '../../ports/problem.js';
import { type Column, numericCells, type Table } from '../../ports/tables.js';
import { csvProblem, duplicateName, noRows } from '../csv.js';
import { findFault } from './csv-fault.js';
import { utf8 } from './document.js';

/** Fields of a column as they came, a quoted one without its quotes, null where missing. */
interface Fields {
  readonly name: string;
  readonly fields: (string | null)[];
}

export const csv: CsvKernel = (body, limits) => {
  const columns = read(body, limits);
  const rows = columns[0]!.fields.length;
  if (rows === 0) throw noRows();
  const overflows = columns.flatMap((column) => overflowOf(column) ?? []);
  if (overflows.length > 0) throw outOfRange(overflows);
  return tableOf(columns.map(infer), rows);
};

function read(body: Uint8Array, limits: TableLimits): readonly Fields[] {
  const text = utf8(body);
  const fault = (): Problem => {
    const found = findFault(body);
    if (found === null) throw new RangeError('expected a fault where csv-parse found one, got none');
    return csvProblem(found.fault, body, found.at, found.width);
  };
  // csv-parse takes a NUL behind a closing quote for the end of the body.
  const broken = text.includes('"\0') ? findFault(body) : null;
  let columns: Fields[] | undefined;
  let rows = 0;
  const onRecord = (record: readonly string[], { bytes }: { readonly bytes: number }): undefined => {
    if (broken !== null && bytes > broken.at - mark) throw fault();
    if (columns === undefined) {
      columns = header(record, limits);
      return;
    }
    if (record.length > columns.length) throw fault();
    refuseSize(++rows, columns.length, limits);
    columns.forEach(({ fields }, i) => fields.push(record[i] || null));
  };
  const mark = body.length >= 3 && body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  try {
    parse(Buffer.from(body.buffer, body.byteOffset + mark, body.length - mark), {
      on_record: onRecord,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
    });
  } catch (error) {
    throw error instanceof CsvError ? fault() : error;
  }
  if (columns === undefined) throw fault();
  return columns;
}

function header(names: readonly string[], limits: TableLimits): Fields[] {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw duplicateName(name);
    const pointer = `/${token(name)}`;
    refuseName(name, () => pointer, limits);
    seen.add(name);
    refuseColumns(seen.size, pointer, limits);
  }
  return names.map((name) => ({ name, fields: [] }));
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/u;
const INFINITE = /^[+-]?inf(?:inity)?$/iu;
const NAN = /^[+-]?nan$/iu;
const BOOLEANS: ReadonlyMap<string, number> = new Map([
  ['true', 1],
  ['True', 1],
  ['TRUE', 1],
  ['false', 0],
  ['False', 0],
  ['FALSE', 0],
]);

/** The value of a field in a column of numbers (NaN where it is missing there), or null when it is none. */
function numberOf(trimmed: string): number | null {
  if (NUMBER.test(trimmed)) return Number(trimmed);
  if (INFINITE.test(trimmed)) return trimmed.startsWith('-') ? -Infinity : Infinity;
  return NAN.test(trimmed) ? NaN : null;
}

/** Without the spaces and tabs around it. */
function trim(field: string): string {
  let [start, end] = [0, field.length];
  while (start < end && isBlank(field, start)) start++;
  while (end > start && isBlank(field, end - 1)) end--;
  return field.slice(start, end);
}

const isBlank = (field: string, at: number): boolean => field[at] === ' ' || field[at] === '\t';

const isNumber = (field: string): boolean => numberOf(trim(field)) !== null;
const isBoolean = (field: string): boolean => BOOLEANS.has(trim(field));
const every = ({ fields }: Fields, is: (field: string) => boolean): boolean =>
  fields.every((field) => field === null || is(field));

interface Overflow {
  readonly row: number;
  readonly name: string;
}

/** The first literal beyond float64 in a column of numbers. */
function overflowOf(column: Fields): Overflow | undefined {
  const row = column.fields.findIndex((field) => {
    const trimmed = trim(field ?? '');
    return NUMBER.test(trimmed) && !Number.isFinite(Number(trimmed));
  });
  return row < 0 || !every(column, isNumber) ? undefined : { row, name: column.name };
}

function outOfRange(overflows: readonly Overflow[]): Problem {
  const { row, name } = overflows.reduce((first, other) => (other.row < first.row ? other : first));
  const detail = 'expected a number within the range of float64, got one beyond it';
  return Problem.at(`/${row}/${token(name)}`, 'number_out_of_range', detail);
}

function infer(column: Fields): Column {
  const { name, fields } = column;
  if (every(column, isNumber)) {
    const values = Float64Array.from(fields, (field) => (field === null ? NaN : numberOf(trim(field))!));
    if (values.some((value) => !Number.isNaN(value)))
      return numeric(name, 'number', values, inexactOf(fields));
    return { name, type: 'mixed', missing: fields.length, cells: () => fields.map(() => null) };
  }
  if (every(column, isBoolean)) {
    const values = Float64Array.from(fields, (field) => BOOLEANS.get(trim(field ?? '')) ?? NaN);
    return numeric(name, 'boolean', values, 0);
  }
  const missing = fields.filter((field) => field === null).length;
  return { name, type: 'string', missing, cells: () => fields };
}

function numeric(name: string, type: 'number' | 'boolean', values: Float64Array, inexact: number): Column {
  const numbers = { length: values.length, chunks: [{ values, validity: null, bitOffset: 0 }] };
  return { name, type, numbers, inexact, cells: () => numericCells(type, numbers) };
}

/** How many integers float64 does not have. */
function inexactOf(fields: readonly (string | null)[]): number {
  return fields.filter((field) => {
    const digits = /^[+-]?0*(\d{16,})$/u.exec(trim(field ?? ''))?.[1];
    return digits !== undefined && BigInt(Number(digits)) !== BigInt(digits);
  }).length;
}

function tableOf(columns: readonly Column[], rows: number): Table {
  const byName = new Map(columns.map((column) => [column.name, column]));
  return { rows, names: [...byName.keys()], column: (name) => byName.get(name)! };
}
