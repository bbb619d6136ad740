import type { Request, Response } from 'express';
import type { Jobs, StoredJob } from '../../ports/jobs.js';
import { newsWithin, type OpenEvents } from './events.js';

/** Between two looks at what other processes may have written. */
const LOOK_MS = 1000;
/** Read at once. */
const PAGE = 100;

/**
 * Sends the events of a job, those that were before, too, and ends behind the last. `Last-Event-ID` goes on behind that one,
 * at any process of the service; who has seen all is told so by 204, and a browser comes no more.
 */
export async function jobEvents(
  { id, state }: StoredJob,
  request: Request,
  response: Response,
  { jobs, openEvents }: { readonly jobs: Jobs; readonly openEvents: OpenEvents },
): Promise<void> {
  const given = request.get('last-event-id') ?? '';
  let behind = /^\d{1,9}$/u.test(given) ? Number(given) : 0;
  const isOver = state !== 'queued' && state !== 'running';
  if (isOver && behind > 0 && (await jobs.events(id, behind, 1)).length === 0) {
    response.status(204).end();
    return;
  }
  const stream = openEvents(request, response);
  let fresh = false;
  let wake = (): void => undefined;
  const stop = jobs.onNews(id, () => {
    fresh = true;
    wake();
  });
  try {
    while (!stream.over.aborted) {
      fresh = false;
      const events = await jobs.events(id, behind, PAGE);
      await stream.send(events.map(({ number, event, data }) => ({ id: String(number), event, data })));
      behind = events.at(-1)?.number ?? behind;
      if (events.at(-1)?.event === 'done') return;
      if (events.length > 0 || isFresh()) continue;
      await newsWithin(LOOK_MS, stream.over, (news) => {
        wake = news;
        return () => {
          wake = () => undefined;
        };
      });
    }
  } finally {
    stop();
    stream.end();
  }
  // A function, since TypeScript does not see who else sets it.
  function isFresh(): boolean {
    return fresh;
  }
}
