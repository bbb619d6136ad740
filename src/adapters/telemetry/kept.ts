/** Metrics of what stays and what flows: datasets, jobs, streams. What a process has none of makes few series. */
import type { Histogram, Meter } from '@opentelemetry/api';
import {
  type DatasetsSight,
  JOB_ENDS,
  type JobEnd,
  type JobsSight,
  type ObserveKept,
  type StreamSight,
} from '../../ports/observe-kept.js';
import { type Reading, single } from './readings.js';
import { streamCounts } from './streams.js';

/** As it is when metrics are collected. */
export interface KeptFacts {
  readonly datasets?: () => Promise<DatasetsSight>;
  readonly jobs?: () => JobsSight;
  readonly streams?: () => readonly StreamSight[];
}

export interface KeptMetrics {
  readonly observe: ObserveKept;
  readonly readings: readonly Reading[];
  /** Has what was timed until now, and what comes, in histograms of the meter. */
  timeWith(meter: Meter): void;
}

/** Seconds. */
const JOB_DURATIONS = [1, 10, 60, 600];
const BATCH_DURATIONS = [0.01, 0.1, 1];
/** Times that wait until there is a meter; further ones are counted, not timed. */
const KEPT = 1000;

export function keptMetrics({ datasets, jobs, streams = () => [] }: KeptFacts): KeptMetrics {
  const ends = new Map<JobEnd, number>(JOB_ENDS.map((outcome) => [outcome, 0]));
  let expired = 0;
  let hasJobs = false;
  const jobsNow = (): JobsSight | undefined => {
    const sight = jobs?.();
    hasJobs ||= sight !== undefined && sight.queued + sight.running > 0;
    return sight;
  };
  const flows = streamCounts(streams);
  const jobDurations = timer();
  const batchDurations = timer();
  const storeDurations = timer();
  const stored = datasets && shared(datasets);
  const gauge = (
    name: string,
    unit: string,
    description: string,
    read: () => number | undefined | Promise<number | undefined>,
  ): Reading => single('gauge', name, unit, description, read);

  return {
    observe: {
      job({ outcome, runMs }) {
        hasJobs = true;
        ends.set(outcome, (ends.get(outcome) ?? 0) + 1);
        jobDurations.record(runMs / 1000);
      },
      expired(count) {
        hasJobs = true;
        expired += count;
      },
      batch(seen) {
        flows.batch(seen);
        batchDurations.record(seen.durationMs / 1000);
        storeDurations.record(seen.storeMs / 1000);
      },
      closed: flows.closed,
    },
    readings: [
      gauge('analytics.datasets', '{dataset}', 'Datasets that are stored.', async () =>
        stored === undefined ? undefined : (await stored()).count,
      ),
      gauge('analytics.datasets.size', 'By', 'Bytes of their files.', async () =>
        stored === undefined ? undefined : (await stored()).bytes,
      ),
      gauge(
        'analytics.jobs.queued',
        '{job}',
        'Jobs of the catalog that wait, those of all processes.',
        () => jobsNow()?.queued,
      ),
      gauge(
        'analytics.jobs.running',
        '{job}',
        'Jobs of the catalog that run, in any process.',
        () => jobsNow()?.running,
      ),
      gauge('analytics.jobs.oldest', 's', 'Age of the job that waits longest.', () => {
        const sight = jobsNow();
        return sight && sight.oldestQueuedMs / 1000;
      }),
      {
        kind: 'counter',
        name: 'analytics.jobs.finished',
        unit: '{job}',
        description: 'Jobs that this process has run to their end, by outcome.',
        read: () => (hasJobs ? [...ends].map(([outcome, count]) => [count, { outcome }] as const) : []),
      },
      single(
        'counter',
        'analytics.jobs.expired',
        '{job}',
        'Jobs whose process gave no sign of life, and that this one put back.',
        () => (hasJobs ? expired : undefined),
      ),
      ...flows.readings,
    ],
    timeWith(meter) {
      const histogram = (name: string, description: string, boundaries: number[]): Histogram =>
        meter.createHistogram(name, {
          unit: 's',
          description,
          advice: { explicitBucketBoundaries: boundaries },
        });
      jobDurations.start(
        histogram('analytics.job.duration', 'Time that jobs ran, without their wait.', JOB_DURATIONS),
      );
      batchDurations.start(
        histogram(
          'analytics.batch.duration',
          'Time from the records of a batch until they are in the state for good.',
          BATCH_DURATIONS,
        ),
      );
      storeDurations.start(
        histogram('analytics.batch.store', 'Time of its transaction alone.', BATCH_DURATIONS),
      );
    },
  };
}

/** Seconds on their way to a histogram, which comes later. */
function timer(): { record(seconds: number): void; start(histogram: Histogram): void } {
  let early: number[] = [];
  let to: Histogram | undefined;
  return {
    record(seconds) {
      if (to !== undefined) to.record(seconds);
      else if (early.length < KEPT) early.push(seconds);
    },
    start(histogram) {
      to = histogram;
      for (const seconds of early) histogram.record(seconds);
      early = [];
    },
  };
}

/** Asks once for all who ask meanwhile. */
function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let asking: Promise<T> | undefined;
  return () => (asking ??= ask().finally(() => (asking = undefined)));
}
