import type { Express, Router } from 'express';
import { routes } from '../../src/adapters/http/app.js';
import { Unadmitted } from '../../src/adapters/http/body.js';
import { needsOf, scoped, scopeOf } from '../../src/adapters/http/scopes.js';
import { datasetEndpoints, endpoints } from '../../src/domain/endpoints.js';
import { Router as newRouter } from 'express';

const never = (): never => {
  throw new Error('nothing is asked here');
};

/** An app that is made, and never asked. */
const OPTIONS: Parameters<typeof routes>[0] = {
  unadmitted: new Unadmitted(1),
  endpoints,
  lanes: {
    engine: { name: 'js', reason: 'none' },
    land: never,
    refusal: never,
    waitMs: never,
    run: never,
    begin: never,
    state: never,
    close: never,
  },
  datasetEndpoints,
  landing: { landDatasets: never, landBehind: never, sizeOf: never },
  datasets: { publish: never, find: never, list: never, read: never, remove: never, totals: never },
  registry: {
    publish: never,
    find: never,
    versions: never,
    list: never,
    document: never,
    remove: never,
  },
  documentSchema: {},
  jobSchema: {},
  operations: new Map(),
  checks: never,
  jobs: {
    submit: never,
    find: never,
    position: never,
    list: never,
    events: never,
    result: never,
    cancel: never,
    onNews: never,
    state: never,
  },
  streamSchema: {},
  define: never,
  writeJson: never,
  streams: {
    create: never,
    list: never,
    status: never,
    remove: never,
    take: never,
    ready: never,
    results: never,
    open: never,
    listen: never,
    state: never,
    start: never,
    close: never,
  },
  modelTensors: never,
  tracing: { begin: () => undefined, task: () => undefined },
  limits: Object.fromEntries(
    ['json', 'ndjson', 'csv', 'arrow', 'parquet', 'model', 'inference', 'invocations'].map((name) => [
      name,
      { bytes: 1, setting: name },
    ]),
  ) as Parameters<typeof routes>[0]['limits'],
  tableLimits: {
    rows: 1,
    cells: 1,
    columns: 1,
    nameBytes: 1,
    depth: 4,
    decodedBytes: 1,
    ratio: 1,
    ratioFrom: 1,
  },
  pace: { graceMs: 1, bytesPerSecond: 1 },
  deadlineMs: 1,
  maxDeadlineMs: 1,
  queueBytes: 1,
  accepting: () => true,
  version: '0.0.0',
  gate: { access: undefined, publicDocs: false, publicMetrics: false, audit: never },
  corsOrigins: [],
  observe: never,
  metrics: never,
  logError: never,
};

interface Found {
  readonly path: string;
  readonly methods: readonly string[];
  /** What stands first. */
  readonly guard: string;
}

type Layers = Router['stack'];

/** Every route of a router and of those in it. */
function routesIn(stack: Layers): Found[] {
  return stack.flatMap(({ route, handle }) => {
    if (route !== undefined) {
      const handlers = route.stack.flatMap(({ method }) => (method as string | undefined) ?? []);
      const [first] = route.stack;
      return [{ path: route.path, methods: handlers, guard: first?.handle.name ?? '' }];
    }
    const inner = 'stack' in handle ? (handle.stack as Layers) : [];
    return routesIn(inner);
  });
}

const routesOf = (app: Express): Found[] => routesIn((app.router as unknown as { stack: Layers }).stack);

test('every route of the service has a scope for each of its methods, and a guard before it', () => {
  const found = routesOf(routes(OPTIONS));
  expect(found.length).toBeGreaterThan(50);
  for (const { path, methods, guard } of found) {
    expect([path, guard]).toEqual([path, 'guardScope']);
    const needs = needsOf(path);
    const named = [...new Set(methods)].map((method) => method.toUpperCase()).sort();
    expect([path, named]).toEqual([path, Object.keys(needs).sort()]);
  }
});

test('a route without a scope cannot be made', () => {
  expect(() => scoped(newRouter(), '/models/:name/steal')).toThrow(
    'expected what /models/:name/steal needs to stand in scopes.ts, got nothing',
  );
});

test('a route that is made past the guard is found', () => {
  const app = routes(OPTIONS);
  app.get('/loose', never);
  expect(routesOf(app).find(({ path }) => path === '/loose')?.guard).toBe('never');
});

test('scopes are those of the README: computing is analyze, changing models, the rest read', () => {
  const scopes = (path: string): Record<string, string | undefined> =>
    Object.fromEntries(Object.entries(needsOf(path)).map(([method, need]) => [method, scopeOf(need)]));
  expect(scopes('/analytics/anything')).toEqual({ POST: 'analyze' });
  expect(scopes('/datasets')).toEqual({ GET: 'read', POST: 'analyze' });
  expect(scopes('/datasets/:id')).toEqual({ GET: 'read', DELETE: 'models' });
  expect(scopes('/jobs')).toEqual({ GET: 'read', POST: 'analyze' });
  expect(scopes('/jobs/:id')).toEqual({ GET: 'read', DELETE: 'analyze' });
  expect(scopes('/models')).toEqual({ GET: 'read', POST: 'models' });
  expect(scopes('/models/:name')).toEqual({ GET: 'read', DELETE: 'models' });
  expect(scopes('/models/:name/versions/:version')).toEqual({ GET: 'read', DELETE: 'models' });
  for (const path of ['/models/:name/predict', '/models/:name/evaluate', '/invocations'])
    expect(scopes(path)).toEqual({ POST: 'analyze' });
  expect(scopes('/v2/models/:name/infer')).toEqual({ POST: 'analyze' });
  expect(scopes('/v2/repository/index')).toEqual({ POST: 'read' });
  expect(scopes('/models/:name/export')).toEqual({ GET: 'read' });
  for (const path of ['/metrics', '/openapi.json', '/docs', '/version'])
    expect(scopes(path)).toEqual({ GET: 'read' });
  for (const path of ['/health/live', '/v2/health/ready', '/ping'])
    expect(scopes(path)).toEqual({ GET: undefined });
});
