/** A thousand requests whose work takes far longer than they wait for it: each is told in time, and the lanes are free. */
import { JSON_TYPE, postJson, type Service, startService } from '../service.js';
import { bound, figure } from './figures.js';
import { load } from './load.js';

const DEADLINE_MS = 100;
/** A client may wait so much longer for the word that it is late. */
const WITHIN_MS = DEADLINE_MS + 250;
const FREE_MS = 500;
const REQUESTS = 1_000;

const column = (f: (i: number) => number): number[] => Array.from({ length: 400 }, (_, i) => f(i));
/** A small body with work of more than ten seconds. `engine`: kernels look up when they are told, JavaScript does not. */
const heavy = (engine: string): string =>
  JSON.stringify({
    columns: { a: column((i) => (i * 37) % 101), b: column((i) => (i * i) % 103) },
    options: { n_clusters: 300, n_init: 1_000, max_iter: 1_000, tol: 0, engine },
  });

describe.each([
  ['kernels', 'wasm'],
  ['JavaScript', 'js'],
])('deadlines: 10 s of %s', (what, engine) => {
  let service: Service;
  beforeAll(async () => {
    // All of them may wait.
    const env = {
      LANES: '2',
      MAX_QUEUE: '2000',
      MAX_QUEUE_MS: '3600000',
      MEMORY_BUDGET: String(4 * 2 ** 30),
    };
    service = await startService({ env });
    for (let i = 0; i < 4; i++)
      expect(
        (
          await postJson(`${service.url}/analytics/cluster`, {
            data: [{ a: 1 }, { a: 2 }],
            options: { n_clusters: 1, engine },
          })
        ).status,
      ).toBe(200);
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  test.each([
    ['in five seconds', 5],
    ['at once', 0.1],
  ])(
    'a thousand with 100 ms, %s: answered in time, the lanes are free',
    async (when, seconds) => {
      const stream = {
        name: 'heavy',
        rate: REQUESTS / seconds,
        path: '/analytics/cluster',
        headers: { ...JSON_TYPE, 'x-request-deadline-ms': String(DEADLINE_MS) },
        bodies: [heavy(engine)],
        inTimeMs: WITHIN_MS,
      };
      const seen = (await load(service.url, seconds, [stream], { most: 2 * REQUESTS }))['heavy'];
      const asked = performance.now();
      const small = await postJson(`${service.url}/analytics/describe`, { data: [{ a: 1 }, { a: 2 }] });
      const freeMs = performance.now() - asked;
      if (seen === undefined) throw new Error('expected the stream');
      if (process.env['OPERATE_SHOW'] !== undefined) console.log(when, JSON.stringify(seen));
      const share = seen.inTime / seen.sent;
      figure(`a thousand of ${what} with 100 ms, ${when}: answered within 350 ms`, share, '≥ 0.99');
      figure('a small request after the last of them, in ms', freeMs, '< 500');
      // They waited or were at work until their time was over, or it was plain that it would be.
      const late = seen.statuses['504']?.count ?? 0;
      const refused = seen.statuses['503']?.count ?? 0;
      figure('of them 504 when the deadline passed, 503 at once', `${late}, ${refused}`, 'all');
      expect([late + refused, seen.failures, seen.unanswered]).toEqual([seen.sent, {}, 0]);
      bound(share).toBeGreaterThanOrEqual(0.99);
      expect(small.status).toBe(200);
      bound(freeMs).toBeLessThan(FREE_MS);
    },
    60_000,
  );
});
