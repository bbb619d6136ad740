/** Jobs of the real service, over HTTP. */
import { setTimeout as pause } from 'node:timers/promises';
import { temporaryFolder } from '../registry/folder.js';
import { at, postJson, send, type Service, startService } from '../service.js';
import { follow, look, stored, submit, submitted } from './ask.js';

const ROWS = 4000;
const columns = {
  a: Array.from({ length: ROWS }, (_, i) => Math.sin(i)),
  b: Array.from({ length: ROWS }, (_, i) => Math.cos(i * i)),
  c: Array.from({ length: ROWS }, (_, i) => (i * 7919) % 1009),
  y: Array.from({ length: ROWS }, (_, i) => (i % 3 === 0 ? 'p' : 'q')),
};
/** Minutes of work: as many runs, each of many steps. */
const LONG = { n_clusters: 64, n_init: 100, max_iter: 100_000, tol: 0 };

let service: Service;
let dataset: string;
let url: string;
beforeAll(async () => {
  service = await startService();
  ({ url } = service);
  dataset = await stored(url, columns);
});
afterAll(async () => {
  await service.stop();
});
const faults = (reply: { json: Parameters<typeof at>[0] }): unknown => at(reply.json, 'errors', 0, 'pointer');

test.each([
  ['analyze', {}],
  ['describe', { options: { percentiles: [0.1, 0.9] } }],
  ['cluster', { options: { n_clusters: 4 } }],
  ['correlate', {}],
  ['tests/ttest_ind', { options: { columns: ['a', 'b'] } }],
  ['tests', { options: { tests: [{ name: 'ttest_rel', columns: ['a', 'b'] }] } }],
  ['features', { options: { steps: [{ name: 'standard_scaler', columns: ['a'] }] } }],
  ['profile', {}],
])('%s: what the job computes has the hash of what the request answers', async (operation, rest) => {
  const address = await submitted(url, { operation, dataset, ...rest });
  await follow(address);
  const result = await send(`${address}/result`, { method: 'GET' });
  expect(result.status).toBe(200);
  const direct = await postJson(`${url}/analytics/${operation}`, { columns, ...rest });
  expect(direct.status).toBe(200);
  expect(result.headers['content-type']).toBe(direct.headers['content-type']);
  expect(at(result.json, 'meta', 'result_sha256')).toBe(at(direct.json, 'meta', 'result_sha256'));
  expect(at(result.json, 'results')).toEqual(at(direct.json, 'results'));
});

test('a fit is a version, and its prediction a job that asks it', async () => {
  const fit = {
    operation: 'fit',
    dataset,
    name: 'thirds',
    pipeline: [{ name: 'standard_scaler' }, { name: 'logistic_regression' }],
    target: 'y',
  };
  const address = await submitted(url, fit);
  await follow(address);
  const result = await send(`${address}/result`, { method: 'GET' });
  expect(result.headers['location']).toBe('/models/thirds/versions/1');
  expect(at(result.json, 'results', 'version')).toBe(1);
  const asking = await submitted(url, { operation: 'predict', dataset, model: 'thirds' });
  await follow(asking);
  expect(await look(asking)).toMatchObject({ model: 'thirds', version: 1, state: 'succeeded' });
  const direct = await postJson(`${url}/models/thirds/predict`, { dataset });
  const predicted = await send(`${asking}/result`, { method: 'GET' });
  expect(at(predicted.json, 'meta', 'result_sha256')).toBe(at(direct.json, 'meta', 'result_sha256'));
});

test('Arrow and pages are chosen when the job is submitted', async () => {
  const type = 'application/vnd.apache.arrow.stream';
  const address = await submitted(url, { operation: 'cluster', dataset, accept: type });
  await follow(address);
  expect((await send(`${address}/result`, { method: 'GET' })).headers['content-type']).toBe(type);
  const head = await send(`${address}/result`, { method: 'HEAD' });
  expect(Number(head.headers['content-length'])).toBeGreaterThan(1000);
  expect((await submit(url, { operation: 'describe', dataset, accept: 'text/html' })).status).toBe(406);
  const page = await submitted(url, { operation: 'profile', dataset, accept: 'text/html' });
  await follow(page);
  const html = await send(`${page}/result`, { method: 'GET' });
  expect(html.headers['content-security-policy']).toContain("default-src 'none'");
});

test('the same Idempotency-Key is the same job; with another body it is 409', async () => {
  const key = { 'idempotency-key': 'abc' };
  const first = await submit(url, { operation: 'describe', dataset, options: { percentiles: [0.5] } }, key);
  const again = await submit(url, { options: { percentiles: [0.5] }, dataset, operation: 'describe' }, key);
  expect([first.status, again.status]).toEqual([202, 200]);
  expect(again.headers['location']).toBe(first.headers['location']);
  const other = await submit(url, { operation: 'describe', dataset }, key);
  expect([other.status, at(other.json, 'code')]).toEqual([409, 'conflict']);
  const strange = await submit(url, { operation: 'describe', dataset }, { 'idempotency-key': 'a b' });
  expect(strange.status).toBe(422);
});

test.each([
  ['an operation that is none', { operation: 'nothing' }, 422, '/operation'],
  [
    'an option that is wrong',
    { operation: 'cluster', options: { n_clusters: 0 } },
    422,
    '/options/n_clusters',
  ],
  ['an option that there is not', { operation: 'cluster', options: { k: 3 } }, 422, '/options/k'],
  ['a member of another operation', { operation: 'cluster', target: 'y' }, 422, '/target'],
  ['a member that no operation has', { operation: 'cluster', verbose: true }, 422, '/verbose'],
  [
    'a parameter of a step',
    { operation: 'fit', name: 'm', pipeline: [{ name: 'ridge', alpha: -1 }] },
    422,
    '/pipeline/0/alpha',
  ],
  ['a fit without a pipeline', { operation: 'fit', name: 'm' }, 422, '/options/pipeline'],
  ['a dataset that is no hash', { operation: 'describe', dataset: 'x' }, 422, '/dataset'],
  ['a dataset that there is not', { operation: 'describe', dataset: 'b'.repeat(64) }, 404, '/dataset'],
  ['a prediction without a model', { operation: 'predict' }, 422, '/model'],
  ['a model that there is not', { operation: 'predict', model: 'nobody' }, 404, '/model'],
])('%s is refused at once', async (_what, job, status, pointer) => {
  const reply = await submit(url, { dataset, ...job });
  expect([reply.status, faults(reply)]).toEqual([status, pointer]);
});

test('a job that fails says why, with the words of the request', async () => {
  const address = await submitted(url, { operation: 'describe', dataset, options: { columns: ['none'] } });
  const events = await follow(address);
  expect(events.at(-1)).toMatchObject({ event: 'done', data: { state: 'failed', code: 'unknown_column' } });
  expect(await look(address)).toMatchObject({ state: 'failed', failure: { code: 'unknown_column' } });
  const result = await send(`${address}/result`, { method: 'GET' });
  expect([result.status, faults(result)]).toEqual([404, '/options/columns/0']);
  expect((await send(address, { method: 'DELETE' })).status).toBe(409);
});

test('a job that runs tells of its steps, waits for nobody, and ends within half a second when it is cancelled', async () => {
  const address = await submitted(url, { operation: 'cluster', dataset, options: LONG });
  const waits = await submitted(url, { operation: 'describe', dataset });
  // An iteration is under way; of steps that come faster than they are kept any may be the one.
  const isIteration = ({ data }: Awaited<ReturnType<typeof follow>>[number]): boolean =>
    at(data, 'stage') === 'kmeans';
  for (let many = 4; many < 16 && !(await follow(address, 0, many)).some(isIteration);) many++;
  expect(await look(waits)).toMatchObject({ state: 'queued', position: 1 });
  const early = await send(`${address}/result`, { method: 'GET' });
  expect([early.status, at(early.json, 'code')]).toEqual([409, 'conflict']);
  // Requests go on beside it.
  expect((await postJson(`${url}/analytics/describe`, { columns: { a: [1, 2, 3] } })).status).toBe(200);
  const asked = performance.now();
  const reply = await send(address, { method: 'DELETE' });
  const ms = performance.now() - asked;
  expect([reply.status, at(reply.json, 'results', 'state')]).toEqual([200, 'cancelled']);
  console.log(`cancelled in ${Math.round(ms)} ms`);
  expect(ms).toBeLessThan(500);
  // What it had by then.
  const result = await send(`${address}/result`, { method: 'GET' });
  expect([result.status, at(result.json, 'meta', 'partial')]).toEqual([200, true]);
  expect(await look(address)).toMatchObject({ result: { partial: true } });
  expect((await send(address, { method: 'DELETE' })).status).toBe(200);
  const events = await follow(address);
  expect(events.map(({ id }) => id)).toEqual(events.map((_, i) => i + 1));
  const steps = events.filter(({ event }) => event === 'progress').map(({ data }) => data);
  expect(steps).toContainEqual(expect.objectContaining({ stage: 'kmeans' }));
  expect(events.at(-1)).toMatchObject({ event: 'done', data: { state: 'cancelled', partial: true } });
  // The next has its turn.
  expect((await follow(waits)).at(-1)).toMatchObject({ data: { state: 'succeeded' } });
}, 60_000);

test('Last-Event-ID goes on exactly behind that event, and who has seen all is told so', async () => {
  const address = await submitted(url, { operation: 'cluster', dataset, options: LONG });
  const first = await follow(address, 0, 3);
  const second = await follow(address, 3, 2);
  await pause(300);
  await send(address, { method: 'DELETE' });
  const rest = await follow(address, 5);
  const all = await follow(address);
  expect([...first, ...second, ...rest]).toEqual(all);
  const last = await send(`${address}/events`, {
    method: 'GET',
    headers: { 'last-event-id': String(all.length) },
  });
  expect(last.status).toBe(204);
}, 60_000);

test('one that waits ends at once; one that is not there is 404; pages of the list follow each other', async () => {
  const long = await submitted(url, { operation: 'cluster', dataset, options: LONG });
  const waits = await submitted(url, { operation: 'describe', dataset });
  const reply = await send(waits, { method: 'DELETE' });
  expect(at(reply.json, 'results', 'state')).toBe('cancelled');
  expect((await send(`${waits}/result`, { method: 'GET' })).status).toBe(404);
  await send(long, { method: 'DELETE' });
  for (const path of ['', '/result', '/events'])
    expect((await send(`${url}/jobs/none${path}`, { method: 'GET' })).status).toBe(404);
  const ids: unknown[] = [];
  for (let after = ''; ;) {
    const page = (await send(`${url}/jobs?limit=4${after}`, { method: 'GET' })).json;
    const jobs = at(page, 'results', 'jobs');
    if (Array.isArray(jobs)) ids.push(...jobs.map((job) => at(job, 'id')));
    const next = at(page, 'results', 'next');
    if (typeof next !== 'string') break;
    after = `&after=${next}`;
  }
  const all = (await send(`${url}/jobs?limit=500`, { method: 'GET' })).json;
  const jobs = at(all, 'results', 'jobs');
  expect(ids).toEqual(Array.isArray(jobs) ? jobs.map((job) => at(job, 'id')) : []);
  const cancelled = (await send(`${url}/jobs?state=cancelled&limit=1`, { method: 'GET' })).json;
  expect(at(cancelled, 'results', 'jobs', 0, 'state')).toBe('cancelled');
  for (const query of ['limit=0', 'state=none', 'after=none', 'page=2'])
    expect((await send(`${url}/jobs?${query}`, { method: 'GET' })).status).toBe(422);
}, 60_000);

test('a service that stops gives its job back, and the next goes on with it', async () => {
  const env = { DATA_DIR: temporaryFolder() };
  const first = await startService({ env });
  const id = await stored(first.url, columns);
  const address = new URL(await submitted(first.url, { operation: 'cluster', dataset: id, options: LONG }))
    .pathname;
  await follow(`${first.url}${address}`, 0, 3);
  expect(await first.stop()).toBe(0);
  const second = await startService({ env });
  const events = await follow(`${second.url}${address}`, 0, 5);
  expect(events.map(({ event }) => event)).toContain('requeued');
  expect(await look(`${second.url}${address}`)).toMatchObject({ state: 'running', attempts: 1 });
  await send(`${second.url}${address}`, { method: 'DELETE' });
  expect(await second.stop()).toBe(0);
}, 60_000);
