import {
  context,
  type Context,
  createTraceState,
  type HrTime,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import { node, NodeSDK } from '@opentelemetry/sdk-node';
import type { Entry, Sink } from './entry.js';

/** Ids of the span that is made next, where it has some already. */
let given: Pick<Entry, 'traceId' | 'spanId'> | undefined;

/** The SDK makes the spans again, with the ids that they have, and sends them: by every exporter that it has. */
export function sdkSink(): Sink {
  // A burst of requests is to find room: a dozen spans each. Whoever sets these knows better.
  process.env.OTEL_BSP_MAX_QUEUE_SIZE ??= '8192';
  process.env.OTEL_BSP_MAX_EXPORT_BATCH_SIZE ??= '1024';
  const random = new node.RandomIdGenerator();
  const sdk = new NodeSDK({
    // Whether a request is traced was decided where it came.
    sampler: new node.AlwaysOnSampler(),
    idGenerator: {
      generateTraceId: () => given?.traceId ?? random.generateTraceId(),
      generateSpanId: () => given?.spanId ?? random.generateSpanId(),
    },
    textMapPropagator: null,
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  return { add: replay, close: () => sdk.shutdown() };
}

/** As the API takes it without asking what clock it is of. */
const hrTime = (ms: number): HrTime => {
  const seconds = Math.trunc(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
};

const KINDS = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
  producer: SpanKind.PRODUCER,
} as const;

function replay(entry: Entry): void {
  const tracer = trace.getTracer('analytics-service', entry.version);
  const { traceId, spanId, parentSpanId, traceState } = entry;
  const parent =
    parentSpanId === undefined
      ? context.active()
      : trace.setSpanContext(context.active(), {
          traceId,
          spanId: parentSpanId,
          traceFlags: TraceFlags.SAMPLED,
          isRemote: true,
          ...(traceState !== undefined && { traceState: createTraceState(traceState) }),
        });
  given = { traceId, spanId };
  const server = tracer.startSpan(
    entry.name,
    {
      kind: KINDS[entry.kind],
      startTime: hrTime(entry.start),
      attributes: { ...entry.attributes },
      links: (entry.links ?? []).map((link) => ({
        context: { ...link, traceFlags: TraceFlags.NONE, isRemote: true },
      })),
    },
    parent,
  );
  given = undefined;
  if (entry.failed) server.setStatus({ code: SpanStatusCode.ERROR });
  const here = trace.setSpan(parent, server);
  const contexts = new Map<string, Context>();
  for (const span of entry.inner.flat()) {
    const inside = (span.parent === undefined ? undefined : contexts.get(span.parent)) ?? here;
    const made = tracer.startSpan(
      span.name,
      { startTime: hrTime(span.start), attributes: { ...span.attributes } },
      inside,
    );
    for (const { name, time, attributes } of span.events ?? [])
      made.addEvent(name, { ...attributes }, hrTime(time));
    contexts.set(span.name, trace.setSpan(inside, made));
    made.end(hrTime(span.end));
  }
  server.end(hrTime(entry.end));
}
