/** The requests that every data endpoint answers as promised, and what is promised of every answer. */
import { endpoints } from '../../src/domain/endpoints.js';
import { PROBLEM_CODES } from '../../src/adapters/http/problems.js';
import { TRANSPORT_CODES } from '../../src/adapters/http/server.js';
import {
  at,
  JSON_TYPE,
  type JsonValue,
  type Reply,
  ROOT,
  send,
  type Service,
  startService,
} from '../service.js';

/** Hypothesis tests take the same way in: one stands for all that have a path by their name. */
const STANDS_FOR_TESTS = '/analytics/tests/levene';
/** Of what makes and asks models these two take plain tables; bodies of other protocols have tests of their own. */
export const FIT = '/models';
export const PREDICT = '/models/{name}/predict';
const EXAMPLES = new Map(
  endpoints
    .filter(({ path }) => !path.startsWith('/analytics/tests/') || path === STANDS_FOR_TESTS)
    .filter(({ name, model }) => model === undefined || ['models.fit', 'models.predict'].includes(name))
    .map(({ path, example }) => [path, JSON.stringify(example)]),
);
export const PATHS = [...EXAMPLES.keys()];
/** What an endpoint cannot do without, as a query, so that the requests go all its way. */
const NEEDED: ReadonlyMap<string, string> = new Map([
  ['/analytics/features', `steps=${encodeURIComponent('[{"name":"lag"}]')}`],
  [FIT, `name=hostile&pipeline=${encodeURIComponent('[{"name":"kmeans","n_clusters":1}]')}`],
]);
/** Those that cannot be asked without an option: what is missing may be said first. */
const REQUIRING = endpoints
  .filter(
    ({ path, options }) =>
      !NEEDED.has(path) && ((options as { required?: readonly string[] }).required ?? []).length > 0,
  )
  .map(({ path }) => path);
/** Those that answer with a page where one is asked for. */
export const PAGES = endpoints.filter(({ answersHtml }) => answersHtml === true).map(({ path }) => path);
/** Those whose answers hold the statistics of columns, which the checks look at. */
export const DESCRIBING: readonly string[] = ['/analytics/analyze', '/analytics/describe'];
const CODES = [...PROBLEM_CODES, ...TRANSPORT_CODES];

/** One hostile request and its answer. */
export interface Hostile {
  readonly name: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body: string | Uint8Array | readonly Uint8Array[];
  readonly status: number | readonly number[];
  readonly code?: string | readonly string[];
  /** The first of `errors` points here; a pattern where endpoints differ. */
  readonly pointer?: string | RegExp;
  /** Where it is no hostile request: tested there as what it is. */
  readonly except?: readonly string[];
  /** Milliseconds of the fastest of five tries. */
  readonly within?: number;
  /** Looks at an answer that has the status, of an endpoint that describes columns. */
  readonly check?: (reply: Reply, path: string) => void;
}

/** Every request to every data endpoint; after each the service lives and answers a good request as before. */
export function describeHostile(
  title: string,
  cases: readonly Hostile[],
  {
    env = {},
    paths = PATHS,
  }: { readonly env?: Readonly<Record<string, string>>; readonly paths?: readonly string[] } = {},
): void {
  describe.each(paths)(`${title}: %s`, (path) => {
    let service: Service;
    let before: JsonValue | undefined;
    const good = async (): Promise<JsonValue | undefined> => {
      const url = `${service.url}${named(path)}`;
      const reply = await send(url, { headers: JSON_TYPE, body: EXAMPLES.get(path)! });
      const status = path === FIT ? 201 : 200;
      expect([reply.text.slice(0, 200), reply.status]).toEqual([reply.text.slice(0, 200), status]);
      return at(reply.json, 'meta', 'result_sha256');
    };
    beforeAll(async () => {
      service = await startService({ env });
      await readyFor(service.url, path);
      before = await good();
    });
    afterAll(async () => {
      expect(await service.stop()).toBe(0);
      expect(service.output()).not.toMatch(/a lane ended|"level":"error"/u);
    });

    const asked = cases.filter(({ except = [] }) => !except.includes(path));
    test.each(asked.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
      await expectAnswer(service, path, one);
      const alive = await send(`${service.url}/health/live`, { method: 'GET' });
      expect(alive.status).toBe(200);
      expect(await good()).toBe(before);
    });
  });
}

/** Fits what a path asks. */
export async function readyFor(url: string, path: string): Promise<void> {
  if (path !== PREDICT) return;
  const reply = await send(`${url}${FIT}`, { headers: JSON_TYPE, body: EXAMPLES.get(FIT)! });
  expect([reply.text.slice(0, 200), reply.status]).toEqual([reply.text.slice(0, 200), 201]);
}

/** With the name of the model that the example of a fit makes. */
export const named = (path: string): string => path.replace('{name}', 'iris');

async function expectAnswer(service: Service, path: string, one: Hostile): Promise<void> {
  const { method = 'POST', headers = JSON_TYPE, query = '', body, status, code, pointer, within } = one;
  const needed = NEEDED.get(path);
  const search = [query.slice(1), ...(needed === undefined ? [] : [needed])]
    .filter((part) => part !== '')
    .join('&');
  const url = `${service.url}${named(path)}${search === '' ? '' : `?${search}`}`;
  const ask = (): Promise<Reply> => send(url, { method, headers, body });
  const reply = await ask();
  const promised = [status].flat().map((one) => (path === FIT && one === 200 ? 201 : one));
  // What another analysis has no use for it refuses in words.
  const refused =
    reply.status === 422 &&
    (REQUIRING.includes(path) ||
      at(reply.json, 'code') === 'missing_column' ||
      (promised.some((one) => one < 300) && !DESCRIBING.includes(path)));
  const allowed = refused ? [...promised, 422] : promised;
  const shown = reply.text.slice(0, 400);
  expect({ shown, status: allowed.includes(reply.status) ? allowed : reply.status }).toEqual({
    shown,
    status: allowed,
  });
  if (method === 'HEAD') expect(reply.text).toBe('');
  else if (reply.status >= 400) expectProblem(reply, typeof body === 'string' ? body : '');
  else if (String(reply.headers['content-type']).startsWith('application/json')) expectReasons(reply);
  if (refused) return;
  if (code !== undefined) expect([code].flat()).toContain(at(reply.json, 'code'));
  if (typeof pointer === 'string') expect(at(reply.json, 'errors', 0, 'pointer')).toBe(pointer);
  else if (pointer !== undefined) expect(at(reply.json, 'errors', 0, 'pointer')).toMatch(pointer);
  if (DESCRIBING.includes(path)) one.check?.(reply, path);
  if (within === undefined) return;
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const started = performance.now();
    await ask();
    times.push(performance.now() - started);
  }
  expect(Math.min(...times)).toBeLessThan(within);
}

/** RFC 9457 as the contract has it: nothing more of the input than 100 characters, nothing of the service's inside. */
export function expectProblem(reply: Pick<Reply, 'status' | 'headers' | 'text' | 'json'>, input = ''): void {
  const { status, headers, text, json } = reply;
  expect(headers['content-type']).toBe('application/problem+json');
  expect(Object.keys(json ?? {})).toEqual([
    'type',
    'title',
    'status',
    'detail',
    'code',
    'request_id',
    'errors',
  ]);
  expect(at(json, 'status')).toBe(status);
  expect(CODES).toContain(at(json, 'code'));
  expect(at(json, 'detail')).toMatch(/^expected .*got /su);
  expect(at(json, 'request_id')).toBe(headers['x-request-id']);
  if (status === 405) expect(headers.allow).toMatch(/^[A-Z]+(, [A-Z]+)*$/u);
  if (status === 503 || status === 429) expect(headers['retry-after']).toMatch(/^\d+$/u);
  if (at(json, 'code') === 'unsupported_encoding')
    expect(headers['accept-encoding']).toMatch(/^[a-z]+(, [a-z]+)*$/u);
  const errors = at(json, 'errors') as { pointer: string; code: string; detail: string }[];
  expect(errors.length).toBeLessThanOrEqual(20);
  for (const { code, detail } of errors) {
    expect(CODES).toContain(code);
    expect(detail).toMatch(/^expected .*got /su);
  }
  expect(text).not.toMatch(/node_modules|\/(src|dist)\/|\bat .*\.[jt]s:\d+|\n\s+at /u);
  expect(text).not.toContain(ROOT);
  for (const shown of [at(json, 'detail') as string, ...errors.map(({ detail }) => detail)])
    expect(echoed(shown, input)).toBe('');
}

/** A run of more than 100 characters of `input` that `shown` repeats, or nothing. */
function echoed(shown: string, input: string): string {
  for (let i = 0; i + 101 <= shown.length; i++) {
    const run = shown.slice(i, i + 101);
    if (input.includes(run)) return run;
  }
  return '';
}

/** A null among the results has a warning that says why; text columns have no top when they are empty. */
function expectReasons(reply: Reply): void {
  const nulls = (value: JsonValue | undefined): boolean =>
    value === null || (typeof value === 'object' && Object.values(value).some(nulls));
  const warnings = at(reply.json, 'meta', 'warnings') as { code: string; detail: string }[];
  if (nulls(at(reply.json, 'results'))) expect(warnings.length).toBeGreaterThan(0);
  for (const { code, detail } of warnings) expect([typeof code, typeof detail]).toEqual(['string', 'string']);
}

/** The codes of an answer's warnings. */
export function warningsOf(reply: Reply): string[] {
  return (at(reply.json, 'meta', 'warnings') as { code: string }[]).map(({ code }) => code);
}

/** The statistics of a column, wherever an endpoint has them. */
export function summaryOf(reply: Reply, column: string): JsonValue | undefined {
  return at(reply.json, 'results', 'summary', column) ?? at(reply.json, 'results', column);
}

export const NDJSON_TYPE = { 'content-type': 'application/x-ndjson' };
export const CSV_TYPE = { 'content-type': 'text/csv' };

/** Names that mean something to a prototype, a shell, a spreadsheet, a path, a terminal or a database. */
export const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'a\u0000b',
  'line\nbreak',
  'carriage\r\nreturn',
  '\u202egnp.exe',
  'שלום',
  '🙂',
  '../../etc/passwd',
  "'; DROP TABLE x; --",
  '=cmd()',
  '@SUM(1+1)*cmd|calc',
  '<script>alert(1)</script>',
  '${7*7}',
  '%s%n',
  '\u2028',
  '"quoted"',
  'back\\slash',
  '\ufeffbom',
  ' ',
  '1',
  'length',
  'a/b~c',
];

/** The name is echoed as it came, its numbers are there, and nothing else has changed. */
export function expectName(name: string): (reply: Reply) => void {
  return (reply) => {
    expect(at(reply.json, 'details', 'columns', 0)).toEqual({ name, type: 'number', missing: 0 });
    expect(at(reply.json, 'details', 'columns', 1)).toEqual({ name: 'z', type: 'number', missing: 0 });
    expect(at(summaryOf(reply, name), 'mean')).toBe(2);
    expect(at(summaryOf(reply, 'z'), 'mean')).toBe(1);
  };
}
