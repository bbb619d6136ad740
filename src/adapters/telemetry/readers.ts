import type { IMetricReader, MeterProviderOptions, PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { type Env, listOf, signals } from './signals.js';

/** Readers that the environment asks for, and what they say the metrics are of. */
export interface AttachedReaders {
  readonly readers: readonly IMetricReader[];
  readonly resource?: MeterProviderOptions['resource'];
}

const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 30_000;

/**
 * Readers of metrics beside that of /metrics, by the standard variables: OTEL_METRICS_EXPORTER (`otlp`, `console`, `none`;
 * `prometheus` is there without being asked for), OTEL_EXPORTER_OTLP_*, OTEL_METRIC_EXPORT_INTERVAL and _TIMEOUT. Their
 * packages are loaded only when there are any.
 */
export async function attachedReaders(env: Env): Promise<AttachedReaders> {
  if (!signals(env).metrics) return { readers: [] };
  const asked = listOf(env.OTEL_METRICS_EXPORTER);
  const names = asked.length === 0 ? ['otlp'] : asked;
  const { metrics, resources } = await import('@opentelemetry/sdk-node');
  const interval = millisecondsOf(env.OTEL_METRIC_EXPORT_INTERVAL, INTERVAL_MS);
  const timeout = millisecondsOf(env.OTEL_METRIC_EXPORT_TIMEOUT, TIMEOUT_MS);
  const exporters = await Promise.all(
    names.flatMap((name): Promise<PushMetricExporter>[] => {
      if (name === 'otlp') return [otlp(env)];
      return name === 'console' ? [Promise.resolve(new metrics.ConsoleMetricExporter())] : [];
    }),
  );
  const { detectResources, defaultResource, envDetector, hostDetector, processDetector } = resources;
  return {
    readers: exporters.map(
      (exporter) =>
        new metrics.PeriodicExportingMetricReader({
          exporter,
          exportIntervalMillis: interval,
          exportTimeoutMillis: Math.min(timeout, interval),
        }),
    ),
    resource: defaultResource().merge(
      detectResources({ detectors: [envDetector, processDetector, hostDetector] }),
    ),
  };
}

/** The exporter of the protocol that is configured. Its address, headers and timeout it reads itself. */
async function otlp(env: Env): Promise<PushMetricExporter> {
  const [protocol] = [
    ...listOf(env.OTEL_EXPORTER_OTLP_METRICS_PROTOCOL),
    ...listOf(env.OTEL_EXPORTER_OTLP_PROTOCOL),
  ];
  if (protocol === 'grpc')
    return new (await import('@opentelemetry/exporter-metrics-otlp-grpc')).OTLPMetricExporter();
  if (protocol === 'http/json')
    return new (await import('@opentelemetry/exporter-metrics-otlp-http')).OTLPMetricExporter();
  return new (await import('@opentelemetry/exporter-metrics-otlp-proto')).OTLPMetricExporter();
}

function millisecondsOf(text: string | undefined, otherwise: number): number {
  const value = Number(text);
  return text !== undefined && text.trim() !== '' && value > 0 && Number.isFinite(value) ? value : otherwise;
}
