/** Lanes under load: what large requests do to small ones and to the event loop, and what is left of those that were cancelled. */
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { makeTable, tableToIPC } from 'apache-arrow';
import { noise } from '../contract/columns.js';
import {
  at,
  FILE_TYPE,
  JSON_TYPE,
  postJson,
  type Reply,
  send,
  type Service,
  startService,
  STREAM_TYPE,
} from '../service.js';

// Times on a machine that others use, too: a bound that is passed once is looked at again.
jest.retryTimes(2, { logErrorsBeforeRetry: true });

const INSPECT = ['--require', join(__dirname, '..', 'fixtures', 'lanes', 'inspect.cjs')];
const CSV_TYPE = { 'content-type': 'text/csv' };

interface Inspected {
  readonly samples: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly heapUsed: number;
  readonly rss: number;
}

/** Asks the process how it has been since it was asked last. */
async function inspect(service: Service): Promise<Inspected> {
  const told = (): string[] =>
    service
      .output()
      .split('\n')
      .filter((line) => line.startsWith('INSPECTED '));
  const before = told().length;
  process.kill(service.pid, 'SIGUSR2');
  for (let i = 0; i < 200 && told().length === before; i++) await pause(25);
  return JSON.parse(told().at(-1)!.slice('INSPECTED '.length)) as Inspected;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function uniform(rows: number, columns: number): Uint8Array {
  const data = Object.fromEntries(
    Array.from({ length: columns }, (_, j) => {
      const next = noise(j + 1);
      return [`c${j}`, Float64Array.from({ length: rows }, () => next())];
    }),
  );
  return tableToIPC(makeTable(data), 'stream');
}

const percentile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!;

/** A request that is hung up on after `ms`. */
function abandon(url: string, body: string, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const request = httpRequest(url, { method: 'POST', headers: JSON_TYPE });
    request.on('error', () => undefined);
    request.on('response', (response) => response.resume());
    request.on('close', () => {
      resolve();
    });
    request.end(body);
    setTimeout(() => request.destroy(), ms);
  });
}

describe('a large request beside small ones', () => {
  test('1,000,000 × 16, k = 32: small ones take less than five times as long', async () => {
    const service = await startService({ env: { LANES: '2' }, nodeFlags: INSPECT });
    const body = uniform(1_000_000, 16);
    const next = noise(99);
    const rows = Array.from({ length: 1000 }, () => ({ a: next(), b: next(), c: next(), d: next() }));
    const small = JSON.stringify({ data: rows });
    const ask = async (): Promise<number> => {
      const started = performance.now();
      const reply = await send(`${service.url}/analytics/analyze`, { headers: JSON_TYPE, body: small });
      expect(reply.status).toBe(200);
      return performance.now() - started;
    };
    for (let i = 0; i < 300; i++) await ask();
    const idle: number[] = [];
    for (let i = 0; i < 500; i++) idle.push(await ask());
    const headers = { ...STREAM_TYPE, 'x-request-deadline-ms': '120000' };
    const path = `${service.url}/analytics/analyze?n_clusters=32&tol=0`;
    const state = { done: false };
    const large = send(path, { headers, body }).finally(() => {
      state.done = true;
    });
    await pause(600);
    const busy: number[] = [];
    while (!state.done && busy.length < 2000) busy.push(await ask());
    const ratio = percentile(busy, 0.99) / percentile(idle, 0.99);
    console.log(
      `p99 of 1,000 rows: idle ${percentile(idle, 0.99).toFixed(1)} ms, beside the large one ` +
        `${percentile(busy, 0.99).toFixed(1)} ms (${ratio.toFixed(2)} ×, ${busy.length} requests; medians ` +
        `${percentile(idle, 0.5).toFixed(1)} and ${percentile(busy, 0.5).toFixed(1)} ms)`,
    );
    expect(busy.length).toBeGreaterThan(100);
    expect(ratio).toBeLessThan(5);
    expect((await large).status).toBe(200);
    expect(await service.stop()).toBe(0);
  }, 300_000);

  test('lanes are full and bodies of 64 MB arrive: the event loop is late by less than 20 ms', async () => {
    const service = await startService({ env: { LANES: '2' }, nodeFlags: INSPECT });
    const body = uniform(2_000_000, 4);
    expect(body.length).toBeGreaterThan(64e6 - 1);
    const path = `${service.url}/analytics/analyze?n_clusters=8`;
    await send(path, { headers: STREAM_TYPE, body });
    await inspect(service);
    const replies = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const statuses: number[] = [];
        for (let i = 0; i < 4; i++) statuses.push((await send(path, { headers: STREAM_TYPE, body })).status);
        return statuses;
      }),
    );
    expect(replies.flat()).toEqual(Array.from({ length: 16 }, () => 200));
    const { p50, p99, max, samples } = await inspect(service);
    console.log(
      `event loop late by ${p50.toFixed(1)} ms in the median, ${p99.toFixed(1)} ms at p99, ${max.toFixed(1)} ms at most (${samples} looks)`,
    );
    expect(samples).toBeGreaterThan(200);
    expect(p99).toBeLessThan(20);
    expect(await service.stop()).toBe(0);
  }, 300_000);
});

test('a thousand requests whose clients leave: lanes free, memory as before', async () => {
  const service = await startService({ env: { LANES: '2' }, nodeFlags: INSPECT });
  const analyze = `${service.url}/analytics/analyze`;
  const columns = {
    a: Array.from({ length: 20_000 }, (_, i) => Math.sin(i) * 1e3),
    b: Array.from({ length: 20_000 }, (_, i) => Math.cos(i * 7)),
  };
  // Seconds of work each.
  const heavy = JSON.stringify({ columns, options: { n_clusters: 500, n_init: 50, tol: 0 } });
  const round = async (count: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: 4 }, async (_, worker) => {
        for (let i = worker; i < count; i += 4) await abandon(analyze, heavy, 20 + (i % 30));
      }),
    );
  };
  // What is compiled for the first time does not look up; what it costs a lane is not what this is about.
  for (let i = 0; i < 20; i++) await postJson(analyze, { columns, options: { n_clusters: 20 } });
  await round(200);
  await pause(500);
  const before = await inspect(service);
  const said = service.output().length;
  await round(1000);
  const started = performance.now();
  const reply = await postJson(analyze, { data: [{ a: 1 }, { a: 2 }, { a: 3 }] });
  const free = performance.now() - started;
  expect(reply.status).toBe(200);
  await pause(500);
  const after = await inspect(service);
  console.log(
    `a thousand cancelled: lanes free after ${free.toFixed(0)} ms, heap ${mb(before.heapUsed)} to ${mb(after.heapUsed)} MB, ` +
      `resident ${mb(before.rss)} to ${mb(after.rss)} MB`,
  );
  expect(free).toBeLessThan(150);
  expect(after.heapUsed - before.heapUsed).toBeLessThan(8e6);
  expect(after.rss - before.rss).toBeLessThan(48e6);
  expect(service.output().slice(said)).not.toMatch(/a lane ended/u);
  expect(await service.stop()).toBe(0);
}, 300_000);

test('ten thousand mixed requests: resident memory is flat', async () => {
  const service = await startService({ env: { LANES: '2' }, nodeFlags: INSPECT });
  const next = noise(7);
  const rows = (count: number): object[] => Array.from({ length: count }, () => ({ a: next(), b: next() }));
  const golden = readFileSync(join(__dirname, '..', 'golden', 'iris.lz4.arrow'));
  const csv = `x,y\n${rows(400)
    .map((row) => Object.values(row).join(','))
    .join('\n')}\n`;
  const arrow = uniform(60_000, 3);
  const json = JSON.stringify({ data: rows(2000) });
  const kinds: (() => Promise<Reply>)[] = [
    () => send(`${service.url}/analytics/analyze`, { headers: JSON_TYPE, body: json }),
    () => send(`${service.url}/analytics/describe`, { headers: CSV_TYPE, body: csv }),
    () => send(`${service.url}/analytics/analyze?n_clusters=2`, { headers: FILE_TYPE, body: golden }),
    () => send(`${service.url}/analytics/describe`, { headers: JSON_TYPE, body: '{"data":[{"a":1},' }),
    () => send(`${service.url}/analytics/describe`, { headers: STREAM_TYPE, body: golden.subarray(0, 700) }),
    () => send(`${service.url}/analytics/analyze`, { headers: STREAM_TYPE, body: arrow }),
  ];
  const round = async (count: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: 4 }, async (_, worker) => {
        for (let i = worker; i < count; i += 4) {
          // One in fifty is large.
          const kind = i % 50 === 0 ? 5 : i % 5;
          const { status } = await kinds[kind]!();
          if (status >= 500) throw new Error(`expected an answer, got ${status}`);
        }
      }),
    );
  };
  await round(4000);
  const before = await inspect(service);
  const sizes: number[] = [];
  for (let i = 0; i < 3; i++) {
    await round(2000);
    sizes.push((await inspect(service)).rss);
  }
  console.log(`resident after 4,000: ${mb(before.rss)} MB; then ${sizes.map(mb).join(', ')} MB`);
  expect(Math.max(...sizes) - before.rss).toBeLessThan(48e6);
  expect(at((await kinds[0]!()).json, 'status')).toBe('success');
  expect(await service.stop()).toBe(0);
}, 600_000);

const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);
