import type { Scope } from '../../ports/access.js';
import { speaksInference } from './inference.js';
import { needsOf, scopeOf } from './scopes.js';

type Operation = { readonly responses?: object };
type Item = Readonly<Record<string, unknown>>;

const METHODS = ['get', 'post', 'delete'];

/** How callers say who they are. */
export const SECURITY_SCHEMES = {
  ApiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'A key of the service.' },
  Bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'A token, or a key of the service.',
  },
};

/** Says of each operation what its caller needs, and how it is refused. `required`: callers must be known. */
export function withSecurity(paths: object, required: boolean): object {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => {
      const needs = needsOf(path.replaceAll(/\{(\w+)\}/gu, ':$1'));
      const refused = refusals(speaksInference(path));
      return [path, securedItem(item as Item, (method) => scopeOf(needs[method]), required, refused)];
    }),
  );
}

function securedItem(
  item: Item,
  scopeFor: (method: string) => Scope | undefined,
  required: boolean,
  refused: object,
): object {
  const entries = Object.entries(item).map(([key, value]) => {
    if (!METHODS.includes(key)) return [key, value] as const;
    return [key, secured(value as Operation, scopeFor(key.toUpperCase()), required, refused)] as const;
  });
  return Object.fromEntries(entries);
}

function secured(operation: Operation, scope: Scope | undefined, required: boolean, refused: object): object {
  if (scope === undefined) return { ...operation, security: [] };
  const anyOf = Object.keys(SECURITY_SCHEMES).map((scheme) => ({ [scheme]: [scope] }));
  // An empty one: nobody need say who they are.
  const security = required ? anyOf : [{}, ...anyOf];
  return { ...operation, security, responses: { ...operation.responses, ...refused } };
}

const text = { schema: { type: 'string' } };
const seconds = { schema: { type: 'integer', minimum: 1 } };

/** By status; errors of the Open Inference Protocol are said as it says them. */
function refusals(speaksProtocol: boolean): object {
  const [type, name] = speaksProtocol
    ? ['application/json', 'InferenceError']
    : ['application/problem+json', 'Problem'];
  const content = { [type]: { schema: { $ref: `#/components/schemas/${name}` } } };
  const challenge = { 'WWW-Authenticate': text };
  return {
    401: { description: 'No key or token that is valid.', headers: challenge, content },
    403: { description: 'A caller without the scope.', headers: challenge, content },
    429: {
      description: 'A quota of requests or bytes that was passed.',
      headers: {
        'Retry-After': { ...seconds, description: 'Seconds.' },
        RateLimit: text,
        'RateLimit-Policy': text,
      },
      content,
    },
  };
}
