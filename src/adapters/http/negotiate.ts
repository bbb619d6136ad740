import type { IncomingMessage } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { BodyFormat, Format } from '../../ports/formats.js';
import { excerpt, Problem } from '../../ports/problem.js';
import { listed, parameterised, type Parameterised } from './parameters.js';

export const ARROW_STREAM = 'application/vnd.apache.arrow.stream';
export const PAGE = 'text/html';
export const CSV = 'text/csv';
export const NDJSON = 'application/x-ndjson';
const ARROW_FILE = 'application/vnd.apache.arrow.file';

/** Media types that are taken, and the format each has; `sniffed`: its first bytes say. */
export const MEDIA_TYPES: ReadonlyMap<string, Format | 'multipart' | 'sniffed'> = new Map([
  ['application/json', 'json'],
  [NDJSON, 'ndjson'],
  [CSV, 'csv'],
  [ARROW_STREAM, 'arrow'],
  [ARROW_FILE, 'arrow'],
  ['application/vnd.apache.parquet', 'parquet'],
  ['application/x-parquet', 'parquet'],
  ['multipart/form-data', 'multipart'],
  ['application/octet-stream', 'sniffed'],
]);
/** Other names that the same things go by. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['application/ndjson', 'application/x-ndjson'],
  ['application/jsonl', 'application/x-ndjson'],
]);

/** What a Content-Type says of a body. */
export type Media =
  | { readonly kind: 'format'; readonly format: BodyFormat }
  | { readonly kind: 'sniffed' }
  | { readonly kind: 'multipart'; readonly boundary: string };

/** RFC 2046, 5.1.1. */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/u;

/** What a body is by its Content-Type. Throws 415, and 400 for multipart without a boundary. */
export function mediaOf(contentType: string | undefined): Media {
  const header = parameterised(contentType ?? '');
  const media = MEDIA_TYPES.get(ALIASES.get(header.value) ?? header.value);
  if (media === undefined) {
    const got = header.value === '' ? 'none' : JSON.stringify(excerpt(header.value));
    const detail = `expected Content-Type ${[...MEDIA_TYPES.keys()].join(' or ')}, got ${got}`;
    throw new Problem('unsupported_media_type', detail);
  }
  refuseCharset(header);
  if (media === 'sniffed') return { kind: 'sniffed' };
  if (media !== 'multipart') return { kind: 'format', format: media };
  const boundary = header.parameters.get('boundary') ?? '';
  if (!BOUNDARY.test(boundary)) {
    const got = boundary === '' ? 'none' : JSON.stringify(excerpt(boundary));
    const detail = `expected multipart/form-data with a boundary of 1 to 70 characters, got ${got}`;
    throw new Problem('invalid_multipart', detail);
  }
  return { kind: 'multipart', boundary };
}

/** Throws 415 for a charset that is not UTF-8 or a part of it. Other parameters are ignored. */
export function refuseCharset({ parameters }: Parameterised): void {
  const charset = parameters.get('charset');
  if (charset === undefined || /^(?:utf-?8|us-ascii|ascii)$/iu.test(charset)) return;
  const detail = `expected charset utf-8, got ${JSON.stringify(excerpt(charset))}`;
  throw new Problem('unsupported_charset', detail);
}

/** What an answer is to be, by Accept. */
export interface Accepted {
  readonly type: string;
  /** Codecs that the client reads Arrow in: `application/vnd.apache.arrow.stream; codecs=lz4`. */
  readonly codecs: readonly string[];
}

/**
 * The offer that an Accept header likes best (RFC 9110, 12.5.1); of equal ones the more specific, then the one named
 * first. Throws 406. Parameters other than `q` and `codecs` are ignored.
 */
export function acceptOf(header: string | undefined, offers: readonly string[]): Accepted {
  const ranges = listed(header?.trim() ? header : '*/*').map(parameterised);
  const candidates = offers.flatMap((type) => {
    const [kind = ''] = type.split('/');
    // The most specific range that matches says how much a type is liked.
    const places = [type, `${kind}/*`, '*/*'].map((name) => ranges.findIndex(({ value }) => value === name));
    const specific = places.findIndex((place) => place >= 0);
    const place = places[specific] ?? -1;
    const range = ranges[place];
    if (range === undefined) return [];
    const q = Number(range.parameters.get('q') ?? '1');
    return q > 0 ? [{ type, q, specific, place, range }] : [];
  });
  const [best] = candidates.sort((a, b) => b.q - a.q || a.specific - b.specific || a.place - b.place);
  if (best === undefined) {
    const got = JSON.stringify(excerpt(header ?? ''));
    throw new Problem('not_acceptable', `expected Accept to allow ${offers.join(' or ')}, got ${got}`);
  }
  const codecs = (best.range.parameters.get('codecs') ?? '').toLowerCase().split(',');
  return { type: best.type, codecs: codecs.map((codec) => codec.trim()) };
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/u;

/** The client's request id where it is well-formed, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** Milliseconds until the answer is due: what `X-Request-Deadline-Ms` says, `most` at most, else the server's. Throws 400. */
export function deadlineOf(header: string | undefined, own: number, most: number): number {
  if (header === undefined) return Math.min(own, most);
  const wanted = /^\d{1,15}$/u.test(header) ? Number(header) : 0;
  if (wanted < 1) {
    const got = JSON.stringify(excerpt(header));
    throw new Problem(
      'invalid_deadline',
      `expected X-Request-Deadline-Ms to be a whole number of at least 1, got ${got}`,
    );
  }
  return Math.min(wanted, most);
}
