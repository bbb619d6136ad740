import type { RequestListener } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Endpoint } from '../../domain/endpoint.js';
import type { Format } from '../../ports/formats.js';
import type { Job } from '../../ports/lanes.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { Registry } from '../../ports/registry.js';
import type { RecordSpans } from '../../ports/trace.js';
import { docsRouter } from './docs.js';
import type { Begin } from './early.js';
import { ENCODINGS } from './encoding.js';
import { type IntakeOptions, type Received, receive } from './intake.js';
import { answerAndLinger, bodyUnread } from './linger.js';
import { acceptOf, ARROW_STREAM, deadlineOf, PAGE, requestIdOf } from './negotiate.js';
import { openApi } from './openapi.js';
import { problemReply } from './problems.js';

export interface AppOptions extends IntakeOptions {
  readonly endpoints: readonly Endpoint[];
  readonly registry: Registry;
  readonly recordSpans: RecordSpans;
  readonly deadlineMs: number;
  readonly version: string;
  /** Whether requests are taken: false while the process stops. */
  readonly accepting: () => boolean;
  readonly logError: (error: unknown, requestId: string) => void;
}

/** The HTTP face of the service. */
export function createApp(options: AppOptions): RequestListener {
  const app = routes(options);
  return (request, response) => {
    request.url = originForm(request.url ?? '/');
    app(request, response);
  };
}

/** A request target as a path and query (RFC 9112, 3.2); one that is no URL is a path that is not there. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const url = URL.canParse(target) ? new URL(target) : undefined;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  return url !== undefined && isHttp ? url.pathname + url.search : `/${encodeURIComponent(target)}`;
}

function routes(options: AppOptions): Express {
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

const ANSWERS: ReadonlyMap<string, Job['accept']> = new Map([
  [ARROW_STREAM, 'arrow'],
  [PAGE, 'html'],
]);
/** A page is made of itself alone: nothing runs in it, and it loads nothing. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const ACCEPT_ENCODING = [...ENCODINGS, 'identity'].join(', ');
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
  const offers = ['application/json'];
  if (endpoint.answersArrow) offers.push(ARROW_STREAM);
  if (endpoint.answersHtml === true) offers.push(PAGE);
  const accepted = acceptOf(request.headers.accept, offers);
  const deadline = deadlineOf(request.get('x-request-deadline-ms'), options.deadlineMs);
  const [, search = ''] = /\?([^#]*)/u.exec(request.originalUrl) ?? [];
  const query = [...new URLSearchParams(search)];
  const jobOf = (format: Format, rest: Omit<Partial<Received>, 'landing' | 'answer'> = {}): Job => ({
    endpoint: endpoint.name,
    format,
    query,
    accept: ANSWERS.get(accepted.type) ?? 'json',
    ...(accepted.codecs.includes('lz4') && { arrowCompression: 'lz4' }),
    ...(rest.extent !== undefined && { extent: rest.extent }),
    ...(rest.reference !== undefined && { reference: rest.reference }),
    ...(rest.options !== undefined && { options: rest.options }),
    requestId: requestId(response),
    receiveMs: performance.now() - started,
  });
  const left = (): number => Math.max(1, deadline - (performance.now() - started));
  const begin: Begin = (landing, format) => lanes.begin(landing, jobOf(format), left(), gone.signal);
  const { takesReference = false } = endpoint;
  const body = await receive(request, response, { ...options, begin, takesReference }, gone.signal);
  const answer = body.answer ?? lanes.run(body.landing, jobOf(body.format, body), left(), gone.signal);
  const { contentType, body: bytes, spans } = await answer;
  options.recordSpans(spans);
  if (accepted.type === PAGE) response.set('content-security-policy', PAGE_POLICY);
  response.status(200).set('content-type', contentType).set('content-length', String(bytes.byteLength));
  response.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
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
