/**
 * Composition root of the thread that exports spans. The SDK makes them again here, with the ids that they have, and sends
 * them by the standard OTEL_* variables: what a request costs where requests are served is a line of JSON.
 */
import { parentPort } from 'node:worker_threads';
import {
  type AttributeValue,
  context,
  type Context,
  createTraceState,
  diag,
  type HrTime,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import { node, NodeSDK } from '@opentelemetry/sdk-node';
import type { Span } from '../../ports/trace.js';
import type { FromExporter, ToExporter } from './relay.js';
import { troubleTeller } from './trouble.js';

/** A server span and the spans in it. */
export interface Entry {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly failed: boolean;
  readonly version: string;
  readonly inner: readonly (readonly Span[])[];
}

// A burst of requests is to find room: a dozen spans each. Whoever sets these knows better.
process.env.OTEL_BSP_MAX_QUEUE_SIZE ??= '8192';
process.env.OTEL_BSP_MAX_EXPORT_BATCH_SIZE ??= '1024';

const port = parentPort;
if (port === null) throw new Error('exporter.js is started as a worker thread');
const say = (message: FromExporter): void => {
  port.postMessage(message);
};

const random = new node.RandomIdGenerator();
/** Ids of the span that is made next, where it has some already. */
let given: Pick<Entry, 'traceId' | 'spanId'> | undefined;
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
diag.setLogger(
  troubleTeller((reason) => {
    say({ type: 'trouble', reason });
  }),
  { suppressOverrideMessage: true },
);
sdk.start();

/** As the API takes it without asking what clock it is of. */
const hrTime = (ms: number): HrTime => {
  const seconds = Math.trunc(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
};

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
    { kind: SpanKind.SERVER, startTime: hrTime(entry.start), attributes: { ...entry.attributes } },
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

port.on('message', (message: ToExporter) => {
  if (message.type === 'close') {
    const closed = (): void => {
      say({ type: 'closed' });
    };
    void sdk.shutdown().then(closed, closed);
    return;
  }
  (JSON.parse(message.text) as readonly Entry[]).forEach(replay);
  say({ type: 'taken', bytes: message.text.length });
});
