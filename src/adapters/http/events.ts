import type { IncomingMessage, ServerResponse } from 'node:http';
import { Problem } from '../../ports/problem.js';
import { acceptOf, deadlineOf } from './negotiate.js';

/** Media type of server-sent events (WHATWG HTML, 9.2); an answer of it lasts, and keeps its own pace. */
export const EVENT_STREAM = 'text/event-stream';

/** One event. `data` is text, JSON here; `id` is what a client resumes behind. */
export interface ServerEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data: string;
}

export interface EventsOptions {
  /** Whether requests are taken: false while the process stops, which ends every stream of events. */
  readonly accepting: () => boolean;
  /** Streams at a time; one more is 503. */
  readonly most?: number;
  /** How long one lasts at most; then its client comes again by itself. */
  readonly longestMs?: number;
  /** Between two comments that keep a connection open. */
  readonly heartbeatMs?: number;
  /** Bytes that may lie unsent, and how long they may lie there before the client is taken for gone. */
  readonly bufferBytes?: number;
  readonly patienceMs?: number;
}

/** A stream of events to one client. Nothing is written once it is over. */
export interface EventStream {
  /** `Last-Event-ID`: the last event that the client has seen. */
  readonly lastId: string | undefined;
  /** Given when it is over: the client left or was too slow, the process stops, it lasted as long as it may, or end(). */
  readonly over: AbortSignal;
  /** Writes events. Resolves when there is room for more: true, or false when it is over. */
  send(events: readonly ServerEvent[]): Promise<boolean>;
  /** Ends it behind what was sent. */
  end(): void;
}

/** Opens a stream of events as the answer to a request. Throws Problem: 406, 400 for a deadline that is none, 503. */
export type OpenEvents = (request: IncomingMessage, response: ServerResponse) => EventStream;

const MOST = 1000;
const LONGEST_MS = 3_600_000;
const HEARTBEAT_MS = 15_000;
const BUFFER_BYTES = 256 * 1024;
const PATIENCE_MS = 10_000;
/** Until a client whose connection ended comes again. */
const RETRY_MS = 2000;
/** Between two looks at whether the process stops and the client reads. */
const LOOK_MS = 200;
/** An id is a line that the service wrote. */
const ID = /^[\x20-\x7e]{1,128}$/u;

/**
 * Streams of events of one service, counted together. Each has an own bound of what may lie unsent, an end when its client
 * does not read, comments in between, and a maximum; it is neither compressed nor does it hold a lane.
 */
export function eventStreams({
  accepting,
  most = MOST,
  longestMs = LONGEST_MS,
  heartbeatMs = HEARTBEAT_MS,
  bufferBytes = BUFFER_BYTES,
  patienceMs = PATIENCE_MS,
}: EventsOptions): OpenEvents {
  let open = 0;
  return (request, response) => {
    acceptOf(request.headers.accept, [EVENT_STREAM]);
    const wanted = request.headers['x-request-deadline-ms'];
    const lasts = deadlineOf(typeof wanted === 'string' ? wanted : undefined, longestMs, longestMs);
    if (!accepting())
      throw new Problem('stopping', 'expected a service that accepts requests, got one that stops');
    if (open >= most)
      throw new Problem('overloaded', `expected at most ${most} streams of events, got one more`);
    open++;
    const began = performance.now();
    let beat = began;
    /** Since when more lies unsent than may. */
    let full: number | undefined;
    const over = new AbortController();
    const finish = (last: () => void): void => {
      if (over.signal.aborted) return;
      open--;
      clearInterval(watch);
      over.abort();
      last();
    };
    const end = (): void => {
      finish(() => response.end());
    };
    const watch = setInterval(() => {
      const now = performance.now();
      full = response.writableLength > bufferBytes ? (full ?? now) : undefined;
      if (full !== undefined && now - full > patienceMs) {
        finish(() => response.destroy());
      } else if (!accepting() || now - began >= lasts) {
        end();
      } else if (now - beat >= heartbeatMs && response.writableLength === 0) {
        beat = now;
        response.write(':\n\n');
      }
    }, LOOK_MS);
    watch.unref();
    response.once('close', () => {
      finish(() => undefined);
    });
    response.statusCode = 200;
    response.setHeader('content-type', EVENT_STREAM);
    response.setHeader('cache-control', 'no-store');
    // Of nginx, which would keep events until there are many.
    response.setHeader('x-accel-buffering', 'no');
    if (request.method === 'HEAD') end();
    else response.write(`retry: ${RETRY_MS}\n\n`);
    return {
      lastId: lastIdOf(request),
      over: over.signal,
      async send(events) {
        for (const event of events) {
          if (over.signal.aborted) return false;
          beat = performance.now();
          response.write(written(event));
          if (response.writableLength > bufferBytes) await drained(response, over.signal);
        }
        return !over.signal.aborted;
      },
      end,
    };
  };
}

function lastIdOf({ headers }: IncomingMessage): string | undefined {
  const given = headers['last-event-id'];
  return typeof given === 'string' && ID.test(given) ? given : undefined;
}

/** An event as lines. */
function written({ id, event, data }: ServerEvent): string {
  const lines = data.split(/\r\n|\n|\r/u).map((line) => `data: ${line}\n`);
  const named = event === undefined ? '' : `event: ${event}\n`;
  return `${id === undefined ? '' : `id: ${id}\n`}${named}${lines.join('')}\n`;
}

/** Resolves when what was written is taken, or it is over. */
function drained(response: ServerResponse, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      response.off('drain', settle);
      over.removeEventListener('abort', settle);
      resolve();
    };
    if (over.aborted) resolve();
    response.once('drain', settle);
    over.addEventListener('abort', settle);
  });
}

/**
 * Waits until `news` is called, `ms` have passed, or `signal` is given. `subscribe` calls `news` back when there is
 * something, and returns how to stop that.
 */
export function newsWithin(
  ms: number,
  signal: AbortSignal,
  subscribe?: (news: () => void) => () => void,
): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', settle);
      stop?.();
      resolve();
    };
    const timer = setTimeout(settle, ms);
    signal.addEventListener('abort', settle);
    const stop = subscribe?.(settle);
  });
}
