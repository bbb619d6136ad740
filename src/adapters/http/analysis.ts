import type { Request, Response } from 'express';
import type { Endpoint } from '../../domain/endpoint.js';
import type { DatasetLanding, Due } from '../../domain/datasets/land.js';
import type { Datasets, StoredDataset } from '../../ports/datasets.js';
import type { BodyFormat } from '../../ports/formats.js';
import type { Answer, Job, JobModel } from '../../ports/lanes.js';
import { Problem } from '../../ports/problem.js';
import { type IntakeOptions, type Received, receive, type Use } from './intake.js';
import {
  bothNames,
  documentIn,
  foundDataset,
  type Names,
  namesInQuery,
  naming,
  refuseBody,
  takesDatasets,
} from './named.js';
import { acceptOf, ARROW_STREAM, CSV, deadlineOf, NDJSON, PAGE } from './negotiate.js';
import { requestIdFor, sightOf, timed } from './watch.js';

export interface AnalysisOptions extends IntakeOptions {
  /** Until an answer is due, where the client does not say, and the longest that it may ask for. */
  readonly deadlineMs: number;
  readonly maxDeadlineMs: number;
  /** Whether requests are taken: false while the process stops. */
  readonly accepting: () => boolean;
  readonly datasets: Datasets;
  readonly landing: DatasetLanding;
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
  /** The stored table that its path names: it has no body. */
  readonly dataset?: StoredDataset | undefined;
}

const ANSWERS: ReadonlyMap<string, Job['accept']> = new Map([
  [ARROW_STREAM, 'arrow'],
  [PAGE, 'html'],
  [CSV, 'csv'],
  [NDJSON, 'ndjson'],
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
  const accepted = acceptOf(request.headers.accept, offersOf(endpoint));
  const deadline = deadlineOf(
    request.get('x-request-deadline-ms'),
    options.deadlineMs,
    options.maxDeadlineMs,
  );
  const [, search = ''] = /\?([^#]*)/u.exec(request.originalUrl) ?? [];
  const taken = new Set<string>([...(asked.taken ?? []), ...naming(endpoint)]);
  const parameters = [...new URLSearchParams(search)];
  const query = parameters.filter(([name]) => !taken.has(name));
  const named = namesInQuery(parameters, endpoint);
  const jobOf = (format: BodyFormat, rest: Partial<Landed> = {}): Job => ({
    endpoint: endpoint.name,
    format,
    query,
    accept: ANSWERS.get(accepted.type) ?? 'json',
    ...(accepted.codecs.includes('lz4') && { arrowCompression: 'lz4' }),
    ...(rest.extent !== undefined && { extent: rest.extent }),
    ...(rest.reference !== undefined && { reference: rest.reference }),
    ...(rest.options !== undefined && { options: rest.options }),
    ...(rest.stored === true && { stored: true }),
    ...(rest.beside !== undefined && { beside: rest.beside }),
    ...(asked.model !== undefined && { model: asked.model }),
    ...(asked.headerBytes !== undefined && { headerBytes: asked.headerBytes }),
    requestId: requestIdFor(response),
    receiveMs: performance.now() - started,
    waitMs: 0,
    ...(trace?.sampled === true && { traced: true }),
  });
  const left = (): number => deadline - (performance.now() - started);
  const due = (): Due => ({ endpoint: endpoint.name, deadlineMs: left() });
  const { datasets, landing } = options;
  const find = (name: NonNullable<Names['dataset']>): Promise<StoredDataset> =>
    foundDataset(datasets, name, response);
  const stored = async (
    dataset: StoredDataset,
    { reference }: Names = {},
    beside?: string,
  ): Promise<Landed> => {
    const second = reference && (await find(reference));
    const landed = await timed(response, 'document', () =>
      landing.landDatasets(lanes, datasets, { dataset, reference: second }, due()),
    );
    return { ...landed, beside };
  };
  const fromBody = async (): Promise<Landed> => {
    const reference = named.reference && (await find(named.reference));
    const behind = reference === undefined ? NOTHING : landing.sizeOf([reference]);
    const use: Use = {
      takesReference: endpoint.takesReference ?? false,
      format: asked.format,
      land: (bytes) =>
        lanes.land({
          ...due(),
          bytes: bytes + behind.bytes,
          ...(behind.decodedBytes !== undefined && { decodedBytes: bytes + behind.decodedBytes }),
        }),
      // What lands behind it has to be there too.
      begin: (begun, format) =>
        reference === undefined ? lanes.begin(begun, jobOf(format), left(), gone.signal) : undefined,
      names: takesDatasets(endpoint) ? (body) => documentIn(body, endpoint) : undefined,
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
    if (body.named === undefined)
      return reference === undefined ? body : withReference(body, options, reference);
    const names = bothNames(named, body.named.names);
    if (names.dataset === undefined) throw new Error('expected a document that names a dataset');
    return stored(await find(names.dataset), names, body.named.text);
  };
  const landed = async (): Promise<Landed> => {
    if (asked.dataset !== undefined) return stored(asked.dataset);
    if (named.dataset === undefined) return fromBody();
    refuseBody(request);
    return stored(await find(named.dataset), named);
  };
  const body = await landed();
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

/** What a request is computed on: what it brought, or what was stored. */
type Landed = Omit<Received, 'extent' | 'options' | 'named'> &
  Pick<Job, 'extent' | 'stored'> & {
    readonly options?: string | undefined;
    readonly beside?: string | undefined;
  };

const NOTHING: ReturnType<DatasetLanding['sizeOf']> = { bytes: 0 };

/** What an endpoint can answer in. */
function offersOf({ answersArrow, answersHtml, answersRows }: Endpoint): string[] {
  return [
    'application/json',
    ...(answersArrow ? [ARROW_STREAM] : []),
    ...(answersHtml === true ? [PAGE] : []),
    ...(answersRows === true ? [CSV, NDJSON] : []),
  ];
}

/** A body with a stored table behind it, to compare it with. */
async function withReference(
  body: Received,
  { datasets, landing }: AnalysisOptions,
  dataset: StoredDataset,
): Promise<Landed> {
  try {
    if (body.reference !== undefined)
      throw Problem.at('?reference', 'invalid_request', 'expected one reference, got a part and a parameter');
    const extent = await landing.landBehind(body.landing, datasets, dataset);
    return { ...body, reference: { ...extent, format: 'arrow', stored: true } };
  } catch (error) {
    body.landing.release();
    throw error;
  }
}

/** Sends an answer as it is. */
export function send(response: Response, { contentType, headers = {}, body }: Answer, status = 200): void {
  if (contentType.startsWith(PAGE)) response.set('content-security-policy', PAGE_POLICY);
  response.status(status).set(headers);
  response.set('content-type', contentType).set('content-length', String(body.byteLength));
  response.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
}
