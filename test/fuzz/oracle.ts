/** What every answer of the service must be, whatever was asked. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { tableFromIPC } from 'apache-arrow';
import { at, type JsonValue } from '../service.js';
import { FIT, PATHS } from '../hostile/forty.js';
import { ARROW_STREAM } from './bodies.js';
import type { FuzzRequest } from './requests.js';
import type { WireReply } from './wire.js';

/** A client's mistake is never 5xx; nothing here is heavy or slow enough for a 408, 503 or 504. */
const REFUSALS = [400, 404, 405, 406, 413, 415, 422, 431];
const JSON_ANSWER = /^application\/json(; charset=utf-8)?$/u;
const ID = /^([A-Za-z0-9._-]{1,64})$/u;

/** Name of the model that is stored before the requests, and asked by them. */
export const KEPT = 'kept';
export const ofKept = (path: string): string => path.replace('{name}', KEPT);

/** Says what is wrong with an answer, or nothing. */
export type Oracle = (request: FuzzRequest, reply: WireReply) => string | undefined;

/** `document`: the service's own /openapi.json, which its answers must match. */
export function oracleOf(document: JsonValue): Oracle {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document as object, 'api');
  const schemaAt = (pointer: string): ValidateFunction => ajv.compile({ $ref: `api#${pointer}` });
  const answers = new Map(
    PATHS.map((path) => {
      const name = encodeURIComponent(path.replaceAll('/', '~1'));
      const done = at(document, 'paths', path, 'post', 'responses', '201') === undefined ? 200 : 201;
      const schema = schemaAt(`/paths/${name}/post/responses/${done}/content/application~1json/schema`);
      return [ofKept(path), { done, schema }];
    }),
  );
  const problem = schemaAt('/components/schemas/Problem');
  const faultsOf = (validate: ValidateFunction, json: JsonValue | undefined): string | undefined =>
    validate(json) ? undefined : `not as documented: ${ajv.errorsText(validate.errors)}`;

  return (request, reply) => {
    const { status, headers, text, json } = reply;
    const known = answers.get(request.path);
    if (known === undefined) return status < 500 ? undefined : `status ${status}`;
    // What is made there is listed there.
    if (request.path === FIT && ['GET', 'HEAD'].includes(request.method) && status === 200) return undefined;
    if (request.method === 'HEAD')
      return status === 405 || status === 400 ? undefined : `HEAD answered ${status}`;
    if (status !== known.done) {
      if (!REFUSALS.includes(status)) return `status ${status}`;
      if (request.good && at(json, 'code') !== 'no_data') return `a good request answered ${status}`;
      return faultsOf(problem, json) ?? wrongProblem(reply);
    }
    if (!ID.test(headers['x-request-id'] ?? '')) return 'no X-Request-Id';
    if (headers['content-type'] === ARROW_STREAM) return wrongArrow(reply.bytes);
    if (!JSON_ANSWER.test(headers['content-type'] ?? ''))
      return `Content-Type ${String(headers['content-type'])}`;
    if (/\bNaN\b|\bInfinity\b/u.test(text) && json === undefined) return 'NaN in JSON';
    return faultsOf(known.schema, json) ?? wrongMeta(json, headers['x-request-id']);
  };
}

function wrongProblem({ status, headers, text, json }: WireReply): string | undefined {
  if (headers['content-type'] !== 'application/problem+json')
    return `a problem as ${String(headers['content-type'])}`;
  if (at(json, 'status') !== status) return 'another status in the body';
  if (at(json, 'request_id') !== headers['x-request-id']) return 'another request id in the body';
  const details = [
    at(json, 'detail'),
    ...(at(json, 'errors') as JsonValue[]).map((error) => at(error, 'detail')),
  ];
  const odd = details.find((detail) => typeof detail !== 'string' || !/^expected .*, got /su.test(detail));
  if (odd !== undefined) return `the sentence ${JSON.stringify(odd)}`;
  if (text.length > 8000) return `a problem of ${text.length} characters`;
  if (/node_modules|\/(src|dist)\/|\n\s+at /u.test(text)) return 'a stack or a path';
  if (status === 405 && headers.allow === undefined) return '405 without Allow';
  return undefined;
}

function wrongMeta(json: JsonValue | undefined, id: string | undefined): string | undefined {
  const meta = at(json, 'meta');
  if (!/^[0-9a-f]{64}$/u.test(at(meta, 'result_sha256') as string)) return 'no result_sha256';
  if (at(meta, 'request_id') !== id) return 'another request id in meta';
  return undefined;
}

function wrongArrow(bytes: Buffer): string | undefined {
  const { schema } = tableFromIPC(new Uint8Array(bytes));
  if (schema.names.at(-1) !== 'cluster') return 'an Arrow answer without clusters';
  for (const key of ['results', 'meta']) {
    const value: unknown = JSON.parse(schema.metadata.get(key) ?? 'null');
    if (typeof value !== 'object' || value === null) return `an Arrow answer without ${key}`;
  }
  return undefined;
}
