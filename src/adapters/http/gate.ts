import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Access, Allowance, Caller } from '../../ports/access.js';
import { Denied } from '../../ports/access.js';
import type { Log } from '../../ports/log.js';
import { patternsOf } from './scopes.js';
import { LEFT, methodOf, routeOf, type Sight, sightOf } from './watch.js';

export interface GateOptions {
  /** Undefined: nobody is asked and nothing counted. */
  readonly access: Access | undefined;
  readonly publicDocs: boolean;
  readonly publicMetrics: boolean;
  readonly audit: Log['audit'];
}

const REALM = 'Bearer realm="analytics-service"';
/** Codes of those who were turned away. */
const DENIED: ReadonlySet<string | undefined> = new Set(['unauthorized', 'forbidden', 'quota_exceeded']);

/**
 * Stands before every route. Who is not known comes no further, and learns nothing, not even whether a path is there; no
 * byte of a body is read before. What a caller may do is for the route that it comes to (scopes.ts).
 */
export function gate(options: GateOptions, analyses: readonly string[]): RequestHandler {
  const { access } = options;
  const isOpen = openPaths(options);
  const patternOf = patternsOf(analyses);
  return (request: Request, response: Response, next: NextFunction) => {
    if (isOpen(request.path)) {
      next();
      return;
    }
    const sight = sightOf(response);
    const address = request.socket.remoteAddress ?? 'unknown';
    // By then the address of a client that left is forgotten.
    response.once('close', () => {
      record(request, response, sight, { address, patternOf, ...options });
    });
    if (access === undefined) {
      next();
      return;
    }
    enter(access, request, response, sight, address).then(next, next);
  };
}

/** Paths that ask nobody, exactly as they stand: what only looks like one is not. */
function openPaths({ publicDocs, publicMetrics }: GateOptions): (path: string) => boolean {
  const open = new Set(['/health/live', '/health/ready', '/v2/health/live', '/v2/health/ready', '/ping']);
  if (publicDocs) for (const path of ['/', '/docs', '/openapi.json', '/version']) open.add(path);
  if (publicMetrics) open.add('/metrics');
  return (path) => open.has(path) || (publicDocs && path.startsWith('/docs/'));
}

async function enter(
  access: Access,
  request: Request,
  response: Response,
  sight: Sight,
  address: string,
): Promise<void> {
  let caller: Caller | undefined;
  if (access.required) {
    sight.gated = true;
    const authorization = request.headers.authorization;
    const apiKey = request.get('x-api-key');
    caller = await access.identify({ authorization, apiKey }, address);
    sight.caller = caller;
  }
  const spend = async (requests: number, bytes: number): Promise<void> => {
    const { allowances, over } = await access.count(caller, address, requests, bytes);
    if (!response.headersSent) tell(response, allowances);
    if (over === undefined) return;
    const detail = `expected at most ${over.limit} ${over.unit} a minute, got more`;
    throw new Denied('quota_exceeded', detail, over.resetMs);
  };
  const declared = request.headers['content-length'];
  await spend(1, declared === undefined ? 0 : Number(declared));
  // Of a body whose length nobody said the bytes count as they come.
  if (declared === undefined) sight.spend = (bytes) => spend(0, bytes);
}

/** What is left: as the IETF would have it (draft-ietf-httpapi-ratelimit-headers), and of requests as most services say it. */
function tell(response: Response, allowances: readonly Allowance[]): void {
  if (allowances.length === 0) return;
  const seconds = (ms: number): number => Math.ceil(ms / 1000);
  const policies = allowances.map(({ unit, limit }) => `"${unit}";q=${limit};w=60`);
  const left = allowances.map(
    ({ unit, remaining, resetMs }) => `"${unit}";r=${remaining};t=${seconds(resetMs)}`,
  );
  response.setHeader('ratelimit-policy', policies.join(', '));
  response.setHeader('ratelimit', left.join(', '));
  const requests = allowances.find(({ unit }) => unit === 'requests');
  if (requests === undefined) return;
  response.setHeader('x-ratelimit-limit', requests.limit);
  response.setHeader('x-ratelimit-remaining', requests.remaining);
  response.setHeader('x-ratelimit-reset', seconds(Date.now() + requests.resetMs));
}

/** The headers of a refusal (RFC 6750, 3): how to come in, or when. */
export function deniedHeaders(error: Denied, request: Request, { scope }: Sight): Record<string, string> {
  const headers: Record<string, string> = {};
  if (error.code === 'unauthorized') {
    const presented = request.headers.authorization ?? request.headers['x-api-key'];
    headers['www-authenticate'] = presented === undefined ? REALM : `${REALM}, error="invalid_token"`;
  }
  if (error.code === 'forbidden')
    headers['www-authenticate'] = `${REALM}, error="insufficient_scope", scope="${scope ?? ''}"`;
  if (error.waitMs !== undefined)
    headers['retry-after'] = String(Math.max(1, Math.ceil(error.waitMs / 1000)));
  return headers;
}

/** Who did what: of every request that was turned away, of every change, and where callers are known of all they do. */
function record(
  request: Request,
  response: Response,
  sight: Sight,
  {
    access,
    audit,
    address,
    patternOf,
  }: GateOptions & { readonly address: string; readonly patternOf: (path: string) => string },
): void {
  const isChange = sight.scope === 'models';
  if (!DENIED.has(sight.code) && !isChange && access?.required !== true) return;
  const matched = routeOf(request);
  const route = matched === 'unknown' ? patternOf(request.path) : matched;
  audit({
    caller: sight.caller?.id,
    action: `${methodOf(request)} ${route}`,
    model: sight.model,
    status: response.writableFinished ? response.statusCode : LEFT,
    code: sight.code,
    requestId: sight.requestId,
    address,
  });
}
