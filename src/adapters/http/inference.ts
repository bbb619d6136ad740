import { type Request, type Response, Router } from 'express';
import type { Endpoint } from '../../domain/endpoint.js';
import type { ModelTensors } from '../../ports/inference.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { ModelCard, ModelVersion, Registry } from '../../ports/registry.js';
import { analysis, type AnalysisOptions, send } from './analysis.js';
import { onlyMethods } from './methods.js';
import { jobModel, versionOf } from './models.js';
import { mediaOf } from './negotiate.js';
import { problemReply } from './problems.js';

export interface InferenceOptions extends AnalysisOptions {
  readonly endpoints: readonly Endpoint[];
  readonly registry: Registry;
  /** The tensors of a model. */
  readonly modelTensors: (card: ModelCard) => ModelTensors;
  readonly version: string;
}

/** Extensions of the protocol that are there, by Triton's names. */
const EXTENSIONS = ['binary_tensor_data'];

/** Every stored model by the Open Inference Protocol (V2) and by MLflow's scoring protocol. */
export function inferenceRouter(options: InferenceOptions): Router {
  const router = Router({ caseSensitive: true, strict: true });
  serverRoutes(router, options);
  modelRoutes(router, options);
  invocationRoutes(router, options);
  return router;
}

type Answering = (request: Request, response: Response) => void | Promise<void>;

function get(router: Router, path: string, answer: Answering): void {
  router.route(path).get(answer).all(onlyMethods('GET, HEAD'));
}

function post(router: Router, path: string, answer: Answering): void {
  router.route(path).post(answer).all(onlyMethods('POST'));
}

function serverRoutes(router: Router, { registry, accepting, version }: InferenceOptions): void {
  get(router, '/v2', (_request, response) => {
    response.json({ name: 'analytics-service', version, extensions: EXTENSIONS });
  });
  get(router, '/v2/health/live', (_request, response) => {
    response.json({ live: true });
  });
  get(router, '/v2/health/ready', (_request, response) => {
    const ready = accepting();
    response.status(ready ? 200 : 503).json({ ready });
  });
  // Triton's, for lists only: models are loaded when they are asked.
  post(router, '/v2/repository/index', async (_request, response) => {
    const newest = await registry.list();
    const versions = await Promise.all(newest.map(({ name }) => registry.versions(name)));
    response.json(
      versions.flat().map((one) => {
        return { name: one.name, version: String(one.version), state: 'READY', reason: '' };
      }),
    );
  });
  // MLflow's servers are asked by it whether they live.
  get(router, '/ping', (_request, response) => {
    response.type('text/plain').send('\n');
  });
}

function modelRoutes(router: Router, options: InferenceOptions): void {
  const { registry, modelTensors, accepting } = options;
  const endpoint = takerOf(options.endpoints, 'inference');
  for (const path of ['/v2/models/:name', '/v2/models/:name/versions/:version']) {
    get(router, path, async (request, response) => {
      const { name, card } = await versionOf(registry, request);
      const versions = await registry.versions(name);
      response.json({
        name,
        versions: versions.map((one) => String(one.version)).reverse(),
        platform: card.format === 'onnx' ? 'onnxruntime_onnx' : 'analytics_pipeline',
        ...modelTensors(card),
      });
    });
    get(router, `${path}/ready`, async (request, response) => {
      const { name } = await versionOf(registry, request);
      const ready = accepting();
      response.status(ready ? 200 : 503).json({ name, ready });
    });
    post(router, `${path}/infer`, async (request, response) => {
      const model = await jobModel(registry, await versionOf(registry, request));
      const headerBytes = headerBytesOf(request.get('inference-header-content-length'));
      const asked = { model, format: endpoint.takes, headerBytes };
      send(response, await analysis(request, response, endpoint, options, asked));
    });
  }
}

function invocationRoutes(router: Router, options: InferenceOptions): void {
  const { registry } = options;
  const endpoint = takerOf(options.endpoints, 'invocations');
  const answer = async (
    request: Request,
    response: Response,
    version: ModelVersion,
    taken: readonly string[],
  ): Promise<void> => {
    const model = await jobModel(registry, version);
    const media = mediaOf(request.headers['content-type']);
    // Any other table is one, CSV among them.
    const isJson = media.kind === 'format' && media.format === 'json';
    const format = isJson ? endpoint.takes : undefined;
    send(response, await analysis(request, response, endpoint, options, { model, format, taken }));
  };
  for (const path of ['/models/:name/invocations', '/models/:name/versions/:version/invocations'])
    post(router, path, async (request, response) => {
      await answer(request, response, await versionOf(registry, request), []);
    });
  post(router, '/invocations', async (request, response) => {
    await answer(request, response, await onlyModel(registry, request), ['model']);
  });
}

function takerOf(endpoints: readonly Endpoint[], takes: Endpoint['takes']): Endpoint {
  const found = endpoints.find((endpoint) => endpoint.takes === takes && endpoint.model === 'uses');
  if (found === undefined) throw new Error(`expected an endpoint that takes ${takes}`);
  return found;
}

/** The newest version of the model that the query names, or of the only one. Throws 404, and 422 where there are several. */
async function onlyModel(registry: Registry, request: Request): Promise<ModelVersion> {
  const [, search = ''] = /\?([^#]*)/u.exec(request.originalUrl) ?? [];
  const name = new URLSearchParams(search).get('model');
  if (name !== null) {
    const found = await registry.find(name);
    if (found !== undefined) return found;
    throw new Problem('not_found', `expected a stored model, got ${JSON.stringify(excerpt(name))}`);
  }
  const models = await registry.list();
  const [only] = models;
  if (only === undefined) throw new Problem('not_found', 'expected a stored model, got none');
  if (models.length === 1) return only;
  const detail = `expected the query parameter model, since ${models.length} models are stored, got none`;
  throw Problem.at('?model', 'invalid_option', detail);
}

/** Bytes of JSON before binary data; undefined: all of it is JSON. */
function headerBytesOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,15}$/u.test(header)) return Number(header);
  const detail = `expected Inference-Header-Content-Length to be a number of bytes, got ${JSON.stringify(excerpt(header))}`;
  throw new Problem('unreadable_body', detail);
}

/** Whether errors under a path are said as the protocol says them. */
export const speaksInference = (path: string): boolean => path === '/v2' || path.startsWith('/v2/');

/** An error of the protocol: a sentence, and where in the request. */
export function inferenceReply(
  error: unknown,
  requestId: string,
  waitMs = 0,
): ReturnType<typeof problemReply> {
  const { status, headers, body } = problemReply(error, requestId, waitMs);
  const { detail, errors } = JSON.parse(body) as {
    readonly detail: string;
    readonly errors: readonly { readonly pointer: string }[];
  };
  const pointer = errors[0]?.pointer ?? '';
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ error: pointer === '' ? detail : `${detail} (${pointer})` }),
  };
}
