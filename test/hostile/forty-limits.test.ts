import { brotliCompressSync, gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { compressed, doubleBatch, FLOAT64, lz4Zeros, packed, stream, zstdZeros } from '../fuzz/forge.js';
import { exchange } from '../fuzz/wire.js';
import { at, JSON_TYPE, send, type Service, startService, STREAM_TYPE } from '../service.js';
import {
  CSV_TYPE,
  describeHostile,
  expectProblem,
  type Hostile,
  named,
  NDJSON_TYPE,
  PATHS,
  readyFor,
} from './forty.js';

const GOOD = '{"data":[{"val":1},{"val":2},{"val":3}]}';
const MIB = 2 ** 20;
const A = { name: 'a', type: FLOAT64 };
const coded = (encoding: string): Record<string, string> => ({ ...JSON_TYPE, 'content-encoding': encoding });
const ZSTD_READ = 'createZstdDecompress' in zlib;
const TOO_MUCH = ['too_large', 'compression_ratio'];

/** JSON, NDJSON and CSV of `size` bytes that would be taken if they were shorter. */
const spaces = Buffer.alloc(64 * MIB, ' ');
const bombs: Hostile[] = [
  {
    name: 'gzip of 64 MiB of spaces',
    headers: coded('gzip'),
    body: gzipSync(spaces),
    status: 413,
    code: TOO_MUCH,
  },
  {
    name: 'br of 64 MiB of spaces',
    headers: coded('br'),
    body: brotliCompressSync(spaces),
    status: 413,
    code: TOO_MUCH,
  },
  {
    name: 'gzip of rows that would be good',
    headers: coded('gzip'),
    body: gzipSync(`{"data":[${'{"val":1},'.repeat(2_000_000)}{"val":1}]}`),
    status: 413,
    code: TOO_MUCH,
  },
  {
    name: 'gzip of NDJSON',
    headers: { ...NDJSON_TYPE, 'content-encoding': 'gzip' },
    body: gzipSync('{"a":1}\n'.repeat(4_000_000)),
    status: 413,
    code: TOO_MUCH,
  },
  {
    name: 'gzip of CSV',
    headers: { ...CSV_TYPE, 'content-encoding': 'gzip' },
    body: gzipSync(`a\n${'1\n'.repeat(20_000_000)}`),
    status: 413,
    code: TOO_MUCH,
  },
  {
    name: 'a gzip bomb in a gzip bomb',
    headers: coded('gzip, gzip'),
    body: gzipSync(gzipSync(spaces)),
    status: [413, 415],
  },
  {
    name: 'zstd of 256 MiB of zeros as Content-Encoding',
    headers: coded('zstd'),
    body: zstdZeros(2048),
    status: ZSTD_READ ? 413 : 415,
  },
  {
    name: 'ZSTD of 1 GiB of zeros in Arrow',
    headers: STREAM_TYPE,
    body: stream([A], compressed(1, packed(2n ** 30n, zstdZeros(8192)), 2n ** 27n)),
    status: 413,
    code: [...TOO_MUCH, 'too_many_rows'],
    within: 200,
  },
  {
    name: 'ZSTD of 8 MiB of zeros in Arrow',
    headers: STREAM_TYPE,
    body: stream([A], compressed(1, packed(8n * 2n ** 20n, zstdZeros(64)), 2n ** 20n)),
    status: 413,
    code: 'compression_ratio',
  },
  {
    name: 'LZ4 of 64 MiB of zeros in Arrow',
    headers: STREAM_TYPE,
    body: stream([A], compressed(0, packed(64n * 2n ** 20n, lz4Zeros(16)), 2n ** 23n)),
    status: 413,
    code: 'compression_ratio',
  },
  {
    name: 'eight columns of 1 MiB of zeros each in 50 bytes',
    headers: STREAM_TYPE,
    body: manyZeros(8),
    status: 413,
    code: 'compression_ratio',
  },
];

/** Columns that each stay below where a ratio is looked at. */
function manyZeros(columns: number): Buffer {
  const one = packed(2n ** 20n, zstdZeros(8));
  const padded = Buffer.concat([one, Buffer.alloc((8 - (one.length % 8)) % 8)]);
  const rows = 2n ** 17n;
  return stream(
    Array.from({ length: columns }, (_, i) => ({ name: `c${i}`, type: FLOAT64 })),
    {
      length: rows,
      nodes: Array.from({ length: columns }, () => [rows, 0n] as const),
      buffers: Array.from({ length: columns }, (_, i) => [
        [BigInt(i * padded.length), 0n] as const,
        [BigInt(i * padded.length), BigInt(one.length)] as const,
      ]).flat(),
      body: Buffer.concat(Array.from({ length: columns }, () => padded)),
      codec: 1,
    },
  );
}

const gz = gzipSync(GOOD);
const flipped = (bytes: Buffer, place: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[place]! ^= 0x10;
  return copy;
};
const broken: Hostile[] = [
  ['gzip cut in the middle', 'gzip', gz.subarray(0, gz.length >> 1)],
  ['gzip without its checksum', 'gzip', gz.subarray(0, -8)],
  ['gzip without its last byte', 'gzip', gz.subarray(0, -1)],
  ['gzip with a false checksum', 'gzip', flipped(gz, gz.length - 6)],
  ['gzip with a false length', 'gzip', flipped(gz, gz.length - 1)],
  ['gzip with a bit flipped', 'gzip', flipped(gz, 14)],
  ['gzip of no bytes', 'gzip', Buffer.alloc(0)],
  ['gzip that is not', 'gzip', Buffer.from(GOOD)],
  ['gzip with garbage behind it', 'gzip', Buffer.concat([gz, Buffer.from('garbage')])],
  ['deflate as gzip', 'gzip', zlib.deflateSync(GOOD)],
  ['br cut', 'br', brotliCompressSync(GOOD).subarray(0, 20)],
  ['br of no bytes', 'br', Buffer.alloc(0)],
  ['br that is not', 'br', Buffer.from(GOOD)],
  ['br with garbage behind it', 'br', Buffer.concat([brotliCompressSync(GOOD), Buffer.from('garbage')])],
].map(([name, encoding, body]) => ({
  name: `${String(name)} → 400`,
  headers: coded(encoding as string),
  body: body as Buffer,
  status: 400,
  code: 'invalid_encoding',
}));

const wrapped: Hostile[] = [
  { name: 'gzip', headers: coded('gzip'), body: gz, status: 200 },
  { name: 'x-gzip in capitals', headers: coded('X-GZIP'), body: gz, status: 200 },
  {
    name: 'two gzip members',
    headers: coded('gzip'),
    body: Buffer.concat([gzipSync(GOOD.slice(0, 9)), gzipSync(GOOD.slice(9))]),
    status: 200,
  },
  { name: 'br', headers: coded('br'), body: brotliCompressSync(GOOD), status: 200 },
  { name: 'gzip of an empty body', headers: coded('gzip'), body: gzipSync(''), status: 400 },
  {
    name: 'gzip of Arrow',
    headers: { ...STREAM_TYPE, 'content-encoding': 'gzip' },
    body: gzipSync(stream([A], doubleBatch([1, 2, 3]))),
    status: 200,
  },
  {
    name: 'gzip of broken Arrow',
    headers: { ...STREAM_TYPE, 'content-encoding': 'gzip' },
    body: gzipSync(stream([A], doubleBatch([1, 2, 3])).subarray(0, -8)),
    status: 400,
  },
];

const OCTETS = { 'content-type': 'application/octet-stream' };
const sniffed: Hostile[] = [
  { name: 'an Arrow stream', headers: OCTETS, body: stream([A], doubleBatch([1, 2, 3])), status: 200 },
  { name: 'JSON', headers: OCTETS, body: GOOD, status: 415, code: 'unsupported_media_type' },
  { name: 'nothing', headers: OCTETS, body: '', status: [400, 415] },
  { name: 'three bytes', headers: OCTETS, body: Buffer.from('ffffff', 'hex'), status: [400, 415] },
  { name: 'a ZIP', headers: OCTETS, body: Buffer.from('PK\u0003\u0004xxxxxxxxxxxxx'), status: 415 },
  {
    name: 'the magic of Parquet and nothing else',
    headers: OCTETS,
    body: 'PAR1',
    status: 400,
    code: ['invalid_parquet', 'truncated'],
  },
  {
    name: 'PAR1 at both ends',
    headers: OCTETS,
    body: 'PAR1\0\0\0\0\0\0\0\0PAR1',
    status: 400,
    code: ['invalid_parquet', 'truncated'],
  },
  { name: 'the magic of Arrow and nothing else', headers: OCTETS, body: 'ARROW1\0\0', status: 400 },
];

const PARQUET = { 'content-type': 'application/vnd.apache.parquet' };
const foot = (length: number): Buffer => {
  const bytes = Buffer.from('PAR1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0PAR1');
  bytes.writeInt32LE(length, bytes.length - 8);
  return bytes;
};
const parquet: Hostile[] = [
  { name: 'empty', body: '' },
  { name: 'text', body: 'a,b\n1,2\n' },
  { name: 'its magic alone', body: 'PAR1PAR1' },
  { name: 'a footer of 2^31-1 bytes', body: foot(2 ** 31 - 1) },
  { name: 'a footer of -1 bytes', body: foot(-1) },
  { name: 'a footer of zeros', body: foot(12) },
  { name: 'a footer of nothing', body: foot(0) },
  {
    name: 'an encrypted footer',
    status: 422,
    code: 'unsupported_type',
    body: Buffer.concat([Buffer.from('PARE'), Buffer.alloc(20), Buffer.from('PARE')]),
  },
].map((one) => ({ status: 400, ...one, headers: PARQUET, within: 50 }));

describeHostile('compressed bodies', [...bombs, ...broken, ...wrapped]);
describeHostile('application/octet-stream', sniffed);
describeHostile('Parquet that is none', parquet);

describe.each(PATHS)('over the limit: %s', (path) => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({
      env: { MAX_JSON_BYTES: '100000', MAX_ARROW_BYTES: '200000', MAX_ROWS: '1000' },
    });
    await readyFor(service.url, path);
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
    expect(service.output()).not.toMatch(/a lane ended|"level":"error"/u);
  });

  test.each([
    ['application/json', 100_000],
    ['application/x-ndjson', 100_000],
    ['text/csv', 100_000],
    ['application/vnd.apache.arrow.stream', 200_000],
    ['application/vnd.apache.arrow.file', 200_000],
    ['application/vnd.apache.parquet', 200_000],
  ])('%s of %i bytes and one: 413 before it is read, and where it is chunked', async (type, limit) => {
    const port = Number(new URL(service.url).port);
    const head = `POST ${named(path)} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\n`;
    const declared = await exchange(port, [`${head}Content-Length: ${limit + 1}\r\n\r\n`], {
      timeoutMs: 2000,
    });
    const chunk = Buffer.concat([Buffer.from('4000\r\n'), Buffer.alloc(0x4000, ' '), Buffer.from('\r\n')]);
    const endless = Array.from({ length: 100 }, () => [chunk, 1]).flat();
    const chunked = await exchange(port, [`${head}Transfer-Encoding: chunked\r\n\r\n`, ...endless], {
      stopAtReply: true,
    });
    for (const { replies } of [declared, chunked]) {
      expect(replies.map(({ status, json }) => [status, at(json, 'code')])).toEqual([[413, 'too_large']]);
      for (const reply of replies) {
        expectProblem({ ...reply, json: reply.json ?? null });
        expect(reply.text).toContain(String(limit));
      }
    }
  });

  test('1,001 rows, the limit is in the answer', async () => {
    const rows = Array.from({ length: 1001 }, (_, i) => i);
    const bodies: [Record<string, string>, string | Buffer][] = [
      [JSON_TYPE, JSON.stringify({ data: rows.map((val) => ({ val })) })],
      [JSON_TYPE, JSON.stringify({ columns: { val: rows } })],
      [NDJSON_TYPE, rows.map((val) => `{"val":${val}}\n`).join('')],
      [CSV_TYPE, `val\n${rows.join('\n')}\n`],
      [STREAM_TYPE, stream([A], doubleBatch(rows))],
    ];
    for (const [headers, body] of bodies) {
      const reply = await send(`${service.url}${named(path)}`, { headers, body });
      expect([headers, reply.status, at(reply.json, 'code')]).toEqual([headers, 413, 'too_many_rows']);
      expect(reply.text).toContain('1000');
    }
  });
});
