import type { Request } from 'express';
import type { Streams } from '../../domain/streams-service/service.js';
import type { JsonWriter } from '../../ports/formats.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { StoredResult } from '../../ports/streams.js';

/** Windows that an answer has by default, and at most. */
const [LISTED, MOST_LISTED] = [100, 1000];
const NAMES = ['state', 'limit', 'after', 'key', 'from', 'to'];

/** Windows of a stream as JSON text: the results of closed ones, newest first, or open ones as they are so far, latest first. */
export async function windowsOf(
  name: string,
  request: Request,
  { streams, writeJson }: { readonly streams: Streams; readonly writeJson: JsonWriter },
): Promise<string> {
  const query = queryOf(request, NAMES);
  const state = query.get('state') ?? 'closed';
  if (state !== 'open' && state !== 'closed')
    throw fault('state', `expected state to be one of open, closed, got ${JSON.stringify(excerpt(state))}`);
  const limit = numberOf(query, 'limit') ?? LISTED;
  if (limit < 1 || limit > MOST_LISTED)
    throw fault('limit', `expected limit to be 1 to ${MOST_LISTED}, got ${limit}`);
  const filter = {
    key: query.get('key') ?? undefined,
    from: timeOf(query, 'from'),
    to: timeOf(query, 'to'),
    limit,
  };
  if (state === 'open') {
    if (query.has('after')) throw fault('after', 'expected no after with state open, got one');
    const open = await streams.open(name, filter);
    return `{"windows":[${open.map(({ result }) => writeJson(result)).join(',')}],"next":null}`;
  }
  const before = numberOf(query, 'after');
  const results = await streams.results(name, { ...filter, before });
  const next = results.length === limit ? (results.at(-1)?.seq ?? null) : null;
  return `{"windows":[${results.map(written).join(',')}],"next":${JSON.stringify(next)}}`;
}

/** A result as it is stored, with its number. */
export const written = ({ seq, result }: StoredResult): string => `{"seq":${seq},${result.slice(1)}`;

/** The query of a request. Throws 422 for what is none of `names`. */
export function queryOf(request: Request, names: readonly string[]): URLSearchParams {
  const [, search = ''] = /\?([^#]*)/u.exec(request.originalUrl) ?? [];
  const query = new URLSearchParams(search);
  for (const name of query.keys()) {
    if (names.includes(name)) continue;
    const expected = names.length === 0 ? 'no options' : `one of the options ${names.join(', ')}`;
    const detail = `expected ${expected}, got ${JSON.stringify(excerpt(name))}`;
    throw Problem.at(`?${excerpt(name)}`, 'unknown_option', detail);
  }
  return query;
}

const fault = (name: string, detail: string): Problem => Problem.at(`?${name}`, 'invalid_option', detail);

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^\d{1,15}$/u.test(text)) return Number(text);
  throw fault(name, `expected ${name} to be a whole number, got ${JSON.stringify(excerpt(text))}`);
}

/** Milliseconds since 1970, or ISO 8601. */
function timeOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const ms = /^-?\d{1,16}$/u.test(text) ? Number(text) : /^\d{4}-/u.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(ms)) return ms;
  const got = JSON.stringify(excerpt(text));
  throw fault(name, `expected ${name} to be milliseconds since 1970 or a time in ISO 8601, got ${got}`);
}
