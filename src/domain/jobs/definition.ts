import type { JSONSchema } from '../../ports/schema.js';
import type { Endpoint } from '../endpoint.js';
import { endpoints } from '../endpoints.js';

/** What a job calls an endpoint: its path without what all have, `fit` for what makes a model of rows. */
function operationOf({ name, path, takes }: Endpoint): string | undefined {
  if (takes !== undefined) return undefined;
  if (name === 'models.fit') return 'fit';
  return /^\/analytics\/(.+)$/u.exec(path)?.[1] ?? /^\/models\/\{name\}\/(\w+)$/u.exec(path)?.[1];
}

/** Endpoints that a job may be, by the name of the operation. */
export const operations: ReadonlyMap<string, Endpoint> = new Map(
  endpoints.flatMap((endpoint) => {
    const operation = operationOf(endpoint);
    return operation === undefined ? [] : [[operation, endpoint] as const];
  }),
);

const sha256 = '^[0-9a-f]{64}$';
/** Members beside the options, of those endpoints that have them; each is checked by its endpoint. */
const beside = [...new Set([...operations.values()].flatMap(({ beside: own = [] }) => own))];

/** `POST /jobs`. */
export const jobSchema: JSONSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['operation', 'dataset'],
  properties: {
    operation: { description: 'What is to be computed.', enum: [...operations.keys()] },
    dataset: { description: 'The stored dataset it is computed of.', type: 'string', pattern: sha256 },
    reference: {
      description: 'A second dataset, of operations that compare with one.',
      type: 'string',
      pattern: sha256,
    },
    options: { description: 'As the operation takes them when it is asked directly.', type: 'object' },
    accept: {
      description: 'Media type of the result, as an `Accept` header says it.',
      type: 'string',
      maxLength: 200,
      default: 'application/json',
    },
    model: {
      description: 'Of `predict` and `evaluate`: the stored model.',
      type: 'string',
      maxLength: 200,
    },
    version: {
      description: 'Of that model; the newest when absent.',
      type: 'integer',
      minimum: 1,
    },
    ...Object.fromEntries(beside.map((name) => [name, {}])),
  },
};

/** A document that `jobSchema` has let pass. */
export interface JobDefinition {
  readonly operation: string;
  readonly dataset: string;
  readonly reference?: string;
  readonly options?: object;
  readonly accept: string;
  readonly model?: string;
  readonly version?: number;
  readonly [beside: string]: unknown;
}
