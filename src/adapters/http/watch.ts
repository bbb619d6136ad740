import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Caller, Scope } from '../../ports/access.js';
import type { Observe, RequestSeen, Work } from '../../ports/observe.js';
import type { ProblemCode } from '../../ports/problem.js';
import type { RequestTrace, Tracing } from '../../ports/trace.js';
import { requestIdOf } from './negotiate.js';

/** What is known of a request so far. */
export interface Sight {
  readonly requestId: string;
  /** It came when the service had been told to stop. */
  late?: boolean;
  /** When its headers had arrived, by performance.now(). */
  readonly started: number;
  readonly trace?: RequestTrace | undefined;
  code?: ProblemCode;
  caller?: Caller;
  model?: string;
  work?: Work;
  /** Whether callers must be known. */
  gated?: boolean;
  /** What its caller needs. */
  scope?: Scope;
  /** Counts bytes of its body as they come. Rejects with Denied once they are too many. */
  spend?: (bytes: number) => Promise<void>;
}

const sights = new WeakMap<ServerResponse, Sight>();

/** What is known of the request that a response answers. */
export function sightOf(response: ServerResponse): Sight {
  const sight = sights.get(response);
  if (sight === undefined) throw new Error('a request that is not watched');
  return sight;
}

export const requestIdFor = (response: ServerResponse): string => sightOf(response).requestId;

const METHODS = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']);
/** What nginx calls a client that left: no status was sent. */
export const LEFT = 499;

/** Tells of every request that is over. */
export function watch(observe: Observe, tracing: Tracing, handler: RequestListener): RequestListener {
  return (request, response) => {
    const started = performance.now();
    const before = request.socket.bytesRead;
    const trace = tracing.begin(request);
    const within = <T>(work: () => T): T => (trace === undefined ? work() : trace.within(work));
    const sight: Sight = { requestId: requestIdOf(request), started, trace };
    sights.set(response, sight);
    response.setHeader('x-request-id', sight.requestId);
    if (trace?.header !== undefined) response.setHeader('traceparent', trace.header);
    response.once('close', () => {
      const seen: RequestSeen = {
        requestId: sight.requestId,
        route: routeOf(request),
        method: methodOf(request),
        status: response.writableFinished ? response.statusCode : LEFT,
        code: sight.code,
        durationMs: performance.now() - started,
        bytesIn: bytesOf(request, request.socket.bytesRead - before),
        bytesOut: Number(response.getHeader('content-length') ?? 0),
        caller: sight.caller?.id,
        model: sight.model,
        work: sight.work,
        traceId: trace?.traceId,
        spanId: trace?.spanId,
      };
      within(() => {
        observe(seen);
      });
      trace?.end(seen);
    });
    within(() => {
      handler(request, response);
    });
  };
}

/** Its method, where it is one that there is. */
export function methodOf({ method = '' }: IncomingMessage): string {
  return METHODS.has(method) ? method : 'other';
}

/** Bytes of a body. `read`: those of the socket meanwhile, without what came in one piece with the headers. */
function bytesOf({ complete, headers }: IncomingMessage, read: number): number {
  const declared = Number(headers['content-length'] ?? Infinity);
  return complete && declared !== Infinity ? declared : Math.min(read, declared);
}

/** Times a stretch of work here as a span of the request, also one that fails. */
export async function timed<T>(
  response: ServerResponse | undefined,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const trace = response && sightOf(response).trace;
  if (trace?.sampled !== true) return work();
  const start = performance.timeOrigin + performance.now();
  try {
    return await work();
  } finally {
    trace.record([{ name, start, end: performance.timeOrigin + performance.now(), attributes: {} }]);
  }
}

/** The pattern that Express matched. */
export function routeOf(request: IncomingMessage): string {
  const { route } = request as { readonly route?: { readonly path?: unknown } };
  return typeof route?.path === 'string' ? route.path : 'unknown';
}
