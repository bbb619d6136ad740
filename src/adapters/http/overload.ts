import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Endpoint } from '../../domain/endpoint.js';
import type { Lanes } from '../../ports/lanes.js';
import { Problem } from '../../ports/problem.js';
import { inferenceReply, speaksInference } from './inference.js';
import { answerAndLinger } from './linger.js';
import { replyOf } from './problems.js';
import { sightOf } from './watch.js';

/** A body of which no more than this is to come is read and thrown away, and the connection kept: opening one costs more. */
const SKIPPED = 1024 * 1024;
/** How long it may take to come. */
const SKIP_MS = 5_000;
/** A request that lay unseen for this share of its deadline would be late by the time that those before it are answered. */
const UNSEEN = 0.25;

export interface OverloadOptions {
  readonly endpoints: readonly Endpoint[];
  readonly lanes: Lanes;
  readonly deadlineMs: number;
  readonly maxDeadlineMs: number;
}

/** A route whose requests go to a lane. */
interface DataRoute {
  readonly path: string;
  readonly pattern: RegExp | undefined;
  readonly endpoint: string | undefined;
}

/**
 * Refuses requests that would not be admitted, by their headers alone, before anything else is done for them: true when it
 * did.
 */
export function overloadGate({
  endpoints,
  lanes,
  deadlineMs,
  maxDeadlineMs,
}: OverloadOptions): (request: IncomingMessage, response: ServerResponse) => boolean {
  const routes = routesOf(endpoints);
  const exact = new Map(routes.map((route) => [route.pattern === undefined ? route.path : '', route]));
  const others = routes.filter(({ pattern }) => pattern !== undefined);
  const turn = turnClock();
  return (request, response) => {
    if (request.method !== 'POST') return false;
    const { url = '', headers } = request;
    const end = url.indexOf('?');
    const path = end < 0 ? url : url.slice(0, end);
    const route = exact.get(path) ?? others.find(({ pattern }) => pattern?.test(path));
    if (route === undefined) return false;
    const wanted = Number(headers['x-request-deadline-ms'] ?? deadlineMs);
    // One that is no number is refused for that, later.
    const deadline = wanted > 0 ? Math.min(wanted, maxDeadlineMs) : undefined;
    const unseen = turn() > UNSEEN * (deadline ?? Infinity);
    const refused = unseen
      ? 'expected a deadline that can be met, got one of which too much passed before the request was seen'
      : lanes.refusal({
          endpoint: route.endpoint,
          bytes: Number(headers['content-length'] ?? 0) || 0,
          deadlineMs: deadline,
        });
    if (refused === undefined) return false;
    // Express did not see it: said as it would say it.
    Object.assign(request, { route: { path: route.path } });
    const sight = sightOf(response);
    sight.code = 'overloaded';
    const waitMs = lanes.waitMs();
    const reply = speaksInference(path)
      ? inferenceReply(new Problem('overloaded', refused), sight.requestId, waitMs)
      : replyOf({ code: 'overloaded', message: refused, faults: [] }, sight.requestId, waitMs);
    response.statusCode = reply.status;
    for (const name in reply.headers) response.setHeader(name, reply.headers[name] ?? '');
    response.setHeader('x-content-type-options', 'nosniff');
    answerUnread(request, response, reply.body);
    return true;
  };
}

/**
 * Tells for how long this turn of the event loop has been at requests: as long as what is read now may have lain there. What
 * comes at once is read in one turn, and no timer is looked at before its end.
 */
function turnClock(): () => number {
  let began: number | undefined;
  return () => {
    const now = performance.now();
    if (began === undefined) {
      began = now;
      setImmediate(() => {
        began = undefined;
      });
    }
    return now - began;
  };
}

function routesOf(endpoints: readonly Endpoint[]): DataRoute[] {
  const routes = endpoints.flatMap(({ name, path, model }): DataRoute[] => {
    if (!path.includes('{'))
      return [{ path, pattern: undefined, endpoint: model === 'makes' ? undefined : name }];
    const paths = [path, path.replace('{name}', '{name}/versions/{version}')];
    return paths.map((one) => ({
      path: one.replaceAll(/\{(\w+)\}/gu, ':$1'),
      pattern: new RegExp(`^${one.replaceAll(/\{\w+\}/gu, '[^/]+')}$`, 'u'),
      endpoint: name,
    }));
  });
  const invocations = endpoints.find(({ takes, model }) => takes === 'invocations' && model === 'uses');
  return [...routes, { path: '/invocations', pattern: undefined, endpoint: invocations?.name }];
}

/**
 * Answers a request whose body was not read. Where little of it is to come, that is thrown away as it comes, and the
 * connection goes on; else the connection closes, and the client need not send it.
 */
export function answerUnread(request: IncomingMessage, response: ServerResponse, body: string): void {
  const { headers, socket } = request;
  const length =
    headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : Infinity;
  // Who waits for a word before sending may send the body or not: what follows could not be told from it.
  if (length > SKIPPED || headers.expect !== undefined) {
    answerAndLinger(request, response, body);
    return;
  }
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(body);
  const late = setTimeout(() => socket.destroy(), SKIP_MS);
  const over = (): void => {
    clearTimeout(late);
  };
  request.on('end', over).on('close', over).on('error', over);
}
