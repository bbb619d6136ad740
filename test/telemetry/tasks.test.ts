import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { startTelemetry } from '../../src/adapters/telemetry/start.js';
import { type ReceivedSpan, startCollector } from './otlp.js';

const INTERNAL = 1;
const CONSUMER = 5;

type Given = readonly (readonly [header: string, sampled: boolean] | null)[];

/** Runs the tasks of tasks.cjs against a real receiver. */
async function run(
  env: Readonly<Record<string, string>>,
  expected: number,
): Promise<{ given: Given; spans: ReceivedSpan[] }> {
  const collector = await startCollector();
  const child = spawn(process.execPath, [join(__dirname, 'tasks.cjs')], {
    env: {
      PATH: process.env['PATH'],
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`,
      ...env,
    },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for (let i = 0; i < 150 && (said === '' || collector.spans.length < expected); i++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  child.stdin.end();
  const code = await new Promise((resolve) => child.once('close', resolve));
  await collector.close();
  expect([said, code]).toEqual([said, 0]);
  return { given: JSON.parse(said) as Given, spans: collector.spans };
}

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
const linkOf = (i: number): ReceivedSpan['links'][number] => ({
  traceId: base64(i.toString(16).padStart(32, '0')),
  spanId: base64(i.toString(16).padStart(16, '0')),
});

describe.each([
  ['the writer of spans', {}],
  ['the SDK', { OTEL_BSP_MAX_QUEUE_SIZE: '100' }],
])('tasks sent by %s', (_way, env) => {
  test('are roots with links to what they come from, and what was done under them', async () => {
    const { given, spans } = await run(env, 4);
    const named = (name: string): ReceivedSpan => {
      const found = spans.filter((span) => span.name === name);
      expect([name, found.length]).toEqual([name, 1]);
      return found[0]!;
    };
    expect(spans).toHaveLength(4);
    const [job, batch] = [named('job describe'), named('process readings')];
    expect([job.kind, job.parentSpanId, job.failed]).toEqual([INTERNAL, '', false]);
    expect(job.links).toEqual([linkOf(1)]);
    expect(job.droppedLinksCount).toBe(0);
    expect(Number(job.end - job.start) / 1e6).toBeGreaterThanOrEqual(1000);
    const compute = named('compute');
    expect([compute.traceId, compute.parentSpanId]).toEqual([job.traceId, job.spanId]);
    expect(named('kernel moments').parentSpanId).toBe(compute.spanId);

    expect([batch.kind, batch.parentSpanId, batch.failed]).toEqual([CONSUMER, '', true]);
    expect(batch.traceId).not.toBe(job.traceId);
    // Each once, the first of them, and how many there were.
    expect(batch.links).toEqual(Array.from({ length: 32 }, (_, i) => linkOf(i + 1)));
    expect(batch.attributes).toMatchObject({
      'messaging.system': 'kafka',
      'analytics.stream.late': expect.anything() as unknown,
      'error.type': 'broker_failed',
    });
    expect(Number(batch.attributes['analytics.links'])).toBe(40);
    expect(Number(batch.attributes['messaging.batch.message_count'])).toBe(120);

    expect(given.map((one) => one?.[1])).toEqual([true, true]);
    const [, trace = '', span = ''] = given[1]![0].split('-');
    expect([base64(trace), base64(span)]).toEqual([batch.traceId, batch.spanId]);
  }, 30_000);
});

test('links that were left out are counted as OTLP has it', async () => {
  const { spans } = await run({}, 4);
  expect(spans.find(({ name }) => name === 'process readings')?.droppedLinksCount).toBe(8);
}, 30_000);

test('a task that the sampler does not take has a header that says so, and no span', async () => {
  const { given, spans } = await run({ OTEL_TRACES_SAMPLER: 'always_off' }, 0);
  expect(spans).toEqual([]);
  for (const one of given) {
    expect(one?.[1]).toBe(false);
    expect(one?.[0]).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/u);
  }
}, 30_000);

test('without telemetry there is no task', async () => {
  const telemetry = startTelemetry({}, '0');
  expect(telemetry.tracing.task({ name: 'job describe', kind: 'internal' })).toBeUndefined();
  await telemetry.shutdown();
});
