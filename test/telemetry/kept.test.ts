/** Metrics of datasets, jobs and streams: what they say, and how few series they are. */
import { MOST_STREAMS, OTHER, RECORDS } from '../../src/adapters/telemetry/streams.js';
import type { KeptFacts } from '../../src/adapters/telemetry/kept.js';
import { type Metrics, startMetrics } from '../../src/adapters/telemetry/metrics.js';
import { type BatchSeen, JOB_ENDS, type JobsSight, type StreamSight } from '../../src/ports/observe-kept.js';
import { type Family, parseExposition, seriesOf, valueOf } from './exposition.js';

/** Beside what a process without jobs and streams has. README.md says so. */
const MOST_OF_JOBS = 11;
const MOST_OF_STREAMS = 201;

const opened: Metrics[] = [];
afterAll(async () => {
  await Promise.all(opened.map((metrics) => metrics.shutdown()));
});

function start(kept: KeptFacts): Metrics {
  const metrics = startMetrics({
    version: '1.2.3',
    engine: 'wasm',
    lanes: {
      state: () => ({
        lanes: 1,
        busy: 0,
        waiting: 0,
        waitingBytes: 0,
        waitingMs: 0,
        arenas: 0,
        arenaBytes: 0,
        reservedBytes: 0,
        lost: 0,
        available: true,
      }),
      most: 1,
      memoryBudget: 1,
    },
    memoryLimit: 1,
    codes: [],
    onError: (error) => {
      throw error;
    },
    kept,
  });
  opened.push(metrics);
  return metrics;
}

const scrape = async (metrics: Metrics): Promise<ReadonlyMap<string, Family>> =>
  parseExposition((await metrics.scrape()).body);
const labelsOf = (families: ReadonlyMap<string, Family>, name: string, label: string): unknown[] => [
  ...new Set(families.get(name)?.samples.map(({ labels }) => labels.get(label))),
];
const own = (families: ReadonlyMap<string, Family>, begin: RegExp): number =>
  seriesOf(families).filter(({ name }) => begin.test(name)).length;
const OF_JOBS = /^analytics_jobs?_/u;
const OF_STREAMS = /^analytics_(?:streams?|batch)_/u;

const NO_JOBS: JobsSight = { queued: 0, running: 0, oldestQueuedMs: 0 };
const stream = (name: string, changes: Partial<StreamSight> = {}): StreamSight => ({
  name,
  lag: 7,
  watermarkDelayMs: 1500,
  openWindows: 3,
  ...changes,
});
const batch = (name: string, changes: Partial<BatchSeen> = {}): BatchSeen => ({
  stream: name,
  accepted: 10,
  late: 1,
  rejected: 2,
  duplicates: 3,
  deadLettered: 2,
  durationMs: 50,
  storeMs: 5,
  ...changes,
});

test('a process without jobs and streams has six series of them', async () => {
  const families = await scrape(
    start({
      datasets: () => Promise.resolve({ count: 2, bytes: 4096 }),
      jobs: () => NO_JOBS,
      streams: () => [],
    }),
  );
  expect(own(families, OF_JOBS)).toBe(3);
  expect(own(families, OF_STREAMS)).toBe(1);
  expect(valueOf(families, 'analytics_datasets')).toBe(2);
  expect(valueOf(families, 'analytics_datasets_size_bytes')).toBe(4096);
  expect(valueOf(families, 'analytics_streams_lag')).toBe(0);
});

test('jobs: those that wait and run, their ends, how long they ran', async () => {
  let sight = NO_JOBS;
  const metrics = start({ jobs: () => sight });
  metrics.kept.job({ outcome: 'succeeded', waitMs: 5, runMs: 2000 });
  await scrape(metrics);
  metrics.kept.job({ outcome: 'succeeded', waitMs: 5, runMs: 20_000 });
  metrics.kept.job({ outcome: 'failed', waitMs: 5, runMs: 500 });
  metrics.kept.expired(2);
  sight = { queued: 4, running: 2, oldestQueuedMs: 61_000 };
  const families = await scrape(metrics);
  const value = (name: string, labels?: Record<string, string>): number => valueOf(families, name, labels);
  expect(value('analytics_jobs_queued')).toBe(4);
  expect(value('analytics_jobs_running')).toBe(2);
  expect(value('analytics_jobs_oldest_seconds')).toBe(61);
  expect(JOB_ENDS.map((outcome) => value('analytics_jobs_finished_total', { outcome }))).toEqual([2, 1, 0]);
  expect(value('analytics_jobs_expired_total')).toBe(2);
  expect(value('analytics_job_duration_seconds_count')).toBe(3);
  expect(value('analytics_job_duration_seconds_sum')).toBe(22.5);
  expect(value('analytics_job_duration_seconds_bucket', { le: '1' })).toBe(1);
  expect(value('analytics_job_duration_seconds_bucket', { le: '10' })).toBe(2);
  expect(own(families, OF_JOBS)).toBe(3 + MOST_OF_JOBS);
});

test('ends of jobs are there, as 0, as soon as there is a job', async () => {
  const families = await scrape(start({ jobs: () => ({ ...NO_JOBS, queued: 1 }) }));
  expect(labelsOf(families, 'analytics_jobs_finished_total', 'outcome')).toEqual([...JOB_ENDS]);
  expect(valueOf(families, 'analytics_jobs_expired_total')).toBe(0);
});

test('streams: lag, watermark, windows, and what became of records', async () => {
  const metrics = start({
    streams: () => [stream('readings'), stream('new', { watermarkDelayMs: undefined, lag: 5 })],
  });
  metrics.kept.batch(batch('readings'));
  await scrape(metrics);
  metrics.kept.batch(batch('readings'));
  metrics.kept.closed('readings', 4);
  const families = await scrape(metrics);
  const value = (name: string, labels: Record<string, string> = {}): number =>
    valueOf(families, name, { stream: 'readings', ...labels });
  expect(valueOf(families, 'analytics_streams_lag')).toBe(12);
  expect(value('analytics_stream_lag')).toBe(7);
  expect(value('analytics_stream_watermark_delay_seconds')).toBe(1.5);
  expect(labelsOf(families, 'analytics_stream_watermark_delay_seconds', 'stream')).toEqual([
    'readings',
    'new',
  ]);
  expect(value('analytics_stream_windows')).toBe(3);
  expect(value('analytics_stream_closed_total')).toBe(4);
  expect(RECORDS.map((outcome) => value('analytics_stream_records_total', { outcome }))).toEqual([
    20, 2, 4, 6, 4,
  ]);
  expect(valueOf(families, 'analytics_batch_duration_seconds_count')).toBe(2);
  expect(valueOf(families, 'analytics_batch_duration_seconds_sum')).toBeCloseTo(0.1);
  expect(valueOf(families, 'analytics_batch_store_seconds_sum')).toBeCloseTo(0.01);
});

test(`of many streams the first ${MOST_STREAMS} have series of their own, the others one together`, async () => {
  let names = Array.from({ length: 300 }, (_, i) => `s${i}`);
  const metrics = start({
    streams: () => names.map((name, i) => stream(name, { watermarkDelayMs: i * 1000 })),
  });
  for (const name of names) metrics.kept.batch(batch(name));
  const families = await scrape(metrics);
  const kept = [...names.slice(0, MOST_STREAMS), OTHER];
  for (const name of ['lag', 'watermark_delay_seconds', 'windows', 'closed_total', 'records_total'])
    expect([name, labelsOf(families, `analytics_stream_${name}`, 'stream')]).toEqual([name, kept]);
  const value = (name: string, labels: Record<string, string>): number =>
    valueOf(families, `analytics_stream_${name}`, labels);
  expect(value('lag', { stream: OTHER })).toBe(7 * (300 - MOST_STREAMS));
  expect(value('watermark_delay_seconds', { stream: OTHER })).toBe(299);
  expect(value('records_total', { stream: OTHER, outcome: 'accepted' })).toBe(10 * (300 - MOST_STREAMS));
  expect(valueOf(families, 'analytics_streams_lag')).toBe(7 * 300);
  expect(own(families, OF_STREAMS)).toBe(1 + MOST_OF_STREAMS);

  // A name keeps its series, also of a stream that is gone: others come and go without end.
  names = ['s0', 's299', 'fresh'];
  const later = await scrape(metrics);
  expect(labelsOf(later, 'analytics_stream_lag', 'stream')).toEqual(kept);
  const lag = (name: string): number => valueOf(later, 'analytics_stream_lag', { stream: name });
  expect([lag('s0'), lag('s1'), lag(OTHER)]).toEqual([7, 0, 14]);
  expect(own(later, OF_STREAMS)).toBe(1 + MOST_OF_STREAMS);
});

test('a catalog that cannot be had takes only what is in it from the metrics', async () => {
  const down = start({ datasets: () => Promise.reject(new Error('no catalog')), jobs: () => NO_JOBS });
  const hangs = start({ datasets: () => new Promise(() => undefined), jobs: () => NO_JOBS });
  for (const metrics of [down, hangs]) {
    const began = performance.now();
    const families = await scrape(metrics);
    expect(families.has('analytics_datasets')).toBe(false);
    expect(valueOf(families, 'analytics_jobs_queued')).toBe(0);
    expect(performance.now() - began).toBeLessThan(4000);
  }
}, 20_000);
