import type { Endpoint } from '../../domain/endpoint.js';
import { DATATYPES } from '../../ports/inference.js';

/** What describes an endpoint as it stands alone. */
type Operation = (endpoint: Endpoint) => object;

const parameter = (name: string, type: string): object => ({
  name,
  in: 'path',
  required: true,
  schema: { type },
});
const NAME = parameter('name', 'string');
const VERSION = parameter('version', 'integer');
const TAG = 'inference';

/** Path items of the Open Inference Protocol and of MLflow's scoring protocol. */
export function inferencePaths(endpoints: readonly Endpoint[], operation: Operation): object {
  const infer = endpoints.find(({ name }) => name === 'models.infer');
  const invocations = endpoints.find(({ name }) => name === 'models.invocations');
  if (infer === undefined || invocations === undefined) return {};
  const model = { $ref: '#/components/schemas/InferenceModel' };
  const ready = { type: 'object', properties: { ready: { type: 'boolean' } } };
  const index = {
    type: 'array',
    items: {
      type: 'object',
      properties: Object.fromEntries(['name', 'version', 'state', 'reason'].map((name) => [name, TEXT])),
    },
  };
  const scored = scoring(operation(invocations), invocations);
  const chosen = {
    name: 'model',
    in: 'query',
    required: false,
    description: 'Name of the model; needed where several are stored.',
    schema: { type: 'string' },
  };
  return {
    '/v2': { get: simple('Name, version and extensions', 'v2.server', SERVER) },
    '/v2/health/live': {
      get: simple('Whether the process lives, by the Open Inference Protocol', 'v2.live', {
        type: 'object',
        properties: { live: { type: 'boolean' } },
      }),
    },
    '/v2/health/ready': {
      get: simple('Whether requests are taken, by the Open Inference Protocol', 'v2.ready', ready),
    },
    '/v2/repository/index': {
      post: {
        ...simple('Stored versions, as Triton lists them', 'v2.repository_index', index),
        requestBody: {
          required: false,
          description: 'Triton takes `{"ready": true}` for the versions that are ready; all are.',
          content: { 'application/json': { schema: { type: 'object' }, example: {} } },
        },
      },
    },
    ...versioned('/v2/models/{name}', 'v2.model', (operationId) => ({
      get: simple('Tensors that a stored model takes and answers', operationId, model),
    })),
    ...versioned(
      '/v2/models/{name}',
      'v2.model_ready',
      (operationId) => ({
        get: simple('Whether a stored model is there', operationId, ready),
      }),
      '/ready',
    ),
    ...versioned(
      '/v2/models/{name}',
      infer.name,
      (operationId) => ({ post: inferred(infer, operationId) }),
      '/infer',
    ),
    ...versioned(
      '/models/{name}',
      invocations.name,
      (operationId) => ({
        post: { ...scored, operationId },
      }),
      '/invocations',
    ),
    '/invocations': {
      post: {
        ...scored,
        operationId: 'invocations',
        parameters: [...scored.parameters, chosen],
      },
    },
    '/ping': {
      get: {
        tags: [TAG],
        summary: "Whether the process lives, by MLflow's scoring protocol",
        operationId: 'ping',
        responses: { 200: { description: 'OK', content: { 'text/plain': { schema: TEXT } } } },
      },
    },
  };
}

/** The newest version, and one that is named. */
function versioned(
  base: string,
  operationId: string,
  item: (operationId: string) => object,
  behind = '',
): { readonly [path: string]: object } {
  return {
    [`${base}${behind}`]: { parameters: [NAME], ...item(operationId) },
    [`${base}/versions/{version}${behind}`]: {
      parameters: [NAME, VERSION],
      ...item(`${operationId}.version`),
    },
  };
}

const TEXT = { type: 'string' };
const ERROR = {
  description: 'A mistake, as the protocol says it.',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/InferenceError' } } },
};

function simple(summary: string, operationId: string, schema: object): object {
  const responses = {
    200: { description: 'OK', content: { 'application/json': { schema } } },
    default: ERROR,
  };
  return { tags: [TAG], summary, operationId, responses };
}

function inferred({ summary, description, example }: Endpoint, operationId: string): object {
  const octets = { type: 'string', contentMediaType: 'application/octet-stream' };
  const length = { description: 'Bytes of the JSON before binary tensors.', schema: { type: 'integer' } };
  return {
    tags: [TAG],
    summary,
    description,
    operationId,
    parameters: [{ name: 'Inference-Header-Content-Length', in: 'header', required: false, ...length }],
    requestBody: {
      required: true,
      description:
        'JSON, and behind it the tensors with `binary_data_size`. The Content-Type is not looked at.',
      content: {
        'application/json': { schema: { $ref: '#/components/schemas/InferenceRequest' }, example },
        'application/octet-stream': { schema: octets },
      },
    },
    responses: {
      200: {
        description: 'The outputs; as bytes where they are asked for in binary.',
        headers: { 'Inference-Header-Content-Length': length },
        content: {
          'application/json': { schema: { $ref: '#/components/schemas/InferenceResponse' } },
          'application/octet-stream': { schema: octets },
        },
      },
      default: ERROR,
    },
  };
}

function scoring(operation: object, { example }: Endpoint): { readonly parameters: readonly object[] } {
  const { requestBody, responses, ...rest } = operation as {
    readonly requestBody: { readonly content: object };
    readonly responses: object;
    readonly parameters: readonly object[];
  };
  const content = { 'application/json': { schema: INVOCATION, example }, 'text/csv': { schema: TEXT } };
  const answer = {
    type: 'object',
    required: ['predictions'],
    properties: { predictions: { type: 'array' } },
  };
  return {
    ...rest,
    tags: [TAG],
    requestBody: { ...requestBody, content },
    responses: {
      ...responses,
      200: { description: 'A prediction a row.', content: { 'application/json': { schema: answer } } },
    },
  } as { readonly parameters: readonly object[] };
}

const DATATYPE = { enum: DATATYPES };
const SHAPE = { type: 'array', items: { type: 'integer' }, minItems: 1 };
const DATA = { type: 'array', description: 'Row-major, flat or nested as the shape.' };
const PARAMETERS = { type: 'object' };
const ROWS = { type: 'array', minItems: 1 };
const INVOCATION = {
  type: 'object',
  description: 'With one of `dataframe_split`, `dataframe_records`, `instances`, `inputs`.',
  properties: {
    dataframe_split: {
      type: 'object',
      required: ['columns', 'data'],
      properties: {
        index: { type: 'array' },
        columns: { type: 'array' },
        data: { type: 'array', items: ROWS },
      },
    },
    dataframe_records: { type: 'array', items: { type: 'object' } },
    instances: ROWS,
    inputs: { type: ['array', 'object'] },
    params: { type: 'object', maxProperties: 0 },
    positional: { type: 'boolean' },
  },
};
const SERVER = {
  type: 'object',
  properties: { name: TEXT, version: TEXT, extensions: { type: 'array', items: TEXT } },
};
const FACTS = {
  type: 'array',
  items: {
    type: 'object',
    required: ['name', 'datatype', 'shape'],
    properties: { name: TEXT, datatype: DATATYPE, shape: SHAPE },
  },
};

/** Schemas of the protocol. */
export const INFERENCE_SCHEMAS = {
  InferenceError: { type: 'object', required: ['error'], properties: { error: TEXT } },
  InferenceModel: {
    type: 'object',
    required: ['name', 'versions', 'platform', 'inputs', 'outputs'],
    properties: {
      name: TEXT,
      versions: { type: 'array', items: TEXT },
      platform: TEXT,
      inputs: FACTS,
      outputs: FACTS,
    },
  },
  InferenceRequest: {
    type: 'object',
    required: ['inputs'],
    properties: {
      id: TEXT,
      parameters: PARAMETERS,
      inputs: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          required: ['name', 'shape', 'datatype'],
          additionalProperties: false,
          properties: { name: TEXT, shape: SHAPE, datatype: DATATYPE, parameters: PARAMETERS, data: DATA },
        },
      },
      outputs: {
        type: 'array',
        items: { type: 'object', required: ['name'], properties: { name: TEXT, parameters: PARAMETERS } },
      },
    },
  },
  InferenceResponse: {
    type: 'object',
    required: ['model_name', 'model_version', 'outputs'],
    properties: {
      model_name: TEXT,
      model_version: TEXT,
      id: TEXT,
      outputs: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'shape', 'datatype'],
          properties: { name: TEXT, shape: SHAPE, datatype: DATATYPE, parameters: PARAMETERS, data: DATA },
        },
      },
    },
  },
};
