import type { Request, Response } from 'express';
import { excerpt, Problem } from '../../ports/problem.js';
import type { Unadmitted } from './body.js';
import { encodingOf } from './encoding.js';
import { mediaOf } from './negotiate.js';
import { sightOf } from './watch.js';
import { type Pace, pump } from './wire.js';

/** Of documents that are read where requests are, not in a lane. */
const MOST = 64 * 1024;

export interface SmallJsonOptions {
  readonly pace: Pace;
  readonly unadmitted: Unadmitted;
}

/**
 * Reads a body that is a small JSON document: what describes work, not data. Throws Problem: 415 for another media type or a
 * content coding, 413 beyond 64 KiB, 408, 400, 503 when too many are on their way.
 */
export async function smallJson(
  request: Request,
  response: Response,
  { pace, unadmitted }: SmallJsonOptions,
): Promise<unknown> {
  const media = mediaOf(request.headers['content-type']);
  if (media.kind !== 'format' || media.format !== 'json') {
    const got = JSON.stringify(excerpt(request.headers['content-type'] ?? ''));
    throw new Problem('unsupported_media_type', `expected Content-Type application/json, got ${got}`);
  }
  const encoding = encodingOf(request.headers['content-encoding']);
  if (encoding !== undefined) {
    const detail = `expected a JSON document without Content-Encoding, got ${JSON.stringify(encoding)}`;
    throw new Problem('unsupported_encoding', detail);
  }
  const parts: Buffer[] = [];
  let taken = 0;
  const gone = new AbortController();
  const onClose = (): void => {
    gone.abort();
  };
  response.once('close', onClose);
  try {
    await pump(
      request,
      { bytes: MOST, setting: 'of a document that describes work' },
      pace,
      gone.signal,
      (wire) => ({
        write(chunk) {
          unadmitted.take(chunk.length);
          taken += chunk.length;
          parts.push(chunk);
        },
        end: wire.finished,
        close: () => undefined,
      }),
      sightOf(response).spend,
    );
    return parsed(Buffer.concat(parts));
  } finally {
    unadmitted.give(taken);
    response.off('close', onClose);
  }
}

function parsed(bytes: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Problem('invalid_utf8', 'expected JSON in UTF-8, got bytes that are none');
  }
  try {
    return JSON.parse(text);
  } catch {
    const got = text.trim() === '' ? 'an empty body' : 'text that is none';
    throw new Problem('invalid_json', `expected a JSON document, got ${got}`);
  }
}
