import { createHash } from 'node:crypto';
import { Router, type Request, type Response } from 'express';
import type { JobDefinition } from '../../domain/jobs/definition.js';
import { Denied } from '../../ports/access.js';
import { type JobRequest, type Jobs, JOB_STATES, type JobState, type StoredJob } from '../../ports/jobs.js';
import { excerpt, Problem } from '../../ports/problem.js';
import { jobEvents } from './job-events.js';
import type { JobsOptions } from './job-parts.js';
import { jobRequest } from './job-request.js';
import { sendResult } from './job-result.js';
import { onlyMethods } from './methods.js';
import { scoped } from './scopes.js';
import { smallJson } from './small-json.js';
import { requestIdFor, sightOf, timed } from './watch.js';

const LIMIT = 50;
const MOST = 500;
/** A word of the client's own. */
const KEY = /^[\x21-\x7e]{1,255}$/u;

/** Work that is done while nobody waits: submitted, looked at, followed, ended. */
export function jobsRouter(options: JobsOptions): Router {
  const { jobs } = options;
  const router = Router({ caseSensitive: true, strict: true });
  const found = async (request: Request): Promise<StoredJob> => {
    const { id = '' } = request.params as { readonly id?: string };
    const job = await timed(request.res, 'lookup', () => jobs.find(id));
    if (job !== undefined) return job;
    throw new Problem('not_found', `expected a job, got ${JSON.stringify(excerpt(id))}`);
  };

  scoped(router, '/jobs')
    .get(async (request, response) => {
      answer(response, await listed(request, jobs));
    })
    .post(async (request, response) => {
      await submit(request, response, options);
    })
    .all(onlyMethods('GET, HEAD, POST'));
  scoped(router, '/jobs/:id')
    .get(async (request, response) => {
      answer(response, await shown(await found(request), jobs));
    })
    .delete(async (request, response) => {
      const before = await found(request);
      if (isOver(before) && before.state !== 'cancelled') {
        const detail = `expected a job that waits or runs, got one that has ${before.state}`;
        throw new Problem('conflict', detail);
      }
      const job = (await timed(response, 'cancel', () => jobs.cancel(before.id))) ?? before;
      // Its lane or its process has not heard of it yet.
      if (!isOver(job)) response.status(202);
      answer(response, await shown(job, jobs));
    })
    .all(onlyMethods('GET, HEAD, DELETE'));
  scoped(router, '/jobs/:id/result')
    .get(async (request, response) => {
      await sendResult(await found(request), request, response, jobs);
    })
    .all(onlyMethods('GET, HEAD'));
  scoped(router, '/jobs/:id/events')
    .get(async (request, response) => {
      await jobEvents(await found(request), request, response, options);
    })
    .all(onlyMethods('GET, HEAD'));
  return router;
}

async function submit(request: Request, response: Response, options: JobsOptions): Promise<void> {
  const { jobs, checks, accepting } = options;
  if (!accepting())
    throw new Problem('stopping', 'expected a service that accepts requests, got one that stops');
  const key = request.get('idempotency-key');
  if (key !== undefined && !KEY.test(key))
    throw new Problem(
      'invalid_request',
      'expected an Idempotency-Key of 1 to 255 visible ASCII characters, got another',
    );
  const body = await smallJson(request, response, options);
  const { request: check } = await checks();
  // Before defaults are filled in.
  const fingerprint = createHash('sha256').update(canonical(body)).digest('hex');
  const definition = check('jobs.submit', body) as JobDefinition;
  const { caller } = sightOf(response);
  if (definition.operation === 'fit') {
    const sight = sightOf(response);
    sight.scope = 'models';
    if (caller !== undefined && !caller.scopes.has('models'))
      throw new Denied('forbidden', 'expected a caller with the scope models, got one without it');
  }
  const asked: JobRequest = await jobRequest(definition, response, options);
  const { job, isNew } = await timed(response, 'submit', () =>
    jobs.submit({
      request: asked,
      caller: caller === undefined ? '' : `${caller.kind} ${caller.id}`,
      ...(key !== undefined && { key: { text: key, fingerprint } }),
    }),
  );
  response.location(`/jobs/${job.id}`).status(isNew ? 202 : 200);
  answer(response, await shown(job, jobs));
}

/** JSON text whose members are sorted: the same for the same document. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

async function listed(request: Request, jobs: Jobs): Promise<object> {
  const [, search = ''] = /\?([^#]*)/u.exec(request.originalUrl) ?? [];
  const query = new URLSearchParams(search);
  for (const name of query.keys())
    if (!['state', 'limit', 'after'].includes(name)) {
      const detail = `expected one of the options state, limit, after, got ${JSON.stringify(excerpt(name))}`;
      throw Problem.at(`?${excerpt(name)}`, 'unknown_option', detail);
    }
  const state = query.get('state') ?? undefined;
  if (state !== undefined && !isState(state)) {
    const detail = `expected state to be one of ${JOB_STATES.join(', ')}, got ${JSON.stringify(excerpt(state))}`;
    throw Problem.at('?state', 'invalid_option', detail);
  }
  const limit = Number(query.get('limit') ?? LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    const got = JSON.stringify(excerpt(query.get('limit') ?? ''));
    throw Problem.at('?limit', 'invalid_option', `expected limit to be from 1 to ${MOST}, got ${got}`);
  }
  const after = query.get('after');
  const last = after === null ? undefined : await jobs.find(after);
  if (after !== null && last === undefined) {
    const detail = `expected after to be a job, got ${JSON.stringify(excerpt(after))}`;
    throw Problem.at('?after', 'invalid_option', detail);
  }
  // One more than is shown: whether there are others behind them.
  const found = await jobs.list({ state, before: last?.number, limit: limit + 1 });
  const page = found.slice(0, limit);
  return {
    jobs: await Promise.all(page.map((job) => shown(job))),
    next: found.length > limit ? (page.at(-1)?.id ?? null) : null,
  };
}

const isState = (text: string): text is JobState => JOB_STATES.some((state) => state === text);
const isOver = ({ state }: StoredJob): boolean => state !== 'queued' && state !== 'running';

/** A job as clients see it; its place in the queue where that is asked for. */
async function shown(job: StoredJob, jobs?: Jobs): Promise<object> {
  const { id, request, state, attempts, progress, failure, result, cancelling } = job;
  const position =
    jobs === undefined || state !== 'queued' ? undefined : Math.max(1, await jobs.position(job.number));
  const time = (ms: number | undefined): string | null =>
    ms === undefined ? null : new Date(ms).toISOString();
  return {
    id,
    operation: request.operation,
    dataset: request.dataset,
    ...(request.model !== undefined && { model: request.model.name, version: request.model.version }),
    state,
    ...(position !== undefined && { position }),
    ...(cancelling && !isOver(job) && { cancelling }),
    attempts,
    created: time(job.created),
    started: time(job.started),
    finished: time(job.finished),
    progress: progress ?? null,
    ...(result !== undefined && {
      result: { content_type: result.contentType, bytes: result.bytes, partial: result.partial },
    }),
    ...(failure !== undefined && {
      failure: { code: failure.code, detail: failure.detail, errors: failure.faults },
    }),
    links: {
      self: `/jobs/${id}`,
      events: `/jobs/${id}/events`,
      ...(result !== undefined && { result: `/jobs/${id}/result` }),
    },
  };
}

function answer(response: Response, results: object): void {
  response.json({
    status: 'success',
    results,
    details: {},
    meta: { request_id: requestIdFor(response), warnings: [] },
  });
}
