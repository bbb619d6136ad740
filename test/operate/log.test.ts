/** What the log costs a request, and what a reader that stalls may do to the service. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { postJson, ROOT, send } from '../service.js';
import { linesOf } from '../log/lines.js';
import { cpuSeconds, resident } from '../slow/soak-process.js';
import { bound, figure } from './figures.js';

const ROUNDS = Number(process.env['LOG_ROUNDS'] ?? '40');
const EACH = 25;
const COLUMNS = {
  a: Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1013),
  b: Array.from({ length: 1000 }, (_, i) => (i * 104729) % 997),
};

interface Running {
  readonly url: string;
  readonly child: ChildProcess;
  readonly pid: number;
}

const folder = mkdtempSync(join(tmpdir(), 'analytics-log-'));
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A service that need not say where it is, and whose standard output is read by who asks for it. */
async function start(level: string): Promise<Running> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOST: '127.0.0.1',
    PORT: String(port),
    LANES: '1',
    DRAIN_MS: '0',
  };
  const child = spawn(process.execPath, ['dist/src/main.js'], {
    cwd: ROOT,
    env: { ...env, LOG_LEVEL: level, DATA_DIR: join(folder, String(port)) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 400; i++) {
    const reply = await send(`${url}/health/ready`, { method: 'GET' }).catch(() => undefined);
    if (reply?.status === 200) return { url, child, pid: child.pid ?? 0 };
    await pause(50);
  }
  throw new Error('expected a service that starts, got none');
}

/** SIGTERM; its exit code and how long it took. */
async function stop({ child }: Running): Promise<{ readonly code: number | null; readonly ms: number }> {
  const since = performance.now();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = (await ended) as [number | null];
  return { code, ms: performance.now() - since };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

test('a line a request costs little of a request of 1,000 rows', async () => {
  const pair = [await start('silent'), await start('info')] as const;
  let bytes = 0;
  for (const { child } of pair) child.stdout?.on('data', (chunk: Buffer) => (bytes += chunk.length));
  const ask = async ({ url }: Running): Promise<number> => {
    const since = performance.now();
    const { status } = await postJson(`${url}/analytics/describe`, { columns: COLUMNS });
    expect(status).toBe(200);
    return performance.now() - since;
  };
  for (let i = 0; i < 200; i++) for (const one of pair) await ask(one);
  const cpu = pair.map(({ pid }) => cpuSeconds(pid));
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const times: [number[], number[]] = [[], []];
    for (let i = 0; i < EACH; i++)
      for (const which of (round + i) % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const))
        times[which].push(await ask(pair[which]));
    ratios.push(median(times[1]) / median(times[0]));
  }
  const used = pair.map(({ pid }, i) => ((cpuSeconds(pid) - cpu[i]!) / (ROUNDS * EACH)) * 1000);
  const cost = (median(ratios) - 1) * 100;
  figure('log: latency of 1,000 rows, info to a pipe against silent, paired, %', cost, '≤ 5');
  figure(
    'log: processor time a request, silent and info, ms',
    used.map((ms) => ms.toFixed(2)).join(', '),
    '',
  );
  for (const one of pair) expect((await stop(one)).code).toBe(0);
  expect(bytes).toBeGreaterThan(ROUNDS * EACH * 100);
  bound(cost).toBeLessThan(5);
}, 180_000);

test('a reader of the log that stalls: requests go on, memory is bounded, dropped lines are counted', async () => {
  const service = await start('info');
  const { child, url } = service;
  const times: number[] = [];
  let sent = 0;
  const many = async (count: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        for (let i = 0; i < count / 16; i++) {
          const since = performance.now();
          const headers = { 'x-request-id': `r${'0'.repeat(40)}${sent++}` };
          expect((await send(`${url}/version`, { method: 'GET', headers })).status).toBe(200);
          times.push(performance.now() - since);
        }
      }),
    );
  };
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await many(8000);
  child.stdout?.pause();
  const before = resident(service.pid);
  await many(16_000);
  const grown = resident(service.pid) - before;
  const p99 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
  child.stdout?.resume();
  const dropped = (): number =>
    linesOf({ output: () => output.slice(0, output.lastIndexOf('\n') + 1) }).reduce(
      (sum, line) => sum + Number(line['dropped'] ?? 0),
      0,
    );
  for (let i = 0; i < 100 && dropped() === 0; i++) await pause(100);
  const told = dropped();
  child.stdout?.pause();
  const { code, ms } = await stop(service);
  child.stdout?.resume();
  const written = linesOf({ output: () => output.slice(0, output.lastIndexOf('\n') + 1) });
  const requests = written.filter(({ msg }) => msg === 'request').length;
  figure('log: lines dropped of those that a stalled reader was sent', `${told} of ${sent}`, 'counted');
  figure('log: memory grown meanwhile, MB', grown, '< 48');
  figure('log: request p99 meanwhile, 16 at a time, ms', p99, '');
  figure('log: SIGTERM to exit, ms', ms, '< 3000');
  expect(told).toBeGreaterThan(0);
  expect(requests + told).toBe(sent);
  bound(grown).toBeLessThan(48);
  expect(code).toBe(0);
  expect(ms).toBeLessThan(3000);
}, 180_000);
