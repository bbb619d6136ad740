/** Traces across requests, jobs and streams: each work is a trace of its own, linked to what it comes from. */
import { at, postJson, send, type Service, startService } from '../service.js';
import { parseExposition, valueOf } from './exposition.js';
import { type Collector, type ReceivedSpan, startCollector } from './otlp.js';

const [INTERNAL, SERVER, CONSUMER] = [1, 2, 5];
const NAME = 'sentinel_name';

let collector: Collector;
let service: Service;
beforeAll(async () => {
  collector = await startCollector();
  service = await startService({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '50' },
  });
}, 60_000);
afterAll(async () => {
  await service.stop();
  await collector.close();
});

async function spanOf(wanted: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> {
  for (let i = 0; i < 150; i++) {
    const found = collector.spans.find(wanted);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(
    `no such span came; there are ${[...new Set(collector.spans.map(({ name }) => name))].join()}`,
  );
}
const named = (name: string) => (span: ReceivedSpan) => span.name === name;
const inside = ({ spanId, traceId }: ReceivedSpan): string[] =>
  collector.spans
    .filter((span) => span.traceId === traceId && span.parentSpanId === spanId)
    .map(({ name }) => name);
const linksTo = ({ traceId, spanId }: ReceivedSpan): object => ({ traceId, spanId });
const traceparent = (trace: string): string => `00-${trace.repeat(32)}-b7ad6b7169203331-01`;
const base64 = (trace: string): string => Buffer.from(trace.repeat(32), 'hex').toString('base64');

test('a job is linked to the request that submitted it, with its wait and what a lane did under it', async () => {
  const made = await postJson(`${service.url}/datasets`, {
    columns: { [NAME]: Array.from({ length: 100 }, (_, i) => i) },
  });
  expect([made.status, made.text]).toEqual([201, made.text]);
  const dataset = at(made.json, 'results', 'id');
  const sent = await postJson(
    `${service.url}/jobs`,
    { operation: 'describe', dataset },
    { traceparent: traceparent('a') },
  );
  expect([sent.status, sent.text]).toEqual([202, sent.text]);
  const request = await spanOf(({ kind, name }) => kind === SERVER && name === 'POST /jobs');
  expect(request.traceId).toBe(base64('a'));
  const job = await spanOf(named('job describe'));
  expect([job.kind, job.parentSpanId, job.failed]).toEqual([INTERNAL, '', false]);
  expect(job.traceId).not.toBe(request.traceId);
  expect(job.links).toEqual([linksTo(request)]);
  expect(job.attributes).toMatchObject({
    'analytics.operation': 'describe',
    'analytics.job.state': 'succeeded',
    'analytics.request_id': sent.headers['x-request-id'],
  });
  expect(Number(job.attributes['analytics.job.attempt'])).toBe(1);
  expect(Number(job.attributes['analytics.job.wait_ms'])).toBeGreaterThanOrEqual(0);
  expect(inside(job)).toEqual(
    expect.arrayContaining(['land', 'queue', 'decode', 'compute', 'encode', 'store']),
  );
}, 60_000);

test('a batch of records is linked to the request that brought it, the closing of windows to the batch', async () => {
  const created = await postJson(`${service.url}/streams`, {
    name: 'readings',
    source: { type: 'http' },
    window: { type: 'tumbling', size: '1m', time: 't' },
    operations: [{ name: 'describe' }],
  });
  expect([created.status, created.text]).toEqual([201, created.text]);
  const begin = Date.parse('2026-01-01T00:00:00Z');
  const lines = [0, 1, 2, 200].map((s) => JSON.stringify({ t: begin + s * 1000, [NAME]: s }));
  const taken = await send(`${service.url}/streams/readings/records`, {
    headers: { 'content-type': 'application/x-ndjson', traceparent: traceparent('b') },
    body: Buffer.from(`${lines.join('\n')}\n`),
  });
  expect([taken.status, taken.text]).toEqual([200, taken.text]);
  const request = await spanOf(({ name }) => name === 'POST /streams/:name/records');
  expect(request.traceId).toBe(base64('b'));
  const batch = await spanOf(named('process readings'));
  expect([batch.kind, batch.parentSpanId, batch.failed]).toEqual([CONSUMER, '', false]);
  expect(batch.links).toEqual([linksTo(request)]);
  expect(Number(batch.attributes['analytics.records.accepted'])).toBe(4);
  expect(inside(batch)).toEqual(expect.arrayContaining(['fold', 'decode', 'compute', 'store']));
  const close = await spanOf(named('close readings'));
  expect([close.kind, close.parentSpanId]).toEqual([INTERNAL, '']);
  expect(close.links).toEqual([linksTo(batch)]);
  expect(Number(close.attributes['analytics.windows'])).toBe(1);
}, 60_000);

test('metrics have counted them, and nothing of the data is in a span', async () => {
  const { text } = await send(`${service.url}/metrics`, { method: 'GET' });
  const families = parseExposition(text);
  expect(valueOf(families, 'analytics_datasets')).toBe(1);
  expect(valueOf(families, 'analytics_datasets_size_bytes')).toBeGreaterThan(100);
  expect(valueOf(families, 'analytics_jobs_finished_total', { outcome: 'succeeded' })).toBe(1);
  expect(valueOf(families, 'analytics_job_duration_seconds_count')).toBe(1);
  const stream = { stream: 'readings' };
  expect(valueOf(families, 'analytics_stream_records_total', { ...stream, outcome: 'accepted' })).toBe(4);
  expect(valueOf(families, 'analytics_stream_closed_total', stream)).toBe(1);
  expect(valueOf(families, 'analytics_stream_windows', stream)).toBe(1);
  expect(valueOf(families, 'analytics_stream_watermark_delay_seconds', stream)).toBeGreaterThan(0);
  expect(valueOf(families, 'analytics_batch_duration_seconds_count')).toBe(1);
  expect(valueOf(families, 'analytics_batch_store_seconds_sum')).toBeGreaterThan(0);
  const all = JSON.stringify(collector.spans, (_, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value,
  );
  expect(all).not.toContain(NAME);
});
