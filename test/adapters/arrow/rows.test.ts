import { readFraming } from '../../../src/adapters/arrow/framing.js';
import type { FlatTable } from '../../../src/adapters/arrow/flatbuffers.js';
import { Problem, type ProblemCode } from '../../../src/ports/problem.js';
import type { TableLimits } from '../../../src/ports/limits.js';
import {
  type ArrowType,
  compressed,
  END,
  FLOAT64,
  listOf,
  lz4Zeros,
  packed,
  schema,
  stream,
  zstdZeros,
} from '../../fuzz/forge.js';
import { cellsOf, fixture, LIMITS, loadEngine, read } from './reading.js';

/** A body whose fields can be written over where they lie. */
class Forgery {
  readonly body: Uint8Array;
  readonly #view: DataView;

  constructor(name: string) {
    this.body = fixture(name);
    this.#view = new DataView(this.body.buffer);
  }

  #message(index: number): { readonly header: FlatTable; readonly body: Uint8Array } {
    return readFraming(this.body).messages[index]!;
  }
  /** Of a batch or, when it has one, of the batch inside a dictionary. */
  #batch(index: number): FlatTable {
    const { header } = this.#message(index);
    const isDictionary = readFraming(this.body).messages[index]!.kind === 'dictionary';
    return isDictionary ? header.table(1)! : header;
  }
  #place(table: FlatTable, at: number): number {
    return table.metadata.bytes.byteOffset + at;
  }

  length(message: number, rows: bigint): this {
    const batch = this.#batch(message);
    this.#view.setBigInt64(this.#place(batch, batch.field(0, 8)!), rows, true);
    return this;
  }
  node(message: number, node: number, part: 'length' | 'nulls', value: bigint): this {
    const batch = this.#batch(message);
    const at = this.#place(batch, batch.vector(1, 16).at);
    this.#view.setBigInt64(at + node * 16 + (part === 'nulls' ? 8 : 0), value, true);
    return this;
  }
  region(message: number, buffer: number, part: 'offset' | 'length', value: bigint): this {
    const batch = this.#batch(message);
    const at = this.#place(batch, batch.vector(2, 16).at);
    this.#view.setBigInt64(at + buffer * 16 + (part === 'length' ? 8 : 0), value, true);
    return this;
  }
  /** The count before a vector of a batch: 1 nodes, 2 buffers. */
  count(message: number, vector: 1 | 2, count: number): this {
    const batch = this.#batch(message);
    this.#view.setUint32(this.#place(batch, batch.vector(vector, 16).at) - 4, count, true);
    return this;
  }
  dictionaryId(message: number, id: bigint): this {
    const { header } = this.#message(message);
    this.#view.setBigInt64(this.#place(header, header.field(0, 8)!), id, true);
    return this;
  }
  /** Where a buffer of a message begins in the body. */
  buffer(message: number, buffer: number): number {
    const batch = this.#batch(message);
    const { at } = batch.vector(2, 16);
    const offset = Number(batch.metadata.view.getBigInt64(at + buffer * 16, true));
    return this.#message(message).body.byteOffset + offset;
  }
  int32(at: number, value: number): this {
    this.#view.setInt32(at, value, true);
    return this;
  }
  int64(at: number, value: bigint): this {
    this.#view.setBigInt64(at, value, true);
    return this;
  }
  byte(at: number, value: number): this {
    this.body[at] = value;
    return this;
  }
}

function codeOf(body: Uint8Array, limits: TableLimits = LIMITS): ProblemCode | 'read' {
  try {
    const table = read(body, limits);
    for (const name of table.names) table.column(name);
    return 'read';
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

const PLAIN = 'rows-600-one-batch.arrows';
const plain = (): Forgery => new Forgery(PLAIN);
/** Column s: validity, offsets, text are the first three buffers; 11 rows. */
const strings = (): Forgery => new Forgery('strings.arrows');
/** Messages: dictionary of f, dictionary of i, batch of 5 rows. */
const dictionaries = (): Forgery => new Forgery('dictionaries-of-numbers.arrows');

describe('hostile Arrow, row by row', () => {
  beforeAll(loadEngine);

  const whole = fixture(PLAIN);
  const [first] = readFraming(whole).messages;
  const batchStart = first!.header.metadata.bytes.byteOffset - 8;
  test.each<[string, Uint8Array, ProblemCode]>([
    ['an empty body', new Uint8Array(), 'invalid_arrow'],
    ['8 zero bytes', new Uint8Array(8), 'invalid_arrow'],
    ['the end marker only', END, 'invalid_arrow'],
    ['text', Buffer.from('a,b\n1,2\n'), 'invalid_arrow'],
    ['the legacy framing', fixture('legacy-format.arrows'), 'invalid_arrow'],
    ['cut at a message', whole.subarray(0, batchStart), 'truncated'],
    ['no end marker', whole.subarray(0, -8), 'truncated'],
    ['half an end marker', whole.subarray(0, -4), 'truncated'],
    ['bytes after the end', Buffer.concat([whole, Buffer.alloc(8)]), 'invalid_arrow'],
    ['a second stream after the end', Buffer.concat([whole, whole]), 'invalid_arrow'],
    ['metadata length -8', plain().int32(4, -8).body, 'invalid_arrow'],
    ['metadata length 2^31 - 1', plain().int32(4, 2 ** 31 - 1).body, 'invalid_arrow'],
    ['metadata beyond the body', plain().int32(4, 2 ** 20).body, 'truncated'],
    ['a file without its tail', fixture('strings.arrow').subarray(0, -8), 'truncated'],
    ['two schemas', Buffer.concat([whole.subarray(0, batchStart), whole]), 'invalid_arrow'],
  ])('%s', (_name, body, code) => {
    expect(codeOf(Uint8Array.from(body))).toBe(code);
  });

  test.each<[string, Uint8Array, ProblemCode]>([
    ['2^40 rows', plain().length(0, 2n ** 40n).body, 'too_many_rows'],
    ['2^62 rows', plain().length(0, 2n ** 62n).body, 'too_many_rows'],
    ['-5 rows', plain().length(0, -5n).body, 'invalid_arrow'],
    ['more rows than its columns', plain().length(0, 2n ** 24n).body, 'invalid_arrow'],
    [
      'a column of more rows than its buffer holds',
      plain().length(0, 601n).node(0, 0, 'length', 601n).body,
      'invalid_arrow',
    ],
    ['a column of -5 rows', plain().node(0, 1, 'length', -5n).body, 'invalid_arrow'],
    ['a null count of -5', plain().node(0, 1, 'nulls', -5n).body, 'invalid_arrow'],
    ['a null count without a bitmap', plain().node(0, 1, 'nulls', 5n).body, 'invalid_arrow'],
    ['a null count beyond the rows', plain().node(0, 1, 'nulls', 601n).body, 'invalid_arrow'],
    ['a false null count', strings().node(0, 0, 'nulls', 1n).body, 'invalid_arrow'],
    ['nulls that are not counted', strings().node(0, 0, 'nulls', 0n).body, 'invalid_arrow'],
    ['2^31 - 1 nodes', plain().count(0, 1, 2 ** 31 - 1).body, 'invalid_arrow'],
    ['2^31 - 1 buffers', plain().count(0, 2, 2 ** 31 - 1).body, 'invalid_arrow'],
    ['a node too few', plain().count(0, 1, 3).body, 'invalid_arrow'],
    ['a buffer too few', plain().count(0, 2, 7).body, 'invalid_arrow'],
  ])('batch: %s', (_name, body, code) => {
    expect(codeOf(body)).toBe(code);
  });

  test.each<[string, Uint8Array]>([
    ['a negative offset', plain().region(0, 1, 'offset', -8n).body],
    ['a negative length', plain().region(0, 1, 'length', -8n).body],
    ['an offset of 2^62', plain().region(0, 1, 'offset', 2n ** 62n).body],
    ['an offset and a length whose sum overflows', plain().region(0, 1, 'length', 2n ** 63n - 1n).body],
    ['an offset not aligned', plain().region(0, 1, 'offset', 4n).body],
    ['an end past the body', plain().region(0, 7, 'length', 4808n).body],
    ['a length too short', plain().region(0, 1, 'length', 4792n).body],
    ['aliased: two columns in one place', plain().region(0, 3, 'offset', 0n).body],
    ['overlapping: one begins inside another', plain().region(0, 3, 'offset', 4792n).body],
  ])('buffer: %s', (_name, body) => {
    expect(codeOf(body)).toBe('invalid_arrow');
  });

  test('buffers in another order than their columns are read', () => {
    const swapped = plain();
    const [a, b] = [swapped.buffer(0, 1) - swapped.buffer(0, 0), swapped.buffer(0, 3) - swapped.buffer(0, 0)];
    swapped.region(0, 1, 'offset', BigInt(b)).region(0, 3, 'offset', BigInt(a));
    const [before, after] = [read(fixture(PLAIN)), read(swapped.body)];
    expect(cellsOf(after, 'x0')).toEqual(cellsOf(before, 'x1'));
    expect(cellsOf(after, 'x1')).toEqual(cellsOf(before, 'x0'));
  });

  test.each<[string, (forgery: Forgery, at: number) => Forgery]>([
    ['negative', (forgery, at) => forgery.int32(at, -1)],
    ['falling', (forgery, at) => forgery.int32(at + 12, 0)],
    ['past the end', (forgery, at) => forgery.int32(at + 44, 2 ** 30)],
    ['past the end in the middle', (forgery, at) => forgery.int32(at + 20, 2 ** 30)],
  ])('string offsets %s', (_name, change) => {
    const forgery = strings();
    expect(codeOf(change(forgery, forgery.buffer(0, 1)).body)).toBe('invalid_arrow');
  });

  test('64-bit string offsets are read with their high words', () => {
    const forgery = strings();
    expect(codeOf(forgery.int64(forgery.buffer(0, 4) + 8, 2n ** 32n).body)).toBe('invalid_arrow');
  });

  test('bytes that are no UTF-8 are refused where a row shows them, and only there', () => {
    const forgery = strings();
    const text = forgery.buffer(0, 2);
    expect(codeOf(forgery.byte(text, 0xff).body)).toBe('invalid_arrow');
    const split = strings();
    // "Grüße": an offset inside ü makes two halves of it.
    expect(codeOf(split.int32(split.buffer(0, 1) + 12, 4).body)).toBe('invalid_arrow');
  });

  test('a dictionary index past the end, negative, or behind a null', () => {
    const forgery = dictionaries();
    const at = forgery.buffer(2, 1);
    expect(codeOf(forgery.byte(at, 3).body)).toBe('invalid_arrow');
    expect(codeOf(forgery.byte(at, 255).body)).toBe('invalid_arrow');
    expect(codeOf(dictionaries().byte(at + 2, 99).body)).toBe('read');
  });

  test('a dictionary that never comes, an id that no field has, a delta without a base', () => {
    expect(codeOf(dictionaries().dictionaryId(0, 7n).body)).toBe('invalid_arrow');
    expect(codeOf(dictionaries().dictionaryId(0, 1n).body)).toBe('invalid_arrow');
    const deltas = fixture('dictionary-deltas.arrows');
    const { messages } = readFraming(deltas);
    expect(messages.map(({ kind, header }) => kind === 'dictionary' && header.byte(2) !== 0)).toContain(true);
    const base = messages[0]!;
    const start = base.header.metadata.bytes.byteOffset - 8;
    const end = base.body.byteOffset + base.body.length;
    const without = Buffer.concat([deltas.subarray(0, start), deltas.subarray(end)]);
    expect(codeOf(Uint8Array.from(without))).toBe('invalid_arrow');
  });

  test.each(['compressed-lz4.arrows', 'compressed-zstd.arrows'])(
    '%s: a declared length that is false or out of bounds',
    (name) => {
      const declare = (length: bigint): ProblemCode | 'read' => {
        const forgery = new Forgery(name);
        return codeOf(forgery.int64(forgery.buffer(0, 1), length).body);
      };
      expect(declare(2048n)).toBe('read');
      expect(declare(2056n)).toBe('invalid_arrow');
      expect(declare(2040n)).toBe('invalid_arrow');
      expect(declare(0n)).toBe('invalid_arrow');
      expect(declare(-2n)).toBe('invalid_arrow');
      // Raw, it is too short for its rows.
      expect(declare(-1n)).toBe('invalid_arrow');
      expect(declare(2n ** 62n)).toBe('too_large');
      expect(declare(2n ** 29n)).toBe('compression_ratio');
    },
  );

  test('limits: rows, cells, columns, names, decoded bytes', () => {
    const body = fixture(PLAIN);
    expect(codeOf(body, { ...LIMITS, rows: 599 })).toBe('too_many_rows');
    expect(codeOf(fixture('rows-600-batches-37.arrows'), { ...LIMITS, rows: 599 })).toBe('too_many_rows');
    expect(codeOf(body, { ...LIMITS, cells: 2399 })).toBe('too_many_cells');
    expect(codeOf(fixture('null-type.arrows'), { ...LIMITS, cells: 9 })).toBe('too_many_cells');
    expect(codeOf(body, { ...LIMITS, columns: 3 })).toBe('too_many_columns');
    expect(codeOf(body, { ...LIMITS, nameBytes: 1 })).toBe('invalid_column_name');
    expect(codeOf(fixture('compressed-zstd.arrows'), { ...LIMITS, decodedBytes: 5000 })).toBe('too_large');
  });

  test('2^33 rows of type null in 400 bytes: 413, also where the row limit allows them', () => {
    const rows = 2n ** 33n;
    const forged = new Forgery('null-type.arrows').length(0, rows).node(0, 0, 'length', rows);
    forged.node(0, 0, 'nulls', rows);
    const limits = { ...LIMITS, rows: 2 ** 40, cells: 2 ** 42 };
    expect(codeOf(forged.body)).toBe('too_many_rows');
    expect(codeOf(forged.body, limits)).toBe('compression_ratio');
  });

  test('big-endian → 422', () => {
    const body = Buffer.concat([schema([{ name: 'a', type: FLOAT64 }], { bigEndian: true }), END]);
    expect(codeOf(Uint8Array.from(body))).toBe('unsupported_type');
  });

  test.each([16, 17, 2000])('nested %d deep → 422, and lists beside it do no harm', (depth) => {
    let type: ArrowType = FLOAT64;
    for (let level = 1; level < depth; level++) type = listOf({ name: 'item', type });
    const fields = [
      { name: 'deep', type },
      { name: 'a', type: FLOAT64 },
    ];
    const body = Uint8Array.from(Buffer.concat([schema(fields), END]));
    expect(codeOf(body)).toBe('unsupported_type');
    // As deep as is allowed it is carried along, and the other column can be asked for.
    if (depth === 16) expect(cellsOf(read(body), 'a')).toEqual([]);
    else expect(() => read(body)).toThrow(/nested more than 16 deep in column "deep"|in column "deep"/u);
  });

  test('duplicate names → 422, also where one is not asked for', () => {
    const fields = ['a', 'b', 'a'].map((name) => ({ name, type: FLOAT64 }));
    expect(codeOf(Uint8Array.from(Buffer.concat([schema(fields), END])))).toBe('duplicate_column');
  });

  /** 8 GiB of zeros in 256 KiB, 1 GiB in 4 MiB. */
  const bombs: [string, number, Buffer][] = [
    ['ZSTD', 1, zstdZeros(65536)],
    ['LZ4', 0, lz4Zeros(256)],
  ];
  test.each(bombs)('a bomb of %s is refused in 100 ms, with 32 MB at most', (_name, codec, frame) => {
    const rows = (declared: bigint): Uint8Array => {
      const one = stream([{ name: 'a', type: FLOAT64 }], compressed(codec, packed(declared, frame)));
      return Uint8Array.from(one);
    };
    const inMemory = (): number => process.memoryUsage().rss;
    for (const declared of [2n ** 33n, 2n ** 30n, 2n ** 20n, 32n]) {
      const body = rows(declared);
      const before = inMemory();
      const times = [1, 2, 3].map(() => {
        const start = performance.now();
        expect(['too_large', 'compression_ratio', 'invalid_arrow']).toContain(codeOf(body));
        return performance.now() - start;
      });
      expect(Math.min(...times)).toBeLessThan(100);
      expect(inMemory() - before).toBeLessThan(32e6);
    }
  });

  test('a body anywhere in shared memory, aligned or not', () => {
    const source = fixture('sliced.arrows');
    const memory = new Uint8Array(new SharedArrayBuffer(source.length + 8));
    const expected = read(source);
    for (const shift of [0, 1, 4]) {
      const body = memory.subarray(shift, shift + source.length);
      body.set(source);
      const table = read(body);
      for (const name of expected.names) expect(cellsOf(table, name)).toEqual(cellsOf(expected, name));
    }
  });
});
