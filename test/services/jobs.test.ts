/** Jobs in a real PostgreSQL: the queue's contract, and three services that share it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { openStore } from '../../src/adapters/store/store.js';
import { follow, look, stored, submitted } from '../jobs/ask.js';
import { queueContract } from '../jobs/contract.js';
import { allOver, COLUMNS, tallyOf, Wanted } from '../jobs/kills.js';
import { temporaryFolder } from '../registry/folder.js';
import { at, send, type Service, startService } from '../service.js';
import { type PostgresServer, startPostgres } from './postgres.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 90_000);
afterAll(async () => {
  await server.stop();
});

describe('the queue', () => {
  queueContract(
    async () =>
      openStore({ dataDir: temporaryFolder(), cacheBytes: 0, databaseUrl: await server.database() }),
    true,
  );
});

/** Some seconds of work. */
const SECONDS = { n_clusters: 32, n_init: 40, max_iter: 3000, tol: 0 };
const ROWS = 8000;
const points = {
  a: Array.from({ length: ROWS }, (_, i) => Math.sin(i * i)),
  b: Array.from({ length: ROWS }, (_, i) => Math.cos(i * i * 3)),
};

describe('three services', () => {
  let services: Service[];
  let options: { dataDir: string; cacheBytes: number; databaseUrl: string };
  beforeEach(async () => {
    options = { dataDir: temporaryFolder(), cacheBytes: 0, databaseUrl: await server.database() };
    const env = { DATA_DIR: options.dataDir, DATABASE_URL: options.databaseUrl, JOB_LEASE_MS: '1500' };
    services = [];
    for (let i = 0; i < 3; i++) services.push(await startService({ env }));
  }, 60_000);
  afterEach(async () => {
    for (const service of services) await service.stop();
  }, 60_000);

  test('one is killed, one paused past its lease: every job ends once, and what comes late is kept out', async () => {
    const [killed, paused, stays] = services as [Service, Service, Service];
    const dataset = await stored(stays.url, points);
    const small = await stored(stays.url, COLUMNS);
    const wanted = new Wanted();
    const long: string[] = [];
    for (let i = 0; i < 6; i++)
      long.push(await submitted(stays.url, { operation: 'cluster', dataset, options: SECONDS }));
    await Promise.all([...services, ...services].map(({ url }) => wanted.submit(url, small)));
    // Each runs one of the long ones by now.
    const runs = async (): Promise<number> =>
      (await Promise.all(long.map(look))).filter((job) => at(job, 'state') === 'running').length;
    while ((await runs()) < 3) await pause(50);
    process.kill(paused.pid, 'SIGSTOP');
    await killed.kill();
    while (wanted.count < 60) await wanted.submit(stays.url, small);
    await pause(2000);
    process.kill(paused.pid, 'SIGCONT');
    while (!(wanted.ids.size >= wanted.count)) await wanted.submit(stays.url, small);
    await allOver(stays.url, wanted);
    const again = (await Promise.all(long.map(look))).filter((job) => Number(at(job, 'attempts')) > 1);
    // That of the killed and that of the paused.
    expect(again.length).toBeGreaterThanOrEqual(2);
    for (const address of long) {
      expect(await look(address)).toMatchObject({ state: 'succeeded' });
      const events = await follow(address);
      expect(events.filter(({ event }) => event === 'done')).toHaveLength(1);
      expect(events.map(({ id }) => id)).toEqual(events.map((_, i) => i + 1));
    }
    const tally = await tallyOf(options, wanted, long.length);
    console.log(JSON.stringify({ ...tally, long_begun_again: again.length }));
    expect(tally.succeeded).toBe(60);
    expect(tally.models).toBe(20);
  }, 180_000);

  test('any of them takes a job, tells of it, and ends it, whichever runs it', async () => {
    const [first, second, third] = services as [Service, Service, Service];
    const dataset = await stored(first.url, points);
    const address = await submitted(first.url, {
      operation: 'cluster',
      dataset,
      options: { ...SECONDS, n_init: 100, max_iter: 100_000 },
    });
    const path = new URL(address).pathname;
    const told = await follow(`${second.url}${path}`, 0, 4);
    const rest = follow(`${third.url}${path}`, 4);
    const asked = performance.now();
    const reply = await send(`${second.url}${path}`, { method: 'DELETE' });
    const ms = performance.now() - asked;
    console.log(`cancelled by another in ${Math.round(ms)} ms`);
    // Its end was there before the service gave up waiting for it, which would be 202.
    expect([reply.status, at(reply.json, 'results', 'state')]).toEqual([200, 'cancelled']);
    expect([...told, ...(await rest)]).toEqual(await follow(`${first.url}${path}`));
    const result = await send(`${third.url}${path}/result`, { method: 'GET' });
    expect(at(result.json, 'meta', 'partial')).toBe(true);
    const key = { 'idempotency-key': randomUUID(), 'content-type': 'application/json' };
    const body = JSON.stringify({ operation: 'describe', dataset });
    const same = await Promise.all(services.map(({ url }) => send(`${url}/jobs`, { headers: key, body })));
    expect(new Set(same.map(({ headers }) => headers['location'])).size).toBe(1);
    expect(same.filter(({ status }) => status === 202)).toHaveLength(1);
  }, 60_000);
});
