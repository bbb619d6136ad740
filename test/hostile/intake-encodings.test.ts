import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { at, JSON_TYPE, send, type Service, startService, STREAM_TYPE } from '../service.js';
import { cuts, memoryGained, multipart, MULTIPART_TYPE, postChunks } from './wire.js';

const IRIS = readFileSync(join(__dirname, '..', 'golden', 'iris.arrows'));
const ROWS = Buffer.from('{"data":[{"val":1},{"val":2},{"val":3}]}');
const MiB = 2 ** 20;
/** Brotli with the largest window: 16 MiB are decoded before the first of them can be looked at. */
const WIDE_BOMB = zlib.brotliCompressSync(Buffer.alloc(64 * MiB), {
  params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 9, [zlib.constants.BROTLI_PARAM_LGWIN]: 24 },
});

/** From Node 22.15 on. */
const { zstdCompressSync } = zlib as typeof zlib & {
  readonly zstdCompressSync?: (bytes: Uint8Array) => Buffer;
};
const COMPRESS: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }),
  ...(zstdCompressSync === undefined ? {} : { zstd: zstdCompressSync }),
};
const CODINGS = Object.keys(COMPRESS);
const compressed = (coding: string, bytes: Uint8Array): Buffer =>
  COMPRESS[coding]?.(bytes) ?? Buffer.alloc(0);

describe('Content-Encoding', () => {
  let service: Service;
  let url: string;
  beforeAll(async () => {
    service = await startService({ env: { MAX_JSON_BYTES: String(4 * MiB) } });
    url = `${service.url}/analytics/describe`;
  });
  afterEach(async () => {
    expect((await send(`${service.url}/health/live`, { method: 'GET' })).status).toBe(200);
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });
  const post = (
    coding: string,
    body: Uint8Array | readonly Uint8Array[],
    type: Readonly<Record<string, string>> = JSON_TYPE,
  ): ReturnType<typeof send> => send(url, { headers: { ...type, 'content-encoding': coding }, body });
  const expectProblem = async (
    reply: ReturnType<typeof send>,
    status: number,
    code: string,
  ): Promise<string> => {
    const { text, json, headers, ...got } = await reply;
    expect([text, got.status, at(json, 'code')]).toEqual([text, status, code]);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(at(json, 'detail')).toMatch(/^expected .*got /su);
    return text;
  };

  test.each(CODINGS)(
    '%s: the same answer as without, for JSON, Arrow, octet-stream and multipart',
    async (coding) => {
      const table = multipart([{ name: 'data', content: IRIS }]);
      const octets = { 'content-type': 'application/octet-stream' };
      for (const [type, body] of [
        [JSON_TYPE, ROWS],
        [STREAM_TYPE, IRIS],
        [octets, IRIS],
        [MULTIPART_TYPE, table],
      ] as const) {
        const plain = await send(url, { headers: type, body });
        const answer = await post(coding, compressed(coding, body), type);
        expect([answer.text.slice(0, 200), answer.status]).toEqual([answer.text.slice(0, 200), 200]);
        expect(at(answer.json, 'results')).toEqual(at(plain.json, 'results'));
      }
    },
  );

  test.each([
    ['x-gzip', zlib.gzipSync(ROWS)],
    ['GZip', zlib.gzipSync(ROWS)],
    ['identity', ROWS],
    ['', ROWS],
    ['gzip', Buffer.concat([zlib.gzipSync(ROWS.subarray(0, 9)), zlib.gzipSync(ROWS.subarray(9))])],
  ])('%j is read, also in two members', async (coding, body) => {
    expect((await post(coding, body)).status).toBe(200);
  });

  test.each(['snappy', 'deflate', 'compress', 'gzip, gzip', 'gzip, br', 'identity;q=1', 'x'.repeat(300)])(
    '%s → 415 with Accept-Encoding',
    async (coding) => {
      const reply = await post(coding, ROWS);
      await expectProblem(Promise.resolve(reply), 415, 'unsupported_encoding');
      expect(reply.headers['accept-encoding']).toBe([...CODINGS, 'identity'].join(', '));
      expect(reply.text.length).toBeLessThan(800);
    },
  );

  test('zstd where this Node has none → 415', async () => {
    const { status } = await post('zstd', Buffer.from('28b52ffd', 'hex'));
    expect(status).toBe(zstdCompressSync === undefined ? 415 : 400);
  });

  test('415 for the media type has no Accept-Encoding: it is not the coding that is wrong (RFC 9110)', async () => {
    const reply = await post('gzip', zlib.gzipSync(ROWS), { 'content-type': 'text/plain' });
    expect([reply.status, reply.headers['accept-encoding']]).toEqual([415, undefined]);
  });

  test.each(CODINGS)('%s: whatever the place where its chunks are cut, and byte by byte', async (coding) => {
    const body = compressed(coding, ROWS);
    const headers = { ...JSON_TYPE, 'content-encoding': coding };
    for (const halves of cuts(body)) expect((await postChunks(url, headers, halves)).status).toBe(200);
    const bytes = [...body].map((byte) => Buffer.from([byte]));
    expect((await postChunks(url, headers, bytes)).status).toBe(200);
  });

  test.each(CODINGS)('%s: cut short at any byte → 400', async (coding) => {
    const body = compressed(coding, ROWS);
    for (let length = 0; length < body.length; length++) {
      await expectProblem(post(coding, body.subarray(0, length)), 400, 'invalid_encoding');
    }
  });

  test.each(CODINGS)('%s: bytes after its end → 400, in one chunk with it or in the next', async (coding) => {
    const body = compressed(coding, ROWS);
    for (const tail of [Buffer.from('xyz'), Buffer.from([0]), Buffer.from([0, 1]), ROWS]) {
      await expectProblem(post(coding, Buffer.concat([body, tail])), 400, 'invalid_encoding');
      const split = await postChunks(url, { ...JSON_TYPE, 'content-encoding': coding }, [body, tail]);
      expect([split.status, at(split.json, 'code')]).toEqual([400, 'invalid_encoding']);
    }
  });

  test.each(CODINGS)(
    '%s: text that is not compressed, and every flipped byte, are 400 or read',
    async (coding) => {
      await expectProblem(post(coding, ROWS), 400, 'invalid_encoding');
      const body = compressed(coding, ROWS);
      for (let i = 0; i < body.length; i++) {
        const flipped = Buffer.from(body);
        flipped[i] = (flipped[i] ?? 0) ^ 0xff;
        const { status, text } = await post(coding, flipped);
        // Flags and a time stamp say nothing of the content; brotli has no checksum.
        expect([text, [200, 400, 413, 422].includes(status)]).toEqual([text, true]);
      }
    },
  );

  test.each(CODINGS)('%s: an empty body that was compressed is an empty body', async (coding) => {
    const plain = await send(url, { headers: JSON_TYPE, body: '' });
    const { status, json } = await post(coding, compressed(coding, Buffer.alloc(0)));
    expect([status, at(json, 'code')]).toEqual([plain.status, at(plain.json, 'code')]);
    expect(status).toBe(400);
  });

  test.each(CODINGS)('bombs of %s: 413 in under 100 ms, in less than 32 MiB', async (coding) => {
    const whole = multipart([{ name: 'data', content: Buffer.alloc(64 * MiB), type: 'text/csv' }]);
    const bombs = [
      [JSON_TYPE, compressed(coding, Buffer.alloc(256 * MiB))],
      [STREAM_TYPE, compressed(coding, Buffer.alloc(64 * MiB, 255))],
      [MULTIPART_TYPE, compressed(coding, whole)],
      ...(coding === 'br' ? [[JSON_TYPE, WIDE_BOMB] as const] : []),
    ] as const;
    for (const [type, body] of bombs) {
      const times: number[] = [];
      // The fastest counts: the machine that runs the tests runs others beside this one.
      for (let i = 0; i < 6; i++) {
        const gained = await memoryGained(service.pid, async () => {
          const started = performance.now();
          const text = await expectProblem(post(coding, body, type), 413, 'compression_ratio');
          times.push(performance.now() - started);
          expect(text).toContain('200:1 (MAX_RATIO)');
        });
        expect(gained).toBeLessThan(32 * MiB);
      }
      expect(Math.min(...times)).toBeLessThan(100);
    }
  });

  test.each(CODINGS)('%s: too many bytes at a modest ratio → 413 that names the limit', async (coding) => {
    const row = (_: unknown, i: number): string => `{"a":${Math.sin(i)}}`;
    const large = Buffer.from(`{"data":[${Array.from({ length: 250_000 }, row).join(',')}]}`);
    const body = compressed(coding, large);
    expect(large.length).toBeGreaterThan(4 * MiB);
    expect(body.length).toBeLessThan(4 * MiB);
    const text = await expectProblem(post(coding, body), 413, 'too_large');
    expect(text).toContain(`${4 * MiB} bytes (MAX_JSON_BYTES)`);
  });

  test.each(CODINGS)('%s: what is small may be compressed as much as it likes', async (coding) => {
    const padded = Buffer.concat([ROWS, Buffer.alloc(1_000_000, 32)]);
    expect((await post(coding, compressed(coding, padded))).status).toBe(200);
  });

  if (zstdCompressSync !== undefined) {
    const frame = (text: string): Buffer => zstdCompressSync(Buffer.from(text));
    const head = frame(ROWS.toString().slice(0, 12));
    const tail = frame(ROWS.toString().slice(12));
    const skippable = Buffer.concat([Buffer.from('502a4d1803000000', 'hex'), Buffer.from('abc')]);

    test('zstd: several frames, and skippable ones, in one chunk or cut anywhere', async () => {
      const body = Buffer.concat([skippable, head, skippable, tail]);
      expect((await post('zstd', body)).status).toBe(200);
      const headers = { ...JSON_TYPE, 'content-encoding': 'zstd' };
      for (const halves of cuts(body)) expect((await postChunks(url, headers, halves)).status).toBe(200);
    });

    test('zstd: a window beyond 8 MiB (RFC 9659), and 20,000 empty frames → 400', async () => {
      // Descriptor 0: no content size, a window descriptor follows. 0xa8: 2^31 bytes.
      const window = Buffer.from('28b52ffd00a80100007b7d', 'hex');
      await expectProblem(post('zstd', window), 400, 'invalid_encoding');
      const frames = Buffer.concat(Array.from({ length: 20_000 }, () => frame('')));
      await expectProblem(post('zstd', frames), 400, 'invalid_encoding');
    });
  }
});
