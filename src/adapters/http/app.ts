import type { RequestListener } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Observe, Scrape } from '../../ports/observe.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { JSONSchema } from '../../ports/schema.js';
import { Denied } from '../../ports/access.js';
import type { Tracing } from '../../ports/trace.js';
import { analysis, send } from './analysis.js';
import { Unadmitted } from './body.js';
import { crossOrigin } from './cors.js';
import { datasetsRouter, type DatasetsOptions } from './datasets.js';
import { docsRouter } from './docs.js';
import { ENCODINGS } from './encoding.js';
import { deniedHeaders, gate, type GateOptions } from './gate.js';
import { protect } from './protect.js';
import { scoped } from './scopes.js';
import { eventStreams } from './events.js';
import { inferenceReply, inferenceRouter, type InferenceOptions, speaksInference } from './inference.js';
import type { JobsParts } from './job-parts.js';
import { jobsRouter } from './jobs.js';
import { answerAndLinger, bodyUnread } from './linger.js';
import { modelsRouter } from './models.js';
import { openApi } from './openapi.js';
import { onlyMethods } from './methods.js';
import { metricsRouter } from './metrics.js';
import { overloadGate } from './overload.js';
import { problemReply } from './problems.js';
import { type StreamsParts, streamsRouter } from './streams.js';
import { requestIdFor, sightOf, watch } from './watch.js';

export interface AppOptions
  extends Omit<InferenceOptions & DatasetsOptions, 'unadmitted'>, JobsParts, StreamsParts {
  /** Bytes of small bodies that may be on their way before their requests are admitted. */
  readonly queueBytes: number;
  /** Of a model's document. */
  readonly documentSchema: JSONSchema;
  /** Of `POST /jobs`. */
  readonly jobSchema: JSONSchema;
  /** Of `POST /streams`. */
  readonly streamSchema: JSONSchema;
  readonly gate: GateOptions;
  /** Whose pages may ask. */
  readonly corsOrigins: readonly string[];
  readonly observe: Observe;
  readonly metrics: Scrape;
  readonly tracing: Tracing;
  readonly logError: (error: unknown, requestId: string) => void;
}

/** The HTTP face of the service. */
export function createApp(options: AppOptions): RequestListener {
  const app = routes({ ...options, unadmitted: new Unadmitted(options.queueBytes) });
  const refused = overloadGate(options);
  return watch(options.observe, options.tracing, (request, response) => {
    request.url = originForm(request.url ?? '/');
    sightOf(response).late = !options.accepting();
    if (!refused(request, response)) app(request, response);
  });
}

/** A request target as a path and query (RFC 9112, 3.2); one that is no URL is a path that is not there. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const url = URL.canParse(target) ? new URL(target) : undefined;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  return url !== undefined && isHttp ? url.pathname + url.search : `/${encodeURIComponent(target)}`;
}

export function routes(options: AppOptions & InferenceOptions): Express {
  const { endpoints, lanes, version } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.use(protect());
  if (options.corsOrigins.length > 0) app.use(crossOrigin(options.corsOrigins));
  const analyses = endpoints.filter(({ model }) => model === undefined);
  app.use(
    gate(
      options.gate,
      analyses.map(({ path }) => path),
    ),
  );

  for (const endpoint of analyses) {
    scoped(app, endpoint.path)
      .post(async (request, response) => {
        send(response, await analysis(request, response, endpoint, options));
      })
      .all(onlyMethods('POST'));
  }
  app.use(datasetsRouter(options));
  const openEvents = eventStreams(options);
  app.use(jobsRouter({ ...options, depth: options.tableLimits.depth, openEvents }));
  app.use(streamsRouter({ ...options, openEvents }));
  app.use(modelsRouter(options));
  app.use(inferenceRouter(options));
  app.use(metricsRouter(options.metrics));
  const document = openApi(
    endpoints,
    options.datasetEndpoints,
    options.documentSchema,
    version,
    options.gate.access?.required === true,
    options.jobSchema,
    options.streamSchema,
  );
  const page = (path: string, answer: (response: Response) => void): void => {
    scoped(app, path)
      .get((_request, response) => {
        answer(response);
      })
      .all(onlyMethods('GET, HEAD'));
  };
  page('/openapi.json', (response) => response.json(document));
  page('/version', (response) =>
    response.json({ name: 'analytics-service', version, node: process.version }),
  );
  page('/health/live', (response) => response.json({ status: 'alive' }));
  page('/health/ready', (response) => {
    const status = !options.accepting() ? 'stopping' : lanes.state().available ? 'ready' : 'no_lanes';
    const { name, reason } = lanes.engine;
    response.status(status === 'ready' ? 200 : 503).json({ status, engine: name, reason });
  });
  page('/', (response) => {
    response.redirect('docs');
  });
  app.use(docsRouter());
  app.use((request: Request) => {
    throw new Problem('not_found', `expected a known path, got ${JSON.stringify(excerpt(request.path))}`);
  });
  // Express knows an error handler by its four parameters.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    if (!response.headersSent) {
      reply(error, request, response, options);
      return;
    }
    // An answer has begun. Express's own end of it would print the error.
    options.logError(error, requestIdFor(response));
    request.socket.destroy();
  });
  return app;
}

const ACCEPT_ENCODING = [...ENCODINGS, 'identity'].join(', ');

function reply(
  error: unknown,
  request: Request,
  response: Response,
  { lanes, logError }: Pick<AppOptions, 'lanes' | 'logError'>,
): void {
  const id = requestIdFor(response);
  const known = error instanceof Problem ? error : expressProblem(error);
  const sight = sightOf(response);
  sight.code = known?.code ?? 'internal_error';
  if (known?.spans !== undefined) sight.trace?.record(known.spans);
  if (known === undefined) logError(error, id);
  const said = speaksInference(request.path) ? inferenceReply : problemReply;
  const { status, headers, body } = said(known ?? error, id, lanes.waitMs());
  response.status(status).set(headers);
  if (error instanceof Denied) response.set(deniedHeaders(error, request, sightOf(response)));
  // RFC 9110, 15.5.16: only where the coding is what is wrong.
  if (known?.code === 'unsupported_encoding') response.set('accept-encoding', ACCEPT_ENCODING);
  if (!bodyUnread(request)) response.end(body);
  else if (status !== 408) answerAndLinger(request, response, body);
  else response.set('connection', 'close').end(body);
}

/** Express's own refusals, such as a path that does not decode. */
function expressProblem(error: unknown): Problem | undefined {
  if (error instanceof URIError || (error instanceof Error && 'status' in error && error.status === 400)) {
    return new Problem(
      'unreadable_body',
      'expected a well-formed request path, got one that does not decode',
    );
  }
  return undefined;
}
