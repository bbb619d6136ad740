import { type Reply, at, type JsonValue, postJson, send, type Service, startService } from '../service.js';
import { fileOf, keyed, makeKey } from '../access/keys.js';

const reader = makeKey('reader', ['read']);
const analyst = makeKey('analyst', ['analyze']);
const keeper = makeKey('keeper', ['read', 'analyze', 'models']);
const gone = makeKey('gone', ['read'], { expires: '2020-01-01T00:00:00Z' });
const API_KEYS = fileOf(reader, analyst, keeper, gone);

const ROWS = { data: [{ a: 1 }, { a: 2 }, { a: 4 }] };
const FIT = { name: 'kept', pipeline: [{ name: 'kmeans', n_clusters: 1 }], columns: { a: [1, 2] } };
const get = (url: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> =>
  send(url, { method: 'GET', headers });
const codeOf = ({ json }: Reply): JsonValue | undefined => at(json, 'code');

/** Lines of who did what. */
const audits = (service: Service): Record<string, JsonValue>[] =>
  service
    .output()
    .split('\n')
    .filter((line) => line.includes('"audit"'))
    .map((line) => JSON.parse(line) as Record<string, JsonValue>);

describe('with API keys', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ env: { API_KEYS } });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  test('who says nothing gets 401 and what is expected, wherever it asks', async () => {
    for (const path of [
      '/analytics/analyze',
      '/models',
      '/models/none',
      '/nothing/there',
      '/models/%zz',
      '/docs',
    ]) {
      for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'PUT']) {
        const reply = await send(`${service.url}${path}`, { method });
        expect([path, method, reply.status, codeOf(reply)]).toEqual([path, method, 401, 'unauthorized']);
        expect(reply.headers['www-authenticate']).toBe('Bearer realm="analytics-service"');
      }
    }
    const inferred = await get(`${service.url}/v2/models/none`);
    expect([inferred.status, Object.keys(inferred.json as object)]).toEqual([401, ['error']]);
    const page = await get(`${service.url}/docs/swagger-ui.css`);
    expect(page.status).toBe(401);
  });

  test('what is not valid is refused in the same words, whatever it is', async () => {
    const presented = [
      { 'x-api-key': 'x' },
      { 'x-api-key': makeKey('ada', ['read']).key },
      keyed(gone),
      { 'x-api-key': `${reader.key}x` },
      { authorization: `Bearer ${String(reader.entry['sha256'])}` },
      { authorization: 'Bearer a.b.c' },
      { 'x-api-key': 'reader' },
    ];
    const replies = await Promise.all(presented.map((headers) => get(`${service.url}/models`, headers)));
    const said = replies.map(({ status, headers, json }) => [
      status,
      headers['www-authenticate'],
      { ...(json as object), request_id: '' },
    ]);
    expect(new Set(said.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(said[0]?.slice(0, 2)).toEqual([401, 'Bearer realm="analytics-service", error="invalid_token"']);
    const basic = await get(`${service.url}/models`, {
      authorization: `Basic ${Buffer.from(`reader:${reader.key}`).toString('base64')}`,
    });
    expect(basic.status).toBe(401);
  });

  test('a key opens what its scopes are for, by either header', async () => {
    for (const headers of [
      keyed(reader),
      { authorization: `Bearer ${reader.key}` },
      { authorization: `bearer  ${reader.key}` },
    ])
      expect((await get(`${service.url}/models`, headers)).status).toBe(200);
    expect((await postJson(`${service.url}/analytics/analyze`, ROWS, keyed(analyst))).status).toBe(200);
    expect((await postJson(`${service.url}/models`, FIT, keyed(keeper))).status).toBe(201);
    expect(
      (await postJson(`${service.url}/models/kept/predict`, { columns: { a: [1] } }, keyed(analyst))).status,
    ).toBe(200);
    expect(
      (await send(`${service.url}/models/kept`, { method: 'DELETE', headers: keyed(keeper) })).status,
    ).toBe(200);
    for (const path of ['/docs', '/docs/swagger-ui.css', '/openapi.json', '/version', '/v2'])
      expect((await get(`${service.url}${path}`, keyed(reader))).status).toBe(200);
    expect((await send(`${service.url}/models`, { method: 'HEAD', headers: keyed(reader) })).status).toBe(
      200,
    );
  });

  test('and nothing else: 403 names the scope', async () => {
    const refused: [string, string, Readonly<Record<string, string>>, string][] = [
      ['POST', '/analytics/analyze', keyed(reader), 'analyze'],
      ['POST', '/ANALYTICS/Analyze/', keyed(reader), 'analyze'],
      ['POST', '/models', keyed(reader), 'models'],
      ['POST', '/models?format=onnx', keyed(analyst), 'models'],
      ['DELETE', '/models/none', keyed(analyst), 'models'],
      ['DELETE', '/models/none/versions/1', keyed(reader), 'models'],
      ['POST', '/models/none/predict', keyed(reader), 'analyze'],
      ['POST', '/v2/models/none/infer', keyed(reader), 'analyze'],
      ['POST', '/invocations', keyed(reader), 'analyze'],
      ['GET', '/models', keyed(analyst), 'read'],
      ['HEAD', '/models', keyed(analyst), 'read'],
      ['GET', '/models/none/export', keyed(analyst), 'read'],
      ['POST', '/v2/repository/index', keyed(analyst), 'read'],
      ['GET', '/docs', keyed(analyst), 'read'],
      ['GET', '/docs/swagger-ui.css', keyed(analyst), 'read'],
      ['GET', '/version', keyed(analyst), 'read'],
    ];
    for (const [method, path, headers, scope] of refused) {
      const reply = await send(`${service.url}${path}`, { method, headers });
      expect([path, reply.status]).toEqual([path, 403]);
      expect(reply.headers['www-authenticate']).toBe(
        `Bearer realm="analytics-service", error="insufficient_scope", scope="${scope}"`,
      );
    }
  });

  test('a known caller is told what is not there', async () => {
    expect((await get(`${service.url}/nothing/there`, keyed(analyst))).status).toBe(404);
    expect((await send(`${service.url}/models`, { method: 'PUT', headers: keyed(analyst) })).status).toBe(
      405,
    );
    expect((await get(`${service.url}/models/%zz`, keyed(reader))).status).toBe(400);
  });

  test('probes ask nobody', async () => {
    for (const path of ['/health/live', '/health/ready', '/v2/health/live', '/v2/health/ready', '/ping']) {
      expect((await get(`${service.url}${path}`)).status).toBe(200);
      expect((await get(`${service.url}${path}`, { 'x-api-key': 'wrong' })).status).toBe(200);
    }
  });

  test('a body of a stranger is not waited for', async () => {
    const reply = await send(`${service.url}/analytics/analyze`, {
      headers: { 'content-type': 'application/json', 'content-length': '1000000000', expect: '100-continue' },
    });
    expect(reply.status).toBe(401);
  });

  test('the document says of each operation what it needs', async () => {
    const document = (await get(`${service.url}/openapi.json`, keyed(reader))).json;
    expect(at(document, 'paths', '/models', 'post', 'security')).toEqual([
      { ApiKey: ['models'] },
      { Bearer: ['models'] },
    ]);
    expect(at(document, 'paths', '/v2/models/{name}/infer', 'post', 'security', 0)).toEqual({
      ApiKey: ['analyze'],
    });
    expect(at(document, 'paths', '/health/live', 'get', 'security')).toEqual([]);
    expect(Object.keys(at(document, 'paths', '/models', 'get', 'responses') as object)).toEqual(
      expect.arrayContaining(['401', '403', '429']),
    );
  });

  test('the log says who did what, and of strangers that they were refused', async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const lines = audits(service);
    const find = (action: string, status: number): Record<string, JsonValue> | undefined =>
      lines.find((line) => line['action'] === action && line['status'] === status);
    expect(find('POST /models', 201)).toMatchObject({
      caller: 'keeper',
      model: 'kept',
      address: '127.0.0.1',
    });
    expect(find('DELETE /models/:name', 200)).toMatchObject({ caller: 'keeper', model: 'kept' });
    expect(find('POST /models/:name/predict', 200)).toMatchObject({ caller: 'analyst', model: 'kept' });
    expect(find('POST /analytics/analyze', 401)).toMatchObject({
      code: 'unauthorized',
      address: '127.0.0.1',
    });
    expect(find('DELETE /models/:name', 403)).toMatchObject({ caller: 'analyst', code: 'forbidden' });
    expect(find('GET unknown', 404)).toMatchObject({ caller: 'analyst' });
    const text = service.output();
    for (const { key, entry } of [reader, analyst, keeper, gone]) {
      expect(text).not.toContain(key);
      expect(text).not.toContain(entry['sha256']);
    }
    expect(text).not.toContain('nothing/there');
  });

  test('more than 20 wrong keys a minute are 429, while right ones go on', async () => {
    const replies: Reply[] = [];
    for (let i = 0; i < 25; i++)
      replies.push(await get(`${service.url}/models`, { 'x-api-key': `wrong ${i}` }));
    const last = replies.at(-1)!;
    expect([last.status, codeOf(last)]).toEqual([429, 'quota_exceeded']);
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(last.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect((await get(`${service.url}/models`, keyed(reader))).status).toBe(200);
  });
});

describe('with quotas', () => {
  const few = makeKey('few', ['read', 'analyze'], { requests_per_minute: 3 });
  const small = makeKey('small', ['analyze'], { bytes_per_minute: 1000, requests_per_minute: 0 });
  const free = makeKey('free', ['read', 'analyze'], { requests_per_minute: 0, bytes_per_minute: 0 });
  const usual = makeKey('usual', ['read']);
  let service: Service;
  beforeAll(async () => {
    service = await startService({
      env: {
        API_KEYS: fileOf(few, small, free, usual),
        QUOTA_REQUESTS: '2',
        PUBLIC_DOCS: 'true',
        PUBLIC_METRICS: 'true',
      },
    });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });
  const analyze = (
    key: Readonly<Record<string, string>>,
    body: string | readonly Uint8Array[],
  ): Promise<Reply> =>
    send(`${service.url}/analytics/analyze`, {
      headers: { 'content-type': 'application/json', ...key },
      body,
    });

  test('requests: what is left is said, then 429 with Retry-After', async () => {
    for (const left of [2, 1, 0]) {
      const { status, headers } = await get(`${service.url}/models`, keyed(few));
      expect([status, headers['x-ratelimit-limit'], headers['x-ratelimit-remaining']]).toEqual([
        200,
        '3',
        String(left),
      ]);
      expect(headers['ratelimit-policy']).toBe('"requests";q=3;w=60');
      expect(headers['ratelimit']).toMatch(new RegExp(`^"requests";r=${left};t=(?:[1-5]?\\d|60)$`, 'u'));
    }
    const refused = await get(`${service.url}/models`, keyed(few));
    expect([refused.status, codeOf(refused)]).toEqual([429, 'quota_exceeded']);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(at(refused.json, 'detail')).toBe('expected at most 3 requests a minute, got more');
    for (let i = 0; i < 3; i++)
      expect((await get(`${service.url}/models`, keyed(usual))).status).toBe(i < 2 ? 200 : 429);
    for (let i = 0; i < 5; i++) expect((await get(`${service.url}/models`, keyed(free))).status).toBe(200);
  });

  test('bytes: counted before the body is read where they are declared', async () => {
    const body = JSON.stringify(ROWS).padEnd(400, ' ');
    for (const left of [600, 200]) {
      const { status, headers } = await analyze(keyed(small), body);
      expect([status, headers['ratelimit-policy']]).toEqual([200, '"bytes";q=1000;w=60']);
      expect(headers['ratelimit']).toMatch(new RegExp(`^"bytes";r=${left};t=`, 'u'));
    }
    const refused = await send(`${service.url}/analytics/analyze`, {
      headers: {
        'content-type': 'application/json',
        'content-length': '400',
        expect: '100-continue',
        ...keyed(small),
      },
    });
    expect([refused.status, codeOf(refused)]).toEqual([429, 'quota_exceeded']);
    // What was refused has not been used.
    expect((await analyze(keyed(small), JSON.stringify(ROWS).padEnd(200, ' '))).status).toBe(200);
  });

  test('a body that no minute has is 413', async () => {
    const refused = await analyze(keyed(small), JSON.stringify(ROWS).padEnd(1001, ' '));
    expect([refused.status, at(refused.json, 'detail')]).toEqual([
      413,
      'expected a body of at most 1000 bytes, the quota of a minute, got 1001',
    ]);
  });

  test('what is open by a setting asks nobody and counts for nobody', async () => {
    for (const path of ['/docs', '/docs/start.js', '/docs/swagger-ui.css', '/openapi.json', '/version']) {
      const { status, headers } = await get(`${service.url}${path}`);
      expect([path, status, headers['ratelimit']]).toEqual([path, 200, undefined]);
    }
    expect((await get(`${service.url}/metrics`)).status).not.toBe(401);
    expect((await get(`${service.url}/models`)).status).toBe(401);
    expect((await get(`${service.url}/docs/../models`)).status).not.toBe(200);
  });
});

describe('with nobody asked', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ env: { AUTH: 'none', API_KEYS, HOST: '0.0.0.0', QUOTA_BYTES: '2000' } });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  test('keys are ignored, and the log says so', () => {
    expect(service.output()).toContain('AUTH is none: nobody is asked who they are, API_KEYS ignored');
  });

  test('bytes are counted for the address; in chunks as they come', async () => {
    const url = service.url.replace('0.0.0.0', '127.0.0.1');
    const chunk = Buffer.from(' '.repeat(600));
    const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
    const rows = Buffer.from(JSON.stringify(ROWS));
    const first = await send(`${url}/analytics/analyze`, { headers, body: [rows, chunk] });
    expect(first.status).toBe(200);
    const second = await send(`${url}/analytics/analyze`, { headers, body: [chunk, chunk, chunk, rows] });
    expect([second.status, codeOf(second)]).toEqual([429, 'quota_exceeded']);
    expect(Number(second.headers['retry-after'])).toBeGreaterThan(0);
    // A change is told of, whoever makes it.
    await postJson(`${url}/models`, FIT);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(audits(service).map(({ action, status }) => [action, status])).toEqual(
      expect.arrayContaining([
        ['POST /analytics/analyze', 429],
        ['POST /models', expect.any(Number)],
      ]),
    );
    expect(
      audits(service).some(({ status, action }) => action === 'POST /analytics/analyze' && status === 200),
    ).toBe(false);
  });
});

test.each<[string, Readonly<Record<string, string>>, string]>([
  [
    'an open address',
    { HOST: '0.0.0.0' },
    'HOST is 0.0.0.0, where others than this machine can ask: set API_KEYS_FILE',
  ],
  ['required, without keys', { AUTH: 'required' }, 'AUTH is required, but nobody could be known'],
  ['keys that are none', { API_KEYS: '{"keys":"sEcReT"}' }, 'API_KEYS cannot be used: /keys must be array'],
  ['an empty list of keys', { API_KEYS: '{"keys":[]}' }, 'expected at least one API key, got an empty list'],
  [
    'a file that is not there',
    { API_KEYS_FILE: '/nothing/keys.json' },
    'API_KEYS_FILE /nothing/keys.json cannot be used: ENOENT',
  ],
  [
    'half of what tokens need',
    { JWKS_URL: 'https://id.example/' },
    'JWT_ISSUER: expected a text, for there is JWKS_URL, got none',
  ],
  [
    'a JWKS by http',
    { JWKS_URL: 'http://id.example/', JWT_ISSUER: 'x', JWT_AUDIENCE: 'y' },
    'JWKS_URL must be an https URL',
  ],
  ['any origin', { CORS_ORIGINS: '*' }, 'CORS_ORIGINS: expected origins such as'],
])('%s: the start fails, and says what is wrong', async (_what, env, sentence) => {
  const failed = await startService({ env }).then(
    () => 'it started',
    (error: unknown) => String(error),
  );
  expect(failed).toContain('the service ended with 1');
  expect(failed).toContain(sentence);
  expect(failed).not.toContain('EcReT');
});
