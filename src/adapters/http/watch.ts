import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Caller } from '../../ports/access.js';
import type { Observe, Work } from '../../ports/observe.js';
import type { ProblemCode } from '../../ports/problem.js';
import { requestIdOf } from './negotiate.js';

/** What is known of a request so far. */
export interface Sight {
  readonly requestId: string;
  /** It came when the service had been told to stop. */
  late?: boolean;
  /** When its headers had arrived, by performance.now(). */
  readonly started: number;
  code?: ProblemCode;
  caller?: Caller;
  model?: string;
  work?: Work;
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
const LEFT = 499;

/** Tells of every request that is over. */
export function watch(observe: Observe, handler: RequestListener): RequestListener {
  return (request, response) => {
    const started = performance.now();
    const before = request.socket.bytesRead;
    const sight: Sight = { requestId: requestIdOf(request), started };
    sights.set(response, sight);
    response.setHeader('x-request-id', sight.requestId);
    response.once('close', () => {
      observe({
        requestId: sight.requestId,
        route: routeOf(request),
        method: METHODS.has(request.method ?? '') ? (request.method ?? '') : 'other',
        status: response.writableFinished ? response.statusCode : LEFT,
        code: sight.code,
        durationMs: performance.now() - started,
        bytesIn: bytesOf(request, request.socket.bytesRead - before),
        bytesOut: Number(response.getHeader('content-length') ?? 0),
        caller: sight.caller?.id,
        model: sight.model,
        work: sight.work,
        traceId: undefined,
        spanId: undefined,
      });
    });
    handler(request, response);
  };
}

/** Bytes of a body. `read`: those of the socket meanwhile, without what came in one piece with the headers. */
function bytesOf({ complete, headers }: IncomingMessage, read: number): number {
  const declared = Number(headers['content-length'] ?? Infinity);
  return complete && declared !== Infinity ? declared : Math.min(read, declared);
}

/** The pattern that Express matched. */
function routeOf(request: IncomingMessage): string {
  const { route } = request as { readonly route?: { readonly path?: unknown } };
  return typeof route?.path === 'string' ? route.path : 'unknown';
}
