import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { exchange, FIN, type WireReply } from '../fuzz/wire.js';
import { at, send, type Service, startService } from '../service.js';

const get = (path: string, ...lines: string[]): string =>
  `${[`GET ${path} HTTP/1.1`, 'Host: x', ...lines].join('\r\n')}\r\n\r\n`;
const portOf = ({ url }: Service): number => Number(new URL(url).port);
const said = (replies: readonly WireReply[]): unknown[] =>
  replies.map(({ status, json }) => [status, at(json, 'code') ?? null]);

function opened(service: Service): Promise<Socket> {
  const socket = connect({ port: portOf(service), host: '127.0.0.1', allowHalfOpen: true });
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

describe('the limits of connections are settings', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({
      env: {
        MAX_HEADER_BYTES: '2048',
        HEADERS_MS: '400',
        KEEP_ALIVE_MS: '1000',
        UPLOAD_GRACE_MS: '500',
        UPLOAD_FLOOR: '1000000',
      },
    });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
    expect(service.output()).not.toMatch(/a lane ended|"level":"error"/u);
  });

  test('MAX_HEADER_BYTES: beyond it is 431, and the sentence names it', async () => {
    const near = await exchange(portOf(service), [get('/health/live', `X-Long: ${'x'.repeat(1500)}`)]);
    expect(said(near.replies)).toEqual([[200, null]]);
    const beyond = await exchange(portOf(service), [get('/health/live', `X-Long: ${'x'.repeat(2500)}`)]);
    expect(said(beyond.replies)).toEqual([[431, 'headers_too_large']]);
    expect(beyond.replies[0]?.text).toContain('at most 2048 bytes (MAX_HEADER_BYTES)');
    expect(beyond.replies[0]?.headers.connection).toBe('close');
  });

  test('a megabyte of headers is refused, and the refusal is not lost to a reset', async () => {
    const long = Array.from({ length: 1000 }, (_, i) => `X-${i}: ${'x'.repeat(1000)}`);
    const { replies } = await exchange(portOf(service), [get('/health/live', ...long)], { until: 2 });
    expect(said(replies)).toEqual([[431, 'headers_too_large']]);
  });

  test.each([
    ['no byte', []],
    ['half a request line', ['GET /hea']],
    ['headers without their end', ['GET / HTTP/1.1\r\nHost: x\r\n']],
  ])('HEADERS_MS: %s → 408 within it and 1.5 s', async (_name, parts) => {
    const { replies, ms } = await exchange(portOf(service), parts, { timeoutMs: 5000 });
    expect(said(replies)).toEqual([[408, 'slow_request']]);
    expect(replies[0]?.text).toContain('within 0.4 s (HEADERS_MS)');
    expect(ms).toBeGreaterThan(390);
    expect(ms).toBeLessThan(1900);
  });

  test('KEEP_ALIVE_MS: it is said, and an idle connection ends by a FIN', async () => {
    const { replies, closed, ms } = await exchange(portOf(service), [get('/health/live')], { until: 2 });
    expect(replies[0]?.headers['keep-alive']).toBe('timeout=1');
    expect([replies.length, closed]).toEqual([1, true]);
    expect(ms).toBeGreaterThan(990);
    // Node gives clients a second more than they are told.
    expect(ms).toBeLessThan(4000);
  });

  test('a client that takes no answer is ended: UPLOAD_FLOOR holds for answers, too', async () => {
    const socket = await opened(service);
    const { text } = await send(`${service.url}/openapi.json`, { method: 'GET' });
    // More than the buffers of two sockets hold.
    socket.write(get('/openapi.json').repeat(Math.ceil(24e6 / text.length)));
    socket.pause();
    const started = performance.now();
    // What is written to a connection that is gone comes back as an error.
    const poke = setInterval(() => socket.write('\r\n'), 100);
    const why = await new Promise<string | undefined>((resolve) => {
      socket.once('error', ({ code }: NodeJS.ErrnoException) => {
        resolve(code);
      });
    });
    clearInterval(poke);
    expect(['ECONNRESET', 'EPIPE']).toContain(why);
    expect(performance.now() - started).toBeLessThan(5000);
    expect((await send(`${service.url}/health/live`, { method: 'GET' })).status).toBe(200);
  });

  test('a body that nobody asked for, a byte now and then, keeps no connection', async () => {
    const parts = [
      get('/health/live', 'Content-Length: 1000'),
      ...Array.from({ length: 60 }, () => [100, 'x']).flat(),
    ];
    const { replies, closed, ms } = await exchange(portOf(service), parts, { until: 2, timeoutMs: 8000 });
    expect(said(replies)).toEqual([[200, null]]);
    expect(closed).toBe(true);
    expect(ms).toBeLessThan(4000);
  });

  test('an answer that ends its connection is not reset by what the client sends behind its request', async () => {
    const behind = Array.from({ length: 20 }, () => [10, Buffer.alloc(50_000, 'x')]).flat();
    const { replies } = await exchange(
      portOf(service),
      [get('/health/live', 'Connection: close'), ...behind, FIN],
      { until: 2 },
    );
    expect(said(replies)).toEqual([[200, null]]);
  });
});

test('MAX_CONNECTIONS: one more is told so and ended, but for its probes; when one has left, another is served', async () => {
  const service = await startService({ env: { MAX_CONNECTIONS: '3' } });
  const held = [await opened(service), await opened(service), await opened(service)];
  const ask = (path: string): Promise<readonly WireReply[]> =>
    exchange(portOf(service), [get(path)], { until: 2, timeoutMs: 5000 }).then(({ replies }) => replies);
  const surplus = await ask('/version');
  expect(said(surplus)).toEqual([[503, 'overloaded']]);
  const { connection, 'retry-after': retry } = surplus[0]?.headers ?? {};
  expect([connection, surplus[0]?.headers['content-type']]).toEqual(['close', 'application/problem+json']);
  expect(retry).toMatch(/^[123]$/u);
  for (const path of ['/health/live', '/health/ready', '/v2/health/live']) {
    const [probe] = await ask(path);
    expect([path, probe?.status, probe?.headers.connection]).toEqual([path, 200, 'close']);
  }
  // Far more than may be: each has a word or an end, none waits.
  const many = await Promise.all(
    Array.from({ length: 60 }, () =>
      exchange(portOf(service), [get('/version')], { until: 2, timeoutMs: 10_000 }),
    ),
  );
  for (const { replies, closed } of many) {
    expect(closed).toBe(true);
    for (const { status } of replies) expect(status).toBe(503);
  }
  held[0]?.destroy();
  await pause(200);
  expect((await ask('/version'))[0]?.status).toBe(200);
  for (const socket of held) socket.destroy();
  expect(await service.stop()).toBe(0);
}, 30_000);
