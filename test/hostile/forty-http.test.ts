import { exchange, FIN, type Part, type WireReply } from '../fuzz/wire.js';
import { at, JSON_TYPE, send, type Service, startService } from '../service.js';
import { describeHostile, expectProblem, DESCRIBING, type Hostile, PAGES, FIT } from './forty.js';

const GOOD = '{"data":[{"val":1},{"val":2},{"val":3}]}';
const head = (path: string, ...lines: string[]): string =>
  `${[`POST ${path} HTTP/1.1`, 'Host: x', 'Content-Type: application/json', ...lines].join('\r\n')}\r\n\r\n`;
const LENGTH = `Content-Length: ${GOOD.length}`;
const JSON_HEAD = 'Content-Type: application/json\r\n';
const CHUNKED = 'Transfer-Encoding: chunked';

interface Raw {
  readonly name: string;
  readonly parts: (path: string) => readonly Part[];
  readonly status: number | readonly number[];
  readonly code?: string;
  readonly check?: (reply: WireReply) => void;
}

const framing: Raw[] = [
  {
    name: 'two Content-Length that differ',
    parts: (path) => [head(path, 'Content-Length: 2', 'Content-Length: 3'), '{}'],
    status: 400,
    code: 'invalid_http',
  },
  {
    name: 'two Content-Length that agree',
    parts: (path) => [head(path, LENGTH, LENGTH), GOOD],
    status: 400,
    code: 'invalid_http',
  },
  {
    name: 'Content-Length and chunked',
    parts: (path) => [head(path, 'Content-Length: 2', CHUNKED), '2\r\n{}\r\n0\r\n\r\n'],
    status: 400,
    code: 'invalid_http',
  },
  {
    name: 'chunked and Content-Length',
    parts: (path) => [head(path, CHUNKED, LENGTH), '2\r\n{}\r\n0\r\n\r\n'],
    status: 400,
    code: 'invalid_http',
  },
  ...['-1', '+5', '0x10', '1e3', '5, 5', ' ', '99999999999999999999'].map((length) => ({
    name: `Content-Length: ${length}`,
    parts: (path: string) => [head(path, `Content-Length: ${length}`), GOOD],
    status: 400,
    code: 'invalid_http',
  })),
  ...['chunked, identity', 'identity', 'xchunked', 'chunked, chunked'].map((coding) => ({
    name: `Transfer-Encoding: ${coding}`,
    parts: (path: string) => [head(path, `Transfer-Encoding: ${coding}`), '2\r\n{}\r\n0\r\n\r\n'],
    status: [400, 501],
  })),
  ...[
    'zz\r\n{}\r\n0\r\n\r\n',
    '-2\r\n{}\r\n0\r\n\r\n',
    '2\r\n{}garbage\r\n0\r\n\r\n',
    '\r\n{}\r\n0\r\n\r\n',
    '2 \n{}\n0\n\n',
    'fffffffffffffffff\r\n{}\r\n0\r\n\r\n',
    '0x2\r\n{}\r\n0\r\n\r\n',
  ].map((body) => ({
    name: `bad chunk ${JSON.stringify(body)}`,
    parts: (path: string) => [head(path, CHUNKED), body],
    status: 400,
  })),
  {
    name: 'a bad chunk behind a good one',
    parts: (path) => [head(path, CHUNKED), '2\r\n{"\r\n', 50, 'what\r\n'],
    status: 400,
  },
  {
    name: 'a 20 KB header',
    parts: (path) => [head(path, `X-Long: ${'x'.repeat(20_000)}`, LENGTH), GOOD],
    status: 431,
    code: 'headers_too_large',
  },
  {
    name: '20 KB of small headers',
    parts: (path) => [
      head(path, ...Array.from({ length: 1500 }, (_, i) => `X-Small-${i}: some-${i}`), LENGTH),
      GOOD,
    ],
    status: 431,
    code: 'headers_too_large',
  },
  {
    name: 'a path of 20 KB',
    parts: (path) => [head(`${path}?${'x'.repeat(20_000)}`, LENGTH), GOOD],
    status: 431,
    code: 'headers_too_large',
  },
  ...['no colon', 'a b: c', ': empty', 'X-Nul: a\u0000b', 'X-Bare: a\rb', ' folded: first'].map((line) => ({
    name: `the header ${JSON.stringify(line)}`,
    parts: (path: string) => [head(path, line, LENGTH), GOOD],
    status: 400,
    code: 'invalid_http',
  })),
  ...[
    'GET\r\n\r\n',
    '\u0000\u0001\u0002\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ].map((text) => ({
    name: `what is no HTTP/1: ${JSON.stringify(text)}`,
    parts: () => [text],
    status: 400,
    code: 'invalid_http',
  })),
  {
    name: 'no Host',
    parts: (path) => [`POST ${path} HTTP/1.1\r\nContent-Type: application/json\r\n${LENGTH}\r\n\r\n${GOOD}`],
    status: 400,
  },
  {
    name: 'HTTP/3.7',
    parts: (path) => [`POST ${path} HTTP/3.7\r\nHost: x\r\n${LENGTH}\r\n\r\n${GOOD}`],
    status: [400, 505],
  },
  {
    name: 'a body that is shorter than declared, then the end',
    parts: (path) => [head(path, 'Content-Length: 1000'), GOOD, 50, FIN],
    status: 400,
  },
  {
    name: 'chunks that end without the last, then the end',
    parts: (path) => [head(path, CHUNKED), '5\r\n{"dat\r\n', 50, FIN],
    status: 400,
  },
  {
    name: 'chunks of one byte, with extensions and trailers',
    parts: (path) => [
      head(path, CHUNKED),
      ...Array.from(GOOD, (byte) => `1;x=y\r\n${byte}\r\n`),
      '0\r\nX-Trailer: 1\r\n\r\n',
    ],
    status: 200,
  },
  {
    name: 'Expect: 100-continue',
    parts: (path) => [head(path, 'Expect: 100-continue', LENGTH), 50, GOOD],
    status: 200,
  },
];

// How bytes become requests does not depend on the path: two stand for all.
describe.each(DESCRIBING)('raw HTTP: %s', (path) => {
  let service: Service;
  let port: number;
  let before: unknown;
  const good = async (): Promise<unknown> => {
    const reply = await send(`${service.url}${path}`, { headers: JSON_TYPE, body: GOOD });
    expect(reply.status).toBe(200);
    return at(reply.json, 'meta', 'result_sha256');
  };
  beforeAll(async () => {
    service = await startService();
    port = Number(new URL(service.url).port);
    before = await good();
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
    expect(service.output()).not.toMatch(/a lane ended|"level":"error"/u);
  });

  test.each(framing.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const { replies, rest } = await exchange(port, one.parts(path), { timeoutMs: 5000 });
    const [reply] = replies;
    const allowed = [one.status].flat();
    expect({
      text: reply?.text.slice(0, 300),
      ok: allowed.includes(reply?.status ?? 0),
      status: reply?.status,
    }).toEqual({
      text: reply?.text.slice(0, 300),
      ok: true,
      status: reply?.status,
    });
    expect(replies.length).toBe(1);
    expect(rest.length).toBe(0);
    if (reply !== undefined && reply.status >= 400) {
      expectProblem({ ...reply, json: reply.json ?? null });
      // Whatever was behind it on the wire is never read as a request.
      expect(reply.headers.connection).toBe('close');
    }
    if (one.code !== undefined) expect(at(reply?.json, 'code')).toBe(one.code);
    expect((await send(`${service.url}/health/live`, { method: 'GET' })).status).toBe(200);
    expect(await good()).toBe(before);
  });

  test('a refused body is not the next request', async () => {
    const smuggled = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${LENGTH}\r\n\r\n${GOOD}`;
    const parts = [
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: ${smuggled.length}\r\n\r\n`,
      50,
      smuggled,
    ];
    const { replies } = await exchange(port, parts, { until: 2, timeoutMs: 1500 });
    expect(replies.map(({ status }) => status)).toEqual([415]);
  });

  test('three requests in one write are answered in their order', async () => {
    const three = [GOOD, '{', GOOD].map((body) => head(path, `Content-Length: ${body.length}`) + body);
    const { replies } = await exchange(port, [three.join('')], { until: 3 });
    expect(replies.map(({ status }) => status)).toEqual([200, 400, 200]);
  });

  test('a client that leaves before its answer costs nothing', async () => {
    await Promise.all(
      Array.from({ length: 50 }, () =>
        exchange(port, [head(path, LENGTH), GOOD], { timeoutMs: 1, until: 2 }),
      ),
    );
    expect(await good()).toBe(before);
  });
});

const methods: Hostile[] = [
  'GET',
  'HEAD',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'QUERY',
].map((method) => ({
  name: `${method} → 405 + Allow`,
  method,
  body: '',
  status: 405,
  // It lists the models.
  ...(['GET', 'HEAD'].includes(method) && { except: [FIT] }),
  ...(method === 'HEAD' ? {} : { code: 'method_not_allowed' }),
  check: (reply) => {
    expect(reply.headers.allow).toBe('POST');
  },
}));

const headers: Hostile[] = [
  ...['image/png', 'application/json;q=0', 'text/*', 'application/xml, image/*'].map((accept): Hostile => ({
    name: `Accept: ${accept} → 406`,
    headers: { ...JSON_TYPE, accept },
    body: GOOD,
    status: 406,
    code: 'not_acceptable',
    ...(accept === 'text/*' && { except: PAGES }),
  })),
  ...['*/*', 'application/*', 'text/html, */*;q=0.1', ''].map((accept): Hostile => ({
    name: `Accept: ${accept} → 200`,
    headers: { ...JSON_TYPE, accept },
    body: GOOD,
    status: 200,
  })),
  ...['a b', 'x'.repeat(65), 'x'.repeat(10_000), '<script>', 'a%0d%0ab', '"', 'ä'].map((id): Hostile => ({
    name: `X-Request-Id ${id.slice(0, 20)} of ${id.length} → replaced`,
    headers: { ...JSON_TYPE, 'x-request-id': id },
    body: GOOD,
    status: 200,
    check: (reply) => {
      expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/u);
      expect(at(reply.json, 'meta', 'request_id')).toBe(reply.headers['x-request-id']);
    },
  })),
  {
    name: 'X-Request-Id that is well-formed → taken',
    headers: { ...JSON_TYPE, 'x-request-id': 'a.B-c_1' },
    body: GOOD,
    status: 200,
    check: (reply) => {
      expect(at(reply.json, 'meta', 'request_id')).toBe('a.B-c_1');
    },
  },
  ...['zz-??', '00-0-0-0', '00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-ff', 'x'.repeat(8000)].map(
    (traceparent): Hostile => ({
      name: `traceparent ${traceparent.slice(0, 20)} → ignored`,
      headers: { ...JSON_TYPE, traceparent, tracestate: '=,=,=', baggage: '%%%=;;' },
      body: GOOD,
      status: 200,
    }),
  ),
  ...['0', '-1', 'soon', '1.5', '', 'NaN', '1e99', '9'.repeat(400)].map((deadline): Hostile => ({
    name: `X-Request-Deadline-Ms ${JSON.stringify(deadline.slice(0, 20))} → 400`,
    headers: { ...JSON_TYPE, 'x-request-deadline-ms': deadline },
    body: GOOD,
    status: 400,
    code: 'invalid_deadline',
  })),
  {
    name: 'X-Request-Deadline-Ms 1000000000 → clamped',
    headers: { ...JSON_TYPE, 'x-request-deadline-ms': '1000000000' },
    body: GOOD,
    status: 200,
  },
];

describeHostile('methods and headers', [...methods, ...headers]);

describe('paths that do not exist', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
    expect(service.output()).not.toMatch(/"level":"error"/u);
  });

  test.each([
    '/nope',
    '/analytics',
    '/analytics/nope',
    '/analytics/analyze/extra',
    '/analytics/../../../../etc/passwd',
    '/docs/../../../../etc/passwd',
    '/docs/..%2f..%2f..%2fpackage.json',
    '/docs/%2e%2e/%2e%2e/package.json',
    '/docs/....//package.json',
    '/docs/swagger-ui.css%00.js',
    '/%E0%A4%A',
    '/%00',
    '//evil.example/analytics/analyze',
    '/__proto__',
    '/constructor/prototype',
    '*',
    'http://[/analytics/analyze',
    `/${'a'.repeat(8000)}`,
  ])('%s → 404 as problem+json, nothing of the disk', async (path) => {
    const port = Number(new URL(service.url).port);
    for (const method of ['GET', 'POST']) {
      const request = `${method} ${path} HTTP/1.1\r\nHost: x\r\n${JSON_HEAD}${LENGTH}\r\n\r\n${GOOD}`;
      const { replies } = await exchange(port, [request], { stopAtReply: true });
      const [reply] = replies;
      const shown = reply?.text.slice(0, 200);
      expect({ shown, status: reply?.status === 400 ? 404 : reply?.status }).toEqual({ shown, status: 404 });
      if (reply !== undefined) expectProblem({ ...reply, json: reply.json ?? null }, path);
    }
  });

  test.each(DESCRIBING.flatMap((path) => [`http://:99999${path}`, `http://x:y@z${path}`, `http://${path}`]))(
    'the absolute target %s is no error of ours',
    async (target) => {
      const port = Number(new URL(service.url).port);
      const { replies } = await exchange(port, [head(target, LENGTH), GOOD]);
      expect([200, 400, 404]).toContain(replies[0]?.status);
    },
  );
});
