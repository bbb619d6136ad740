import { retryAfter } from '../../src/adapters/http/problems.js';
import { Wire } from '../hostile/wire.js';
import { at, JSON_TYPE, postJson, send, type Service, startService } from '../service.js';

/** Work that keeps a lane busy for longer than any deadline here. */
const HEAVY = {
  columns: {
    a: Array.from({ length: 20_000 }, (_, i) => Math.sin(i) * 1e3),
    b: Array.from({ length: 20_000 }, (_, i) => Math.cos(i * 7)),
  },
  options: { n_clusters: 5_000, n_init: 50, tol: 0 },
};
const SMALL = JSON.stringify({ data: [{ a: 1 }, { a: 2 }] });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('Retry-After', () => {
  test('is spread, and grows with what waits', () => {
    const values = (waitMs: number): number[] =>
      Array.from({ length: 200 }, (_, i) => retryAfter(waitMs, () => i / 200));
    const span = (waitMs: number): number[] => [Math.min(...values(waitMs)), Math.max(...values(waitMs))];
    expect(span(0)).toEqual([1, 3]);
    expect(span(900)).toEqual([1, 3]);
    expect(span(4_200)).toEqual([5, 14]);
    expect(span(30_000)).toEqual([30, 89]);
    expect(span(1e9)).toEqual([60, 119]);
    expect(new Set(values(4_200)).size).toBe(10);
  });
});

describe('a full queue', () => {
  let service: Service;
  let busy: Promise<unknown>[] = [];
  beforeAll(async () => {
    service = await startService({ env: { LANES: '1', MAX_QUEUE: '1' } });
    await postJson(`${service.url}/analytics/analyze`, { data: [{ a: 1 }] });
    // For as long as the tests here take.
    busy = Array.from({ length: 2 }, () =>
      postJson(`${service.url}/analytics/analyze`, HEAVY, { 'x-request-deadline-ms': '6000' }),
    );
    await pause(500);
  });
  afterAll(async () => {
    await Promise.all(busy);
    expect(await service.stop()).toBe(0);
  });

  test('a small body is refused by its headers; what comes of it is thrown away, and the connection goes on', async () => {
    const wire = await Wire.open(service.url);
    await wire.head('/analytics/describe', { ...JSON_TYPE, 'content-length': SMALL.length });
    const refused = await wire.reply();
    expect([refused.status, at(refused.json, 'code')]).toEqual([503, 'overloaded']);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(refused.headers.get('connection')).not.toBe('close');
    await wire.write(SMALL);
    await wire.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    expect((await wire.reply()).status).toBe(200);
    wire.destroy();
  });

  test('a large one closes its connection, and who waits with the body gets no 100', async () => {
    const wire = await Wire.open(service.url);
    await wire.head('/analytics/describe', { ...JSON_TYPE, 'content-length': 5_000_000 });
    const refused = await wire.reply();
    expect([refused.status, refused.headers.get('connection')]).toEqual([503, 'close']);
    wire.destroy();

    const polite = await Wire.open(service.url);
    await polite.head('/analytics/describe', {
      ...JSON_TYPE,
      'content-length': SMALL.length,
      expect: '100-continue',
    });
    const told = await polite.reply();
    expect([told.status, told.headers.get('connection')]).toEqual([503, 'close']);
    polite.destroy();
  });

  test.each([
    ['/models', 'code', 'overloaded'],
    ['/models/none/predict', 'code', 'overloaded'],
    ['/models/none/versions/1/predict', 'code', 'overloaded'],
    ['/invocations', 'code', 'overloaded'],
    ['/v2/models/none/infer', 'error', 'expected at most 1 requests waiting, got one more'],
  ])('also %s', async (path, member, value) => {
    const refused = await send(service.url + path, { headers: JSON_TYPE, body: '{}' });
    expect([refused.status, at(refused.json, member)]).toEqual([503, value]);
  });

  test('what needs no lane is answered', async () => {
    for (const path of ['/health/live', '/health/ready', '/version', '/models'])
      expect((await send(service.url + path, { method: 'GET' })).status).toBe(200);
    expect((await send(`${service.url}/v2/repository/index`, { body: '' })).status).toBe(200);
    expect((await send(`${service.url}/nowhere`, { body: '' })).status).toBe(404);
  });
});

describe('bodies that are still arriving', () => {
  test('a refused body that does not come ends its connection', async () => {
    const service = await startService({ env: { LANES: '1', MAX_QUEUE: '0' } });
    const busy = postJson(`${service.url}/analytics/analyze`, HEAVY, { 'x-request-deadline-ms': '1500' });
    await pause(700);
    const wire = await Wire.open(service.url);
    await wire.head('/analytics/describe', { ...JSON_TYPE, 'content-length': 1_000 });
    expect((await wire.reply()).status).toBe(503);
    const started = performance.now();
    const drip = setInterval(() => void wire.write(' '), 200);
    await wire.closed();
    clearInterval(drip);
    expect(performance.now() - started).toBeLessThan(8_000);
    await busy;
    expect(await service.stop()).toBe(0);
  });

  test('small ones hold no place in the queue, and their bytes are bounded together', async () => {
    const service = await startService({
      env: { LANES: '1', MAX_QUEUE: '0', MAX_QUEUE_BYTES: '110000' },
    });
    const describeUrl = `${service.url}/analytics/describe`;
    const half = async (): Promise<Wire> => {
      const wire = await Wire.open(service.url);
      await wire.head('/analytics/describe', { ...JSON_TYPE, 'content-length': 60_000 });
      await wire.write(Buffer.alloc(45_000, 32));
      return wire;
    };
    const wires = [await half(), await half()];
    await pause(200);
    // Two uploads are under way where none may wait: another request is answered.
    expect((await send(describeUrl, { headers: JSON_TYPE, body: SMALL })).status).toBe(200);
    const third = await half();
    const refused = await third.reply();
    expect([refused.status, at(refused.json, 'code')]).toEqual([503, 'overloaded']);
    expect(at(refused.json, 'detail')).toMatch(/MAX_QUEUE_BYTES/u);
    third.destroy();
    // What one of them held is free when it leaves.
    wires[0]?.destroy();
    await pause(200);
    const fourth = await half();
    await fourth.write(Buffer.concat([Buffer.alloc(15_000 - SMALL.length, 32), Buffer.from(SMALL)]));
    expect((await fourth.reply()).status).toBe(200);
    fourth.destroy();
    wires[1]?.destroy();
    expect(await service.stop()).toBe(0);
  });
});

describe('deadlines', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ env: { LANES: '1', DEADLINE_MS: '400', MAX_DEADLINE_MS: '1500' } });
    await postJson(`${service.url}/analytics/analyze`, { data: [{ a: 1 }] });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });
  const timed = async (headers: Readonly<Record<string, string>>): Promise<number> => {
    const started = performance.now();
    const reply = await postJson(`${service.url}/analytics/analyze`, HEAVY, headers);
    expect([reply.status, at(reply.json, 'code')]).toEqual([504, 'deadline_exceeded']);
    return performance.now() - started;
  };

  test('the server has one, a client may ask for more, up to the longest', async () => {
    const own = await timed({});
    expect(own).toBeGreaterThan(395);
    expect(own).toBeLessThan(1_000);
    expect(await timed({ 'x-request-deadline-ms': '1000' })).toBeGreaterThan(995);
    const longest = await timed({ 'x-request-deadline-ms': '1000000000' });
    expect(longest).toBeGreaterThan(1_495);
    expect(longest).toBeLessThan(2_500);
  });

  test.each([1_000, 1_000_000])(
    'it counts from the headers: an upload of %i bytes that is late is told so',
    async (length) => {
      const wire = await Wire.open(service.url);
      const headers = { ...JSON_TYPE, 'content-length': length, 'x-request-deadline-ms': 300 };
      await wire.head('/analytics/describe', headers);
      await wire.write(Buffer.alloc(500, 32));
      const reply = await wire.reply();
      expect([reply.status, at(reply.json, 'code')]).toEqual([504, 'deadline_exceeded']);
      expect(reply.ms).toBeGreaterThan(295);
      expect(reply.ms).toBeLessThan(550);
      wire.destroy();
      expect(
        (await send(`${service.url}/analytics/describe`, { headers: JSON_TYPE, body: SMALL })).status,
      ).toBe(200);
    },
  );
});
