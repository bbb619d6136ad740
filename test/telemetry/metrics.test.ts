import fc from 'fast-check';
import { PROBLEM_CODES } from '../../src/adapters/http/problems.js';
import { type Metrics, type MetricsOptions, startMetrics } from '../../src/adapters/telemetry/metrics.js';
import { routeLabel, ROUTES } from '../../src/adapters/telemetry/routes.js';
import { type Outcome, outcomeOf, OUTCOMES } from '../../src/adapters/telemetry/tally.js';
import type { EngineName } from '../../src/ports/engine.js';
import { type BodyFormat, FORMATS, OTHER_FORMATS } from '../../src/ports/formats.js';
import type { LanesState, RequestSeen } from '../../src/ports/observe.js';
import { type Family, parseExposition, seriesOf, valueOf } from './exposition.js';

/** What Prometheus may be asked to keep of one process. */
const MOST_SERIES = 200;

const STATUS: Readonly<Record<Outcome, readonly number[]>> = {
  ok: [200, 201, 302, 304],
  client_error: [400, 401, 403, 404, 405, 408, 413, 415, 422, 431],
  gone: [499],
  refused: [429, 503],
  deadline: [504],
  server_error: [500, 501, 502, 505, 507],
};

const state: LanesState = {
  lanes: 2,
  busy: 1,
  waiting: 3,
  waitingBytes: 4096,
  waitingMs: 1500,
  arenas: 4,
  arenaBytes: 8192,
  reservedBytes: 1024,
  lost: 5,
  available: true,
};

const seen = (changes: Partial<RequestSeen> = {}): RequestSeen => ({
  requestId: 'r',
  route: '/analytics/analyze',
  method: 'POST',
  status: 200,
  code: undefined,
  durationMs: 20,
  bytesIn: 100,
  bytesOut: 200,
  caller: undefined,
  model: undefined,
  work: undefined,
  traceId: undefined,
  spanId: undefined,
  ...changes,
});

const work = (format: BodyFormat = 'json', engine: EngineName = 'wasm', waitMs = 2) => ({
  format,
  engine,
  rows: 7,
  waitMs,
  decodeMs: 1,
  computeMs: 2,
  encodeMs: 3,
});

const opened: Metrics[] = [];
function start(options: Partial<MetricsOptions> = {}): Metrics {
  const metrics = startMetrics({
    version: '1.2.3',
    engine: 'wasm',
    lanes: { state: () => state, most: 4, memoryBudget: 2 ** 30 },
    // As a process has them that has no job and no stream.
    kept: {
      datasets: () => Promise.resolve({ count: 3, bytes: 4096 }),
      jobs: () => ({ queued: 0, running: 0, oldestQueuedMs: 0 }),
      streams: () => [],
    },
    memoryLimit: 2 ** 31,
    codes: PROBLEM_CODES,
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  opened.push(metrics);
  return metrics;
}
afterAll(async () => {
  await Promise.all(opened.map((metrics) => metrics.shutdown()));
});

async function scrape(metrics: Metrics): Promise<ReadonlyMap<string, Family>> {
  const { contentType, body } = await metrics.scrape();
  expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  return parseExposition(body);
}

const names = (families: ReadonlyMap<string, Family>): string[] =>
  seriesOf(families).map(({ name, labels }) => `${name} ${JSON.stringify([...labels].sort())}`);

/** Everything that can be seen, with everything else. */
function everything(metrics: Metrics): void {
  for (const route of ROUTES)
    for (const outcome of OUTCOMES)
      for (const status of STATUS[outcome]) metrics.request(seen({ route, status }));
  for (const code of PROBLEM_CODES) metrics.request(seen({ status: 500, code: code as RequestSeen['code'] }));
  for (const format of [...FORMATS, ...OTHER_FORMATS])
    for (const engine of ['wasm', 'js'] as const) metrics.request(seen({ work: work(format, engine) }));
}

test(`at most ${MOST_SERIES} series, whatever was asked and however it ended`, async () => {
  const metrics = start();
  everything(metrics);
  const families = await scrape(metrics);
  const count = seriesOf(families).length;
  console.log(`${count} series of ${families.size} metrics`);
  expect(count).toBeLessThanOrEqual(MOST_SERIES);
  // All of it is there: each outcome, route, code, format and engine.
  const values = (name: string, label: string): (string | undefined)[] => [
    ...new Set(families.get(name)?.samples.map(({ labels }) => labels.get(label))),
  ];
  expect(values('http_server_request_duration_seconds', 'outcome').sort()).toEqual([...OUTCOMES].sort());
  expect(values('analytics_route_requests_total', 'route')).toEqual(ROUTES);
  expect(values('analytics_problems_total', 'code')).toEqual(PROBLEM_CODES);
  expect(values('analytics_rows_total', 'format')).toEqual([...FORMATS, ...OTHER_FORMATS]);
  expect(values('analytics_engine_requests_total', 'engine')).toEqual(['wasm', 'js']);
});

test('nothing of a request becomes a label, nor a series of its own', async () => {
  const metrics = start();
  everything(metrics);
  const before = names(await scrape(metrics));
  const sentinel = 'sentinel7c1d';
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', 'constructor', 'toString'),
  );
  fc.assert(
    fc.property(text, text, text, fc.integer({ min: 100, max: 599 }), (route, method, model, status) => {
      const own = `${sentinel}${model}`;
      metrics.request(
        seen({
          requestId: own,
          route: `/${sentinel}${route}`,
          method,
          status,
          model: own,
          caller: own,
          traceId: own,
        }),
      );
      metrics.request(seen({ route, method: `${sentinel}${method}`, status }));
    }),
    { numRuns: 1000 },
  );
  for (let i = 0; i < 1000; i++) metrics.request(seen({ route: `/models/${sentinel}${i}`, model: `m${i}` }));
  const families = await scrape(metrics);
  expect(names(families)).toEqual(before);
  expect((await metrics.scrape()).body).not.toContain(sentinel);
  expect(valueOf(families, 'analytics_route_requests_total', { route: 'unknown' })).toBeGreaterThan(2000);
});

test('counts what was seen before anything was loaded, and after', async () => {
  const metrics = start();
  const ask = (): void => {
    metrics.request(seen({ durationMs: 30, work: work('arrow', 'js', 20) }));
    metrics.request(seen({ durationMs: 3000, status: 503, code: 'overloaded', bytesOut: 10 }));
  };
  ask();
  await scrape(metrics);
  ask();
  const families = await scrape(metrics);
  const value = (name: string, labels?: Readonly<Record<string, string>>): number =>
    Number(valueOf(families, name, labels).toPrecision(12));
  const route = { route: '/analytics/analyze' };
  expect(value('analytics_route_requests_total', route)).toBe(4);
  expect(value('analytics_route_duration_seconds_total', route)).toBe(6.06);
  expect(value('analytics_problems_total', { code: 'overloaded' })).toBe(2);
  expect(value('analytics_rows_total', { format: 'arrow' })).toBe(14);
  expect(value('analytics_received_bytes_total', { format: 'arrow' })).toBe(200);
  expect(value('analytics_received_bytes_total', { format: 'none' })).toBe(200);
  expect(value('analytics_sent_bytes_total')).toBe(420);
  expect(value('analytics_engine_requests_total', { engine: 'js' })).toBe(2);
  expect(value('analytics_work_seconds_total', { phase: 'compute' })).toBe(0.004);
  const duration = 'http_server_request_duration_seconds';
  expect(value(`${duration}_sum`, { outcome: 'ok' })).toBe(0.06);
  expect(value(`${duration}_bucket`, { outcome: 'ok', le: '0.01' })).toBe(0);
  expect(value(`${duration}_bucket`, { outcome: 'ok', le: '0.05' })).toBe(2);
  expect(value(`${duration}_bucket`, { outcome: 'refused', le: '1' })).toBe(0);
  expect(value(`${duration}_bucket`, { outcome: 'refused', le: '5' })).toBe(2);
  expect(value('analytics_queue_wait_seconds_count')).toBe(2);
  expect(value('analytics_queue_wait_seconds_sum')).toBe(0.04);
});

test('the lanes are as they are when it is asked, the process too', async () => {
  const families = await scrape(start());
  const value = (name: string): number => valueOf(families, name);
  expect({
    lanes: value('analytics_lanes'),
    most: value('analytics_lanes_max'),
    busy: value('analytics_lanes_busy'),
    lost: value('analytics_lanes_lost_total'),
    waiting: value('analytics_queue_requests'),
    waitingBytes: value('analytics_queue_size_bytes'),
    waitingSeconds: value('analytics_queue_work_seconds'),
    arenas: value('analytics_arenas'),
    arenaBytes: value('analytics_arenas_size_bytes'),
    reserved: value('analytics_memory_reserved_bytes'),
    budget: value('analytics_memory_budget_bytes'),
  }).toEqual({
    lanes: 2,
    most: 4,
    busy: 1,
    lost: 5,
    waiting: 3,
    waitingBytes: 4096,
    waitingSeconds: 1.5,
    arenas: 4,
    arenaBytes: 8192,
    reserved: 1024,
    budget: 2 ** 30,
  });
  expect(valueOf(families, 'analytics_engine_info', { engine: 'wasm', version: '1.2.3' })).toBe(1);
  expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(value('process_resident_memory_bytes') / process.memoryUsage.rss()).toBeCloseTo(1, 0);
  expect(value('process_memory_limit_bytes')).toBe(2 ** 31);
  expect(value('process_open_fds')).toBeGreaterThan(3);
  expect(value('process_max_fds')).toBeGreaterThan(value('process_open_fds'));
  expect(Math.abs(value('process_start_time_seconds') - (Date.now() / 1000 - process.uptime()))).toBeLessThan(
    5,
  );
});

test('an event loop that is held up is seen as late', async () => {
  const metrics = start();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const until = performance.now() + 300;
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const families = await scrape(metrics);
  const lag = valueOf(families, 'nodejs_eventloop_lag_max_seconds');
  expect(lag).toBeGreaterThan(0.25);
  expect(valueOf(families, 'nodejs_eventloop_lag_p99_seconds')).toBeLessThanOrEqual(lag);
  // Once more: asking changes nothing.
  expect(valueOf(await scrape(metrics), 'nodejs_eventloop_lag_max_seconds')).toBeGreaterThanOrEqual(lag);
});

test('those who watch do not count as clients', async () => {
  const metrics = start();
  for (const route of [
    '/health/live',
    '/health/ready',
    '/v2/health/ready',
    '/ping',
    '/metrics',
    '/jobs/:id/events',
  ])
    metrics.request(seen({ route, status: 503 }));
  metrics.request(seen());
  const families = await scrape(metrics);
  expect(valueOf(families, 'http_server_request_duration_seconds_count', { outcome: 'ok' })).toBe(1);
  expect(names(families).join('\n')).not.toContain('refused');
  expect(valueOf(families, 'analytics_route_requests_total', { route: '/health' })).toBe(5);
});

test('another reader gets the same by the names of OpenTelemetry', async () => {
  const { AggregationTemporality, InMemoryMetricExporter, PeriodicExportingMetricReader } =
    await import('@opentelemetry/sdk-metrics');
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  let asked = 0;
  const metrics = start({
    attached: () => {
      asked++;
      return Promise.resolve({
        readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })],
      });
    },
  });
  metrics.request(seen({ work: work() }));
  expect(asked).toBe(0);
  const families = await scrape(metrics);
  await metrics.scrape();
  expect(asked).toBe(1);
  const sent = jest.spyOn(exporter, 'export');
  await metrics.shutdown();
  opened.pop();
  const [batch] = sent.mock.calls.map(([data]) => data);
  const data = batch?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  expect(data.map(({ descriptor }) => descriptor.name)).toEqual(
    expect.arrayContaining(['http.server.request.duration', 'analytics.queue.wait', 'process.cpu']),
  );
  expect(data.length).toBe(families.size);
  expect(
    data.find(({ descriptor }) => descriptor.name === 'http.server.request.duration')?.descriptor.unit,
  ).toBe('s');
});

test('readers that cannot be had are said, and /metrics is there without them', async () => {
  const errors: unknown[] = [];
  const metrics = start({
    attached: () => Promise.reject(new Error('no such exporter')),
    onError: (error) => errors.push(error),
  });
  metrics.request(seen());
  const families = await scrape(metrics);
  expect(valueOf(families, 'http_server_request_duration_seconds_count', { outcome: 'ok' })).toBe(1);
  expect(errors).toEqual([new Error('no such exporter')]);
});

test('a reader that hangs does not hold the end back', async () => {
  const { PeriodicExportingMetricReader } = await import('@opentelemetry/sdk-metrics');
  const exporter = {
    export: () => undefined,
    forceFlush: () => new Promise<void>(() => undefined),
    shutdown: () => new Promise<void>(() => undefined),
  };
  const metrics = start({
    attached: () =>
      Promise.resolve({
        readers: [
          new PeriodicExportingMetricReader({
            exporter,
            exportIntervalMillis: 60_000,
            exportTimeoutMillis: 500,
          }),
        ],
      }),
  });
  await scrape(metrics);
  const started = performance.now();
  await expect(metrics.shutdown()).rejects.toThrow(/tim(e|ed) ?out/iu);
  expect(performance.now() - started).toBeLessThan(4000);
  opened.pop();
});

test.each(Object.entries(STATUS))('outcome %s', (outcome, statuses) => {
  expect(statuses.map(outcomeOf)).toEqual(statuses.map(() => outcome));
});

test.each([
  ['/analytics/analyze', '/analytics/analyze'],
  ['/analytics/tests', '/analytics/tests/:name'],
  ['/v2/models/:name', '/models/:name'],
  ['/jobs/:id/result', '/jobs'],
  ['/jobs/:id/events', '/events'],
  ['/metrics', '/health'],
  ['/streams/:name/windows', '/streams'],
  ['/streams/:name/records', '/streams/:name/records'],
  ['/analytics/tests/ttest_ind', '/analytics/tests/:name'],
  ['/models/:name/versions/:version/predict', '/models/:name/predict'],
  ['/models/:name/versions/:version', '/models/:name'],
  ['/v2/models/:name/versions/:version/infer', '/v2/models/:name/infer'],
  ['/v2/models/:name/versions/:version/ready', '/health'],
  ['/openapi.json', '/docs'],
  ['/models/mine', 'unknown'],
  ['', 'unknown'],
])('the label of the route %j is %s', (route, label) => {
  expect(routeLabel(route)).toBe(label);
});
