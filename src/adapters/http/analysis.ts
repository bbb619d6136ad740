import type { Request, Response } from 'express';
import type { Endpoint } from '../../domain/endpoint.js';
import type { BodyFormat } from '../../ports/formats.js';
import type { Answer, Job, JobModel } from '../../ports/lanes.js';
import { Problem } from '../../ports/problem.js';
import { type IntakeOptions, type Received, receive, type Use } from './intake.js';
import { acceptOf, ARROW_STREAM, deadlineOf, PAGE } from './negotiate.js';
import { requestIdFor, sightOf } from './watch.js';

export interface AnalysisOptions extends IntakeOptions {
  /** Until an answer is due, where the client does not say, and the longest that it may ask for. */
  readonly deadlineMs: number;
  readonly maxDeadlineMs: number;
  /** Whether requests are taken: false while the process stops. */
  readonly accepting: () => boolean;
}

/** What a request is beside its body. */
export interface Asked {
  /** The stored model that its path names. */
  readonly model?: JobModel | undefined;
  /** What its body is, whatever its media type says. */
  readonly format?: BodyFormat | undefined;
  readonly headerBytes?: number | undefined;
  /** Query parameters that are no options. */
  readonly taken?: readonly string[];
}

const ANSWERS: ReadonlyMap<string, Job['accept']> = new Map([
  [ARROW_STREAM, 'arrow'],
  [PAGE, 'html'],
]);
const LATE = 'expected the whole body before the deadline of the request, got less';
/** A page is made of itself alone: nothing runs in it, and it loads nothing. */
export const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Takes a request's body to a lane, and gives back its answer. Throws Problem. */
export async function analysis(
  request: Request,
  response: Response,
  endpoint: Endpoint,
  options: AnalysisOptions,
  asked: Asked = {},
): Promise<Answer> {
  const { lanes } = options;
  const { trace, started } = sightOf(response);
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  if (sightOf(response).late === true)
    throw new Problem('stopping', 'expected a service that accepts requests, got one that stops');
  const offers = ['application/json'];
  if (endpoint.answersArrow) offers.push(ARROW_STREAM);
  if (endpoint.answersHtml === true) offers.push(PAGE);
  const accepted = acceptOf(request.headers.accept, offers);
  const deadline = deadlineOf(
    request.get('x-request-deadline-ms'),
    options.deadlineMs,
    options.maxDeadlineMs,
  );
  const [, search = ''] = /\?([^#]*)/u.exec(request.originalUrl) ?? [];
  const query = [...new URLSearchParams(search)].filter(([name]) => asked.taken?.includes(name) !== true);
  const jobOf = (format: BodyFormat, rest: Omit<Partial<Received>, 'landing' | 'answer'> = {}): Job => ({
    endpoint: endpoint.name,
    format,
    query,
    accept: ANSWERS.get(accepted.type) ?? 'json',
    ...(accepted.codecs.includes('lz4') && { arrowCompression: 'lz4' }),
    ...(rest.extent !== undefined && { extent: rest.extent }),
    ...(rest.reference !== undefined && { reference: rest.reference }),
    ...(rest.options !== undefined && { options: rest.options }),
    ...(asked.model !== undefined && { model: asked.model }),
    ...(asked.headerBytes !== undefined && { headerBytes: asked.headerBytes }),
    requestId: requestIdFor(response),
    receiveMs: performance.now() - started,
    waitMs: 0,
    ...(trace?.sampled === true && { traced: true }),
  });
  const left = (): number => deadline - (performance.now() - started);
  const use: Use = {
    takesReference: endpoint.takesReference ?? false,
    format: asked.format,
    land: (bytes) => lanes.land({ bytes, endpoint: endpoint.name, deadlineMs: left() }),
    begin: (landing, format) => lanes.begin(landing, jobOf(format), left(), gone.signal),
  };
  const late = setTimeout(
    () => {
      gone.abort(new Problem('deadline_exceeded', LATE));
    },
    Math.max(1, left()),
  );
  const body = await receive(request, response, { ...options, ...use }, gone.signal).finally(() => {
    clearTimeout(late);
  });
  // Nobody waits for it any more: no lane is to begin with it.
  if (body.answer === undefined && left() <= 0) {
    body.landing.release();
    throw new Problem('deadline_exceeded', LATE);
  }
  const answer = body.answer ?? lanes.run(body.landing, jobOf(body.format, body), left(), gone.signal);
  const whole = await answer;
  if (whole.spans !== undefined) trace?.record(whole.spans);
  const sight = sightOf(response);
  if (whole.work !== undefined) sight.work = whole.work;
  const model = whole.model?.name ?? asked.model?.name;
  if (model !== undefined) sight.model = model;
  return whole;
}

/** Sends an answer as it is. */
export function send(response: Response, { contentType, headers = {}, body }: Answer, status = 200): void {
  if (contentType.startsWith(PAGE)) response.set('content-security-policy', PAGE_POLICY);
  response.status(status).set(headers);
  response.set('content-type', contentType).set('content-length', String(body.byteLength));
  response.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
}
