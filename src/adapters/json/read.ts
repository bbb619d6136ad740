import type { Decoder } from '../../ports/formats.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { Space } from '../../ports/space.js';
import type { Cell, Column, Table } from '../../ports/tables.js';
import { checkName, ColumnBuilder, refuseColumn } from './columns.js';
import { hasInexactInteger, parseDocument, refuseDepth, token } from './text.js';

const KEYS = ['data', 'columns', 'options'];

/**
 * `{"data": [{…}, …], "options": {…}}`, rows, or `{"columns": {"a": […], …}, "options": {…}}`.
 * Of duplicate keys the last wins, as in every format of the service.
 */
export const readJson: Decoder = (body, { space }) => {
  const { text, document } = parseDocument(body);
  if (Array.isArray(document)) {
    refuseDepth(document, 1);
    throw Problem.at('', 'invalid_request', 'expected an object with "data" or "columns", got an array');
  }
  const top = new Map<string, unknown>(Object.entries(document));
  for (const key of top.keys()) {
    if (!KEYS.includes(key)) {
      refuseDepth(top.get(key), 2);
      const detail = `expected only ${KEYS.map((name) => `"${name}"`).join(', ')} at the top, got ${JSON.stringify(excerpt(key))}`;
      throw Problem.at(`/${token(key)}`, 'invalid_request', detail);
    }
  }
  if (top.has('data') === top.has('columns')) {
    const got = top.has('data') ? 'both' : 'neither';
    throw Problem.at('', 'invalid_request', `expected "data" or "columns", got ${got}`);
  }
  if (top.has('options')) refuseDepth(top.get('options'), 2);
  const columns = top.has('data')
    ? fromRows(top.get('data'), text, space)
    : fromColumns(top.get('columns'), text, space);
  return { table: tableOf(columns), options: top.get('options') };
};

function tableOf(columns: readonly Column[]): Table {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const [first] = columns;
  const rows =
    first === undefined ? 0 : 'numbers' in first ? first.numbers.length : [...first.cells()].length;
  return { rows, names: [...byName.keys()], column: (name) => byName.get(name)! };
}

type Row = Readonly<Record<string, Cell>>;

function fromRows(data: unknown, text: string, space: Space): Column[] {
  if (!Array.isArray(data)) {
    throw Problem.at('/data', 'invalid_request', `expected an array of row objects, got ${kindOf(data)}`);
  }
  const rows: readonly unknown[] = data;
  if (rows.length === 0) throw Problem.at('/data', 'no_data', 'expected at least one row, got none');
  const builders: ColumnBuilder[] = [];
  const byName = new Map<string, ColumnBuilder>();
  rows.forEach((row, i) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw Problem.at(`/data/${i}`, 'invalid_request', `expected a row object, got ${kindOf(row)}`);
    }
    let expected = 0;
    for (const name of Object.keys(row)) {
      // Rows mostly have the same keys in the same order.
      let builder = builders[expected++];
      if (builder?.name !== name) {
        builder = byName.get(name);
        if (builder === undefined) {
          const pointer = `/data/${i}/${token(name)}`;
          checkName(name, () => pointer);
          refuseColumn(builders.length + 1, pointer);
          builder = new ColumnBuilder(name, rows.length, space);
          builders.push(builder);
          byName.set(name, builder);
        }
      }
      builder.add(i, (row as Row)[name], () => `/data/${i}/${token(name)}`);
    }
  });
  if (builders.length === 0)
    throw Problem.at('/data', 'no_data', 'expected at least one column, got rows without keys');
  const inexact = builders.some(({ suspicious }) => suspicious) && hasInexactInteger(text);
  return builders.map((builder) =>
    builder.finish(function* () {
      for (const row of rows as readonly Row[])
        yield Object.hasOwn(row, builder.name) ? (row[builder.name] ?? null) : null;
    }, inexact),
  );
}

function fromColumns(data: unknown, text: string, space: Space): Column[] {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw Problem.at('/columns', 'invalid_request', `expected an object of arrays, got ${kindOf(data)}`);
  }
  const entries: [string, unknown][] = Object.entries(data);
  if (entries.length === 0) throw Problem.at('/columns', 'no_data', 'expected at least one column, got none');
  refuseColumn(entries.length, '/columns');
  let rows: number | undefined;
  const builders = entries.map(([name, values]) => {
    const pointer = `/columns/${token(name)}`;
    checkName(name, () => pointer);
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
    const builder = new ColumnBuilder(name, rows, space);
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
