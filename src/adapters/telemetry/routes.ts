/**
 * What `route` says of a request: fewer words than there are routes, so that every series of /metrics can be kept. Tests go by
 * one word, a version of a model by that of its model, and what only reads or shows something by its family.
 */
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  '/analytics/analyze': [],
  '/analytics/describe': [],
  '/analytics/cluster': [],
  '/analytics/correlate': [],
  '/analytics/tests/:name': ['/analytics/tests'],
  '/analytics/features': [],
  '/analytics/profile': [],
  '/models': [],
  '/models/:name': [
    '/models/:name/versions',
    '/models/:name/export',
    '/v2',
    '/v2/models/:name',
    '/v2/repository/index',
  ],
  '/models/:name/predict': [],
  '/models/:name/evaluate': [],
  '/v2/models/:name/infer': [],
  '/invocations': ['/models/:name/invocations'],
  '/streams': ['/streams/:name', '/streams/:name/windows'],
  '/streams/:name/records': [],
  '/health': [
    '/health/live',
    '/health/ready',
    '/v2/health/live',
    '/v2/health/ready',
    '/v2/models/:name/ready',
    '/ping',
    '/metrics',
  ],
  '/docs': ['/docs/start.js', '/', '/openapi.json', '/version'],
  unknown: [],
};

const FAMILY_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(FAMILIES).flatMap(([family, routes]) => [family, ...routes].map((route) => [route, family])),
);

/** Every value of `route`. */
export const ROUTES: readonly string[] = Object.keys(FAMILIES);

/** The value of `route` for a route as it is registered; `unknown` for every other text. */
export function routeLabel(route: string): string {
  const plain = route.startsWith('/analytics/tests/')
    ? '/analytics/tests/:name'
    : route.replace('/versions/:version', '');
  return FAMILY_OF.get(plain) ?? 'unknown';
}

/** Requests of those who watch the service or its work: how long they take says nothing of how its clients fare. */
export const WATCHING: ReadonlySet<string> = new Set(['/health', '/metrics', '/events']);
