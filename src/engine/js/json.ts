import type { JsonKernel } from '../../ports/engine.js';
import {
  refuseColumns,
  refuseDepth,
  refuseName,
  refuseSize,
  type TableLimits,
  token,
} from '../../ports/limits.js';
import { Problem } from '../../ports/problem.js';
import type { Cell, Column, Table } from '../../ports/tables.js';
import { ColumnBuilder } from './builder.js';
import { hasInexactInteger, parseDocument, utf8 } from './document.js';

export const json: JsonKernel = (body, shape, limits) =>
  shape === 'document'
    ? document(body, limits)
    : { table: lines(body, limits), rest: new Map<string, string>() };

function document(body: Uint8Array, limits: TableLimits): ReturnType<JsonKernel> {
  const { text, document } = parseDocument(body, limits.depth);
  if (Array.isArray(document)) {
    refuseDepth(document, 1, limits.depth);
    throw Problem.at('', 'invalid_request', 'expected an object with "data" or "columns", got an array');
  }
  const { data, columns, ...others } = document as Record<string, unknown>;
  if ((data === undefined) === (columns === undefined)) {
    const got = data === undefined ? 'neither' : 'both';
    throw Problem.at('', 'invalid_request', `expected "data" or "columns", got ${got}`);
  }
  const rest = new Map<string, string>();
  for (const [key, value] of Object.entries(others)) {
    refuseDepth(value, 2, limits.depth);
    rest.set(key, JSON.stringify(value));
  }
  const made =
    data === undefined ? fromColumns(columns, text, limits) : fromRows(data, '/data', text, limits);
  return { table: tableOf(made), rest };
}

function lines(body: Uint8Array, limits: TableLimits): Table {
  const text = utf8(body);
  const rows = text.split('\n').flatMap((line): unknown[] => {
    if (line.trim() === '') return [];
    const { document: row } = parseDocument(new TextEncoder().encode(line), limits.depth);
    return [row];
  });
  return tableOf(fromRows(rows, '', text, limits));
}
function tableOf(columns: readonly Column[]): Table {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const [first] = columns;
  const rows =
    first === undefined ? 0 : 'numbers' in first ? first.numbers.length : [...first.cells()].length;
  return { rows, names: [...byName.keys()], column: (name) => byName.get(name)! };
}

type Row = Readonly<Record<string, Cell>>;

function fromRows(data: unknown, base: string, text: string, limits: TableLimits): Column[] {
  if (!Array.isArray(data)) {
    throw Problem.at(base, 'invalid_request', `expected an array of row objects, got ${kindOf(data)}`);
  }
  const rows: readonly unknown[] = data;
  if (rows.length === 0) throw Problem.at(base, 'no_data', 'expected at least one row, got none');
  refuseSize(rows.length, 1, limits);
  const builders: ColumnBuilder[] = [];
  const byName = new Map<string, ColumnBuilder>();
  rows.forEach((row, i) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw Problem.at(`${base}/${i}`, 'invalid_request', `expected a row object, got ${kindOf(row)}`);
    }
    let expected = 0;
    for (const name of Object.keys(row)) {
      // Rows mostly have the same keys in the same order.
      let builder = builders[expected++];
      if (builder?.name !== name) {
        builder = byName.get(name);
        if (builder === undefined) {
          const pointer = `${base}/${i}/${token(name)}`;
          refuseName(name, () => pointer, limits);
          refuseColumns(builders.length + 1, pointer, limits);
          refuseSize(rows.length, builders.length + 1, limits);
          builder = new ColumnBuilder(name, rows.length, limits.depth);
          builders.push(builder);
          byName.set(name, builder);
        }
      }
      builder.add(i, (row as Row)[name], () => `${base}/${i}/${token(name)}`);
    }
  });
  if (builders.length === 0)
    throw Problem.at(base, 'no_data', 'expected at least one column, got rows without keys');
  const inexact = builders.some(({ suspicious }) => suspicious) && hasInexactInteger(text);
  return builders.map((builder) =>
    builder.finish(function* () {
      for (const row of rows as readonly Row[])
        yield Object.hasOwn(row, builder.name) ? (row[builder.name] ?? null) : null;
    }, inexact),
  );
}

function fromColumns(data: unknown, text: string, limits: TableLimits): Column[] {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw Problem.at('/columns', 'invalid_request', `expected an object of arrays, got ${kindOf(data)}`);
  }
  const entries: [string, unknown][] = Object.entries(data);
  if (entries.length === 0) throw Problem.at('/columns', 'no_data', 'expected at least one column, got none');
  refuseColumns(entries.length, '/columns', limits);
  let rows: number | undefined;
  const builders = entries.map(([name, values]) => {
    const pointer = `/columns/${token(name)}`;
    refuseName(name, () => pointer, limits);
    if (!Array.isArray(values)) {
      throw Problem.at(pointer, 'invalid_request', `expected an array of values, got ${kindOf(values)}`);
    }
    rows ??= values.length;
    if (values.length !== rows) {
      throw Problem.at(
        pointer,
        'invalid_request',
        `expected ${rows} values as in the first column, got ${values.length}`,
      );
    }
    if (rows === 0) throw Problem.at(pointer, 'no_data', 'expected at least one row, got none');
    refuseSize(rows, entries.length, limits);
    const builder = new ColumnBuilder(name, rows, limits.depth);
    values.forEach((value: unknown, i) => {
      builder.add(i, value, () => `${pointer}/${i}`);
    });
    return { builder, values: values as readonly Cell[] };
  });
  const inexact = builders.some(({ builder }) => builder.suspicious) && hasInexactInteger(text);
  return builders.map(({ builder, values }) => builder.finish(() => values, inexact));
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
