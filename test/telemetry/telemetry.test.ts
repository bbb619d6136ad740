import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTelemetry, wanted } from '../../src/adapters/telemetry/start.js';
import { FILE_TYPE, postJson, send, startService } from '../service.js';
import { type ReceivedSpan, startCollector } from './otlp.js';

const SERVER = 2;
const GOLDEN = join(__dirname, '..', 'golden', 'iris.lz4.arrow');

/** The shipped start command, a real receiver, real protobuf. */
test('npm start with OTEL_EXPORTER_OTLP_ENDPOINT sends one trace a request', async () => {
  const collector = await startCollector();
  const service = await startService({
    command: ['npm', 'start'],
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_SERVICE_NAME: 'analytics-test',
    },
  });
  const trace = '0af7651916cd43dd8448eb211c80319c';
  const traceparent = `00-${trace}-b7ad6b7169203331-01`;
  const rows = await postJson(
    `${service.url}/analytics/analyze`,
    { data: [{ a: 1 }, { a: 2 }, { a: 3 }] },
    { traceparent },
  );
  const arrow = await send(`${service.url}/analytics/analyze`, {
    headers: FILE_TYPE,
    body: readFileSync(GOLDEN),
  });
  await send(`${service.url}/health/ready`, { method: 'GET' });
  expect([rows.status, arrow.status]).toEqual([200, 200]);
  const serverSpans = (): ReceivedSpan[] => collector.spans.filter(({ kind }) => kind === SERVER);
  for (let i = 0; i < 100 && serverSpans().length < 2; i++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  await service.stop();
  await collector.close();

  const servers = serverSpans();
  expect(servers.map(({ name }) => name)).toEqual(['POST /analytics/analyze', 'POST /analytics/analyze']);
  expect(new Set(servers.map(({ traceId }) => traceId)).size).toBe(2);
  for (const server of servers) {
    expect(server.service).toBe('analytics-test');
    expect(server.attributes['http.route']).toBe('/analytics/analyze');
    const own = collector.spans.filter(({ traceId }) => traceId === server.traceId);
    const named = (name: string): ReceivedSpan => {
      const found = own.filter((span) => span.name === name);
      if (found.length !== 1) throw new Error(`expected one span ${name}, got ${found.length}`);
      return found[0]!;
    };
    for (const name of ['decode', 'compute', 'encode']) {
      const span = named(name);
      expect([name, span.parentSpanId]).toEqual([name, server.spanId]);
      expect(span.end >= span.start && span.start >= server.start - 2_000_000n).toBe(true);
    }
    const compute = named('compute');
    expect(compute.attributes).toMatchObject({ 'analytics.engine': 'wasm' });
    expect(Number(compute.attributes['analytics.rows'])).toBeGreaterThan(0);
    expect(Number(compute.attributes['analytics.columns'])).toBeGreaterThan(0);
    for (const family of ['moments', 'select', 'kmeans', 'groups', 'student']) {
      expect(named(`kernel ${family}`).parentSpanId).toBe(compute.spanId);
    }
    const { events, start, end } = named('kernel kmeans');
    expect(events.length).toBeGreaterThan(0);
    events.forEach(({ name, time, attributes }, i) => {
      expect([name, Number(attributes['analytics.kmeans.iteration'])]).toEqual(['iteration', i + 1]);
      expect(Number(attributes['analytics.kmeans.inertia'])).toBeGreaterThanOrEqual(0);
      expect(Number(attributes['analytics.kmeans.shift'])).toBeGreaterThanOrEqual(0);
      expect(time >= start && time <= end).toBe(true);
    });
  }
  // The client's trace is continued, and its data stays out of it.
  expect(
    servers.filter(({ traceId }) => traceId === Buffer.from(trace, 'hex').toString('base64')).length,
  ).toBe(1);
  expect(JSON.stringify(collector.spans.map(({ attributes }) => attributes))).not.toMatch(/sepal|petal/u);
}, 60_000);

test('an exporter that is down fails no request', async () => {
  const service = await startService({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_BSP_SCHEDULE_DELAY: '50' },
  });
  for (let i = 0; i < 5; i++) {
    expect((await postJson(`${service.url}/analytics/describe`, { data: [{ a: i }] })).status).toBe(200);
  }
  expect(await service.stop()).toBe(0);
}, 60_000);

describe('tracing is off unless the environment asks for it', () => {
  test.each([
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x' }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://x' }, true],
    [{ OTEL_TRACES_EXPORTER: 'console' }, true],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x' }, false],
    [{ OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp' }, false],
  ])('%j → %s', (env, on) => {
    expect(wanted(env)).toBe(on);
  });

  test('and then costs nothing', async () => {
    const telemetry = startTelemetry({}, '0');
    expect(telemetry.on).toBe(false);
    expect(telemetry.tracing.begin({ httpVersion: '1.1', headers: {} })).toBeUndefined();
    await telemetry.shutdown();
  });
});
