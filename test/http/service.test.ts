import { connect } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import SwaggerParser from '@apidevtools/swagger-parser';
import { at, JSON_TYPE, postJson, ROOT, send, type Service, startService } from '../service.js';

type OpenApi = Parameters<typeof SwaggerParser.validate>[0];

describe('the service around the analyses', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ env: { MAX_JSON_BYTES: '100000', MAX_ARROW_BYTES: '200000' } });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });
  const get = (path: string, headers = {}): ReturnType<typeof send> =>
    send(`${service.url}${path}`, { method: 'GET', headers });

  test('one line at the start: what it is, which engine and why, where the docs are', () => {
    const [line = ''] = service.output().split('\n');
    const { msg, engine } = JSON.parse(line) as { msg: string; engine: string };
    expect(msg).toMatch(
      /^analytics-service \S+ on http:\/\/127\.0\.0\.1:\d+, engine wasm \(WebAssembly SIMD is available\), \d+ lanes, docs at http:\S+\/docs$/u,
    );
    expect(engine).toBe('wasm');
  });

  test('health, version', async () => {
    expect((await get('/health/live')).json).toEqual({ status: 'alive' });
    expect((await get('/health/ready')).json).toEqual({
      status: 'ready',
      engine: 'wasm',
      reason: 'WebAssembly SIMD is available',
    });
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect((await get('/version')).json).toEqual({
      name: 'analytics-service',
      version,
      node: process.version,
    });
  });

  test('openapi.json is valid OpenAPI 3.1 and names every option', async () => {
    const { json } = await get('/openapi.json');
    const api = await SwaggerParser.validate(JSON.parse(JSON.stringify(json)) as OpenApi);
    expect(Object.keys(api.paths ?? {})).toEqual(
      expect.arrayContaining(['/analytics/analyze', '/analytics/describe', '/health/ready']),
    );
    const parameters = at(json, 'paths', '/analytics/analyze', 'post', 'parameters') as { name: string }[];
    expect(parameters.map(({ name }) => name)).toEqual([
      'columns',
      'percentiles',
      'n_clusters',
      'random_state',
      'n_init',
      'max_iter',
      'tol',
      'popmean',
      'alternative',
      'confidence_level',
      'nan_policy',
      'labels',
      'engine',
      'dataset',
    ]);
  });

  test('/docs is Swagger UI from the package: every asset is served here, nothing from elsewhere', async () => {
    const page = await get('/docs');
    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/https?:\/\//u);
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/gu)].map(([, path]) => path ?? '');
    expect(assets.length).toBe(4);
    for (const path of assets) expect([path, (await get(`/${path}`)).status]).toEqual([path, 200]);
    expect((await get('/docs/start.js')).text).toContain("url: 'openapi.json'");
    expect((await get('/docs/')).headers.location).toBe('../docs');
  });

  test('404, 405 with Allow, 406, all as problem+json', async () => {
    const missing = await get('/nope');
    expect([missing.status, at(missing.json, 'code')]).toEqual([404, 'not_found']);
    const method = await get('/analytics/analyze');
    expect([method.status, method.headers.allow]).toEqual([405, 'POST']);
    expect((await send(`${service.url}/health/live`, { method: 'DELETE' })).headers.allow).toBe('GET, HEAD');
    const accept = await postJson(
      `${service.url}/analytics/analyze`,
      { data: [{ a: 1 }] },
      { accept: 'image/png' },
    );
    expect([accept.status, at(accept.json, 'code')]).toEqual([406, 'not_acceptable']);
    const escape = await get('/%E0%A4%A');
    expect(escape.status).toBe(404);
    for (const reply of [missing, method, accept, escape]) {
      expect(reply.headers['content-type']).toBe('application/problem+json');
    }
  });

  test('X-Request-Id: taken when well-formed, else replaced', async () => {
    const ask = async (id: string): Promise<string | string[] | undefined> =>
      (await get('/health/live', { 'x-request-id': id })).headers['x-request-id'];
    expect(await ask('abc-1.2_3')).toBe('abc-1.2_3');
    for (const id of ['a b', 'x'.repeat(65), 'é'.normalize('NFD').slice(0, 1) + '"', '<script>']) {
      expect(await ask(id)).toMatch(/^[0-9a-f-]{36}$/u);
    }
  });

  test.each([
    ['0', 400],
    ['-1', 400],
    ['soon', 400],
    ['1e9', 400],
    ['1000000000', 200],
  ])('X-Request-Deadline-Ms %s → %i', async (deadline, status) => {
    const reply = await postJson(
      `${service.url}/analytics/analyze`,
      { data: [{ a: 1 }] },
      { 'x-request-deadline-ms': deadline },
    );
    expect(reply.status).toBe(status);
  });

  test('over the limit: 413 at once when declared, at the limit when chunked', async () => {
    const declared = await new Promise<string>((resolve, reject) => {
      const { port } = new URL(service.url);
      const socket = connect(Number(port), '127.0.0.1', () => {
        // The body is never sent: the answer must not wait for it.
        socket.write(
          'POST /analytics/analyze HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100001\r\n\r\n',
        );
      });
      socket.once('data', (chunk) => {
        socket.destroy();
        resolve(chunk.toString());
      });
      socket.once('error', reject);
    });
    expect(declared).toMatch(/^HTTP\/1\.1 413 .*100000 bytes \(MAX_JSON_BYTES\), got 100001 bytes/su);
    const chunk = Buffer.alloc(60_000, 32);
    const chunked = await send(`${service.url}/analytics/analyze`, {
      headers: JSON_TYPE,
      body: [chunk, chunk],
    });
    expect([chunked.status, at(chunked.json, 'code')]).toEqual([413, 'too_large']);
  });

  test.each([
    ['two Content-Length', 'Content-Length: 2\r\nContent-Length: 3\r\n', 400],
    ['length and chunked', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', 400],
    ['a chunk that is none', 'Transfer-Encoding: chunked\r\n', 400],
    ['a 20 KB header', `X-Long: ${'x'.repeat(20_000)}\r\n`, 431],
    ['no request at all', '\u0000\u0001\r\n', 400],
  ])('%s → %i problem+json', async (_name, headers, status) => {
    const { port } = new URL(service.url);
    const reply = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(
          `POST /analytics/analyze HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}\r\n{}`,
        );
      });
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.once('close', () => {
        resolve(text);
      });
      socket.once('error', reject);
    });
    expect(reply).toMatch(
      new RegExp(`^HTTP/1\\.1 ${status} .*content-type: application/problem\\+json`, 'su'),
    );
  });

  test('a garbage traceparent is ignored', async () => {
    const reply = await postJson(
      `${service.url}/analytics/analyze`,
      { data: [{ a: 1 }] },
      { traceparent: 'zz-??' },
    );
    expect(reply.status).toBe(200);
  });

  test('HEAD and keep-alive: fifty requests over the same service', async () => {
    expect((await send(`${service.url}/health/live`, { method: 'HEAD' })).status).toBe(200);
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        postJson(`${service.url}/analytics/analyze`, { data: [{ a: i }, { a: 1 }, { a: 2 }] }),
      ),
    );
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

test('an open connection that never sent a request does not hold the stop back', async () => {
  const service = await startService();
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  const started = performance.now();
  expect(await service.stop()).toBe(0);
  expect(performance.now() - started).toBeLessThan(2000);
  socket.destroy();
});

test('a closed pipe behind the log does not end the service', async () => {
  const service = await startService({
    env: { LANES: '1' },
    command: ['sh', '-c', 'node dist/src/main.js | head -n 1'],
  });
  const heavy = {
    columns: { a: Array.from({ length: 20_000 }, (_, i) => Math.sin(i)) },
    options: { n_clusters: 4000, tol: 0 },
  };
  // Each lane that is stopped writes a line into the closed pipe.
  for (let i = 0; i < 2; i++) {
    const late = await postJson(`${service.url}/analytics/analyze`, heavy, {
      'x-request-deadline-ms': '200',
    });
    expect(late.status).toBe(504);
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
  expect((await send(`${service.url}/health/live`, { method: 'GET' })).status).toBe(200);
  await service.stop();
});

describe('slow clients', () => {
  test('one byte a second, and headers never finished: 408 within the limit + 1.5 s', async () => {
    const service = await startService();
    const { port } = new URL(service.url);
    const answer = (start: string, drip: string): Promise<{ text: string; ms: number }> =>
      new Promise((resolve, reject) => {
        const started = performance.now();
        let text = '';
        const socket = connect(Number(port), '127.0.0.1', () => socket.write(start));
        const timer = setInterval(() => socket.write(drip), 1000);
        socket.on('data', (chunk) => (text += chunk.toString()));
        socket.once('close', () => {
          clearInterval(timer);
          resolve({ text, ms: performance.now() - started });
        });
        socket.once('error', reject);
      });
    const [body, headers] = await Promise.all([
      answer(
        'POST /analytics/analyze HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n',
        ' ',
      ),
      answer('POST /analytics/analyze HTTP/1.1\r\nHost: x\r\n', 'X'),
    ]);
    for (const { text, ms } of [body, headers]) {
      expect(text).toMatch(/^HTTP\/1\.1 408 .*"code":"slow_request"/su);
      expect(ms).toBeGreaterThan(9000);
      expect(ms).toBeLessThan(11_500);
    }
    expect(await service.stop()).toBe(0);
  });
});
