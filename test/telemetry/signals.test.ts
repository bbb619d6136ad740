import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { attachedReaders } from '../../src/adapters/telemetry/readers.js';
import { named } from '../../src/adapters/telemetry/requests.js';
import { signals } from '../../src/adapters/telemetry/signals.js';
import { type Collector, startCollector } from './otlp.js';

describe('nothing is sent that the environment does not ask for', () => {
  const none = { traces: false, metrics: false, logs: false };
  const all = { traces: true, metrics: true, logs: true };
  test.each([
    [{}, none],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x' }, all],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_SDK_DISABLED: 'TRUE' }, none],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_LOGS_EXPORTER: 'none' },
      { ...all, logs: false },
    ],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://x' }, { ...none, metrics: true }],
    [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://x' }, { ...none, logs: true }],
    [
      { OTEL_LOGS_EXPORTER: 'console', OTEL_METRICS_EXPORTER: ' ' },
      { ...none, logs: true },
    ],
    [{ OTEL_METRICS_EXPORTER: 'otlp,console' }, { ...none, metrics: true }],
    [
      { OTEL_TRACES_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'none' },
      { ...none, traces: true },
    ],
  ])('%j', (env, asked) => {
    expect(signals(env)).toEqual(asked);
  });
});

/** Runs a script beside this file to its end, with that collector. */
async function run(
  script: string,
  collector: Collector,
  env: Readonly<Record<string, string>> = {},
): Promise<{ said: string; lines: string }> {
  const child = spawn(process.execPath, [join(__dirname, script)], {
    env: { PATH: process.env['PATH'], OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env },
  });
  let said = '';
  let lines = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => (lines += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  await collector.close();
  expect([said, code]).toEqual([said, 0]);
  return { said, lines };
}

describe('metrics', () => {
  test('are read by nobody else unless that is asked for', async () => {
    expect(await attachedReaders({})).toEqual({ readers: [] });
    expect(await attachedReaders({ OTEL_METRICS_EXPORTER: 'prometheus' })).toMatchObject({ readers: [] });
  });

  test('are sent to a collector by a reader that is attached, again and again', async () => {
    const collector = await startCollector();
    await run('readers.cjs', collector, {
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRIC_EXPORT_INTERVAL: '100',
    });
    const { metrics } = collector;
    expect(metrics.length).toBeGreaterThan(2);
    expect(metrics[0]).toEqual({ name: 'turns', service: 'analytics-service', values: [3] });
  }, 30_000);

  test.each(['http/json', 'grpc'])('have a reader for %s', async (protocol) => {
    const asked = { OTEL_METRICS_EXPORTER: 'otlp,console', OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: protocol };
    const { readers } = await attachedReaders(asked);
    expect(readers).toHaveLength(2);
    await Promise.all(readers.map((reader) => reader.shutdown().catch(() => undefined)));
  });
});

test('a line of pino goes to the collector, with the trace that it belongs to', async () => {
  const collector = await startCollector();
  const { said, lines } = await run('pino.cjs', collector);
  const [traceId, spanId] = said.split(' ').map((id) => Buffer.from(id, 'hex').toString('base64'));
  expect(collector.logs).toEqual([
    {
      service: 'analytics-service',
      severity: 'info',
      body: 'request',
      traceId,
      spanId,
      attributes: { request_id: 'r' },
    },
  ]);
  expect(JSON.parse(lines)).toMatchObject({ msg: 'request', request_id: 'r' });
}, 30_000);

describe('where nothing is traced, the trace of the client is known', () => {
  const trace = '0af7651916cd43dd8448eb211c80319c';
  test.each([
    [`00-${trace}-b7ad6b7169203331-01`, trace],
    [`01-${trace}-b7ad6b7169203331-01-more`, trace],
    [`ff-${trace}-b7ad6b7169203331-01`, undefined],
    [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, undefined],
    [`00-${trace}-${'0'.repeat(16)}-01`, undefined],
    [`00-${trace.toUpperCase()}-b7ad6b7169203331-01`, undefined],
    [`00-${trace}-b7ad6b7169203331-01\u0000`, undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j → %s', (traceparent, traceId) => {
    const begun = named.begin({ httpVersion: '1.1', headers: { traceparent } });
    expect(begun?.traceId).toBe(traceId);
    expect(begun?.spanId).toBeUndefined();
    expect(begun?.header).toBeUndefined();
  });
});
