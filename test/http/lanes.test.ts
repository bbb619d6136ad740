import { readFileSync } from 'node:fs';
import { at, postJson, send, type Service, startService } from '../service.js';

/** Rows that keep a lane busy for longer than any deadline here. */
const HEAVY = {
  columns: {
    a: Array.from({ length: 20_000 }, (_, i) => Math.sin(i) * 1e3),
    b: Array.from({ length: 20_000 }, (_, i) => Math.cos(i * 7)),
  },
  options: { n_clusters: 5_000, n_init: 50, tol: 0 },
};

describe('lanes', () => {
  let service: Service;
  let analyze: string;
  beforeAll(async () => {
    service = await startService({ env: { LANES: '1', MAX_QUEUE: '2', DEADLINE_MS: '20000' } });
    analyze = `${service.url}/analytics/analyze`;
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  test('a deadline that passes: 504, its lane stops and answers the next request', async () => {
    await postJson(analyze, { data: [{ a: 1 }] });
    const started = performance.now();
    const late = await postJson(analyze, HEAVY, { 'x-request-deadline-ms': '300' });
    expect([late.status, at(late.json, 'code')]).toEqual([504, 'deadline_exceeded']);
    expect(performance.now() - started).toBeLessThan(3000);
    const after = performance.now();
    const next = await postJson(analyze, { data: [{ a: 1 }, { a: 2 }, { a: 3 }] });
    expect(next.status).toBe(200);
    expect(performance.now() - after).toBeLessThan(150);
    expect(service.output()).not.toMatch(/a lane ended/u);
  });

  test('the event loop is free while a lane is full', async () => {
    const heavy = postJson(analyze, HEAVY, { 'x-request-deadline-ms': '1500' });
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const started = performance.now();
      expect((await send(`${service.url}/health/live`, { method: 'GET' })).status).toBe(200);
      times.push(performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(times.toSorted((a, b) => a - b)[10]).toBeLessThan(50);
    expect((await heavy).status).toBe(504);
  });

  test('beyond the queue: 503 with Retry-After, and those that wait get their turn or their deadline', async () => {
    const busy = Array.from({ length: 3 }, () =>
      postJson(analyze, HEAVY, { 'x-request-deadline-ms': '1500' }),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    const refused = await postJson(analyze, { data: [{ a: 1 }] });
    expect([refused.status, at(refused.json, 'code')]).toEqual([503, 'overloaded']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect((await Promise.all(busy)).map(({ status }) => status)).toEqual([504, 504, 504]);
    expect((await postJson(analyze, { data: [{ a: 1 }] })).status).toBe(200);
  });

  test('SIGTERM: an accepted request finishes, the exit code is 0', async () => {
    const own = await startService();
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ a: i % 97, b: (i * i) % 101 }));
    const answer = postJson(`${own.url}/analytics/analyze`, { data: rows, options: { n_clusters: 50 } });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const exit = own.stop();
    expect((await answer).status).toBe(200);
    expect(await exit).toBe(0);
  });

  test('five hundred requests leave memory where it was', async () => {
    const own = await startService({ env: { LANES: '2' } });
    const resident = (): number =>
      Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${own.pid}/status`, 'utf8'))?.[1]);
    const ask = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const rows = Array.from({ length: 500 }, (_, r) => ({ a: (r * i) % 97, b: r }));
        expect((await postJson(`${own.url}/analytics/analyze`, { data: rows })).status).toBe(200);
      }
    };
    await ask(200);
    const before = resident();
    await ask(300);
    expect(resident() - before).toBeLessThan(64 * 1024);
    expect(await own.stop()).toBe(0);
  }, 60_000);
});
