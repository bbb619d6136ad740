import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  batch,
  type BatchSpec,
  compressed,
  doubleBatch,
  doubles,
  END,
  type FieldSpec,
  FLOAT64,
  indices,
  INT64,
  ints,
  listOf,
  lz4Zeros,
  NULL,
  packed,
  schema,
  stream,
  text,
  UTF8,
  zstdZeros,
} from '../fuzz/forge.js';
import { at, FILE_TYPE, STREAM_TYPE } from '../service.js';
import { describeHostile, expectName, type Hostile, NAMES, summaryOf, warningsOf } from './forty.js';

const FIXTURES = join(__dirname, '..', 'fixtures', 'arrow');
const GOLDEN = join(__dirname, '..', 'golden');
const A: FieldSpec = { name: 'a', type: FLOAT64 };
const B: FieldSpec = { name: 'b', type: FLOAT64 };
const S: FieldSpec = { name: 's', type: UTF8 };
const D: FieldSpec = { name: 'd', type: UTF8, dictionary: 7n };
const FOUR = doubleBatch([1, 2, 3, 4]);
const GOOD = stream([A], FOUR);
const HEAD = schema([A]).length;
const REFUSED = [400, 413, 422];

/** `bytes` with an int32 in place of what is there. */
const patched = (bytes: Buffer, place: number, value: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy.writeInt32LE(value, place);
  return copy;
};
/** Where the length of the vector of `count` struct pairs begins: its first pair is known. */
const vectorAt = (bytes: Buffer, count: number, first: readonly [bigint, bigint]): number => {
  const wanted = Buffer.alloc(20);
  wanted.writeUInt32LE(count);
  wanted.writeBigInt64LE(first[0], 4);
  wanted.writeBigInt64LE(first[1], 12);
  const place = bytes.indexOf(wanted);
  if (place < 0) throw new Error('expected the vector in the message');
  return place;
};

const unreadable: [name: string, body: Buffer][] = [
  ['empty', Buffer.alloc(0)],
  ['8 zero bytes', Buffer.alloc(8)],
  ['end marker only', END],
  ['four bytes', GOOD.subarray(0, 4)],
  ['text', Buffer.from('a,b\n1,2\n')],
  ['JSON', Buffer.from('{"data":[{"val":1}]}')],
  ['cut behind the schema', GOOD.subarray(0, HEAD)],
  ['cut behind the last batch', GOOD.subarray(0, -8)],
  ['cut between two batches', Buffer.concat([schema([A]), batch(FOUR)])],
  ['a batch without a schema', Buffer.concat([batch(FOUR), END])],
  ['two schemas', Buffer.concat([schema([A]), schema([A]), batch(FOUR), END])],
  ['8 bytes after the end', Buffer.concat([GOOD, Buffer.alloc(8)])],
  ['a second stream after the end', Buffer.concat([GOOD, GOOD])],
  ['metadata length -8', patched(GOOD, 4, -8)],
  ['metadata length 2^31-1', patched(GOOD, 4, 2 ** 31 - 1)],
  ['metadata length 1', patched(GOOD, 4, 1)],
  ['the root points outside', patched(GOOD, 8, 2 ** 31 - 1)],
  ['the root points at itself', patched(GOOD, 8, 0)],
  ['vector length 2^31-1: nodes', patched(GOOD, vectorAt(GOOD, 1, [4n, 0n]), 2 ** 31 - 1)],
  ['vector length 2^31-1: buffers', patched(GOOD, vectorAt(GOOD, 2, [0n, 0n]), 2 ** 31 - 1)],
  ['vector length 2^28: buffers', patched(GOOD, vectorAt(GOOD, 2, [0n, 0n]), 2 ** 28)],
  ['a file of its magic alone', Buffer.from('ARROW1\0\0ARROW1')],
  ['a file without its tail', readFileSync(join(GOLDEN, 'iris.lz4.arrow')).subarray(0, -10)],
];

const rows = (length: bigint, nodes: BatchSpec['nodes'] = [[length, 0n]]): BatchSpec => ({
  ...FOUR,
  length,
  nodes,
});
const buffers = (...places: (readonly [bigint, bigint])[]): BatchSpec => ({ ...FOUR, buffers: places });
const two = (...places: (readonly [bigint, bigint])[]): BatchSpec => ({
  length: 4n,
  nodes: [
    [4n, 0n],
    [4n, 0n],
  ],
  buffers: [[0n, 0n], places[0] ?? [0n, 32n], [0n, 0n], places[1] ?? [0n, 32n]],
  body: doubles(1, 2, 3, 4),
});
const words = { ...text([0, 2, 4]), dictionary: 7n };

const refused: [name: string, body: Buffer][] = [
  ['2^40 rows', stream([A], rows(2n ** 40n))],
  [
    '2^40 rows of nulls',
    stream([{ name: 'n', type: NULL }], {
      length: 2n ** 40n,
      nodes: [[2n ** 40n, 2n ** 40n]],
      buffers: [],
      body: Buffer.alloc(0),
    }),
  ],
  ['2^62 rows', stream([A], rows(2n ** 62n))],
  ['batch length 2^30 over 4 rows', stream([A], rows(2n ** 30n))],
  ['batch length 2^30, nodes of 4', stream([A], rows(2n ** 30n, [[4n, 0n]]))],
  ['batch length -5', stream([A], rows(-5n))],
  ['node length -5', stream([A], rows(4n, [[-5n, 0n]]))],
  ['null count 5 of 4', stream([A], rows(4n, [[4n, 5n]]))],
  ['null count -1', stream([A], rows(4n, [[4n, -1n]]))],
  ['nulls counted without a bitmap', stream([A], rows(4n, [[4n, 2n]]))],
  ['no nodes', stream([A], rows(4n, []))],
  [
    'too many nodes',
    stream(
      [A],
      rows(4n, [
        [4n, 0n],
        [4n, 0n],
      ]),
    ),
  ],
  ['one buffer of two', stream([A], buffers([0n, 32n]))],
  ['a buffer too many', stream([A], buffers([0n, 0n], [0n, 32n], [0n, 0n]))],
  ['a buffer that is too short', stream([A], buffers([0n, 0n], [0n, 24n]))],
  ['a buffer that begins past the end', stream([A], buffers([0n, 0n], [64n, 32n]))],
  ['a buffer of negative offset', stream([A], buffers([0n, 0n], [-32n, 32n]))],
  ['a buffer of negative length', stream([A], buffers([0n, 0n], [0n, -32n]))],
  ['a buffer of 2^62 bytes', stream([A], buffers([0n, 0n], [0n, 2n ** 62n]))],
  ['a buffer that wraps around', stream([A], buffers([0n, 0n], [2n ** 63n - 8n, 32n]))],
  ['aliased buffers', stream([A, B], two([0n, 32n], [0n, 32n]))],
  ['overlapping buffers', stream([A, B], two([0n, 32n], [8n, 24n]))],
  ['a validity bitmap that is a value buffer', stream([A], buffers([0n, 32n], [0n, 32n]))],
  ['offsets that fall', stream([S], text([0, 4, 2]))],
  ['offsets that begin below zero', stream([S], text([-1, 2, 4]))],
  ['offsets past the end', stream([S], text([0, 2, 1000]))],
  ['offsets of 2^31-1', stream([S], text([0, 2 ** 31 - 1, 2 ** 31 - 1]))],
  ['too few offsets', stream([S], text([0, 2]))],
  [
    'text that is no UTF-8',
    stream([S], {
      ...text([0, 1, 2]),
      body: Buffer.concat([ints(0, 1, 2), Buffer.from('ffc0000000000000', 'hex')]),
    }),
  ],
  ['a name that is no UTF-8', stream([{ name: Buffer.from('ff', 'hex'), type: FLOAT64 }], FOUR)],
  ['a dictionary index past the end', stream([D], words, indices(0, 1, 2, 2 ** 31 - 1))],
  ['a negative dictionary index', stream([D], words, indices(0, -1))],
  ['a dictionary that is missing', stream([D], indices(0, 1))],
  ['a dictionary of another id', stream([D], { ...words, dictionary: 8n }, indices(0, 1))],
  ['ZSTD length 2^62', stream([A], compressed(1, packed(2n ** 62n, zstdZeros(1))))],
  ['LZ4 length 2^62', stream([A], compressed(0, packed(2n ** 62n, lz4Zeros(1))))],
  ['ZSTD length too short', stream([A], compressed(1, packed(32n, zstdZeros(1))))],
  ['ZSTD length too long', stream([A], compressed(1, packed(131080n, zstdZeros(1)), 16385n))],
  ['LZ4 length too short', stream([A], compressed(0, packed(32n, lz4Zeros(1))))],
  ['ZSTD length 0', stream([A], compressed(1, packed(0n, zstdZeros(1))))],
  ['ZSTD length -2', stream([A], compressed(1, packed(-2n, zstdZeros(1))))],
  ['LZ4 length of four bytes', stream([A], compressed(0, Buffer.alloc(8)))],
  [
    'ZSTD frame that says another length',
    stream([A], compressed(1, packed(131072n, zstdZeros(1, 5n)), 16384n)),
  ],
  ['ZSTD frame cut', stream([A], compressed(1, packed(131072n, zstdZeros(1).subarray(0, 14)), 16384n))],
  ['raw in a compressed batch, too short', stream([A], compressed(1, packed(-1n, doubles(1, 2)), 4n))],
  ['an unknown codec', stream([A], compressed(9, packed(32n, Buffer.alloc(16))))],
  [
    '8,192 empty batches, then one that is cut',
    Buffer.concat([
      schema([A]),
      ...Array.from({ length: 8192 }, () => batch(doubleBatch([]))),
      batch(FOUR).subarray(0, -8),
      END,
    ]),
  ],
];

const deep = (levels: number): FieldSpec => {
  let field: FieldSpec = { name: 'leaf', type: INT64 };
  for (let i = 0; i < levels; i++) field = { name: 'list', type: listOf(field) };
  return field;
};
const nothing: BatchSpec = { length: 0n, nodes: [], buffers: [], body: Buffer.alloc(0) };
const MANY = Array.from({ length: 100_000 }, (_, i) => ({ name: `c${i}`, type: NULL }));

const unusable: Omit<Hostile, 'headers'>[] = [
  { name: 'nested 2,000 deep', body: stream([deep(2000)], nothing), status: 422, within: 50 },
  { name: 'nested 17 deep', body: stream([deep(17)], nothing), status: 422 },
  {
    name: 'big-endian',
    body: Buffer.concat([schema([A], { bigEndian: true }), batch(FOUR), END]),
    status: 422,
  },
  ...['unsupported-list.arrows', 'unsupported-struct.arrows'].map((file) => ({
    name: file,
    body: readFileSync(join(FIXTURES, file)),
    status: 422,
    code: 'unsupported_type',
  })),
  {
    name: 'a type of number 99',
    body: stream([{ name: 'x', type: { id: 99, fields: [] } }], FOUR),
    status: [400, 422],
  },
  { name: 'no fields', body: stream([], nothing), status: [400, 422] },
  { name: 'no batches', body: stream([A]), status: 422, code: 'no_data' },
  { name: 'no rows', body: stream([A], doubleBatch([])), status: 422, code: 'no_data' },
  {
    name: 'duplicate field names',
    body: stream([A, A], doubleBatch([1], [2])),
    status: 422,
    code: 'duplicate_column',
  },
  {
    name: 'a name of 10,000 characters',
    body: stream([{ name: 'n'.repeat(10_000), type: FLOAT64 }], FOUR),
    status: 422,
    code: 'invalid_column_name',
  },
  {
    name: '100,000 columns',
    body: stream(MANY, { ...nothing, length: 1n, nodes: MANY.map(() => [1n, 1n]) }),
    status: [400, 413, 422],
  },
];

const answered: Omit<Hostile, 'headers'>[] = [
  { name: 'what the others are made of', body: GOOD, status: 200 },
  {
    name: 'a stream of ZSTD zeros',
    body: stream([A], compressed(1, packed(131072n, zstdZeros(1)), 16384n)),
    status: 200,
  },
  { name: 'a stream of words by dictionary', body: stream([D], words, indices(0, 1, 1)), status: 200 },
  { name: 'one row', body: stream([A], doubleBatch([1])), status: 200 },
  { name: 'all equal', body: stream([A], doubleBatch([5, 5, 5, 5])), status: 200 },
  {
    name: 'NaN is missing, infinities are not',
    body: stream([A], doubleBatch([NaN, Infinity, -Infinity, 1])),
    status: 200,
    check: (reply) => {
      expect(at(summaryOf(reply, 'a'), 'count')).toBe(3);
      expect(at(summaryOf(reply, 'a'), 'max')).toBeNull();
      expect(warningsOf(reply)).toContain('not_finite');
    },
  },
  { name: '1e308 and -1e308', body: stream([A], doubleBatch([1e308, -1e308])), status: 200 },
  {
    name: '9007199254740993 as int64',
    body: stream([{ name: 'a', type: INT64 }], {
      ...FOUR,
      body: Buffer.from(BigInt64Array.of(9007199254740993n, 1n, 2n, 3n).buffer),
    }),
    status: 200,
    check: (reply) => {
      expect(warningsOf(reply)).toContain('precision_loss');
    },
  },
  ...NAMES.map((name) => ({
    name: `the name ${JSON.stringify(name)}`,
    body: stream(
      [
        { name, type: FLOAT64 },
        { name: 'z', type: FLOAT64 },
      ],
      doubleBatch([1, 2, 3], [1, 1, 1]),
    ),
    status: 200,
    check: expectName(name),
  })),
];

const typed = (cases: readonly Omit<Hostile, 'headers'>[]): Hostile[] =>
  cases.map((one) => ({ ...one, headers: STREAM_TYPE }));
const sent = (list: readonly [string, Buffer][], status: readonly number[], within?: number): Hostile[] =>
  list.map(([name, body]) => ({
    name,
    body,
    status,
    headers: STREAM_TYPE,
    ...(within === undefined ? {} : { within }),
  }));

describeHostile('Arrow that cannot be read, in under 50 ms', [
  ...sent(unreadable, [400], 50),
  ...unreadable.map(([name, body]) => ({
    name: `${name}, as a file`,
    body,
    status: 400,
    headers: FILE_TYPE,
  })),
]);
describeHostile('Arrow that is refused', sent(refused, REFUSED, 100));
describeHostile('Arrow that cannot be used, or can', typed([...unusable, ...answered]));
describeHostile('Arrow file bytes sent as a stream are read as what they are', [
  { name: 'LZ4', body: readFileSync(join(GOLDEN, 'iris.lz4.arrow')), status: 200, headers: STREAM_TYPE },
  { name: 'ZSTD', body: readFileSync(join(GOLDEN, 'iris.zstd.arrow')), status: 200, headers: STREAM_TYPE },
  {
    name: 'a stream as a file',
    body: readFileSync(join(GOLDEN, 'iris.arrows')),
    status: 200,
    headers: FILE_TYPE,
  },
]);
