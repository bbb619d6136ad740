import type { Request, Response } from 'express';
import type { Streams } from '../../domain/streams-service/service.js';
import { newsWithin, type OpenEvents } from './events.js';
import { shown } from './stream-status.js';
import { written } from './stream-windows.js';

export interface EventsParts {
  readonly openEvents: OpenEvents;
}

/** Between two looks at what other processes may have written. */
const LOOK_MS = 1000;
/** Results that are read at once. */
const PAGE = 100;

/**
 * Follows a stream: `window` for each window that closes, with its number as the id that `Last-Event-ID` goes on behind, at
 * any process of the service; `status` with watermark, lag and rates when they change. Without `Last-Event-ID` it begins with
 * the next window that closes.
 */
export async function streamEvents(
  name: string,
  request: Request,
  response: Response,
  { streams, openEvents }: EventsParts & { readonly streams: Streams },
): Promise<void> {
  const { stored } = await streams.status(name);
  const given = request.get('last-event-id') ?? '';
  let behind = /^\d{1,15}$/u.test(given) ? Number(given) : stored.lastSeq;
  const stream = openEvents(request, response);
  let said = '';
  try {
    while (!stream.over.aborted) {
      const results = await streams.results(name, { behind, limit: PAGE });
      await stream.send(results.map((one) => ({ id: String(one.seq), event: 'window', data: written(one) })));
      behind = results.at(-1)?.seq ?? behind;
      if (results.length === PAGE) continue;
      const { state, watermark, lag, rate, windows, records } = shown(await streams.status(name)) as Record<
        string,
        unknown
      >;
      const status = JSON.stringify({ state, watermark, lag, rate, windows, records });
      if (status !== said) await stream.send([{ event: 'status', data: status }]);
      said = status;
      await newsWithin(LOOK_MS, stream.over, (news) => streams.listen(name, news));
    }
  } catch {
    // It was removed, or the catalog is away: its client comes again, and is told.
  } finally {
    stream.end();
  }
}
