import type { Endpoint } from '../../domain/endpoint.js';
import { DOCUMENT } from './models.js';

type PathItem = readonly [path: string, item: object];

type Operation = (endpoint: Endpoint) => object;

const parameter = (name: string, type: string): object => ({
  name,
  in: 'path',
  required: true,
  schema: { type },
});
const NAME = parameter('name', 'string');
const VERSION = parameter('version', 'integer');

/** Path items of the stored models: `operation` is that of an endpoint as it stands alone. */
export function modelPaths(endpoints: readonly Endpoint[], operation: Operation): object {
  const fit = endpoints.find(({ name }) => name === 'models.fit');
  if (fit === undefined) return {};
  const asked = endpoints
    .filter(({ model, takes }) => model === 'uses' && takes === undefined)
    .flatMap((endpoint): PathItem[] => {
      const one = operation(endpoint) as { readonly operationId: string };
      const versioned = endpoint.path.replace('{name}', '{name}/versions/{version}');
      return [
        [endpoint.path, { parameters: [NAME], post: { ...one, tags: ['models'] } }],
        [
          versioned,
          {
            parameters: [NAME, VERSION],
            post: { ...one, tags: ['models'], operationId: `${one.operationId}.version` },
          },
        ],
      ];
    });
  const version = { $ref: '#/components/schemas/ModelVersion' };
  const removed = { type: 'object', properties: { removed: { type: 'integer' } } };
  const document = {
    200: {
      description: 'The document; of a model in ONNX its file.',
      content: { [DOCUMENT]: { schema: { $ref: '#/components/schemas/ModelDocument' } } },
    },
  };
  return {
    [fit.path]: {
      get: simple('Newest versions of the stored models', 'models.list', {
        type: 'object',
        properties: { models: { type: 'array', items: version } },
      }),
      post: fitted(operation(fit), endpoints),
    },
    ...Object.fromEntries(asked),
    '/models/{name}': {
      parameters: [NAME],
      get: simple('Newest version of a model', 'models.newest', version),
      delete: simple('Removes a model with all its versions', 'models.remove', removed),
    },
    '/models/{name}/versions': {
      parameters: [NAME],
      get: simple('Versions of a model, newest first', 'models.versions', {
        type: 'object',
        properties: { versions: { type: 'array', items: version } },
      }),
    },
    '/models/{name}/versions/{version}': {
      parameters: [NAME, VERSION],
      get: simple('A version of a model', 'models.version', version),
      delete: simple('Removes a version of a model', 'models.remove_version', removed),
    },
    '/models/{name}/export': {
      parameters: [NAME],
      get: { ...simple('Newest version as a document', 'models.export', {}), responses: document },
    },
    '/models/{name}/versions/{version}/export': {
      parameters: [NAME, VERSION],
      get: { ...simple('A version as a document', 'models.export_version', {}), responses: document },
    },
  };
}

function simple(summary: string, operationId: string, results: object): object {
  const schema = {
    type: 'object',
    required: ['status', 'results'],
    properties: { status: { const: 'success' }, results },
  };
  return {
    tags: ['models'],
    summary,
    operationId,
    responses: {
      200: { description: 'OK', content: { 'application/json': { schema } } },
      default: PROBLEM,
    },
  };
}

/** A fit answers 201, and takes models that were made elsewhere. */
function fitted(operation: object, endpoints: readonly Endpoint[]): object {
  const { responses, requestBody, parameters, ...rest } = operation as {
    readonly responses: { readonly 200: object };
    readonly requestBody: { readonly content: object };
    readonly parameters: readonly object[];
  };
  const { 200: ok, ...others } = responses;
  const location = { description: 'Where the version is.', schema: { type: 'string' } };
  const form = {
    name: 'format',
    in: 'query',
    required: false,
    description:
      '`document`: the body is a model that was exported, to be stored under `name`; `onnx`: it is one in ONNX; none: rows to be fitted.',
    schema: { enum: ['document', 'onnx'] },
  };
  const makers = endpoints.filter(({ model, takes }) => model === 'makes' && takes !== undefined);
  const own = makers.flatMap(({ options }) =>
    Object.entries(typeof options === 'object' ? (options.properties ?? {}) : {}).map(([name, schema]) => ({
      name,
      in: 'query',
      required: false,
      schema,
    })),
  );
  const known = new Set((parameters as { name: string }[]).map(({ name }) => name));
  return {
    ...rest,
    tags: ['models'],
    parameters: [...parameters, form, ...own.filter(({ name }) => !known.has(name))],
    requestBody: {
      ...requestBody,
      content: {
        ...requestBody.content,
        [DOCUMENT]: { schema: { $ref: '#/components/schemas/ModelDocument' } },
      },
    },
    responses: { 201: { ...ok, description: 'Stored.', headers: { Location: location } }, ...others },
  };
}

const PROBLEM = {
  description: 'A problem, RFC 9457.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** What is known of a stored version. */
export const MODEL_VERSION = {
  type: 'object',
  required: ['name', 'version', 'created', 'format', 'task', 'inputs', 'metrics'],
  properties: {
    name: { type: 'string' },
    version: { type: 'integer' },
    created: { type: 'string', format: 'date-time' },
    format: { enum: ['pipeline', 'onnx'] },
    task: {
      enum: ['regression', 'classification', 'clustering', 'outliers', 'decomposition', 'inference'],
    },
    pipeline: { type: 'array', items: { type: 'object' } },
    inputs: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          type: { enum: ['number', 'boolean', 'string', 'timestamp'] },
        },
      },
    },
    outputs: { type: 'array', items: { type: 'object' } },
    target: { type: ['object', 'null'] },
    metrics: { type: 'object', additionalProperties: { type: ['number', 'null'] } },
    metrics_on: { enum: ['test', 'cross_validation', 'training', null] },
    rows: { type: 'integer' },
    training_sha256: { type: ['string', 'null'] },
    engine: { enum: ['wasm', 'js', 'onnxruntime'] },
    engine_version: { type: 'string' },
    document_sha256: { type: 'string' },
    document_bytes: { type: 'integer' },
  },
};
