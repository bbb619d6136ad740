import { gzipSync } from 'node:zlib';
import { randomBytes } from 'node:crypto';
import { at, JSON_TYPE, type JsonValue, send, type Service, startService } from '../service.js';
import { memoryGained, multipart, MULTIPART_TYPE, type RawReply, Wire } from './wire.js';

const MiB = 2 ** 20;
const GRACE_MS = 600;
const ROWS = Buffer.from('{"data":[{"val":1},{"val":2},{"val":3}]}');
/** With what is made of it, more than half of the memory budget: a second one finds no room. */
const BIG = Buffer.concat([ROWS, Buffer.alloc(15 * MiB, 32)]);
const PATH = '/analytics/describe';
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const code = (reply: { readonly json: JsonValue }): JsonValue | undefined => at(reply.json, 'code');

describe('uploads', () => {
  let service: Service;
  let url: string;
  beforeAll(async () => {
    service = await startService({
      env: {
        LANES: '1',
        MEMORY_BUDGET: String(64 * MiB),
        MAX_JSON_BYTES: String(16 * MiB),
        MAX_ARROW_BYTES: String(20 * MiB),
        UPLOAD_GRACE_MS: String(GRACE_MS),
        UPLOAD_FLOOR: '65536',
      },
    });
    url = `${service.url}${PATH}`;
  });
  afterEach(async () => {
    expect((await send(`${service.url}/health/live`, { method: 'GET' })).status).toBe(200);
    // Nothing is held: the largest upload that the budget takes is taken.
    const started = performance.now();
    let taken = 0;
    // Twice: what was sent just before it left may still be on its way through the service.
    while (taken < 2 && performance.now() - started < 2000) {
      const { status } = await send(url, { headers: JSON_TYPE, body: BIG });
      taken = status === 200 ? taken + 1 : 0;
      await wait(50);
    }
    expect(taken).toBe(2);
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  /** The start of an upload that holds more than half of the budget. */
  const FORMS: readonly (readonly [string, Readonly<Record<string, string | number>>, Buffer])[] = [
    ['declared', { ...JSON_TYPE, 'content-length': BIG.length }, BIG.subarray(0, MiB)],
    [
      'octets',
      { 'content-type': 'application/octet-stream', 'content-length': BIG.length },
      Buffer.from('ARROW1'),
    ],
    [
      'multipart',
      { ...MULTIPART_TYPE, 'content-length': BIG.length },
      multipart([{ name: 'data', content: BIG, type: 'text/csv' }]).subarray(0, MiB),
    ],
    [
      'gzip',
      { ...JSON_TYPE, 'content-encoding': 'gzip', 'content-length': 12 * MiB },
      gzipSync(randomBytes(13 * MiB), { level: 0 }).subarray(0, 11.5 * MiB),
    ],
  ];

  test.each(FORMS)(
    '%s, and then a byte now and then: 408 in time, its memory given back',
    async (_name, head, start) => {
      const wire = await Wire.open(url);
      const started = performance.now();
      await wire.head(PATH, head);
      await wire.write(start);
      await wait(100);
      const refused = await send(url, { headers: JSON_TYPE, body: BIG });
      expect([refused.status, code(refused)]).toEqual([503, 'overloaded']);
      const drip = setInterval(() => wire.socket.write(' '), 100);
      const reply = await wire.reply();
      clearInterval(drip);
      expect([reply.status, code(reply), reply.headers.get('connection')]).toEqual([
        408,
        'slow_request',
        'close',
      ]);
      const ms = performance.now() - started;
      // A fast start is no credit.
      expect(ms).toBeGreaterThan(GRACE_MS);
      expect(ms).toBeLessThan(GRACE_MS + 1500);
      await wire.closed();
    },
  );

  test('a small body that stops: 408', async () => {
    const wire = await Wire.open(url);
    await wire.head(PATH, { ...JSON_TYPE, 'content-length': 100 });
    const reply = await wire.reply();
    expect([reply.status, code(reply)]).toEqual([408, 'slow_request']);
    expect(reply.ms).toBeLessThan(GRACE_MS + 1500);
  });

  test('slow but above the floor: it may take as long as it takes', async () => {
    const wire = await Wire.open(url);
    await wire.head(PATH, { ...JSON_TYPE, 'transfer-encoding': 'chunked' });
    await wire.chunk(ROWS);
    for (let i = 0; i < 4 * (GRACE_MS / 100); i++) {
      await wire.chunk(Buffer.alloc(16 * 1024, 32));
      await wait(100);
    }
    await wire.chunk();
    const reply = await wire.reply();
    expect(reply.status).toBe(200);
    expect(reply.ms).toBeGreaterThan(4 * GRACE_MS);
    wire.destroy();
  });

  test.each(FORMS)(
    '%s, and the client is gone: its memory is given back at once',
    async (_name, head, start) => {
      for (let i = 0; i < 3; i++) {
        const wire = await Wire.open(url);
        await wire.head(PATH, head);
        await wire.write(start);
        await wait(50);
        wire.destroy();
        const { status } = await send(`${service.url}/health/live`, { method: 'GET' });
        expect(status).toBe(200);
        await wait(50);
        expect((await send(url, { headers: JSON_TYPE, body: BIG })).status).toBe(200);
      }
    },
  );

  test('gone with the last byte: nothing is left behind, neither in a lane nor in memory', async () => {
    const zipped = gzipSync(Buffer.concat([ROWS, randomBytes(MiB)]));
    const wires: Wire[] = [];
    for (let i = 0; i < 30; i++) {
      const wire = await Wire.open(url);
      wires.push(wire);
      const zip = i % 2 === 0;
      const body = zip ? zipped : ROWS;
      await wire.head(PATH, {
        ...JSON_TYPE,
        'content-length': body.length,
        ...(zip && { 'content-encoding': 'gzip' }),
      });
      await wire.write(body);
      wire.destroy();
    }
    await Promise.all(wires.map((wire) => wire.closed()));
    expect(service.output()).not.toMatch(/"level":"error"/u);
  });

  test('a bad chunk in the middle: 400, its memory given back though the client stays', async () => {
    const wire = await Wire.open(url);
    await wire.head(PATH, { ...JSON_TYPE, 'transfer-encoding': 'chunked' });
    for (let i = 0; i < 12; i++) await wire.chunk(Buffer.alloc(MiB, 32));
    await wire.write('zz\r\n');
    const reply = await wire.reply();
    expect([reply.status, code(reply)]).toEqual([400, 'invalid_http']);
    await wire.closed();
  });

  test('twelve uploads at once, their chunks in turn: each gets the answer to its own', async () => {
    const uploads = Array.from({ length: 12 }, (_, n) => {
      const rows = Array.from({ length: 12_000 }, (__, i) => `{"a":${n},"b":${i * n}}`);
      const body = Buffer.from(`{"data":[${rows.join(',')}]}`);
      return { n, body: n % 3 === 0 ? gzipSync(body) : body, zip: n % 3 === 0 };
    });
    const wires = await Promise.all(
      uploads.map(async ({ zip }) => {
        const wire = await Wire.open(url);
        await wire.head(PATH, {
          ...JSON_TYPE,
          'transfer-encoding': 'chunked',
          ...(zip && { 'content-encoding': 'gzip' }),
        });
        return wire;
      }),
    );
    const step = 30_000;
    for (let place = 0; place < 300_000; place += step) {
      for (const [i, { body }] of uploads.entries()) {
        if (place < body.length) await wires[i]?.chunk(body.subarray(place, place + step));
      }
    }
    await Promise.all(wires.map((wire) => wire.chunk()));
    const replies = await Promise.all(wires.map((wire) => wire.reply()));
    for (const [n, reply] of replies.entries()) {
      expect([n, reply.status]).toEqual([n, 200]);
      expect(at(reply.json, 'results', 'a', 'mean')).toBe(n);
      expect(at(reply.json, 'results', 'b', 'max')).toBe(11_999 * n);
    }
    for (const wire of wires) wire.destroy();
  });

  test('ten small bodies of one byte a chunk wait in little memory', async () => {
    const chunks = Buffer.from('1\r\n \r\n'.repeat(60_000));
    const wires: Wire[] = [];
    const gained = await memoryGained(service.pid, async () => {
      for (let i = 0; i < 10; i++) {
        const wire = await Wire.open(url);
        wires.push(wire);
        await wire.head(PATH, { ...JSON_TYPE, 'transfer-encoding': 'chunked' });
        await wire.write(chunks);
      }
      for (const wire of wires) expect((await wire.reply()).status).toBe(408);
    });
    expect(gained).toBeLessThan(48 * MiB);
    for (const wire of wires) wire.destroy();
  });

  describe('over the limit', () => {
    const TYPES = [
      ['application/json', 16, 'MAX_JSON_BYTES'],
      ['application/x-ndjson', 16, 'MAX_JSON_BYTES'],
      ['text/csv', 16, 'MAX_JSON_BYTES'],
      ['application/vnd.apache.arrow.stream', 20, 'MAX_ARROW_BYTES'],
      ['application/vnd.apache.arrow.file', 20, 'MAX_ARROW_BYTES'],
      ['application/vnd.apache.parquet', 20, 'MAX_ARROW_BYTES'],
      ['application/x-parquet', 20, 'MAX_ARROW_BYTES'],
      ['application/octet-stream', 20, 'MAX_ARROW_BYTES'],
    ] as const;
    const expectTooLarge = (reply: RawReply, limit: string): void => {
      expect([reply.status, code(reply), reply.headers.get('connection')]).toEqual([
        413,
        'too_large',
        'close',
      ]);
      expect(at(reply.json, 'detail')).toContain(`at most ${limit}, got`);
    };

    test.each(TYPES)('%s declared: 413 before anything is read', async (type, size, setting) => {
      const wire = await Wire.open(url);
      await wire.head(PATH, { 'content-type': type, 'content-length': size * MiB + 1 });
      expectTooLarge(await wire.reply(), `${size * MiB} bytes (${setting})`);
    });

    test.each(TYPES.filter((_, i) => i % 2 === 1))(
      '%s chunked: 413 at the limit',
      async (type, size, setting) => {
        const wire = await Wire.open(url);
        await wire.head(PATH, { 'content-type': type, 'transfer-encoding': 'chunked' });
        if (type.endsWith('octet-stream')) await wire.chunk(Buffer.from('PAR1'));
        for (let i = 0; i < size; i++) await wire.chunk(Buffer.alloc(MiB, 32));
        await wire.chunk(Buffer.alloc(1));
        expectTooLarge(await wire.reply(), `${size * MiB} bytes (${setting})`);
        wire.destroy();
      },
    );

    test('a client that sends all before it reads sees the 413, not a reset connection', async () => {
      const wire = await Wire.open(url);
      wire.socket.pause();
      await wire.head(PATH, { ...JSON_TYPE, 'content-length': 30 * MiB });
      for (let i = 0; i < 30; i++) await wire.write(Buffer.alloc(MiB));
      await wait(100);
      wire.socket.resume();
      expectTooLarge(await wire.reply(), `${16 * MiB} bytes (MAX_JSON_BYTES)`);
      await wire.closed();
    });

    test('Expect: 100-continue: 100 for what is wanted; 413, 415 and 404 without it', async () => {
      const expecting = { ...JSON_TYPE, expect: '100-continue' };
      const wanted = await Wire.open(url);
      await wanted.head(PATH, { ...expecting, 'content-length': ROWS.length });
      expect((await wanted.reply()).status).toBe(100);
      await wanted.write(ROWS);
      expect((await wanted.reply()).status).toBe(200);
      wanted.destroy();
      for (const [path, headers, status] of [
        [PATH, { ...expecting, 'content-length': 17 * MiB }, 413],
        [PATH, { ...expecting, 'content-type': 'text/plain', 'content-length': 9 }, 415],
        ['/nope', { ...expecting, 'content-length': 9 }, 404],
      ] as const) {
        const wire = await Wire.open(url);
        await wire.head(path, headers);
        expect((await wire.reply()).status).toBe(status);
        wire.destroy();
      }
    });
  });

  test('a connection goes on after a refusal whose body was read, and after one without a body', async () => {
    const wire = await Wire.open(url);
    for (const [body, status] of [
      ['{"data":[]}', 422],
      ['{', 400],
      ['', 400],
      [ROWS.toString(), 200],
    ] as const) {
      await wire.head(PATH, { ...JSON_TYPE, 'content-length': body.length });
      await wire.write(body);
      const reply = await wire.reply();
      expect([body, reply.status, reply.headers.get('connection')]).toEqual([body, status, 'keep-alive']);
    }
    await wire.write('GET /nope HTTP/1.1\r\nHost: x\r\n\r\n');
    const missing = await wire.reply();
    expect([missing.status, missing.headers.get('connection')]).toEqual([404, 'keep-alive']);
    await wire.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    expect((await wire.reply()).status).toBe(200);
    wire.destroy();
  });
});
