import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, FILE_TYPE, postJson, type Reply, send, type Service, startService } from '../service.js';
import { type Collector, type ReceivedSpan, startCollector } from './otlp.js';

const SERVER = 2;
const NAME = 'sentinel_name';
const VALUE = 314159265;
const HEADER = 'sentinel-header';
const ROWS = Array.from({ length: 12 }, (_, i) => ({ [NAME]: VALUE + (i % 3), y: i % 2 }));
const COLUMNS = { [NAME]: ROWS.map((row) => row[NAME]), y: ROWS.map(({ y }) => y) };
/** It keeps a lane busy for longer than any deadline here. */
const HEAVY = {
  columns: {
    a: Array.from({ length: 20_000 }, (_, i) => Math.sin(i) * 1e3),
    b: Array.from({ length: 20_000 }, (_, i) => Math.cos(i * 7)),
  },
  options: { n_clusters: 5_000, n_init: 50, tol: 0 },
};
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const HEADERS = { 'x-anything': HEADER, 'user-agent': HEADER, referer: `http://x/?${HEADER}` };

let collector: Collector;
let service: Service;
beforeAll(async () => {
  collector = await startCollector();
  service = await startService({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      LANES: '1',
      MAX_QUEUE: '1',
    },
  });
}, 60_000);
afterAll(async () => {
  await service.stop();
  await collector.close();
});

/** The spans of one answer, once they have come: the server span first. */
async function spansOf(reply: Reply): Promise<readonly [ReceivedSpan, ...ReceivedSpan[]]> {
  const [, trace = '', span = ''] = String(reply.headers['traceparent']).split('-');
  const spanId = Buffer.from(span, 'hex').toString('base64');
  const traceId = Buffer.from(trace, 'hex').toString('base64');
  for (let i = 0; i < 100; i++) {
    const server = collector.spans.find((one) => one.kind === SERVER && one.spanId === spanId);
    if (server !== undefined) {
      expect(server.traceId).toBe(traceId);
      const inside = (parent: string): ReceivedSpan[] =>
        collector.spans
          .filter((one) => one.traceId === traceId && one.parentSpanId === parent)
          .flatMap((one) => [one, ...inside(one.spanId)]);
      return [server, ...inside(spanId)];
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('no server span came');
}

const namesOf = (spans: readonly ReceivedSpan[]): string[] => spans.slice(1).map(({ name }) => name);

const get = (path: string): Promise<Reply> =>
  send(`${service.url}${path}`, { method: 'GET', headers: HEADERS });
const post = (path: string, document: unknown, headers = {}): Promise<Reply> =>
  postJson(`${service.url}${path}`, document, { ...HEADERS, ...headers });

test('every endpoint has one server span, with its route, its status and what was done under it', async () => {
  const fit = { name: 'm', pipeline: [{ name: 'gaussian_nb' }], target: 'y' };
  const body = { columns: COLUMNS };
  const features = { columns: { [NAME]: COLUMNS[NAME] } };
  const tensor = {
    inputs: [{ name: NAME, datatype: 'FP64', shape: [1, 1], data: [VALUE] }],
  };
  const work = ['queue', 'decode', 'compute'];
  const cases: [string, () => Promise<Reply>, number, string | undefined, string[]][] = [
    [
      'POST',
      () => post('/analytics/describe', { data: ROWS }),
      200,
      '/analytics/describe',
      [...work, 'encode'],
    ],
    ['POST', () => post('/models', { ...body, ...fit }), 201, '/models', [...work, 'fit', 'store']],
    ['GET', () => get('/models'), 200, '/models', ['lookup']],
    [
      'POST',
      () => post('/models/m/predict', features),
      200,
      '/models/:name/predict',
      ['lookup', 'document', 'load', ...work, 'predict'],
    ],
    [
      'POST',
      () => post('/models/m/evaluate', body),
      200,
      '/models/:name/evaluate',
      ['lookup', ...work, 'validate'],
    ],
    ['GET', () => get('/models/m'), 200, '/models/:name', ['lookup']],
    ['GET', () => get('/models/m/export'), 200, '/models/:name/export', ['lookup', 'document']],
    ['GET', () => get('/v2/models/m'), 200, '/v2/models/:name', ['lookup']],
    [
      'POST',
      () => post('/v2/models/m/infer', tensor),
      200,
      '/v2/models/:name/infer',
      ['lookup', ...work, 'predict'],
    ],
    [
      'POST',
      () => post('/invocations?model=m', { dataframe_records: [{ [NAME]: VALUE }] }),
      200,
      '/invocations',
      [...work, 'predict'],
    ],
    ['GET', () => get('/openapi.json'), 200, '/openapi.json', []],
    [
      'DELETE',
      () => send(`${service.url}/models/m`, { method: 'DELETE', headers: HEADERS }),
      200,
      '/models/:name',
      ['remove'],
    ],
    ['GET', () => get(`/models/m?${NAME}=${VALUE}`), 404, '/models/:name', ['lookup']],
    ['GET', () => get(`/${NAME}?${NAME}=${VALUE}`), 404, undefined, []],
    [
      'POST',
      () => post(`/analytics/describe?${NAME}=${VALUE}`, { data: ROWS }),
      422,
      '/analytics/describe',
      ['queue'],
    ],
    [
      'POST',
      () => post('/analytics/describe', { data: [{ [NAME]: [] }] }),
      422,
      '/analytics/describe',
      ['queue', 'decode'],
    ],
    [
      'PUT',
      () => send(`${service.url}/analytics/describe`, { method: 'PUT' }),
      405,
      '/analytics/describe',
      [],
    ],
    [
      'POST',
      () => post('/analytics/describe', { data: ROWS }, { 'content-type': 'text/nothing' }),
      415,
      '/analytics/describe',
      [],
    ],
  ];
  for (const [method, ask, status, route, names] of cases) {
    const reply = await ask();
    expect([method, route, reply.status, reply.status === status ? '' : reply.text]).toEqual([
      method,
      route,
      status,
      '',
    ]);
    const spans = await spansOf(reply);
    const [server] = spans;
    expect(server.name).toBe(route === undefined ? method : `${method} ${route}`);
    expect(server.attributes['http.route']).toBe(route);
    expect(Number(server.attributes['http.response.status_code'])).toBe(status);
    expect(server.attributes['error.type']).toBe(status < 400 ? undefined : at(reply.json, 'code'));
    expect(server.attributes['analytics.request_id']).toBe(reply.headers['x-request-id']);
    expect([route, namesOf(spans)]).toEqual([route, expect.arrayContaining(names) as string[]]);
    for (const span of spans) expect(span.end >= span.start).toBe(true);
  }
}, 60_000);

test('a wait in the queue is a span with its length; refused and late requests have theirs, and a failed one its spans', async () => {
  const slow = post('/analytics/analyze', HEAVY, { 'x-request-deadline-ms': '2000' });
  await new Promise((resolve) => setTimeout(resolve, 500));
  const late = post('/analytics/describe', { data: ROWS }, { 'x-request-deadline-ms': '150' });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const refused = await post('/analytics/describe', { data: ROWS });
  expect([refused.status, at(refused.json, 'code')]).toEqual([503, 'overloaded']);
  const [server] = await spansOf(refused);
  expect(server.attributes).toMatchObject({
    'error.type': 'overloaded',
    'http.route': '/analytics/describe',
  });

  const over = await late;
  expect([over.status, at(over.json, 'code')]).toEqual([504, 'deadline_exceeded']);
  const spans = await spansOf(over);
  expect(spans[0].attributes['error.type']).toBe('deadline_exceeded');
  expect(namesOf(spans)).toEqual(['queue']);
  expect(Number(spans[1]?.attributes['analytics.queue.wait_ms'])).toBeGreaterThan(100);
  // It was in a lane when its time was over.
  const ended = await slow;
  expect(ended.status).toBe(504);
  expect(namesOf(await spansOf(ended))).toEqual(['queue', 'lane']);
}, 60_000);

test('a trace of the client is continued, and one that is none is not', async () => {
  const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;
  const [server] = await spansOf(await post('/analytics/describe', { data: ROWS }, { traceparent }));
  expect(server.traceId).toBe(Buffer.from(TRACE, 'hex').toString('base64'));
  expect(server.parentSpanId).toBe(Buffer.from('b7ad6b7169203331', 'hex').toString('base64'));
  for (const garbage of [HEADER, `ff${traceparent.slice(2)}`, `00-${'0'.repeat(32)}-b7ad6b7169203331-01`]) {
    const [own] = await spansOf(await post('/analytics/describe', { data: ROWS }, { traceparent: garbage }));
    expect([garbage, own.parentSpanId]).toEqual([garbage, '']);
    expect(own.traceId).not.toBe(server.traceId);
  }
  // The client has decided that its trace is not kept.
  const unsampled = await post(
    '/analytics/describe',
    { data: ROWS },
    { traceparent: `${traceparent.slice(0, -1)}0` },
  );
  expect(unsampled.headers['traceparent']).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`, 'u'));
}, 60_000);

test('probes are not traced, and no span has a value, a column, a query or a header of a client', async () => {
  const body = readFileSync(join(__dirname, '..', 'golden', 'iris.lz4.arrow'));
  const last = await send(`${service.url}/analytics/describe?columns=sepal_length`, {
    headers: FILE_TYPE,
    body,
  });
  for (const path of [
    '/health/live',
    '/health/ready',
    '/v2/health/live',
    '/v2/health/ready',
    '/ping',
    '/metrics',
  ])
    expect([path, (await get(path)).headers['traceparent']]).toEqual([path, undefined]);
  await spansOf(last);
  expect(collector.spans.length).toBeGreaterThan(50);
  const all = JSON.stringify(collector.spans, (_, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value,
  );
  expect(all).not.toMatch(new RegExp(`${NAME}|${VALUE}|31415926|${HEADER}|sepal|health|ping`, 'u'));
}, 60_000);
