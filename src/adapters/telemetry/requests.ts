import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import type { core } from '@opentelemetry/sdk-node';
import type { RequestSeen } from '../../ports/observe.js';
import type { RequestTrace, TracedRequest, Tracing } from '../../ports/trace.js';
import type { Entry } from './entry.js';
import { now, spanOf, taskTracing, type TaskTracingOptions } from './tasks.js';

/** Asked all the time by machines: probes, and Prometheus. */
const QUIET = /^\/(?:health\/|metrics(?:$|\?)|v2\/health\/|ping(?:$|\?))/u;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Where nothing is traced here: the client's trace, for the log. */
export const named: Tracing = {
  begin({ headers }) {
    const traceId = spanOf(headers['traceparent'])?.traceId;
    if (traceId === undefined) return undefined;
    return {
      traceId,
      spanId: undefined,
      header: undefined,
      sampled: false,
      record: () => undefined,
      within: (work) => work(),
      end: () => undefined,
    };
  },
  task: () => undefined,
};

export interface TracingOptions extends TaskTracingOptions {
  readonly core: typeof core;
}

/** A server span for every request but those of probes, by the sampler of the environment. */
export function requestTracing(options: TracingOptions): Tracing {
  const { tracer, relay, core, version } = options;
  return {
    task: taskTracing(options),
    begin(request) {
      if (QUIET.test(request.url ?? '')) return named.begin(request);
      const start = now();
      const parent = propagation.extract(ROOT_CONTEXT, request.headers);
      const method = METHODS.has(request.method ?? '') ? (request.method ?? '') : '_OTHER';
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER }, parent);
      const { traceId, spanId, traceFlags, traceState } = span.spanContext();
      const sampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
      // The instrumentation of Express writes the route here.
      const rpc: core.RPCMetadata = { type: core.RPCType.HTTP, span };
      const active: Context = core.setRPCMetadata(trace.setSpan(parent, span), rpc);
      const texts: string[] = [];
      const entryOf = (seen: RequestSeen): Omit<Entry, 'inner'> => {
        const parentSpanId = trace.getSpanContext(parent)?.spanId;
        const route = rpc.route ?? (seen.route === 'unknown' ? undefined : seen.route);
        return {
          name: route === undefined ? method : `${method} ${route}`,
          kind: 'server',
          traceId,
          spanId,
          ...(parentSpanId !== undefined && { parentSpanId }),
          ...(traceState !== undefined && { traceState: traceState.serialize() }),
          start,
          end: now(),
          attributes: attributesOf(request, seen, method, route),
          failed: seen.status >= 500,
          version,
        };
      };
      const traced: RequestTrace = {
        traceId,
        spanId,
        header: `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`,
        sampled,
        record(spans) {
          if (sampled) texts.push(typeof spans === 'string' ? spans : JSON.stringify(spans));
        },
        within: (work) => context.with(active, work),
        end(seen) {
          if (!sampled) return;
          relay.add(`${JSON.stringify(entryOf(seen)).slice(0, -1)},"inner":[${texts.join(',')}]}`);
        },
      };
      return traced;
    },
  };
}

/**
 * By the semantic conventions of HTTP, without what a client may have put columns or values into: the query, its headers,
 * and a path that is none.
 */
function attributesOf(
  { url, httpVersion, ...rest }: TracedRequest & { readonly originalUrl?: string },
  { status, code, requestId, model }: RequestSeen,
  method: string,
  route: string | undefined,
): Entry['attributes'] {
  const left = status === 499;
  const error = code ?? (left ? 'client_left' : status >= 400 ? String(status) : undefined);
  const [path = ''] = (rest.originalUrl ?? url ?? '').split('?');
  return {
    'http.request.method': method,
    'url.scheme': 'http',
    ...(route !== undefined && { 'url.path': path, 'http.route': route }),
    'network.protocol.version': httpVersion,
    ...(!left && { 'http.response.status_code': status }),
    ...(error !== undefined && { 'error.type': error }),
    'analytics.request_id': requestId,
    ...(model !== undefined && { 'analytics.model': model }),
  };
}
