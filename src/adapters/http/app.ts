import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Endpoint } from '../../domain/endpoint.js';
import type { Lanes } from '../../ports/lanes.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { RecordSpans } from '../../ports/trace.js';
import { docsRouter } from './docs.js';
import { receive } from './intake.js';
import { ARROW_STREAM, deadlineOf, formatOf, refuseEncoding, requestIdOf } from './negotiate.js';
import { openApi } from './openapi.js';
import { problemReply } from './problems.js';

export interface AppOptions {
  readonly endpoints: readonly Endpoint[];
  readonly lanes: Lanes;
  readonly recordSpans: RecordSpans;
  readonly limits: Readonly<Record<'json' | 'arrow', number>>;
  readonly deadlineMs: number;
  readonly version: string;
  /** Whether requests are taken: false while the process stops. */
  readonly accepting: () => boolean;
  readonly logError: (error: unknown, requestId: string) => void;
}

/** The HTTP face of the service. */
export function createApp(options: AppOptions): Express {
  const { endpoints, lanes, version } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.use((request: Request, response: Response, next: NextFunction) => {
    response.locals.requestId = requestIdOf(request);
    response.set('x-request-id', requestId(response));
    response.set('x-content-type-options', 'nosniff');
    next();
  });

  for (const endpoint of endpoints) {
    app
      .route(endpoint.path)
      .post((request, response) => analysis(request, response, endpoint, options))
      .all(onlyMethods('POST'));
  }
  const document = openApi(endpoints, version);
  const page = (path: string, answer: (response: Response) => void): void => {
    app
      .route(path)
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
    const ready = options.accepting();
    const { name, reason } = lanes.engine;
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'stopping', engine: name, reason });
  });
  page('/', (response) => {
    response.redirect('docs');
  });
  app.use(docsRouter());
  app.use((request: Request) => {
    throw new Problem('not_found', `expected a known path, got ${JSON.stringify(excerpt(request.path))}`);
  });
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) next(error);
    else reply(error, request, response, options.logError);
  });
  return app;
}

const requestId = (response: Response): string => String(response.locals.requestId);

async function analysis(
  request: Request,
  response: Response,
  endpoint: Endpoint,
  options: AppOptions,
): Promise<void> {
  const { lanes } = options;
  const started = performance.now();
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  if (!options.accepting())
    throw new Problem('stopping', 'expected a service that accepts requests, got one that stops');
  const offered = endpoint.answersArrow ? ['application/json', ARROW_STREAM] : ['application/json'];
  const accept = request.accepts(offered);
  if (accept === false) {
    const got = JSON.stringify(excerpt(request.headers.accept ?? ''));
    throw new Problem('not_acceptable', `expected Accept to allow ${offered.join(' or ')}, got ${got}`);
  }
  const format = formatOf(request.headers['content-type']);
  refuseEncoding(request.headers['content-encoding']);
  const deadline = deadlineOf(request.get('x-request-deadline-ms'), options.deadlineMs);
  const query = [...new URL(request.originalUrl, 'http://localhost').searchParams];
  const landing = await receive(request, lanes, options.limits[format]);
  const receiveMs = performance.now() - started;
  const job = {
    endpoint: endpoint.name,
    format,
    query,
    accept: accept === ARROW_STREAM ? 'arrow' : 'json',
    requestId: requestId(response),
    receiveMs,
  } as const;
  const { contentType, body, spans } = await lanes.run(
    landing,
    job,
    Math.max(1, deadline - receiveMs),
    gone.signal,
  );
  options.recordSpans(spans);
  response.status(200).set('content-type', contentType).set('content-length', String(body.byteLength));
  response.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
}

function onlyMethods(allow: string): (request: Request, response: Response) => void {
  return (request, response) => {
    response.set('allow', allow);
    throw new Problem('method_not_allowed', `expected ${allow}, got ${excerpt(request.method)}`);
  };
}

function reply(error: unknown, request: Request, response: Response, logError: AppOptions['logError']): void {
  const id = requestId(response);
  const known = error instanceof Problem ? error : expressProblem(error);
  if (known === undefined) logError(error, id);
  const { status, headers, body } = problemReply(known ?? error, id);
  response.status(status).set(headers);
  if (status === 415) response.set('accept-encoding', 'identity');
  // What is left of a refused body is not read: the connection cannot be used again.
  if (!request.complete) response.set('connection', 'close');
  response.end(body);
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
