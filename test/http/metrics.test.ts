import { connect } from 'node:net';
import { type Family, parseExposition, seriesOf, valueOf } from '../telemetry/exposition.js';
import { at, type JsonValue, postJson, type Reply, send, type Service, startService } from '../service.js';

const scrape = async (url: string): Promise<ReadonlyMap<string, Family>> => {
  const { status, text } = await send(`${url}/metrics`, { method: 'GET' });
  expect(status).toBe(200);
  return parseExposition(text);
};

const series = (families: ReadonlyMap<string, Family>): string[] =>
  seriesOf(families)
    .map(({ name, labels }) => `${name} ${JSON.stringify([...labels].sort())}`)
    .sort();

const requests = (families: ReadonlyMap<string, Family>): Record<string, number> =>
  Object.fromEntries(
    (families.get('analytics_route_requests_total')?.samples ?? []).map(({ labels, value }) => [
      labels.get('route') ?? '',
      value,
    ]),
  );

describe('GET /metrics', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ env: { LANES: '1' } });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  test('is Prometheus’s text format; HEAD is the same without a body; other methods are 405', async () => {
    const get = await send(`${service.url}/metrics`, { method: 'GET' });
    expect([get.status, get.headers['content-type']]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    expect(get.headers['x-request-id']).toMatch(/^[\w-]+$/u);
    parseExposition(get.text);
    const head = await send(`${service.url}/metrics`, { method: 'HEAD' });
    expect([head.status, head.headers['content-type'], head.text]).toEqual([
      200,
      get.headers['content-type'],
      '',
    ]);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(1000);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const { status, headers, json } = await send(`${service.url}/metrics`, { method });
      expect([method, status, headers['allow'], at(json, 'code')]).toEqual([
        method,
        405,
        'GET, HEAD',
        'method_not_allowed',
      ]);
    }
    expect((await send(`${service.url}/metrics/`, { method: 'GET' })).status).toBe(404);
  });

  test('an analysis is counted by its route, format, rows, bytes and engine', async () => {
    const before = await scrape(service.url);
    const body = { data: [{ a: 1 }, { a: 2 }, { a: 3 }] };
    const { status } = await postJson(`${service.url}/analytics/describe`, body);
    expect(status).toBe(200);
    const after = await scrape(service.url);
    const added = (name: string, labels?: Readonly<Record<string, string>>): number =>
      valueOf(after, name, labels) - valueOf(before, name, labels);
    expect(added('analytics_route_requests_total', { route: '/analytics/describe' })).toBe(1);
    expect(added('analytics_route_duration_seconds_total', { route: '/analytics/describe' })).toBeGreaterThan(
      0,
    );
    expect(added('analytics_rows_total', { format: 'json' })).toBe(3);
    expect(added('analytics_received_bytes_total', { format: 'json' })).toBe(JSON.stringify(body).length);
    expect(added('analytics_engine_requests_total', { engine: 'wasm' })).toBe(1);
    expect(added('analytics_work_seconds_total', { phase: 'compute' })).toBeGreaterThan(0);
    expect(valueOf(after, 'analytics_queue_wait_seconds_count')).toBeGreaterThanOrEqual(1);
    expect(
      valueOf(after, 'http_server_request_duration_seconds_count', { outcome: 'ok' }),
    ).toBeGreaterThanOrEqual(1);
  });

  test('every route of the service has a label of its own or of its family', async () => {
    const document = (await send(`${service.url}/openapi.json`, { method: 'GET' })).json;
    const paths = Object.entries(at(document, 'paths') as Record<string, JsonValue>);
    const asked = [
      ...paths.flatMap(([path, item]) =>
        Object.keys(item as Record<string, JsonValue>)
          .filter((method) => ['get', 'post', 'delete'].includes(method))
          .map((method) => ({ method: method.toUpperCase(), path })),
      ),
      ...['/', '/docs', '/docs/start.js'].map((path) => ({ method: 'GET', path })),
    ];
    expect(asked.length).toBeGreaterThan(50);
    const before = requests(await scrape(service.url));
    for (const { method, path } of asked)
      await send(`${service.url}${path.replace('{name}', 'none').replace('{version}', '1')}`, { method });
    const after = requests(await scrape(service.url));
    expect(after['unknown']).toBe(before['unknown']);
    const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((a, b) => a + b, 0);
    // The scrape itself is over only after it was written.
    expect(sum(after) - sum(before)).toBe(asked.length + 1);
    const idle = Object.keys(after).filter((route) => after[route] === before[route] && route !== 'unknown');
    expect(idle).toEqual([]);
  });

  test('what clients send is nowhere in it, and makes no series', async () => {
    const sentinel = 'Sentinel4711';
    const ask = (path: string, init: Parameters<typeof send>[1]): Promise<Reply> =>
      send(`${service.url}${path}`, init);
    const hostile = async (): Promise<void> => {
      for (const method of ['PROPFIND', 'MKCOL', 'REPORT', 'GET', 'DELETE'])
        await ask(`/${sentinel}/x?${sentinel}=1`, { method, headers: { 'x-request-id': sentinel } });
      await ask('/%ff', { method: 'GET' });
      await postJson(`${service.url}/analytics/describe?${sentinel}=1`, { data: [{ [sentinel]: 1 }] });
      await postJson(`${service.url}/analytics/describe`, { data: [{ [sentinel]: sentinel }] });
      await ask('/analytics/analyze', { headers: { 'content-type': `text/${sentinel}` }, body: sentinel });
      await ask(`/analytics/tests/${sentinel}`, { body: '{}' });
    };
    await hostile();
    const before = series(await scrape(service.url));
    await hostile();
    const agents = [];
    for (let i = 0; i < 1000; i++) {
      agents.push(ask(`/models/${sentinel}${i}`, { method: 'GET' }));
      if (agents.length === 20) await Promise.all(agents.splice(0));
    }
    const { text } = await ask('/metrics', { method: 'GET' });
    expect(text).not.toContain(sentinel);
    expect(text).not.toContain(sentinel.toLowerCase());
    expect(series(parseExposition(text))).toEqual(before);
  });

  test('a request that is no HTTP leaves it as it is', async () => {
    const before = series(await scrape(service.url));
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(new URL(service.url).port), '127.0.0.1', () =>
        socket.write('no http\r\n\r\n'),
      );
      socket.once('close', () => {
        resolve();
      });
      socket.once('error', reject);
      socket.resume();
    });
    expect(series(await scrape(service.url))).toEqual(before);
  });
});

/** Rows that keep a lane busy for longer than any deadline here. */
const HEAVY = {
  columns: {
    a: Array.from({ length: 20_000 }, (_, i) => Math.sin(i) * 1e3),
    b: Array.from({ length: 20_000 }, (_, i) => Math.cos(i * 7)),
  },
  options: { n_clusters: 5_000, n_init: 50, tol: 0 },
};

test('it answers while every lane is busy and the queue is full', async () => {
  const service = await startService({ env: { LANES: '1', MAX_QUEUE: '1' } });
  const url = `${service.url}/analytics/analyze`;
  const running = [0, 1].map(() => postJson(url, HEAVY, { 'x-request-deadline-ms': '3000' }));
  for (let i = 0; i < 100; i++) {
    if (valueOf(await scrape(service.url), 'analytics_queue_requests') === 1) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect((await postJson(url, HEAVY)).status).toBe(503);
  const full = await scrape(service.url);
  expect({
    busy: valueOf(full, 'analytics_lanes_busy'),
    waiting: valueOf(full, 'analytics_queue_requests'),
    overloaded: valueOf(full, 'analytics_problems_total', { code: 'overloaded' }),
    refused: valueOf(full, 'http_server_request_duration_seconds_count', { outcome: 'refused' }),
    ofRoute: valueOf(full, 'analytics_route_requests_total', { route: '/analytics/analyze' }),
  }).toEqual({ busy: 1, waiting: 1, overloaded: 1, refused: 1, ofRoute: 1 });
  expect(valueOf(full, 'analytics_queue_size_bytes')).toBeGreaterThan(100_000);
  expect(valueOf(full, 'analytics_memory_reserved_bytes')).toBeGreaterThan(100_000);
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([504, 504]);
  const after = await scrape(service.url);
  expect(valueOf(after, 'http_server_request_duration_seconds_count', { outcome: 'deadline' })).toBe(2);
  expect(valueOf(after, 'analytics_queue_requests')).toBe(0);
  expect(await service.stop()).toBe(0);
}, 60_000);

test('it answers while the service stops', async () => {
  const service = await startService({ env: { DRAIN_MS: '2000' } });
  const stopped = service.stop();
  let ready = 200;
  for (let i = 0; i < 100 && ready === 200; i++)
    ready = (await send(`${service.url}/health/ready`, { method: 'GET' })).status;
  expect(ready).toBe(503);
  expect(valueOf(await scrape(service.url), 'process_start_time_seconds')).toBeGreaterThan(0);
  expect(await stopped).toBe(0);
}, 60_000);
