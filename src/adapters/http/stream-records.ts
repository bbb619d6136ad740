import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Streams } from '../../domain/streams-service/service.js';
import type { Landing } from '../../ports/lanes.js';
import { Problem } from '../../ports/problem.js';
import { heldBody } from './held-body.js';
import { type IntakeOptions, receive } from './intake.js';
import { deadlineOf } from './negotiate.js';
import { queryOf } from './stream-windows.js';
import { sightOf, timed } from './watch.js';
import type { AnalysisOptions } from './analysis.js';

export interface RecordsOptions
  extends IntakeOptions, Pick<AnalysisOptions, 'deadlineMs' | 'maxDeadlineMs' | 'accepting'> {
  readonly streams: Streams;
}

/** A word of the client's own. */
const KEY = /^[\x21-\x7e]{1,255}$/u;
const LATE = 'expected records that are stored before the deadline of the request, got none that were';

/**
 * Takes records into a stream. It answers when they are in the state for good; a client that has heard nothing may send them
 * again with the same Idempotency-Key, and they are counted once.
 */
export async function takeRecords(
  name: string,
  request: Request,
  response: Response,
  options: RecordsOptions,
): Promise<object> {
  const { streams, accepting } = options;
  if (!accepting())
    throw new Problem('stopping', 'expected a service that accepts requests, got one that stops');
  queryOf(request, []);
  const key = request.get('idempotency-key');
  if (key !== undefined && !KEY.test(key))
    throw new Problem(
      'invalid_request',
      'expected an Idempotency-Key of 1 to 255 visible ASCII characters, got another',
    );
  const deadline = deadlineOf(
    request.get('x-request-deadline-ms'),
    options.deadlineMs,
    options.maxDeadlineMs,
  );
  const { started, trace } = sightOf(response);
  // Before its body is read.
  await streams.ready(name);
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  const late = setTimeout(
    () => {
      gone.abort(new Problem('deadline_exceeded', LATE));
    },
    Math.max(1, deadline - (performance.now() - started)),
  );
  try {
    let held = heldBody(0);
    const use = {
      takesReference: false,
      land: (bytes: number) => {
        held = heldBody(bytes);
        return held;
      },
      begin: () => undefined,
    };
    const body = await receive(request, response, { ...options, ...use }, gone.signal);
    if (body.named !== undefined || body.options !== undefined)
      throw new Problem('invalid_request', 'expected records alone, got options or a dataset beside them');
    const { offset, length } = body.extent;
    const bytes = held.bytes.subarray(offset, offset + length);
    const named = key === undefined ? undefined : { name: key, digest: await digestOf(body.format, bytes) };
    const portion = {
      format: body.format,
      bytes: bytes.length,
      write: (landing: Landing) => {
        landing.write(bytes);
      },
      named,
    };
    const stored = streams.take(name, portion, trace?.header);
    const taken = await timed(response, 'store', () => untilGone(stored, gone.signal));
    const { watermark } = taken;
    return {
      records: taken.rows,
      accepted: taken.accepted,
      late: taken.late,
      duplicates: taken.duplicates,
      rejected: taken.rejectedRows,
      rejections: taken.rejected,
      watermark: watermark === null ? null : new Date(watermark).toISOString(),
      ...(taken.repeated && { repeated: true }),
    };
  } finally {
    clearTimeout(late);
  }
}

/** Bytes that are hashed at a time: some milliseconds. */
const PIECE = 2 ** 21;

/** SHA-256 of a body and of the format that it is read as. Others have turns meanwhile. */
async function digestOf(format: string, bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256').update(`${format} `);
  for (let from = 0; from < bytes.length; from += PIECE) {
    hash.update(bytes.subarray(from, from + PIECE));
    if (from + PIECE < bytes.length) await new Promise((resolve) => setImmediate(resolve));
  }
  return hash.digest('hex');
}

/** What was begun goes on; who waits for it is told when the deadline has passed. */
function untilGone<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      const reason: unknown = signal.reason;
      reject(reason instanceof Problem ? reason : new Problem('deadline_exceeded', LATE));
    };
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', end);
    });
  });
}
