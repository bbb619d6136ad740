import { type Request, type Response, Router } from 'express';
import type { Endpoint } from '../../domain/endpoint.js';
import type { StoredDataset } from '../../ports/datasets.js';
import type { Answer } from '../../ports/lanes.js';
import { excerpt, Problem } from '../../ports/problem.js';
import { analysis, type AnalysisOptions, send } from './analysis.js';
import { onlyMethods } from './methods.js';
import { storedDataset } from './named.js';
import { acceptOf, ARROW_STREAM, CSV, NDJSON } from './negotiate.js';
import { scoped } from './scopes.js';
import { requestIdFor, timed } from './watch.js';

export interface DatasetsOptions extends AnalysisOptions {
  readonly datasetEndpoints: DatasetEndpoints;
}

/** What lanes do for datasets: makes one of a table, gives back its rows. */
export interface DatasetEndpoints {
  readonly make: Endpoint;
  readonly read: Endpoint;
}

/** Datasets that a list has at most, and without a limit. */
const [MOST_LISTED, LISTED] = [1000, 100];

/** The stored tables of the service: put there, listed, given back, removed. */
export function datasetsRouter(options: DatasetsOptions): Router {
  const { datasets } = options;
  const router = Router({ caseSensitive: true, strict: true });

  scoped(router, '/datasets')
    .get(async (request, response) => {
      const { limit, after } = listing(request);
      const all = await timed(response, 'lookup', () => datasets.list());
      const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
      if (start === 0 && after !== undefined) {
        const detail = `expected the id of a stored dataset, got ${JSON.stringify(excerpt(after))}`;
        throw Problem.at('?after', 'not_found', detail);
      }
      const page = all.slice(start, start + limit);
      const next = start + limit < all.length ? (page.at(-1)?.id ?? null) : null;
      answer(response, { datasets: page.map(shown), next });
    })
    .post(async (request, response) => {
      await make(request, response, options);
    })
    .all(onlyMethods('GET, HEAD, POST'));

  scoped(router, '/datasets/:id')
    .get(async (request, response) => {
      await give(request, response, options);
    })
    .delete(async (request, response) => {
      const { id } = await storedDataset(datasets, idOf(request), response);
      const removed = await timed(response, 'remove', () => datasets.remove(id));
      answer(response, { removed: removed ? 1 : 0 });
    })
    .all(onlyMethods('GET, HEAD, DELETE'));
  return router;
}

async function make(request: Request, response: Response, options: DatasetsOptions): Promise<void> {
  const { datasets, datasetEndpoints } = options;
  const made = await analysis(request, response, datasetEndpoints.make, options);
  if (made.dataset === undefined) throw new Error('expected a table to be made a dataset');
  const { card, document } = made.dataset;
  // Its client may have left: what is not acknowledged need not be stored.
  const { dataset, isNew } = await timed(response, 'store', () => datasets.publish(card, document));
  const { meta } = JSON.parse(Buffer.from(made.body).toString()) as { readonly meta: object };
  response
    .status(isNew ? 201 : 200)
    .location(`/datasets/${dataset.id}`)
    .json({ status: 'success', results: shown(dataset), details: {}, meta });
}

/** What makes JSON of a dataset its rows too. */
const ROWS = ['columns', 'limit', 'offset'];
const FORMS = ['application/json', ARROW_STREAM, CSV, NDJSON];

/** What is known of a dataset, or its rows. */
async function give(request: Request, response: Response, options: DatasetsOptions): Promise<void> {
  const { datasets, datasetEndpoints } = options;
  const dataset = await storedDataset(datasets, idOf(request), response);
  const accepted = acceptOf(request.headers.accept, FORMS);
  const query = queryOf(request);
  const isText = accepted.type === FORMS[0];
  response.set('vary', 'accept');
  if (isText && !ROWS.some((name) => query.has(name))) {
    refuseUnknown(query, ROWS);
    answer(response, shown(dataset));
    return;
  }
  // Of these rows in this form: they never change, but the dataset may be removed, so it is asked for each time.
  const codecs = accepted.type === ARROW_STREAM && accepted.codecs.includes('lz4') ? '.lz4' : '';
  const tag = `"${dataset.id.slice(0, 32)}.${FORMS.indexOf(accepted.type)}${codecs}"`;
  if (!isText) {
    response.set('etag', tag).set('cache-control', 'private, no-cache');
    if (matches(request.headers['if-none-match'], tag)) {
      response.status(304).end();
      return;
    }
  }
  const given = await analysis(request, response, datasetEndpoints.read, options, { dataset }).catch(
    (error: unknown) => {
      response.removeHeader('etag');
      response.removeHeader('cache-control');
      throw error;
    },
  );
  send(response, isText ? withCard(given, dataset) : given);
}

/** If-None-Match (RFC 9110, 13.1.2), compared weakly. */
const matches = (header: string | undefined, tag: string): boolean =>
  (header ?? '').split(',').some((one) => [tag, '*'].includes(one.trim().replace(/^W\//u, '')));

/** How an answer of this service begins. */
const HEAD = '{"status":"success","results":{';

/** Rows in JSON, with what is known of their dataset before them. */
function withCard(given: Answer, dataset: StoredDataset): Answer {
  const { buffer, byteOffset, byteLength } = given.body;
  const body = Buffer.from(buffer, byteOffset, byteLength);
  if (body.toString('latin1', 0, HEAD.length) !== HEAD)
    throw new Error(`expected an answer that begins with ${HEAD}`);
  const own = JSON.stringify(shown(dataset)).slice(1, -1);
  return { ...given, body: Buffer.concat([Buffer.from(`${HEAD}${own},`), body.subarray(HEAD.length)]) };
}

/** The part of a list that is asked for. Throws 422. */
function listing(request: Request): { readonly limit: number; readonly after: string | undefined } {
  const query = queryOf(request);
  refuseUnknown(query, ['limit', 'after']);
  const text = query.get('limit') ?? String(LISTED);
  const limit = /^\d{1,9}$/u.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MOST_LISTED) {
    const detail = `expected limit to be an integer of 1 to ${MOST_LISTED}, got ${JSON.stringify(excerpt(text))}`;
    throw Problem.at('?limit', 'invalid_option', detail);
  }
  return { limit, after: query.get('after') ?? undefined };
}

const idOf = ({ params }: Request): string => {
  const { id = '' } = params as { readonly id?: string };
  return id;
};

const queryOf = ({ originalUrl }: Request): URLSearchParams =>
  new URLSearchParams(/\?([^#]*)/u.exec(originalUrl)?.[1] ?? '');

function refuseUnknown(query: URLSearchParams, known: readonly string[]): void {
  const stranger = [...query.keys()].find((name) => !known.includes(name));
  if (stranger === undefined) return;
  const detail = `expected one of the parameters ${known.join(', ')}, got ${JSON.stringify(excerpt(stranger))}`;
  throw Problem.at(`?${excerpt(stranger)}`, 'unknown_option', detail);
}

/** A dataset as clients see it. */
const shown = ({ id, created, card, bytes }: StoredDataset): object => ({
  id,
  created,
  rows: card.rows,
  columns: card.columns,
  bytes,
});

function answer(response: Response, results: object): void {
  response.json({
    status: 'success',
    results,
    details: {},
    meta: { request_id: requestIdFor(response), warnings: [] },
  });
}
