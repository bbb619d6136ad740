import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../service.js';
import {
  CODEC,
  ENCODING,
  type FileSpec,
  i32,
  i64,
  list,
  parquetFile,
  PHYSICAL,
  struct,
  text,
} from './parquet-files.js';
import { int32, outcomeOf, readAll, u32, varint } from './parquet-outcomes.js';

const FOLDER = join(ROOT, 'test', 'fixtures', 'parquet');

describe('a file made by hand', () => {
  test('is read', async () => {
    expect(await readAll(parquetFile({ rows: 3, pages: [{ bytes: int32(1, -2, 3), values: 3 }] }))).toEqual([
      [1, -2, 3],
    ]);
  });

  test('in Hadoop blocks of LZ4, and in one raw block under the same codec', async () => {
    const values = int32(1, 2, 3, 4);
    const block = (part: Buffer): Buffer => Buffer.concat([Buffer.from([part.length << 4]), part]);
    const framed = (part: Buffer): Buffer => {
      const head = Buffer.alloc(8);
      head.writeUInt32BE(part.length, 0);
      head.writeUInt32BE(block(part).length, 4);
      return Buffer.concat([head, block(part)]);
    };
    const hadoop = Buffer.concat([framed(values.subarray(0, 8)), framed(values.subarray(8))]);
    const page = { size: 16, values: 4 };
    const file = (bytes: Buffer): Buffer =>
      parquetFile({ codec: CODEC.lz4, rows: 4, pages: [{ ...page, bytes }] });
    expect(await readAll(file(hadoop))).toEqual([[1, 2, 3, 4]]);
    const raw = Buffer.concat([Buffer.from([0xf0, 1]), values]);
    expect(await readAll(file(raw))).toEqual([[1, 2, 3, 4]]);
  });
});

describe('hostile metadata', () => {
  const page = { bytes: int32(1), values: 1 };
  const nested = Array<number>(100_000).fill(0x1c);
  test.each<[string, string, Omit<FileSpec, 'pages'> & Partial<FileSpec>]>([
    ['a name twice', 'duplicate_column', { names: ['a', 'a'], pages: [{ ...page }] }],
    ['a name of 2,000 bytes', 'invalid_column_name', { names: ['x'.repeat(2000)] }],
    ['5,000 columns', 'too_many_columns', { names: Array.from({ length: 5000 }, (_, i) => `c${i}`) }],
    ['columns that share their bytes', 'invalid_parquet', { names: ['a', 'b'] }],
    ['2^40 rows', 'too_many_rows', { rows: 2 ** 40 }],
    ['−1 rows', 'invalid_parquet', { rows: -1 }],
    ['rows that do not add up', 'invalid_parquet', { metadata: { 3: i64(2) } }],
    ['as many values as rows, in no page', 'invalid_parquet', { rows: 2 }],
    ['a chunk that begins before the file', 'invalid_parquet', { chunk: { 9: i64(-4) } }],
    ['a chunk of −1 bytes', 'invalid_parquet', { chunk: { 7: i64(-1) } }],
    ['a chunk inside the metadata', 'invalid_parquet', { chunk: { 7: i64(60) } }],
    ['a chunk at 2^62', 'invalid_parquet', { chunk: { 9: i64(2n ** 62n) } }],
    ['an unknown codec', 'invalid_parquet', { codec: 99 }],
    ['LZO', 'unsupported_type', { codec: CODEC.lzo }],
    ['a type that is not the schema’s', 'invalid_parquet', { chunk: { 1: i32(2) } }],
    ['no schema', 'invalid_parquet', { metadata: { 2: undefined } }],
    [
      'a schema of more columns than it has',
      'invalid_parquet',
      { metadata: { 2: list(12, [struct({ 4: text('r'), 5: i32(9) })]) } },
    ],
    [
      'a group of −1 columns',
      'invalid_parquet',
      { metadata: { 2: list(12, [struct({ 4: text('r'), 5: i32(-1) })]) } },
    ],
    ['an encrypted file', 'unsupported_type', { metadata: { 8: struct({}) } }],
    ['nesting of 100,000', 'invalid_parquet', { metadata: { 9: { type: 12, bytes: nested } } }],
    [
      'a list of 2^32 elements',
      'invalid_parquet',
      { metadata: { 5: { type: 9, bytes: [0xfc, 255, 255, 255, 255, 15] } } },
    ],
    ['lists of booleans', 'table', { metadata: { 5: { type: 9, bytes: [0x21, 1, 2] } } }],
  ])('%s → %s', async (_name, code, spec) => {
    const file = parquetFile({ pages: [page], ...spec });
    const started = performance.now();
    expect(await outcomeOf(file)).toBe(code);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test.each([
    ['an empty body', '', 'invalid_parquet'],
    ['the magic alone', 'PAR1', 'truncated'],
    ['the magic twice', 'PAR1PAR1', 'truncated'],
    ['metadata of no bytes', 'PAR1\0\0\0\0PAR1', 'invalid_parquet'],
    ['metadata longer than the file', 'PAR1\xff\xff\xff\xffPAR1', 'invalid_parquet'],
    ['an encrypted footer', 'PARE\0\0\0\0PARE', 'unsupported_type'],
    ['Arrow', 'ARROW1\0\0', 'invalid_parquet'],
  ])('%s', async (_name, bytes, code) => {
    expect(await outcomeOf(Buffer.from(bytes, 'latin1'))).toBe(code);
  });
});

describe('hostile pages', () => {
  const delta = (block: number, mini: number, count: number): number[] => [
    ...varint(block),
    ...varint(mini),
    ...varint(count),
    0,
  ];
  const dictionary = { bytes: int32(7, 8), values: 2, isDictionary: true };
  const codes = (...bytes: number[]): FileSpec => ({
    rows: 8,
    pages: [dictionary, { bytes, values: 8, encoding: ENCODING.dictionary }],
  });
  test.each<[string, FileSpec]>([
    ['fewer bytes than values', { rows: 1000, pages: [{ bytes: int32(1), values: 1000 }] }],
    ['more values than rows', { rows: 1, pages: [{ bytes: int32(1, 2), values: 2 }] }],
    ['−1 values', { rows: 1, pages: [{ bytes: int32(1), values: -1 }] }],
    ['a page of −1 bytes', { rows: 1, pages: [{ bytes: int32(1), size: -1, values: 1 }] }],
    ['an index outside the dictionary', codes(2, 16, 2)],
    ['a packed index outside the dictionary', codes(2, 3, 0xff, 0xff)],
    [
      'indices without a dictionary',
      { rows: 8, pages: [{ bytes: [1, 16, 0], values: 8, encoding: ENCODING.dictionary }] },
    ],
    ['a run of 2^31 − 1', codes(1, ...varint(2 ** 32 - 2), 0)],
    ['2^30 packed groups', codes(1, ...varint(2 ** 31 + 1), 0)],
    ['indices of 31 bits', codes(31, 3, ...Array<number>(31).fill(0))],
    ['runs of length 0 for ever', codes(1, ...Array<number>(100).fill(0))],
    ['a run with a length that never ends', codes(1, ...Array<number>(100).fill(0x80))],
    [
      'a dictionary of 2^31 − 1',
      {
        rows: 1,
        pages: [
          { ...dictionary, values: 2 ** 31 - 1 },
          { bytes: [1, 2, 0], values: 1, encoding: ENCODING.dictionary },
        ],
      },
    ],
    [
      'two dictionaries',
      {
        rows: 1,
        pages: [dictionary, dictionary, { bytes: [1, 2, 0], values: 1, encoding: ENCODING.dictionary }],
      },
    ],
    [
      'a delta block of 0',
      { rows: 9, pages: [{ bytes: delta(0, 4, 9), values: 9, encoding: ENCODING.delta }] },
    ],
    ['0 miniblocks', { rows: 9, pages: [{ bytes: delta(128, 0, 9), values: 9, encoding: ENCODING.delta }] }],
    [
      '2^31 miniblocks',
      {
        rows: 9,
        type: PHYSICAL.int64,
        pages: [{ bytes: delta(2 ** 31, 2 ** 26, 9), values: 9, encoding: ENCODING.delta }],
      },
    ],
    [
      'deltas of 255 bits',
      {
        rows: 9,
        type: PHYSICAL.int64,
        pages: [
          {
            bytes: [...delta(128, 4, 9), 0, 255, 255, 255, 255, ...Array<number>(2000).fill(1)],
            values: 9,
            encoding: ENCODING.delta,
          },
        ],
      },
    ],
    [
      'another number of deltas',
      { rows: 9, pages: [{ bytes: delta(128, 4, 2 ** 31), values: 9, encoding: ENCODING.delta }] },
    ],
    [
      'a string longer than the page',
      { rows: 1, type: PHYSICAL.bytes, converted: 0, pages: [{ bytes: u32(2 ** 32 - 1), values: 1 }] },
    ],
    [
      'a string that is no UTF-8',
      { rows: 1, type: PHYSICAL.bytes, converted: 0, pages: [{ bytes: [...u32(1), 0xff], values: 1 }] },
    ],
    [
      'a character cut in two',
      {
        rows: 2,
        type: PHYSICAL.bytes,
        converted: 0,
        pages: [{ bytes: [...u32(1), 0xc3, ...u32(1), 0xa9], values: 2 }],
      },
    ],
    [
      'a decimal of 100 bytes',
      {
        rows: 1,
        type: PHYSICAL.bytes,
        converted: 5,
        pages: [{ bytes: [...u32(100), ...Array<number>(100).fill(1)], values: 1 }],
      },
    ],
    [
      'levels longer than the page',
      { rows: 1, optional: true, pages: [{ bytes: u32(2 ** 32 - 1), values: 1 }] },
    ],
    [
      'a level of 2',
      { rows: 1, optional: true, pages: [{ bytes: [...u32(2), 2, 2, ...int32(1)], values: 1 }] },
    ],
  ])('%s → 400', async (_name, spec) => {
    expect(await outcomeOf(parquetFile(spec))).toBe('invalid_parquet');
  });

  test('indices of no bits are all the first', async () => {
    expect(await readAll(parquetFile(codes(0)))).toEqual([Array<number>(8).fill(7)]);
  });

  test('prefixes that make 2 GiB of 64 KiB are refused before they are made', async () => {
    // Each string is the one before it and one byte more: prefixes grow by 1, suffixes have 1.
    const rows = 2 ** 16;
    const head = [...varint(2 ** 24), 1, ...varint(rows)];
    const bytes = [...head, 0, 2, 0, ...head, 2, 0, 0, ...Array<number>(rows).fill(97)];
    const page = { bytes, values: rows, encoding: ENCODING.deltaBytes };
    const before = process.memoryUsage().rss;
    const outcome = await outcomeOf(parquetFile({ rows, type: PHYSICAL.bytes, converted: 0, pages: [page] }));
    expect(outcome).toBe('too_large');
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 2 ** 20);
  });
});

describe('files cut and changed', () => {
  test('every beginning of a file is refused with a code', async () => {
    const file = readFileSync(join(FOLDER, 'required.parquet'));
    const codes = new Set<string>();
    for (let length = 0; length < file.length; length++) codes.add(await outcomeOf(file.subarray(0, length)));
    expect([...codes].sort()).toEqual(['invalid_parquet', 'truncated']);
  });

  test('every flipped bit of a file gives a code or a table', async () => {
    const file = readFileSync(join(FOLDER, 'required.parquet'));
    const codes = new Map<string, number>();
    for (let bit = 0; bit < file.length * 8; bit++) {
      const flipped = Buffer.from(file);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const code = await outcomeOf(flipped);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect(codes.get('invalid_parquet')).toBeGreaterThan(500);
    expect([...codes.values()].reduce((sum, count) => sum + count, 0)).toBe(file.length * 8);
  });

  test('5,000 mutations in a worker thread: a code or a table, none slow, the process lives', () => {
    const script = join(ROOT, 'test', 'hostile', 'parquet-fuzz.cjs');
    const printed = execFileSync(process.execPath, [script, '1', '5000'], { encoding: 'utf8' });
    const result = JSON.parse(printed) as {
      outcomes: Record<string, number>;
      faults: unknown[];
      growth: number;
    };
    expect(result.faults).toEqual([]);
    expect(Object.values(result.outcomes).reduce((sum, count) => sum + count, 0)).toBe(5000);
    expect(result.outcomes.table).toBeGreaterThan(200);
    expect(result.growth).toBeLessThan(512 * 2 ** 20);
  });
});
