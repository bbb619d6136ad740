import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompressionType, compressionRegistry, tableFromIPC } from 'apache-arrow';
import lz4 from 'lz4js';
import { codecs } from '../../../src/adapters/codecs/codecs.js';
import { encodeLz4 } from '../../../src/adapters/codecs/lz4.js';
import { verifyArrow } from '../../../src/adapters/arrow/verify.js';
import { writeArrow } from '../../../src/adapters/arrow/write.js';
import type { Cell, Column, Table, TextColumn } from '../../../src/ports/tables.js';
import { cellsOf, fixture, LIMITS, loadEngine, read } from './reading.js';

const FOLDER = join(__dirname, '..', '..', 'fixtures', 'arrow', 'written');

interface Written {
  readonly metadata: Readonly<Record<string, string>>;
  readonly batches: readonly number[];
  readonly columns: readonly {
    readonly name: string;
    readonly arrow: string;
    readonly hidden: number;
    readonly values: readonly Cell[];
  }[];
}

/** A table as JSON rows make it. */
const fromRows = (): Table => ({
  rows: 4,
  names: ['a', 's', 'b', 'cluster'],
  column(name) {
    const numeric = (type: 'number' | 'boolean', values: number[], bits: number, cells: Cell[]) =>
      ({
        name,
        type,
        inexact: 0,
        numbers: {
          length: 4,
          chunks: [{ values: Float64Array.from(values), validity: Uint8Array.of(bits), bitOffset: 0 }],
        },
        cells: () => cells,
      }) as const;
    if (name === 's')
      return { name, type: 'string', missing: 1, cells: () => ['x', null, 'grün', ''] } as const;
    if (name === 'b') return numeric('boolean', [1, 0, 1, 0], 13, [true, null, true, false]);
    return numeric('number', [1.5, 7, -0.25, 1e300], 13, [1.5, null, -0.25, 1e300]);
  },
});

const LABELS = { name: 'cluster', values: Int32Array.of(2, -1, 0, 1) };
const META = new Map([['meta', '{"rows":4}']]);

const labelled = (name: string, compression?: 'lz4'): Uint8Array => {
  const table = read(fixture(name));
  const values = Int32Array.from({ length: table.rows }, (_, row) => (row % 5) - 1);
  return writeArrow(table, { name: 'cluster', values }, META, compression && codecs.lz4.encode);
};

/** What is committed as files, for pyarrow: written.py reads them. */
const MADE: Readonly<Record<string, () => Uint8Array>> = {
  'rows.arrows': () => writeArrow(fromRows(), LABELS, META),
  'rows-lz4.arrows': () => writeArrow(fromRows(), LABELS, META, codecs.lz4.encode),
  'sliced.arrows': () => labelled('sliced.arrows'),
  'sliced-lz4.arrows': () => labelled('sliced-zstd.arrows', 'lz4'),
  'dictionary-deltas-lz4.arrows': () => labelled('dictionary-deltas.arrows', 'lz4'),
  'dictionary-replaced.arrows': () => labelled('dictionary-replaced.arrows'),
  'integers.arrows': () => labelled('integers.arrow'),
  'decimals-lz4.arrows': () => labelled('decimals.arrows', 'lz4'),
  'strings-lz4.arrows': () => labelled('strings.arrows', 'lz4'),
  'times.arrows': () => labelled('times.arrows'),
  'rows-600-lz4.arrows': () => labelled('rows-600-batches-37.arrows', 'lz4'),
};

describe('Arrow that is written', () => {
  beforeAll(async () => {
    await loadEngine();
    // apache-arrow brings no codecs: a reader that is not ours.
    const decode = (bytes: Uint8Array): Uint8Array => lz4.decompress(bytes);
    compressionRegistry.set(CompressionType.LZ4_FRAME, { encode: encodeLz4, decode });
    if (process.env['WRITE_FIXTURES'] !== undefined)
      for (const [name, make] of Object.entries(MADE)) writeFileSync(join(FOLDER, name), make());
  });

  test('there is a file of each, and nothing else', () => {
    expect(readdirSync(FOLDER).filter((name) => name.endsWith('.arrows'))).toEqual(Object.keys(MADE).sort());
  });

  describe.each(Object.keys(MADE))('%s', (name) => {
    const written = JSON.parse(readFileSync(join(FOLDER, 'written.json'), 'utf8')) as Record<string, Written>;
    const expected = written[name]!;

    test('the bytes that pyarrow has read', () => {
      expect(Buffer.compare(Buffer.from(MADE[name]!()), readFileSync(join(FOLDER, name)))).toBe(0);
    });

    test('pyarrow, apache-arrow and we read the same from it', () => {
      const body = MADE[name]!();
      const arrow = tableFromIPC(body);
      expect(Object.fromEntries(arrow.schema.metadata)).toMatchObject(expected.metadata);
      expect(arrow.batches.map(({ numRows }) => numRows)).toEqual(expected.batches);
      const ours = read(body);
      expect(ours.names).toEqual(expected.columns.map((column) => column.name));
      for (const { name: column, arrow: type, values } of expected.columns) {
        if (/timestamp|date/u.test(type)) continue;
        expect([column, cellsOf(ours, column)]).toEqual([
          column,
          values.map((value) => numberOf(value, type)),
        ]);
        if (type.startsWith('decimal')) continue;
        const cells = [...arrow.getChild(column)!].map((value: unknown) =>
          typeof value === 'bigint' ? Number(value) : (value as Cell),
        );
        expect([column, cells]).toEqual([column, values.map((value) => numberOf(value, type))]);
      }
    });

    test('nothing but zeros lies behind nulls', () => {
      expect(expected.columns.map(({ hidden }) => hidden)).toEqual(expected.columns.map(() => 0));
      expect(hiddenBytes(MADE[name]!())).toBe(0);
    });
  });

  test.each(['times', 'decimals', 'dictionaries-odd', 'null-type', 'floats'])(
    '%s: the cells that were read are those that are written, raw and as lz4',
    (name) => {
      const source = read(fixture(`${name}.arrow`));
      for (const compression of [undefined, 'lz4'] as const) {
        const back = read(labelled(`${name}.arrow`, compression));
        for (const column of source.names) expect(cellsOf(back, column)).toEqual(cellsOf(source, column));
      }
    },
  );

  test.each([undefined, 'lz4'] as const)(
    'categories are a dictionary, missing ones null: %s',
    (compression) => {
      const texts = ['first', 'second', 'third'];
      const columnOf = (name: string, codes: Int32Array): Column => ({
        name,
        type: 'string',
        missing: codes.filter((code) => code < 0).length,
        cells: () => [...codes].map((code) => texts[code] ?? null),
        categories: { texts, codes },
      });
      const made: Record<string, Column> = {
        whole: columnOf('whole', Int32Array.of(2, 0, 2, 1)),
        gappy: columnOf('gappy', Int32Array.of(2, -1, -1, 0)),
      };
      const table = { rows: 4, names: Object.keys(made), column: (name: string) => made[name]! };
      const body = writeArrow(table, null, META, compression && codecs.lz4.encode);
      const arrow = tableFromIPC(body);
      expect(arrow.schema.fields.map(({ type }) => String(type))).toEqual([
        'Dictionary<Int32, Utf8>',
        'Dictionary<Int32, Utf8>',
      ]);
      for (const [name, column] of Object.entries(made)) {
        expect([...arrow.getChild(name)!]).toEqual([...column.cells()]);
        expect(cellsOf(read(body), name)).toEqual([...column.cells()]);
      }
      expect(hiddenBytes(body)).toBe(0);
      expect([...(made.gappy as TextColumn).categories!.codes]).toEqual([2, -1, -1, 0]);
    },
  );

  test('columns that lie in each other, in one memory, are all written whole', () => {
    const memory = new Float64Array(new SharedArrayBuffer(8 * 32));
    memory.set(Array.from({ length: 32 }, (_, i) => i));
    const parts = [
      memory.subarray(0, 16),
      memory.subarray(16, 32),
      memory.subarray(8, 24),
      memory.subarray(0, 16),
    ];
    const table: Table = {
      rows: 16,
      names: ['a', 'b', 'c', 'd'],
      column: (name) => ({
        name,
        type: 'number',
        inexact: 0,
        numbers: {
          length: 16,
          chunks: [{ values: parts['abcd'.indexOf(name)]!, validity: null, bitOffset: 0 }],
        },
        cells: () => [],
      }),
    };
    const body = writeArrow(table, null, META, undefined);
    parts.forEach((part, i) => {
      expect(cellsOf(read(body), 'abcd'[i]!)).toEqual([...part]);
    });
  });

  test('lz4 is smaller where it can be', () => {
    const [raw, lz4] = [labelled('compressed-lz4.arrows'), labelled('compressed-lz4.arrows', 'lz4')];
    expect(lz4.length).toBeLessThan(raw.length * 0.7);
  });

  test('what a client put behind its nulls is not given back, and its body stays as it came', () => {
    const body = fixture('sliced.arrows');
    const hidden = poisoned(body);
    const before = Buffer.from(hidden).toString('hex');
    const table = read(hidden);
    const back = writeArrow(table, { name: 'cluster', values: new Int32Array(table.rows) }, new Map());
    expect(hiddenBytes(hidden)).toBeGreaterThan(100);
    expect(hiddenBytes(back)).toBe(0);
    expect(Buffer.from(hidden).toString('hex')).toBe(before);
    for (const name of table.names) expect(cellsOf(read(back), name)).toEqual(cellsOf(table, name));
  });

  test("columns of types that cannot be asked for are among the client's own", () => {
    for (const name of ['list', 'struct', 'map', 'binary-view', 'fixed-size-list', 'interval', 'duration']) {
      const body = fixture(`unsupported-${name}.arrows`);
      const table = read(body);
      const back = writeArrow(table, { name: 'cluster', values: new Int32Array(table.rows) }, new Map());
      const [got, sent] = [tableFromIPC(back), tableFromIPC(body)];
      expect(JSON.stringify(got.getChild('odd'), plain)).toBe(JSON.stringify(sent.getChild('odd'), plain));
    }
  });
});

const plain = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value);
/** JSON holds integers beyond 2^53 exactly where float64 does not. */
const numberOf = (value: Cell, type: string): Cell =>
  typeof value === 'string' && !type.includes('string') ? Number(value) : value;

/** Every fixed-width value behind a null: where it lies in the body. */
function* behindNulls(body: Uint8Array): Iterable<Uint8Array> {
  for (const { columns } of verifyArrow(body, { limits: LIMITS, codecs }).batches) {
    for (const { length, validity, values, offsets } of columns) {
      const width = Math.floor(values.length / length);
      if (validity === null || offsets !== undefined || width === 0) continue;
      for (let row = 0; row < length; row++)
        if (((validity[row >> 3]! >> (row & 7)) & 1) === 0)
          yield values.subarray(row * width, (row + 1) * width);
    }
  }
}
function hiddenBytes(body: Uint8Array): number {
  let count = 0;
  for (const bytes of behindNulls(body)) count += bytes.filter((byte) => byte !== 0).length;
  return count;
}
/** The same table with something behind every null. */
function poisoned(body: Uint8Array): Uint8Array {
  for (const bytes of behindNulls(body)) bytes.fill(0x5a);
  return body;
}
