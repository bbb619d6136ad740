import { at, postJson, type Reply, send, type JsonValue } from '../service.js';

/** A table as it is posted. */
export interface Upload {
  readonly name: string;
  readonly type: string;
  readonly body: string | Uint8Array;
}

export const MEDIA = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  stream: 'application/vnd.apache.arrow.stream',
  file: 'application/vnd.apache.arrow.file',
  parquet: 'application/vnd.apache.parquet',
} as const;

export const post = (url: string, { type, body }: Pick<Upload, 'type' | 'body'>): Promise<Reply> =>
  send(url, { headers: { 'content-type': type }, body });

/** Stores a table. Its id; undefined where it is refused as a type that no endpoint computes with. */
export async function publish(service: string, upload: Upload): Promise<string | undefined> {
  const made = await post(`${service}/datasets`, upload);
  if (made.status === 422 && at(made.json, 'code') === 'unsupported_type') return undefined;
  if (made.status !== 201 && made.status !== 200)
    throw new Error(`${upload.name}: ${made.status} ${made.text.slice(0, 400)}`);
  const id = at(made.json, 'results', 'id');
  if (typeof id !== 'string')
    throw new Error(`${upload.name}: expected an id, got ${made.text.slice(0, 400)}`);
  expect(made.headers['location']).toBe(`/datasets/${id}`);
  return id;
}

/** Without how long it took. */
function timeless(details: JsonValue | undefined): JsonValue {
  if (typeof details !== 'object' || details === null || Array.isArray(details)) return details ?? null;
  return Object.fromEntries(Object.entries(details).filter(([name]) => name !== 'timings_ms'));
}

/** What must be the same of two answers; of a refusal, what it says. */
export function essence(answer: Reply): JsonValue {
  const { status, json } = answer;
  if (status !== 200 && status !== 201)
    return {
      status,
      code: at(json, 'code') ?? null,
      detail: at(json, 'detail') ?? null,
      errors: at(json, 'errors') ?? null,
    };
  return {
    status,
    sha256: at(json, 'meta', 'result_sha256') ?? null,
    details: timeless(at(json, 'details')),
    warnings: at(json, 'meta', 'warnings') ?? null,
    rows: at(json, 'meta', 'rows') ?? null,
    columns: at(json, 'meta', 'columns') ?? null,
  };
}

/** A question to a table that came as a body, and to the one that was stored. */
export async function bothWays(
  url: string,
  query: string,
  upload: Upload,
  id: string,
): Promise<readonly [JsonValue, JsonValue]> {
  const separator = query === '' ? '' : '&';
  const [body, named] = await Promise.all([
    post(`${url}?${query}`, upload),
    send(`${url}?dataset=${id}${separator}${query}`),
  ]);
  return [essence(body), essence(named)];
}

/** The same by a JSON document, beside which other members may stand. */
export async function bothDocuments(
  url: string,
  data: { readonly [member: string]: unknown },
  rest: { readonly [member: string]: unknown },
  id: string,
): Promise<readonly [Reply, Reply]> {
  return [await postJson(url, { ...data, ...rest }), await postJson(url, { dataset: id, ...rest })];
}
