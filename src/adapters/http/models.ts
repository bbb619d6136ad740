import { Router, type Request, type Response } from 'express';
import type { Endpoint } from '../../domain/endpoint.js';
import { withVersion } from '../../ports/jobs.js';
import type { JobModel } from '../../ports/lanes.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { ModelVersion, Registry } from '../../ports/registry.js';
import { analysis, type AnalysisOptions, send } from './analysis.js';
import { onlyMethods } from './methods.js';
import { scoped } from './scopes.js';
import { requestIdFor, sightOf, timed } from './watch.js';

export interface ModelsOptions extends AnalysisOptions {
  readonly endpoints: readonly Endpoint[];
  readonly registry: Registry;
}

/** What a version is exported and imported as. */
export const DOCUMENT = 'application/vnd.analytics-service.model+json';

/** The models of the service: fitted, listed, asked, removed. */
export function modelsRouter(options: ModelsOptions): Router {
  const { endpoints, registry } = options;
  const router = Router({ caseSensitive: true, strict: true });
  const makers = endpoints.filter(({ model }) => model === 'makes');
  const users = endpoints.filter(({ model, takes }) => model === 'uses' && takes === undefined);

  scoped(router, '/models')
    .get(async (_request, response) => {
      const models = await timed(response, 'lookup', () => registry.list());
      answer(response, { models: models.map(shown) });
    })
    .post(async (request, response) => {
      await make(request, response, makers, options);
    })
    .all(onlyMethods('GET, HEAD, POST'));

  for (const endpoint of users) {
    for (const path of [endpoint.path, endpoint.path.replace('{name}', '{name}/versions/{version}')]) {
      scoped(router, path.replaceAll(/\{(\w+)\}/gu, ':$1'))
        .post(async (request, response) => {
          const model = await jobModel(registry, await versionOf(registry, request), response);
          send(response, await analysis(request, response, endpoint, options, { model }));
        })
        .all(onlyMethods('POST'));
    }
  }

  scoped(router, '/models/:name')
    .get(async (request, response) => {
      answer(response, shown(await versionOf(registry, request)));
    })
    .delete(async (request, response) => {
      const version = await versionOf(registry, request);
      sightOf(response).model = version.name;
      const removed = await timed(response, 'remove', () => registry.remove(version.name));
      answer(response, { removed });
    })
    .all(onlyMethods('GET, HEAD, DELETE'));
  scoped(router, '/models/:name/versions')
    .get(async (request, response) => {
      const { name } = await versionOf(registry, request);
      answer(response, { versions: (await registry.versions(name)).map(shown) });
    })
    .all(onlyMethods('GET, HEAD'));
  scoped(router, '/models/:name/versions/:version')
    .get(async (request, response) => {
      answer(response, shown(await versionOf(registry, request)));
    })
    .delete(async (request, response) => {
      const { name, version } = await versionOf(registry, request);
      sightOf(response).model = name;
      const removed = await timed(response, 'remove', () => registry.remove(name, version));
      answer(response, { removed });
    })
    .all(onlyMethods('GET, HEAD, DELETE'));
  for (const path of ['/models/:name/export', '/models/:name/versions/:version/export']) {
    scoped(router, path)
      .get(async (request, response) => {
        const version = await versionOf(registry, request);
        sightOf(response).model = version.name;
        const isPipeline = version.card.format === 'pipeline';
        const body = Buffer.from(await timed(response, 'document', () => registry.document(version)));
        const file = `${version.name}-${version.version}.${isPipeline ? 'json' : 'onnx'}`;
        response
          .set('content-disposition', `attachment; filename="${file}"`)
          .set('content-type', isPipeline ? DOCUMENT : 'application/octet-stream')
          .set('content-length', String(body.length))
          .end(body);
      })
      .all(onlyMethods('GET, HEAD'));
  }
  return router;
}

/** Forms that a model comes in, by query parameter `format`; none: rows to be fitted. */
const FORMS: ReadonlyMap<string, string> = new Map([
  ['onnx', 'models.onnx'],
  ['document', 'models.import'],
]);

async function make(
  request: Request,
  response: Response,
  makers: readonly Endpoint[],
  options: ModelsOptions,
): Promise<void> {
  const [, search = ''] = /\?([^#]*)/u.exec(request.originalUrl) ?? [];
  const form = new URLSearchParams(search).get('format');
  const name = form === null ? 'models.fit' : FORMS.get(form);
  const endpoint = makers.find((one) => one.name === name);
  if (endpoint === undefined) {
    const detail = `expected format to be one of ${[...FORMS.keys()].join(', ')}, got ${JSON.stringify(excerpt(form ?? ''))}`;
    throw Problem.at('?format', 'invalid_option', detail);
  }
  const made = await analysis(request, response, endpoint, options, {
    format: endpoint.takes,
    taken: ['format'],
  });
  const { model } = made;
  if (model === undefined) throw new Error(`expected ${endpoint.name} to make a model`);
  // Its client may have left: what is not acknowledged need not be stored.
  const stored = await timed(response, 'store', () =>
    options.registry.publish(model.name, model.card, model.document),
  );
  response.location(`/models/${stored.name}/versions/${stored.version}`);
  send(response, withVersion(made, stored), 201);
}

/** The version that the path names, the newest where it names none. Throws 404. */
export async function versionOf(registry: Registry, request: Request): Promise<ModelVersion> {
  const { name = '', version } = request.params as { readonly name?: string; readonly version?: string };
  const wanted = version === undefined ? undefined : /^[1-9]\d{0,8}$/u.test(version) ? Number(version) : NaN;
  const found = Number.isNaN(wanted)
    ? undefined
    : await timed(request.res, 'lookup', () => registry.find(name, wanted));
  if (found !== undefined) return found;
  const got = version === undefined ? name : `${name}, version ${version}`;
  throw new Problem('not_found', `expected a stored model, got ${JSON.stringify(excerpt(got))}`);
}

/** A stored version on its way to a lane. */
export async function jobModel(
  registry: Registry,
  found: ModelVersion,
  response: Response,
): Promise<JobModel> {
  const { name, version, card, sha256 } = found;
  const document = await timed(response, 'document', () => registry.document(found));
  const stored = { name, version, sha256, document };
  return card.format === 'onnx' ? { ...stored, format: 'onnx', card } : { ...stored, format: 'pipeline' };
}

/** A version as clients see it. */
export const shown = ({ name, version, created, card, sha256, bytes }: ModelVersion): object => ({
  name,
  version,
  created,
  ...card,
  document_sha256: sha256,
  document_bytes: bytes,
});

function answer(response: Response, results: object): void {
  response.json({
    status: 'success',
    results,
    details: {},
    meta: { request_id: requestIdFor(response), warnings: [] },
  });
}
