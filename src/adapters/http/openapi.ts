import type { Endpoint } from '../../domain/endpoint.js';
import type { Format } from '../../ports/formats.js';
import type { JSONSchema } from '../../ports/schema.js';
import type { DatasetEndpoints } from './datasets.js';
import { ENCODINGS } from './encoding.js';
import { ARROW_STREAM, MEDIA_TYPES, PAGE } from './negotiate.js';
import { DATASET, datasetPaths, namingBodies, namingParameters } from './openapi-datasets.js';
import { INFERENCE_SCHEMAS, inferencePaths } from './openapi-inference.js';
import { JOB, jobPaths } from './openapi-jobs.js';
import { MODEL_VERSION, modelPaths } from './openapi-models.js';
import { STREAM, streamPaths } from './openapi-streams.js';
import { SECURITY_SCHEMES, withSecurity } from './openapi-security.js';
import { PROBLEM_CODES } from './problems.js';
import { TRANSPORT_CODES } from './server.js';

/** OpenAPI 3.1, made from the schemas that requests are validated with. */
export function openApi(
  endpoints: readonly Endpoint[],
  datasetEndpoints: DatasetEndpoints,
  documentSchema: JSONSchema,
  version: string,
  gated: boolean,
  jobSchema: JSONSchema,
  streamSchema: JSONSchema,
): object {
  const paths = Object.fromEntries(
    endpoints
      .filter(({ model }) => model === undefined)
      .map((endpoint) => [endpoint.path, { post: operation(endpoint) }]),
  );
  const get = (summary: string, schema: object, tag = 'service'): object => ({
    get: {
      tags: [tag],
      summary,
      operationId: summary.toLowerCase().replaceAll(/[^a-z]+/gu, '_'),
      responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } },
    },
  });
  const health = { type: 'object', required: ['status'], properties: { status: { type: 'string' } } };
  const ready = {
    type: 'object',
    required: ['status', 'engine', 'reason'],
    properties: { status: { type: 'string' }, engine: { enum: ['wasm', 'js'] }, reason: { type: 'string' } },
  };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Analytics Service',
      version,
      description:
        'Statistics and clustering of numeric data, posted as JSON, NDJSON, CSV, Arrow IPC or Parquet.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths: withSecurity(
      {
        ...paths,
        ...datasetPaths(datasetEndpoints, operation),
        ...jobPaths(jobSchema),
        ...streamPaths(streamSchema),
        ...modelPaths(endpoints, operation),
        ...inferencePaths(endpoints, operation),
        '/health/live': get('Whether the process lives', health),
        '/health/ready': get('Whether requests are taken and which engine computes', ready),
        '/version': get('Versions of the service and of Node', { type: 'object' }),
        '/metrics': METRICS,
      },
      gated,
    ),
    components: {
      securitySchemes: SECURITY_SCHEMES,
      schemas: {
        Cell: CELL,
        Dataset: DATASET,
        ...INFERENCE_SCHEMAS,
        Job: JOB,
        Stream: STREAM,
        Meta: META,
        ModelDocument: documentSchema,
        ModelVersion: MODEL_VERSION,
        Problem: PROBLEM,
        Table: TABLE,
        ...Object.fromEntries(endpoints.flatMap(components)),
      },
    },
  };
}

/** Schemas of what the options of an endpoint hold that are lists, under names of their own. */
function components({ name, parts = new Map<string, JSONSchema>() }: Endpoint): [string, object][] {
  return [...parts].map(([part, schema]) => {
    const { required = [], ...rest } = typeof schema === 'object' ? schema : {};
    return [componentOf(name, part), { ...rest, required: [...new Set([PART_NAME, ...required])] }];
  });
}

/** The options: as validated, and documented, where a list of named things has the schemas of all, chosen by name. */
function optionsOf({ name, options, parts }: Endpoint): {
  readonly schema: JSONSchema;
  readonly given: Properties;
  readonly properties: Properties;
} {
  const given: Properties = typeof options === 'object' ? (options.properties ?? {}) : {};
  if (typeof options !== 'object' || parts === undefined)
    return { schema: options, given, properties: given };
  const mapping = Object.fromEntries(
    [...parts.keys()].map((part) => [part, `#/components/schemas/${componentOf(name, part)}`]),
  );
  const items = {
    oneOf: Object.values(mapping).map(($ref) => ({ $ref })),
    discriminator: { propertyName: PART_NAME, mapping },
  };
  const properties = Object.fromEntries(
    Object.entries(given).map(([option, schema]) => [
      option,
      isListOfNamed(schema) ? { ...schema, items } : schema,
    ]),
  );
  return { schema: { ...options, properties }, given, properties };
}

type Properties = Readonly<Record<string, JSONSchema>>;

const componentOf = (endpoint: string, part: string): string => `${endpoint}.${part}`;

function isListOfNamed(schema: JSONSchema | undefined): schema is Exclude<JSONSchema, boolean> {
  if (typeof schema !== 'object' || typeof schema.items !== 'object') return false;
  return 'properties' in schema.items && PART_NAME in (schema.items.properties ?? {});
}

function operation(endpoint: Endpoint): object {
  const { name, summary, description } = endpoint;
  const { properties, given } = optionsOf(endpoint);
  // In a query what holds named things is JSON text.
  const parameters = Object.entries(properties).map(([option, schema]) => ({
    name: option,
    in: 'query',
    required: false,
    ...(isListOfNamed(given[option])
      ? { content: { 'application/json': { schema } } }
      : { schema, style: 'form', explode: false }),
  }));
  const answer = {
    type: 'object',
    required: ['status', 'results', 'details', 'meta'],
    properties: {
      status: { const: 'success' },
      results: endpoint.results,
      details: endpoint.details,
      meta: { $ref: '#/components/schemas/Meta' },
    },
  };
  const content: Record<string, object> = { 'application/json': { schema: answer } };
  if (endpoint.answersArrow) content[ARROW_STREAM] = { schema: BINARY };
  if (endpoint.answersHtml === true)
    content[PAGE] = {
      schema: { type: 'string', description: 'The same as a page that needs nothing else.' },
    };
  return {
    tags: ['analytics'],
    operationId: name,
    summary,
    description,
    parameters: [...parameters, ...namingParameters(endpoint)],
    requestBody: { required: true, description: BODY, content: bodies(endpoint) },
    responses: {
      200: { description: 'The answer.', content },
      default: {
        description: 'A problem, RFC 9457.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function bodies(endpoint: Endpoint): object {
  if (endpoint.takes !== undefined)
    return { 'application/json': { schema: { type: 'object' }, example: endpoint.example } };
  const { example, beside = [], takesReference = false } = endpoint;
  const { schema: options, properties } = optionsOf(endpoint);
  const own = Object.fromEntries(beside.map((name) => [name, properties[name] ?? {}]));
  const row = { type: 'object', additionalProperties: { $ref: '#/components/schemas/Cell' } };
  const rows = { type: 'array', items: row, minItems: 1 };
  const column = { type: 'array', items: { $ref: '#/components/schemas/Cell' }, minItems: 1 };
  const columns = { type: 'object', additionalProperties: column, minProperties: 1 };
  const json = {
    oneOf: [
      {
        type: 'object',
        required: ['data'],
        additionalProperties: false,
        properties: { data: rows, options, ...own },
      },
      {
        type: 'object',
        required: ['columns'],
        additionalProperties: false,
        properties: { columns, options, ...own },
      },
      ...namingBodies(endpoint, { options, ...own }),
    ],
  };
  const tables = { contentType: [...MEDIA_TYPES.keys()].filter((type) => type !== MULTIPART).join(', ') };
  const part = { $ref: '#/components/schemas/Table' };
  const content: Record<Format | 'multipart' | 'sniffed', object> = {
    json: { schema: json, example },
    ndjson: {
      schema: { type: 'string', description: 'One row object a line.' },
      example: '{"val":1}\n{"val":2}\n',
    },
    csv: {
      schema: { type: 'string', description: 'RFC 4180 with a header line; types are inferred.' },
      example: 'val\n1\n2\n',
    },
    arrow: { schema: BINARY },
    parquet: { schema: { type: 'string', contentMediaType: PARQUET, description: 'A Parquet file.' } },
    multipart: {
      schema: {
        type: 'object',
        required: ['data'],
        additionalProperties: false,
        properties: { data: part, ...(takesReference && { reference: part }), options },
      },
      encoding: {
        data: tables,
        ...(takesReference && { reference: tables }),
        options: { contentType: 'application/json' },
      },
    },
    sniffed: {
      schema: {
        type: 'string',
        contentMediaType: OCTETS,
        description: 'Arrow or Parquet, by the first bytes.',
      },
    },
  };
  return Object.fromEntries([...MEDIA_TYPES].map(([media, kind]) => [media, content[kind]]));
}

/** What a thing in a list of them is chosen by. */
const PART_NAME = 'name';
const MULTIPART = 'multipart/form-data';
const OCTETS = 'application/octet-stream';
const PARQUET = 'application/vnd.apache.parquet';
const BODY = `A table, and options where the format has a place for them. Content-Encoding: ${ENCODINGS.join(', ')} or none.`;
const TABLE = {
  type: 'string',
  contentMediaType: OCTETS,
  description:
    'A table in any of the formats: by its Content-Type, else by its first bytes, else by the extension of its filename.',
};
const BINARY = { type: 'string', contentMediaType: ARROW_STREAM, description: 'Arrow IPC bytes.' };
const METRICS = {
  get: {
    tags: ['service'],
    summary: 'Metrics of the service, for Prometheus',
    operationId: 'metrics',
    responses: { 200: { description: 'OK', content: { 'text/plain': { schema: { type: 'string' } } } } },
  },
};
const CELL = { type: ['number', 'string', 'boolean', 'null'] };
const META = {
  type: 'object',
  properties: {
    engine: { enum: ['wasm', 'js'] },
    engine_version: { type: 'string' },
    rows: { type: 'integer' },
    columns: { type: 'integer' },
    request_id: { type: 'string' },
    warnings: {
      type: 'array',
      items: {
        type: 'object',
        required: ['code', 'detail'],
        properties: { code: { type: 'string' }, column: { type: 'string' }, detail: { type: 'string' } },
      },
    },
    timings_ms: { type: 'object', additionalProperties: { type: 'number' } },
    result_sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
  },
};
const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id', 'errors'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { enum: [...PROBLEM_CODES, ...TRANSPORT_CODES] },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      maxItems: 20,
      items: {
        type: 'object',
        properties: { pointer: { type: 'string' }, code: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
};
