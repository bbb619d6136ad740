/**
 * OpenTelemetry, set up by the standard OTEL_* variables and off without them. This module must be loaded before
 * express and node:http users: the instrumentations hook `require`.
 */
import { context, trace } from '@opentelemetry/api';
import type { RecordSpans } from '../../ports/trace.js';

export interface Telemetry {
  readonly on: boolean;
  readonly record: RecordSpans;
  /** Sends what is left. */
  shutdown(): Promise<void>;
}

const SHUTDOWN_MS = 3000;

/** Whether the environment asks for traces. */
export function wanted(env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return false;
  const exporter = env.OTEL_TRACES_EXPORTER ?? '';
  if (exporter !== '') return exporter !== 'none';
  return Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT) || Boolean(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
}

/** Starts the SDK when it is wanted; its packages are loaded only then, they cost half a second. */
export function startTelemetry(
  env: Readonly<Record<string, string | undefined>>,
  version: string,
): Telemetry {
  if (!wanted(env)) return { on: false, record: () => undefined, shutdown: () => Promise.resolve() };
  process.env.OTEL_SERVICE_NAME ??= 'analytics-service';
  process.env.OTEL_METRICS_EXPORTER ??= 'none';
  process.env.OTEL_LOGS_EXPORTER ??= 'none';
  /* eslint-disable @typescript-eslint/no-require-imports */
  const { NodeSDK } = require('@opentelemetry/sdk-node') as typeof import('@opentelemetry/sdk-node');
  const { HttpInstrumentation } =
    require('@opentelemetry/instrumentation-http') as typeof import('@opentelemetry/instrumentation-http');
  const { ExpressInstrumentation, ExpressLayerType } =
    require('@opentelemetry/instrumentation-express') as typeof import('@opentelemetry/instrumentation-express');
  /* eslint-enable @typescript-eslint/no-require-imports */
  const sdk = new NodeSDK({
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: ({ url }) => url?.startsWith('/health/') ?? false,
      }),
      // It names the route; a span for every middleware would say nothing.
      new ExpressInstrumentation({ ignoreLayersType: Object.values(ExpressLayerType) }),
    ],
  });
  sdk.start();
  const tracer = trace.getTracer('analytics-service', version);
  return {
    on: true,
    record(spans) {
      const contexts = new Map<string, ReturnType<typeof context.active>>();
      const opened = spans.map((span) => {
        const parent =
          (span.parent === undefined ? undefined : contexts.get(span.parent)) ?? context.active();
        const open = tracer.startSpan(
          span.name,
          { startTime: span.start, attributes: { ...span.attributes } },
          parent,
        );
        for (const { name, time, attributes } of span.events ?? [])
          open.addEvent(name, { ...attributes }, time);
        contexts.set(span.name, trace.setSpan(parent, open));
        return { open, end: span.end };
      });
      for (const { open, end } of opened) open.end(end);
    },
    // A collector that is gone must not hold the process back.
    shutdown: () =>
      Promise.race([sdk.shutdown(), new Promise<void>((resolve) => setTimeout(resolve, SHUTDOWN_MS))]),
  };
}
