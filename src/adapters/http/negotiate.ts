import type { IncomingMessage } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { Format } from '../../ports/formats.js';
import { excerpt, Problem } from '../../ports/problem.js';

export const ARROW_STREAM = 'application/vnd.apache.arrow.stream';
const ARROW_FILE = 'application/vnd.apache.arrow.file';

/** Media types that are taken, and the format each has. */
export const MEDIA_TYPES: ReadonlyMap<string, Format> = new Map([
  ['application/json', 'json'],
  [ARROW_STREAM, 'arrow'],
  [ARROW_FILE, 'arrow'],
]);

/** The format of a body by its Content-Type; throws 415. Parameters other than charset are ignored. */
export function formatOf(contentType: string | undefined): Format {
  const [essence = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim());
  const format = MEDIA_TYPES.get(essence.toLowerCase());
  if (format === undefined) {
    const got = essence === '' ? 'none' : JSON.stringify(excerpt(essence));
    const detail = `expected Content-Type ${[...MEDIA_TYPES.keys()].join(' or ')}, got ${got}`;
    throw new Problem('unsupported_media_type', detail);
  }
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=');
    const charset = value
      .trim()
      .replace(/^"(.*)"$/u, '$1')
      .toLowerCase();
    if (name.trim().toLowerCase() === 'charset' && charset !== 'utf-8' && charset !== 'utf8') {
      throw new Problem(
        'unsupported_charset',
        `expected charset utf-8, got ${JSON.stringify(excerpt(charset))}`,
      );
    }
  }
  return format;
}

/** Throws 415 for any Content-Encoding but identity. */
export function refuseEncoding(encoding: string | undefined): void {
  if (encoding === undefined || encoding.trim() === '' || encoding.trim().toLowerCase() === 'identity')
    return;
  const got = JSON.stringify(excerpt(encoding));
  throw new Problem('unsupported_encoding', `expected a body without Content-Encoding, got ${got}`);
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/u;

/** The client's request id where it is well-formed, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** Milliseconds until the answer is due: the server's, shortened by `X-Request-Deadline-Ms`. Throws 400. */
export function deadlineOf(header: string | undefined, limit: number): number {
  if (header === undefined) return limit;
  const wanted = /^\d{1,15}$/u.test(header) ? Number(header) : 0;
  if (wanted < 1) {
    const got = JSON.stringify(excerpt(header));
    throw new Problem(
      'invalid_deadline',
      `expected X-Request-Deadline-Ms to be a whole number of at least 1, got ${got}`,
    );
  }
  return Math.min(wanted, limit);
}
