import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'protobufjs';

/** The part of opentelemetry/proto/collector/trace/v1/trace_service.proto and its imports that spans need. */
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
}
message ScopeSpans { repeated Span spans = 2; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
`;
const Request = parse(PROTO).root.lookupType('ExportTraceServiceRequest');

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
}

export interface ReceivedEvent {
  readonly name: string;
  readonly time: bigint;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
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
}

const valuesOf = (pairs: readonly WirePair[]): Record<string, string | number | boolean> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0] ?? '']));

/** An OTLP/HTTP collector on a local port that decodes the protobuf of what it is sent. */
export async function startCollector(): Promise<{
  url: string;
  spans: ReceivedSpan[];
  close: () => Promise<void>;
}> {
  const spans: ReceivedSpan[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/v1/traces' && request.headers['content-type'] === 'application/x-protobuf') {
        const message = Request.decode(Buffer.concat(chunks));
        const { resourceSpans } = Request.toObject(message, {
          longs: String,
          bytes: String,
          defaults: true,
          arrays: true,
        }) as Wire;
        for (const { resource, scopeSpans } of resourceSpans) {
          const service = String(valuesOf(resource.attributes)['service.name']);
          for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
            spans.push({
              ...span,
              service,
              start: BigInt(span.startTimeUnixNano),
              end: BigInt(span.endTimeUnixNano),
              attributes: valuesOf(span.attributes),
              events: span.events.map(({ name, timeUnixNano, attributes }) => ({
                name,
                time: BigInt(timeUnixNano),
                attributes: valuesOf(attributes),
              })),
            });
          }
        }
      }
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
