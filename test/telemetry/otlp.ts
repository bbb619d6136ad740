import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'protobufjs';

/** The parts of opentelemetry/proto/collector and its imports that are looked at here. */
const PROTO = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
  repeated Event events = 11;
  message Link { bytes trace_id = 1; bytes span_id = 2; fixed32 flags = 6; }
  repeated Link links = 13; uint32 dropped_links_count = 14;
  message Status { string message = 2; int32 code = 3; }
  Status status = 15;
}
message ScopeSpans { repeated Span spans = 2; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message NumberDataPoint {
  repeated KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  oneof value { double as_double = 4; sfixed64 as_int = 6; }
}
message Gauge { repeated NumberDataPoint data_points = 1; }
message Sum { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Metric { string name = 1; string unit = 3; Gauge gauge = 5; Sum sum = 7; }
message ScopeMetrics { repeated Metric metrics = 2; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }
message LogRecord {
  fixed64 time_unix_nano = 1; string severity_text = 3; AnyValue body = 5; repeated KeyValue attributes = 6;
  bytes trace_id = 9; bytes span_id = 10;
}
message ScopeLogs { repeated LogRecord log_records = 2; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; }
message ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }
`;
const STATUS_ERROR = 2;
const { root } = parse(PROTO);
const AS_OBJECT = { longs: String, bytes: String, defaults: true, arrays: true };
const decoded = (type: string, bytes: Buffer): unknown => {
  const message = root.lookupType(type);
  return message.toObject(message.decode(bytes), AS_OBJECT);
};

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly service: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly events: readonly ReceivedEvent[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly droppedLinksCount: number;
  readonly failed: boolean;
}

export interface ReceivedEvent {
  readonly name: string;
  readonly time: bigint;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

export interface ReceivedMetric {
  readonly name: string;
  readonly service: string;
  readonly values: readonly number[];
}

export interface ReceivedLog {
  readonly service: string;
  readonly severity: string;
  readonly body: string;
  /** As base64, as with spans. */
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

interface WireMetrics {
  resourceMetrics: { resource: { attributes: WirePair[] }; scopeMetrics: { metrics: WireMetric[] }[] }[];
}
interface WireMetric {
  name: string;
  gauge?: { dataPoints: WirePoint[] } | null;
  sum?: { dataPoints: WirePoint[] } | null;
}
interface WirePoint {
  asDouble?: number;
  asInt?: string;
}
interface WireLogs {
  resourceLogs: { resource: { attributes: WirePair[] }; scopeLogs: { logRecords: WireLog[] }[] }[];
}
interface WireLog {
  severityText: string;
  body: WirePair['value'] | null;
  traceId: string;
  spanId: string;
  attributes: WirePair[];
}
interface Wire {
  resourceSpans: { resource: { attributes: WirePair[] }; scopeSpans: { spans: WireSpan[] }[] }[];
}
interface WirePair {
  key: string;
  value: Record<string, string | number | boolean>;
}
interface WireSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: WirePair[];
  events: { name: string; timeUnixNano: string; attributes: WirePair[] }[];
  links: { traceId: string; spanId: string }[];
  droppedLinksCount: number;
  status: { code: number } | null;
}

const valuesOf = (pairs: readonly WirePair[]): Record<string, string | number | boolean> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0] ?? '']));

const serviceOf = ({ attributes }: { attributes: WirePair[] }): string =>
  String(valuesOf(attributes)['service.name']);

function spansOf(bytes: Buffer): ReceivedSpan[] {
  const { resourceSpans } = decoded('ExportTraceServiceRequest', bytes) as Wire;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap((scope) => scope.spans)
      .map((span) => ({
        ...span,
        service: serviceOf(resource),
        start: BigInt(span.startTimeUnixNano),
        end: BigInt(span.endTimeUnixNano),
        links: span.links.map(({ traceId, spanId }) => ({ traceId, spanId })),
        failed: span.status?.code === STATUS_ERROR,
        attributes: valuesOf(span.attributes),
        events: span.events.map(({ name, timeUnixNano, attributes }) => ({
          name,
          time: BigInt(timeUnixNano),
          attributes: valuesOf(attributes),
        })),
      })),
  );
}

function metricsOf(bytes: Buffer): ReceivedMetric[] {
  const { resourceMetrics } = decoded('ExportMetricsServiceRequest', bytes) as WireMetrics;
  return resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .map(({ name, gauge, sum }) => ({
        name,
        service: serviceOf(resource),
        values: (gauge ?? sum)?.dataPoints.map((point) => Number(point.asDouble ?? point.asInt)) ?? [],
      })),
  );
}

function logsOf(bytes: Buffer): ReceivedLog[] {
  const { resourceLogs } = decoded('ExportLogsServiceRequest', bytes) as WireLogs;
  return resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs
      .flatMap(({ logRecords }) => logRecords)
      .map(({ severityText, body, traceId, spanId, attributes }) => ({
        service: serviceOf(resource),
        severity: severityText,
        body: String(Object.values(body ?? {})[0]),
        traceId,
        spanId,
        attributes: valuesOf(attributes),
      })),
  );
}

export interface Collector {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  readonly metrics: ReceivedMetric[];
  readonly logs: ReceivedLog[];
  close(): Promise<void>;
}

/** An OTLP/HTTP collector on a local port that decodes the protobuf of what it is sent. */
export async function startCollector(): Promise<Collector> {
  const spans: ReceivedSpan[] = [];
  const metrics: ReceivedMetric[] = [];
  const logs: ReceivedLog[] = [];
  const take: Readonly<Record<string, (bytes: Buffer) => void>> = {
    '/v1/traces': (bytes) => spans.push(...spansOf(bytes)),
    '/v1/metrics': (bytes) => metrics.push(...metricsOf(bytes)),
    '/v1/logs': (bytes) => logs.push(...logsOf(bytes)),
  };
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const isProtobuf = request.headers['content-type'] === 'application/x-protobuf';
      if (isProtobuf) take[request.url ?? '']?.(Buffer.concat(chunks));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    metrics,
    logs,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
