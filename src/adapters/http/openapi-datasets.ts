import type { Endpoint } from '../../domain/endpoint.js';
import type { JSONSchema } from '../../ports/schema.js';
import type { DatasetEndpoints } from './datasets.js';
import { naming } from './named.js';
import { ARROW_STREAM, CSV, NDJSON } from './negotiate.js';

const ID_SCHEMA = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const;
const SAYS = {
  dataset: 'A stored table, in place of a body.',
  reference: 'A stored table, to compare the data with.',
} as const;

/** Parameters that name stored tables, where an endpoint takes them. */
export const namingParameters = (endpoint: Endpoint): readonly object[] =>
  naming(endpoint).map((name) => ({
    name,
    in: 'query',
    required: false,
    description: SAYS[name],
    schema: ID_SCHEMA,
  }));

/** JSON bodies that name a stored table in place of bringing one; `own` may stand beside it. */
export function namingBodies(
  endpoint: Endpoint,
  own: Readonly<Record<string, JSONSchema>>,
): readonly object[] {
  const names = naming(endpoint);
  if (names.length === 0) return [];
  const members = Object.fromEntries(names.map((name) => [name, { ...ID_SCHEMA, description: SAYS[name] }]));
  return [
    {
      type: 'object',
      required: ['dataset'],
      additionalProperties: false,
      properties: { ...members, ...own },
    },
  ];
}

const DATASET_REF = { $ref: '#/components/schemas/Dataset' };
const TAGS = ['datasets'];
const PROBLEM = {
  description: 'A problem, RFC 9457.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** Path items of the stored tables: `operation` is that of an endpoint as it stands alone. */
export function datasetPaths(endpoints: DatasetEndpoints, operation: (endpoint: Endpoint) => object): object {
  const made = operation(endpoints.make) as { readonly responses: { readonly 200: object } };
  const others = without(made.responses, '200');
  const location = { description: 'Where the dataset is.', schema: { type: 'string' } };
  const stored = (description: string): object => ({
    description,
    headers: { Location: location },
    content: json(DATASET_REF),
  });
  return {
    '/datasets': {
      get: {
        ...simple('Stored tables, oldest first', 'datasets.list', {
          type: 'object',
          properties: {
            datasets: { type: 'array', items: DATASET_REF },
            next: { type: ['string', 'null'], description: 'For `after`, where there are more.' },
          },
        }),
        parameters: [
          query(
            'limit',
            { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
            'Datasets to list at most.',
          ),
          query('after', ID_SCHEMA, 'The id behind which to go on.'),
        ],
      },
      post: {
        ...made,
        tags: TAGS,
        responses: { 201: stored('Stored.'), 200: stored('It was stored already.'), ...others },
      },
    },
    '/datasets/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: ID_SCHEMA }],
      get: given(operation(endpoints.read)),
      delete: simple('Removes a stored table', 'datasets.remove', {
        type: 'object',
        properties: { removed: { type: 'integer' } },
      }),
    },
  };
}

/** Rows in other forms than JSON are all that is asked for; in JSON they come with what is known, where they are asked for. */
function given(operation: object): object {
  const { responses, ...rest } = operation as { readonly responses: object };
  const others = without(responses, '200');
  const text = { type: 'string' };
  return {
    ...without(rest, 'requestBody'),
    tags: TAGS,
    description:
      'In JSON what is known of it, with its rows as `data` where `columns`, `offset` or `limit` are given; as Arrow, CSV or NDJSON its rows.',
    responses: {
      200: {
        description: 'The dataset.',
        headers: { ETag: { description: 'Of rows in this form, which never change.', schema: text } },
        content: {
          ...json(DATASET_REF),
          [ARROW_STREAM]: { schema: { ...text, contentMediaType: ARROW_STREAM } },
          [CSV]: { schema: text },
          [NDJSON]: { schema: text },
        },
      },
      304: { description: 'As If-None-Match says.' },
      ...others,
    },
  };
}

const without = (value: object, name: string): object =>
  Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));

const query = (name: string, schema: object, description: string): object => ({
  name,
  in: 'query',
  required: false,
  description,
  schema,
});

const json = (results: object): object => ({
  'application/json': {
    schema: {
      type: 'object',
      required: ['status', 'results'],
      properties: { status: { const: 'success' }, results },
    },
  },
});

const simple = (summary: string, operationId: string, results: object): object => ({
  tags: TAGS,
  summary,
  operationId,
  responses: { 200: { description: 'OK', content: json(results) }, default: PROBLEM },
});

/** What is known of a stored table. */
export const DATASET = {
  type: 'object',
  required: ['id', 'created', 'rows', 'columns', 'bytes'],
  properties: {
    id: { ...ID_SCHEMA, description: 'SHA-256 of its file: the same rows are the same dataset.' },
    created: { type: 'string', format: 'date-time' },
    rows: { type: 'integer' },
    columns: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'type', 'missing'],
        properties: {
          name: { type: 'string' },
          type: { enum: ['number', 'boolean', 'string', 'timestamp', 'mixed'] },
          missing: { type: 'integer' },
        },
      },
    },
    bytes: { type: 'integer', description: 'Of its file.' },
    data: {
      type: 'array',
      items: { type: 'object', additionalProperties: { $ref: '#/components/schemas/Cell' } },
    },
  },
};
