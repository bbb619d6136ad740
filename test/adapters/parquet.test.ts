import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codecs } from '../../src/adapters/codecs/codecs.js';
import { readParquet } from '../../src/adapters/parquet/read.js';
import { readConfig } from '../../src/config.js';
import { wasmEngine } from '../../src/engine/wasm/engine.js';
import { openKernels } from '../contract/engines.js';
import type { TableLimits } from '../../src/ports/limits.js';
import { Problem } from '../../src/ports/problem.js';
import type { Cell, NumericColumn, Table } from '../../src/ports/tables.js';
import { ROOT } from '../service.js';

const FOLDER = join(ROOT, 'test', 'fixtures', 'parquet');
const FLIGHTS = join(ROOT, 'node_modules', 'vega-datasets', 'data', 'flights-3m.parquet');

interface Expected {
  readonly rows: number;
  readonly groups: readonly number[];
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly values?: readonly (string | number | boolean | null)[];
    readonly inexact?: number;
  }[];
}

const json = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));

/** A table over an arena of its own, the body in shared memory as in a lane. */
async function open(file: Uint8Array, limits: Partial<TableLimits> = {}): Promise<Table> {
  const { kernels, arena, memory } = openKernels('release');
  const at = arena.take(file.length);
  const body = new Uint8Array(memory.buffer, at, file.length);
  body.set(file);
  const tools = {
    space: arena,
    engine: wasmEngine(kernels, arena),
    limits: { ...readConfig({}).tableLimits, ...limits },
    codecs,
  };
  return (await readParquet(body, tools)).table;
}

const openFixture = (name: string, limits: Partial<TableLimits> = {}): Promise<Table> =>
  open(readFileSync(join(FOLDER, name)), limits);

async function problemOf(table: Promise<Table>): Promise<Problem> {
  const error: unknown = await table.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Problem) return error;
  throw new Error(`expected a Problem, got ${String(error)}`);
}

/** A cell as it stands in expected.json. */
const written = (cell: Cell): Cell =>
  typeof cell === 'number' && !Number.isFinite(cell) ? (cell > 0 ? 'inf' : '-inf') : cell;

describe('files of pyarrow', () => {
  const expected = json('expected.json') as Readonly<Record<string, Expected>>;
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.parquet'));

  test('every file has expected values', () => {
    expect(files.sort()).toEqual(Object.keys(expected).sort());
  });

  test.each(files)('%s', async (name) => {
    const { rows, groups, columns } = expected[name]!;
    const table = await openFixture(name);
    expect(table.rows).toBe(rows);
    expect(table.names).toEqual(columns.map((column) => column.name));
    for (const { name: key, type, values, inexact } of columns) {
      if (type === 'unsupported') {
        expect(() => table.column(key)).toThrow(Problem);
        continue;
      }
      const column = table.column(key);
      // NaN of a float column is missing, as null is.
      const cells = values!.map((value) => (value === 'nan' && type === 'number' ? null : value));
      expect([key, column.type]).toEqual([key, type]);
      expect([key, [...column.cells()].map(written)]).toEqual([key, cells]);
      if ('numbers' in column) {
        expect(column.numbers.length).toBe(rows);
        expect(column.numbers.chunks.map((chunk) => chunk.values.length)).toEqual(
          groups.filter((count) => count > 0),
        );
        expect([key, column.inexact]).toEqual([key, inexact ?? 0]);
      } else expect([key, column.missing]).toEqual([key, cells.filter((cell) => cell === null).length]);
    }
  });

  test('a column that is not read is 422 unsupported_type, which names column and type; the others are read', async () => {
    const table = await openFixture('unsupported.parquet');
    for (const [name, type] of [
      ['binary', 'BYTE_ARRAY'],
      ['time', 'INT64 (TIME)'],
      ['list', 'a group of columns'],
      ['struct', 'a group of columns'],
      ['map', 'a group of columns'],
    ]) {
      expect(() => table.column(name!)).toThrow(
        `expected a column of a supported type, got ${type!} in column "${name!}"`,
      );
    }
    expect([...table.column('y').cells()].slice(0, 3)).toEqual([0, 0.25, 0.5]);
  });

  test('limits are named: rows, cells, columns, names', async () => {
    const codes = async (limits: Partial<TableLimits>): Promise<string> =>
      (await problemOf(openFixture('types.parquet', limits))).code;
    expect(await codes({ rows: 36 })).toBe('too_many_rows');
    expect(await codes({ cells: 100 })).toBe('too_many_cells');
    expect(await codes({ columns: 5 })).toBe('too_many_columns');
    expect(await codes({ nameBytes: 4 })).toBe('invalid_column_name');
    expect(await codes({ decodedBytes: 1000 })).toBe('too_large');
  });
});

describe('flights-3m.parquet', () => {
  interface Moments {
    readonly name: string;
    readonly type: string;
    readonly missing: number;
    readonly mean: number;
    readonly std: number;
    readonly min: number;
    readonly max: number;
    readonly sum: number;
  }
  interface Ends {
    readonly name: string;
    readonly type: string;
    readonly distinct: number;
    readonly first: string;
    readonly last: string;
    readonly least: string;
    readonly greatest: string;
  }
  const { rows, groups, columns } = json('flights-3m.json') as {
    rows: number;
    groups: number[];
    columns: (Moments | Ends)[];
  };
  let table: Table;
  beforeAll(async () => {
    table = await open(readFileSync(FLIGHTS));
  });

  test('rows and columns', () => {
    expect(table.rows).toBe(rows);
    expect(table.names).toEqual(columns.map(({ name }) => name));
  });

  test.each(columns.filter((column) => column.type === 'number') as Moments[])(
    'moments of $name are those of pyarrow',
    ({ name, mean, std, min, max, sum }) => {
      const { kernels, arena } = openKernels('release');
      const column = table.column(name) as NumericColumn;
      expect(column.numbers.chunks.map((chunk) => chunk.values.length)).toEqual(groups);
      expect(column.inexact).toBe(0);
      const moments = wasmEngine(kernels, arena).moments(column.numbers, 2);
      expect([moments.count, moments.sum, moments.min, moments.max]).toEqual([rows, sum, min, max]);
      expect(Math.abs(moments.mean / mean - 1)).toBeLessThan(1e-15);
      expect(Math.abs(Math.sqrt(moments.m2 / (moments.count - 1)) / std - 1)).toBeLessThan(1e-13);
    },
  );

  test.each(columns.filter((column) => column.type !== 'number') as Ends[])(
    'values of $name are those of pyarrow',
    ({ name, type, distinct, first, last, least, greatest }) => {
      const column = table.column(name);
      expect(column.type).toBe(type);
      const seen = new Set<Cell>();
      let count = 0;
      let final: Cell = null;
      for (const cell of column.cells()) {
        if (count++ === 0) expect(cell).toBe(first);
        seen.add(cell);
        final = cell;
      }
      const sorted = [...seen].sort();
      expect([count, final, seen.size]).toEqual([rows, last, distinct]);
      expect([sorted[0], sorted.at(-1)]).toEqual([least, greatest]);
    },
  );
});
