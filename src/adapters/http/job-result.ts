import type { Request, Response } from 'express';
import type { Jobs, StoredJob } from '../../ports/jobs.js';
import { Problem } from '../../ports/problem.js';
import { PAGE_POLICY } from './analysis.js';
import { PAGE } from './negotiate.js';

/** Until a job that was not through may be asked again, in seconds. */
const AGAIN_S = 1;

/**
 * Answers what a job has computed, in the form that its operation answers in. Throws Problem: 409 before its end, 404 where
 * it ended without a result, with the reason and the faults of one that failed.
 */
export async function sendResult(
  job: StoredJob,
  request: Request,
  response: Response,
  jobs: Pick<Jobs, 'result'>,
): Promise<void> {
  const { id, state, result, failure } = job;
  if (result === undefined) {
    if (state === 'queued' || state === 'running') {
      response.set('retry-after', String(AGAIN_S));
      throw new Problem('conflict', `expected a job that is through, got one that is ${state}`);
    }
    const why = failure === undefined ? '' : `: ${failure.code}, ${failure.detail}`;
    const detail = `expected a job with a result, got one that ${endedOf(state)} without one${why}`;
    throw new Problem('not_found', detail, failure?.faults);
  }
  if (result.contentType.startsWith(PAGE)) response.set('content-security-policy', PAGE_POLICY);
  response.status(200).set(result.headers);
  response.set('content-type', result.contentType).set('content-length', String(result.bytes));
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  for await (const part of jobs.result(id, result)) {
    if (response.destroyed) return;
    if (!response.write(part)) await taken(response);
  }
  response.end();
}

const endedOf = (state: StoredJob['state']): string => (state === 'cancelled' ? 'was cancelled' : state);

/** Resolves when what was written is taken, or the client has left. */
function taken(response: Response): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      response.off('drain', settle).off('close', settle);
      resolve();
    };
    response.on('drain', settle).on('close', settle);
    if (response.destroyed) settle();
  });
}
