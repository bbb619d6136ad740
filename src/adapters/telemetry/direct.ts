import { diag } from '@opentelemetry/api';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import { resources } from '@opentelemetry/sdk-node';
import type { Sink } from './entry.js';
import { SpanWriter } from './protobuf.js';
import { type Env, listOf } from './signals.js';

const BATCH_BYTES = 256 * 1024;
const DELAY_MS = 1000;
/** Batches that may be under way; while a collector does not answer, further ones are dropped. */
const MOST_BATCHES = 4;
/** What only the SDK's own processor does. */
const FOR_THE_SDK = /^OTEL_(?:BSP_(?!SCHEDULE_DELAY$)|SPAN_|ATTRIBUTE_)/u;

/** Whether spans go by OTLP in protobuf over HTTP, as they do unless something else is asked for. */
export function goesDirect(env: Env): boolean {
  const [protocol = 'http/protobuf'] = [
    ...listOf(env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL),
    ...listOf(env.OTEL_EXPORTER_OTLP_PROTOCOL),
  ];
  const exporters = listOf(env.OTEL_TRACES_EXPORTER);
  const plain = exporters.length === 0 || (exporters.length === 1 && exporters[0] === 'otlp');
  return plain && protocol === 'http/protobuf' && !Object.keys(env).some((name) => FOR_THE_SDK.test(name));
}

/** Writes spans as they come and sends them by the SDK's transport: its address, headers, TLS, compression and retries. */
export function directSink(env: Env): Sink {
  const headers = { 'Content-Type': 'application/x-protobuf' };
  // As every exporter of this line reads its variables; the next one names it anew.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const options = convertLegacyHttpOptions(
    { concurrencyLimit: MOST_BATCHES },
    'TRACES',
    'v1/traces',
    headers,
  );
  const delegate = createOtlpHttpExportDelegate<Uint8Array, object>(
    options,
    { serializeRequest: (bytes) => bytes, deserializeResponse: () => ({}) },
    'otlp_http_span_exporter',
    { name: 'span', countItems: () => 1 },
    undefined,
  );
  const { defaultResource, detectResources, envDetector, hostDetector, processDetector } = resources;
  const resource = defaultResource().merge(
    detectResources({ detectors: [envDetector, processDetector, hostDetector] }),
  );
  const asked = Number(env.OTEL_BSP_SCHEDULE_DELAY);
  const delay = asked > 0 && asked < DELAY_MS ? asked : DELAY_MS;
  const writer = new SpanWriter();
  let version = '';
  let timer: NodeJS.Timeout | undefined;
  const send = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (writer.length === 0) return;
    const values = Object.entries(resource.attributes).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? [[name, value]]
        : [],
    );
    const bytes = writer.take(Object.fromEntries(values) as Record<string, string>, version);
    delegate.export(bytes, ({ error }) => {
      if (error !== undefined) diag.error(error.message);
    });
  };
  return {
    add(entry) {
      version = entry.version;
      writer.add(entry);
      if (writer.length >= BATCH_BYTES) send();
      else timer ??= setTimeout(send, delay);
    },
    async close() {
      await resource.waitForAsyncAttributes?.();
      send();
      await delegate.forceFlush();
      await delegate.shutdown();
    },
  };
}
