import type { IRoute, NextFunction, Request, RequestHandler, Response, Router } from 'express';
import { Denied, type Scope, SCOPES } from '../../ports/access.js';
import { sightOf } from './watch.js';

/** What a request needs: a scope; `docs` and `metrics` are `read`, or open by a setting. */
export type Need = Scope | 'open' | 'docs' | 'metrics';
type Needs = Readonly<Partial<Record<string, Need>>>;

const OPEN: Needs = { GET: 'open' };
const DOCS: Needs = { GET: 'docs' };
const READ: Needs = { GET: 'read' };
const COMPUTE: Needs = { POST: 'analyze' };

/** Every route of the service but the analyses, and what each of its methods needs. A HEAD is a GET. */
const ROUTES: ReadonlyMap<string, Needs> = new Map([
  ['/health/live', OPEN],
  ['/health/ready', OPEN],
  ['/v2/health/live', OPEN],
  ['/v2/health/ready', OPEN],
  ['/ping', OPEN],
  ['/', DOCS],
  ['/docs', DOCS],
  ['/docs/start.js', DOCS],
  ['/openapi.json', DOCS],
  ['/version', DOCS],
  ['/metrics', { GET: 'metrics' }],
  // Stored by who may have it computed on; taken away by who keeps what is stored.
  ['/datasets', { GET: 'read', POST: 'analyze' }],
  ['/datasets/:id', { GET: 'read', DELETE: 'models' }],
  ['/jobs', { GET: 'read', POST: 'analyze' }],
  ['/jobs/:id', { GET: 'read', DELETE: 'analyze' }],
  ['/jobs/:id/result', READ],
  ['/jobs/:id/events', READ],
  ['/streams', { GET: 'read', POST: 'models' }],
  ['/streams/:name', { GET: 'read', DELETE: 'models' }],
  ['/streams/:name/records', COMPUTE],
  ['/streams/:name/windows', READ],
  ['/streams/:name/events', READ],
  ['/models', { GET: 'read', POST: 'models' }],
  ['/models/:name', { GET: 'read', DELETE: 'models' }],
  ['/models/:name/versions', READ],
  ['/models/:name/versions/:version', { GET: 'read', DELETE: 'models' }],
  ...versioned('/models/:name', 'export', READ),
  ...versioned('/models/:name', 'predict', COMPUTE),
  ...versioned('/models/:name', 'evaluate', COMPUTE),
  ...versioned('/models/:name', 'invocations', COMPUTE),
  ['/invocations', COMPUTE],
  ['/v2', READ],
  // Triton's way to list.
  ['/v2/repository/index', { POST: 'read' }],
  ['/v2/models/:name', READ],
  ['/v2/models/:name/versions/:version', READ],
  ...versioned('/v2/models/:name', 'ready', READ),
  ...versioned('/v2/models/:name', 'infer', COMPUTE),
]);

function versioned(base: string, verb: string, needs: Needs): [string, Needs][] {
  return [
    [`${base}/${verb}`, needs],
    [`${base}/versions/:version/${verb}`, needs],
  ];
}

/** What the methods of a route need. Throws for a route that has no place above: none is open by mistake. */
export function needsOf(path: string): Needs {
  const needs = ROUTES.get(path) ?? (path.startsWith('/analytics/') ? COMPUTE : undefined);
  if (needs === undefined) throw new Error(`expected what ${path} needs to stand in scopes.ts, got nothing`);
  return needs;
}

/** Every route of the service is made by it: a caller without its scope comes no further. */
export function scoped(router: Pick<Router, 'route'>, path: string): IRoute {
  return router.route(path).all(scopeGuard(needsOf(path)));
}

/** Refuses callers without the scope of the method. A method that needs nothing is refused behind it, for everybody. */
export function scopeGuard(needs: Needs): RequestHandler {
  return function guardScope({ method }: Request, response: Response, next: NextFunction): void {
    const need = needs[method === 'HEAD' ? 'GET' : method];
    const sight = sightOf(response);
    const { caller, gated } = sight;
    const scope = scopeOf(need);
    if (scope !== undefined) sight.scope = scope;
    // Whether the open ones ask for a caller is for the gate, which has been passed.
    if (caller === undefined && gated === true && isScope(need))
      throw new Denied('unauthorized', 'expected a caller who is known, got another');
    if (caller !== undefined && scope !== undefined && !caller.scopes.has(scope)) {
      const has = [...caller.scopes].join(', ') || 'none';
      throw new Denied('forbidden', `expected a caller with the scope ${scope}, got one with ${has}`);
    }
    next();
  };
}

/** The scope of a caller who is asked for. */
export function scopeOf(need: Need | undefined): Scope | undefined {
  if (need === undefined || need === 'open') return undefined;
  return need === 'docs' || need === 'metrics' ? 'read' : need;
}

function isScope(need: Need | undefined): need is Scope {
  return SCOPES.some((scope) => scope === need);
}

/** The route that a path looks like, for the log: what was turned away never came to it. */
export function patternsOf(analyses: readonly string[]): (path: string) => string {
  const patterns = [...ROUTES.keys(), ...analyses].map((path): [string, RegExp] => [
    path,
    new RegExp(`^${path.replaceAll(/:\w+/gu, '[^/]+')}$`, 'u'),
  ]);
  return (path) => patterns.find(([, pattern]) => pattern.test(path))?.[0] ?? 'unknown';
}
