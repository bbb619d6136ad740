import { postJson, type Reply, send, type Service, startService } from '../service.js';
import { fileOf, keyed, makeKey } from '../access/keys.js';

const key = makeKey('page', ['analyze', 'read']);
const ORIGIN = 'https://app.example.com';

const preflight = (url: string, origin: string): Promise<Reply> =>
  send(url, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-api-key',
    },
  });

describe('pages of other origins', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({
      env: { API_KEYS: fileOf(key), CORS_ORIGINS: `${ORIGIN}, http://localhost:3000` },
    });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  test('that are allowed may ask: the preflight comes without a key', async () => {
    for (const origin of [ORIGIN, 'http://localhost:3000']) {
      const { status, headers } = await preflight(`${service.url}/analytics/analyze`, origin);
      expect(status).toBe(204);
      expect(headers['access-control-allow-origin']).toBe(origin);
      expect(headers['access-control-allow-headers']).toBe('content-type,x-api-key');
      expect(headers['access-control-allow-methods']).toBe('GET,HEAD,POST,DELETE');
      expect(headers['access-control-allow-credentials']).toBeUndefined();
      expect(headers['vary']).toContain('Origin');
    }
    const answer = await postJson(
      `${service.url}/analytics/analyze`,
      { columns: { a: [1] } },
      { origin: ORIGIN, ...keyed(key) },
    );
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, ORIGIN]);
    for (const name of ['x-request-id', 'retry-after', 'traceparent', 'ratelimit'])
      expect(answer.headers['access-control-expose-headers']).toContain(name);
  });

  test('also read why they are refused', async () => {
    const { status, headers } = await postJson(`${service.url}/analytics/analyze`, {}, { origin: ORIGIN });
    expect([status, headers['access-control-allow-origin']]).toEqual([401, ORIGIN]);
  });

  test.each([
    `${ORIGIN}.evil.example`,
    'https://example.com',
    'http://app.example.com',
    'null',
    `${ORIGIN}:443`,
  ])('%s may not: it is answered as everybody is', async (origin) => {
    const asked = await preflight(`${service.url}/analytics/analyze`, origin);
    expect([asked.status, asked.headers['access-control-allow-origin']]).toEqual([401, undefined]);
    const answer = await send(`${service.url}/models`, { method: 'GET', headers: { origin, ...keyed(key) } });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, undefined]);
    expect(answer.headers['vary']).toContain('Origin');
  });
});

test('without the setting nobody may, and answers say nothing of origins', async () => {
  const service = await startService();
  const asked = await preflight(`${service.url}/analytics/analyze`, ORIGIN);
  expect([asked.status, asked.headers['access-control-allow-origin'], asked.headers['vary']]).toEqual([
    405,
    undefined,
    undefined,
  ]);
  const { headers } = await postJson(
    `${service.url}/analytics/analyze`,
    { columns: { a: [1] } },
    { origin: ORIGIN },
  );
  expect(headers['access-control-allow-origin']).toBeUndefined();
  expect(headers['content-security-policy']).toBe(
    "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  );
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['x-frame-options']).toBe('DENY');
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect(headers['x-powered-by']).toBeUndefined();
  expect(headers['strict-transport-security']).toBeUndefined();
  expect(await service.stop()).toBe(0);
});
