/**
 * Metrics: instruments of OpenTelemetry, read by GET /metrics and by whatever other reader is attached. Labels have values
 * that are known before the first request; nothing of a request becomes one.
 */
import { createRequire } from 'node:module';
import { setImmediate as turn } from 'node:timers/promises';
import type { IMetricReader, MeterProvider, MeterProviderOptions } from '@opentelemetry/sdk-metrics';
import type { Observe, RequestSeen, Scrape } from '../../ports/observe.js';
import type { ObserveKept } from '../../ports/observe-kept.js';
import { named } from './exposition.js';
import { type KeptFacts, keptMetrics } from './kept.js';
import { laneReadings, type LanesFacts } from './lanes.js';
import { observe, type Reading } from './readings.js';
import { routeLabel, WATCHING } from './routes.js';
import { loopReadings, processReadings } from './runtime.js';
import { outcomeOf, tally } from './tally.js';

/** Readers beside that of /metrics, and what they say the metrics are of. */
export interface Attached {
  readonly readers: readonly IMetricReader[];
  readonly resource?: MeterProviderOptions['resource'];
}

export interface MetricsOptions {
  readonly version: string;
  readonly engine: string;
  readonly lanes: LanesFacts;
  /** What of datasets, jobs and streams is asked when metrics are collected. */
  readonly kept?: KeptFacts;
  /** Bytes that the process may have. */
  readonly memoryLimit: number;
  /** Every code that a problem can have. */
  readonly codes: readonly string[];
  /** Asked once, when the SDK is loaded. Where it fails, /metrics is still there. */
  readonly attached?: () => Promise<Attached>;
  readonly onError: (error: unknown) => void;
}

export interface Metrics {
  readonly request: Observe;
  /** Told of jobs and streams. */
  readonly kept: ObserveKept;
  /** Everything as Prometheus reads it. */
  readonly scrape: Scrape;
  /** Has the readers send what they have not sent, and stops them. */
  shutdown(): Promise<void>;
}

/** The SDK takes a tenth of a second to load: that waits until the start is over, or until somebody asks. */
const LOAD_MS = 2000;
/** Requests that are kept for the histograms until then; further ones are counted, not timed. */
const KEPT = 10_000;
const SCRAPE_MS = 2000;
/** A collector that is gone must not hold the process back. */
const SHUTDOWN_MS = 1500;
const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';

/** Seconds. Few, since each is a series for every outcome. */
const DURATIONS = [0.01, 0.05, 0.25, 1, 5];
const WAITS = [0.001, 0.01, 0.1, 1, 5];

/** What the SDK is built on, a turn of the event loop each: in one, requests would wait for all of it. */
async function loadParts(): Promise<void> {
  const load = createRequire(require.resolve('@opentelemetry/sdk-metrics'));
  for (const part of ['@opentelemetry/core', '@opentelemetry/resources']) {
    load(part);
    await turn();
  }
}

async function attachedTo({ attached, onError }: MetricsOptions): Promise<Attached> {
  try {
    return (await attached?.()) ?? { readers: [] };
  } catch (error) {
    onError(error);
    return { readers: [] };
  }
}

export function startMetrics(options: MetricsOptions): Metrics {
  const { version, engine, lanes, memoryLimit, codes } = options;
  const counts = tally(codes);
  const kept = keptMetrics(options.kept ?? {});
  const loop = loopReadings();
  const info: Reading = {
    kind: 'gauge',
    name: 'analytics.engine.info',
    unit: '{engine}',
    description: 'The engine that computes, and its version; always 1.',
    read: () => [[1, { engine, version }]],
  };
  const readings = [
    info,
    ...counts.readings,
    ...laneReadings(lanes),
    ...kept.readings,
    ...processReadings(memoryLimit),
    ...loop.readings,
  ];
  let early: RequestSeen[] = [];
  let time = (seen: RequestSeen): void => {
    if (early.length < KEPT) early.push(seen);
  };

  const load = async (): Promise<{ readonly provider: MeterProvider; readonly scrape: Scrape }> => {
    await loadParts();
    const sdk = await import('@opentelemetry/sdk-metrics');
    await turn();
    const { PrometheusExporter, PrometheusSerializer } = await import('@opentelemetry/exporter-prometheus');
    const { readers, resource } = await attachedTo(options);
    const reader = new PrometheusExporter({ preventServerStart: true });
    const provider = new sdk.MeterProvider({
      readers: [reader, ...readers],
      ...(resource !== undefined && { resource }),
    });
    const meter = provider.getMeter('analytics-service', version);
    observe(meter, readings);
    const histogram = (name: string, description: string, boundaries: number[]) =>
      meter.createHistogram(name, {
        unit: 's',
        description,
        advice: { explicitBucketBoundaries: boundaries },
      });
    const durations = histogram(
      'http.server.request.duration',
      'Time of requests, from headers to answer, by outcome; without those of /health, /metrics and events.',
      DURATIONS,
    );
    const waits = histogram('analytics.queue.wait', 'Time that requests waited for a lane.', WAITS);
    time = ({ route, status, durationMs, work }) => {
      if (!WATCHING.has(routeLabel(route)))
        durations.record(durationMs / 1000, { outcome: outcomeOf(status) });
      if (work !== undefined) waits.record(work.waitMs / 1000);
    };
    kept.timeWith(meter);
    early.forEach(time);
    early = [];
    const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
    return {
      provider,
      async scrape() {
        const { resourceMetrics } = await reader.collect({ timeoutMillis: SCRAPE_MS });
        return { contentType: PROMETHEUS, body: serializer.serialize(named(resourceMetrics)) };
      },
    };
  };

  let loading: ReturnType<typeof load> | undefined;
  const loaded = (): ReturnType<typeof load> => (loading ??= load());
  const timer = setTimeout(() => void loaded().catch(options.onError), LOAD_MS);
  timer.unref();
  let scraping: ReturnType<Scrape> | undefined;

  return {
    kept: kept.observe,
    request(seen) {
      counts.add(seen);
      time(seen);
    },
    // Who asks while it is collected gets the same.
    scrape: () =>
      (scraping ??= loaded()
        .then(({ scrape }) => scrape())
        .finally(() => (scraping = undefined))),
    async shutdown() {
      clearTimeout(timer);
      loop.stop();
      // What no reader is attached to send goes with the process.
      if (loading === undefined && options.attached === undefined) return;
      const { provider } = await loaded();
      await provider.shutdown({ timeoutMillis: SHUTDOWN_MS });
    },
  };
}
