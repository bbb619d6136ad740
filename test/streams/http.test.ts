import { request as httpRequest } from 'node:http';
import { at, postJson, send, type Service, startService } from '../service';
import { definition, get, NDJSON, post, rowsOf, windows } from './ask';

jest.setTimeout(120_000);

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.stop();
});

test('a closed window says what describe says of its rows', async () => {
  const { url } = service;
  const made = await postJson(`${url}/streams`, definition('same'));
  expect([made.status, made.headers['location']]).toEqual([201, '/streams/same']);
  const rows = rowsOf(1200);
  for (let from = 0; from < rows.length; from += 100)
    expect((await post(url, 'same', rows.slice(from, from + 100))).status).toBe(200);
  const closed = await windows(url, 'same');
  expect(closed.map((one) => [at(one, 'key'), at(one, 'start'), at(one, 'records')])).toEqual([
    ['b', '1970-01-01T00:00:00.000Z', 500],
    ['a', '1970-01-01T00:00:00.000Z', 500],
  ]);
  for (const window of closed) {
    const own = rows.filter(({ t, k }) => t < 10_000 && k === at(window, 'key'));
    const whole = (await postJson(`${url}/analytics/describe`, { data: own.map(({ x }) => ({ x })) })).json;
    for (const figure of ['count', 'mean', 'std', 'min', 'max']) {
      const got = Number(at(window, 'operations', 0, 'results', 'x', figure));
      expect(got).toBeCloseTo(Number(at(whole, 'results', 'x', figure)), 9);
    }
  }
  expect((await windows(url, 'same', '&state=open')).map((one) => at(one, 'records'))).toEqual([100, 100]);
});

test('the same definition again is the same stream; another of its name is a conflict', async () => {
  const { url } = service;
  await postJson(`${url}/streams`, definition('twice'));
  expect((await postJson(`${url}/streams`, definition('twice'))).status).toBe(200);
  expect((await postJson(`${url}/streams`, definition('twice', { key: 'other' }))).status).toBe(409);
  expect((await send(`${url}/streams/twice`, { method: 'DELETE' })).status).toBe(200);
  expect((await send(`${url}/streams/twice`, { method: 'GET' })).status).toBe(404);
  expect((await post(url, 'twice', rowsOf(1))).status).toBe(404);
});

test('records that come too late are told, and so are those that cannot be taken', async () => {
  const { url } = service;
  await postJson(`${url}/streams`, definition('late'));
  await post(url, 'late', rowsOf(1, 0));
  await post(url, 'late', rowsOf(1, 1200));
  const reply = await post(url, 'late', [...rowsOf(2, 1), { t: 'never', k: 'a', x: 1 }, ...rowsOf(1, 1100)]);
  const told = at(reply.json, 'results');
  expect([at(told, 'accepted'), at(told, 'late'), at(told, 'rejected')]).toEqual([1, 2, 1]);
  expect(at(told, 'rejections', 0, 'row')).toBe(2);
  expect((await post(url, 'late', [])).status).toBeGreaterThanOrEqual(200);
  const broken = await send(`${url}/streams/late/records`, { headers: NDJSON, body: '{"t":1,' });
  expect(broken.status).toBe(400);
});

test('sessions of two batches that meet are one', async () => {
  const { url } = service;
  const window = { type: 'session', gap: '1s', time: 't', lateness: '5s' };
  await postJson(`${url}/streams`, definition('sessions', { window, key: undefined }));
  await post(url, 'sessions', [
    { t: 0, x: 1 },
    { t: 1800, x: 2 },
  ]);
  await post(url, 'sessions', [{ t: 900, x: 3 }]);
  await post(url, 'sessions', [{ t: 60_000, x: 4 }]);
  const closed = await windows(url, 'sessions');
  expect(closed.map((one) => [at(one, 'records'), at(one, 'end')])).toEqual([
    [3, '1970-01-01T00:00:02.800Z'],
  ]);
});

test('a batch with a name is counted once, also when it comes at the same time', async () => {
  const { url } = service;
  await postJson(`${url}/streams`, definition('once'));
  const named = { 'idempotency-key': 'first' };
  const replies = await Promise.all([1, 2, 3].map(() => post(url, 'once', rowsOf(50), named)));
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(at(await get(`${url}/streams/once`), 'results', 'records', 'accepted')).toBe(50);
  const [first] = rowsOf(1);
  const others = [rowsOf(51), rowsOf(50).reverse(), [{ ...first, k: 'b' }, ...rowsOf(49, 1)]];
  for (const rows of others) {
    const reply = await post(url, 'once', rows, named);
    expect([reply.status, at(reply.json, 'code')]).toEqual([409, 'conflict']);
  }
  const again = await post(url, 'once', rowsOf(50), named);
  expect([again.status, at(again.json, 'results', 'repeated')]).toEqual([200, true]);
  // Two bodies of one length at the same time: one of them counts.
  const race = { 'idempotency-key': 'second' };
  const both = await Promise.all(
    [rowsOf(50), rowsOf(50).reverse()].map((rows) => post(url, 'once', rows, race)),
  );
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  expect(at(await get(`${url}/streams/once`), 'results', 'records', 'accepted')).toBe(100);
});

test('hostile definitions and questions are refused in words', async () => {
  const { url } = service;
  const refused = [
    definition('a/b'),
    definition('x', { window: { type: 'tumbling', time: 't' } }),
    definition('x', { window: { type: 'hopping', size: '1d', every: 1, time: 't' } }),
    definition('x', { operations: [] }),
    definition('x', { operations: [{ name: 'kmeans' }] }),
    definition('x', { source: { type: 'kafka', topic: 't' } }),
    definition('x', { __proto__: null, constructor: 1 }),
  ];
  for (const document of refused) expect((await postJson(`${url}/streams`, document)).status).toBe(422);
  await postJson(`${url}/streams`, definition('asked'));
  for (const query of ['limit=0', 'limit=x', 'state=half', 'from=soon', 'after=-1', 'other=1'])
    expect((await send(`${url}/streams/asked/windows?${query}`, { method: 'GET' })).status).toBe(422);
});

test('events go on behind the last that was seen', async () => {
  const { url } = service;
  await postJson(`${url}/streams`, definition('told'));
  for (const from of [0, 1200, 2400, 3600]) await post(url, 'told', rowsOf(1, from));
  const ids = await eventIds(`${url}/streams/told/events`, '1', 2);
  expect(ids).toEqual(['2', '3']);
});

/** Ids of the first events `window` behind one. */
function eventIds(url: string, behind: string, count: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers: { 'last-event-id': behind } }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const ids = [...text.matchAll(/^id: (\d+)$/gmu)].map(([, id = '']) => id);
        if (ids.length < count) return;
        request.destroy();
        resolve(ids.slice(0, count));
      });
    });
    request.on('error', reject);
    request.end();
  });
}
