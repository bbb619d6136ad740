import { type ChildProcess, fork } from 'node:child_process';
import { connect } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { settingsSchema } from '../../src/settings.js';
import { FLUSH_MS } from '../../src/stop.js';
import { Random } from '../fuzz/random.js';
import { postJson, send, type Service, startService } from '../service.js';
import { type ReceivedSpan, startCollector } from '../telemetry/otlp.js';
import { bound, figure } from './figures.js';

/** What became of a request (stopping.cjs). Times in milliseconds of the system's monotonic clock. */
interface Outcome {
  readonly kind: string;
  readonly sent: number;
  readonly end: number;
  /** For how long nothing had been sent over its connection. */
  readonly idleMs?: number;
  /** Of an answer; `code` is that of a problem, or the word of a probe. */
  readonly status?: number;
  readonly code?: string;
  readonly closes?: boolean;
  readonly retry?: number;
  readonly traceId?: string;
  readonly model?: Acknowledged;
  /** What broke instead: ECONNRESET, EPIPE, closed, half an answer. */
  readonly failed?: string;
}

interface Acknowledged {
  readonly name: string;
  readonly version: number;
}

interface Seen {
  readonly outcomes: readonly Outcome[];
  /** How connections ended of which nothing was asked. */
  readonly idle: readonly string[];
  /** When a connection was first not taken, and how many were taken after that. */
  readonly closedAt?: number;
  readonly takenLater: number;
}

interface Run {
  readonly seed: number;
  readonly drainMs: number;
  readonly seen: Seen;
  readonly signalled: number;
  readonly stopMs: number;
  readonly code: number | null;
  /** Of requests that the collector got; undefined without one. */
  readonly traced: ReadonlySet<string> | undefined;
}

interface Asking {
  /** Each client has had an answer. */
  readonly warm: Promise<unknown>;
  /** No connection is taken any more, and each client has all that it will get. */
  readonly seen: Promise<Seen>;
}

const RUNS = Number(process.env['STOP_RUNS'] ?? 50);
const SEED = Number(process.env['STOP_SEED'] ?? 1);
const SERVER = 2;
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Clients in a process of their own, for one service after another. */
function clients(): { ask(url: string, seed: number): Asking; gone(): void; end(): void } {
  const child: ChildProcess = fork(join(__dirname, 'stopping.cjs'));
  const gone = new Promise<never>((_resolve, reject) => {
    child.once('exit', () => {
      reject(new Error('the clients ended'));
    });
  });
  gone.catch(() => undefined);
  return {
    ask(url, seed) {
      const told = <T>(wanted: (message: unknown) => message is T): Promise<T> =>
        new Promise((resolve) => {
          const hear = (message: unknown): void => {
            if (!wanted(message)) return;
            child.off('message', hear);
            resolve(message);
          };
          child.on('message', hear);
        });
      const warm = told((message): message is 'warm' => message === 'warm');
      const seen = told((message): message is Seen => message !== 'warm');
      child.send({ url, seed });
      return { warm: Promise.race([warm, gone]), seen: Promise.race([seen, gone]) };
    },
    gone() {
      child.send('gone');
    },
    end() {
      child.removeAllListeners();
      child.disconnect();
    },
  };
}

/** Stops services under load, one after another, over one folder of models; what one acknowledged the next must have. */
async function chain(seeds: readonly number[]): Promise<Run[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'analytics-stopping-'));
  const load = clients();
  const runs: Run[] = [];
  let acknowledged: Acknowledged[] = [];
  const restarted = async (url: string): Promise<void> => {
    for (const { name, version } of acknowledged) {
      const { status } = await send(`${url}/models/${name}/versions/${version}`, { method: 'GET' });
      expect([name, version, status]).toEqual([name, version, 200]);
    }
  };
  try {
    for (const seed of seeds) {
      const draw = new Random(seed);
      // Some with the default, some with telemetry.
      const drainMs = seed % 10 === 0 ? settingsSchema.properties.DRAIN_MS.default : 300;
      const collector = seed % 12 === 1 ? await startCollector() : undefined;
      const service = await startService({
        env: {
          DATA_DIR: dataDir,
          LANES: '2',
          DRAIN_MS: String(drainMs),
          ...(collector !== undefined && {
            OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
            OTEL_BSP_SCHEDULE_DELAY: '60000',
          }),
        },
      });
      await restarted(service.url);
      const asked = load.ask(service.url, seed);
      await asked.warm;
      await pause(draw.next() * 400);
      const signalled = now();
      const code = await service.stop();
      const stopMs = now() - signalled;
      load.gone();
      const seen = await asked.seen;
      const traced =
        collector &&
        new Set(
          serverSpans(collector.spans).map(({ traceId }) => Buffer.from(traceId, 'base64').toString('hex')),
        );
      await collector?.close();
      acknowledged = seen.outcomes.flatMap(({ model }) => model ?? []);
      runs.push({ seed, drainMs, seen, signalled, stopMs, code, traced });
    }
    const last = await startService({ env: { DATA_DIR: dataDir } });
    await restarted(last.url);
    expect(await last.stop()).toBe(0);
  } finally {
    load.end();
    rmSync(dataDir, { recursive: true, force: true });
  }
  return runs;
}

const serverSpans = (spans: readonly ReceivedSpan[]): readonly ReceivedSpan[] =>
  spans.filter(({ kind }) => kind === SERVER);

/** Whether its connection had ended by a FIN, as it may when nothing comes for DRAIN_MS: the client came back too late. */
const isLeft = ({ failed, idleMs = 0 }: Outcome, drainMs: number): boolean =>
  failed === 'closed' && idleMs >= drainMs;

/** All that is wrong with a run, in words. */
function faults({ seed, drainMs, seen, signalled, code, traced }: Run): string[] {
  const { outcomes, idle, closedAt = Infinity, takenLater } = seen;
  const firstRefusal = Math.min(...outcomes.filter(({ status }) => status === 503).map(({ end }) => end));
  const found = outcomes.flatMap((one): string[] => {
    const { kind, status, code: word, failed, closes, retry = 0, sent, end, traceId } = one;
    const after = `${kind}, ${Math.round(sent - signalled)} ms after the signal`;
    if (isLeft(one, drainMs)) return [];
    if (failed !== undefined) return [`${failed}: ${after}`];
    const isProbe = kind.startsWith('probe');
    const isRefusal = status === 503 && word === 'stopping' && end > signalled && (isProbe || retry > 0);
    if (status !== 200 && status !== 201 && !isRefusal) return [`${status} ${word}: ${after}`];
    // Of requests that came at once the last one ends the connection.
    if (end > firstRefusal && closes !== true && kind !== 'pipelined') return [`kept alive: ${after}`];
    return traced !== undefined && traceId !== undefined && !traced.has(traceId) ? [`no span: ${after}`] : [];
  });
  if (code !== 0) found.push(`exit code ${String(code)}`);
  if (idle.some((why) => why !== 'closed')) found.push(`idle connections: ${idle.join(', ')}`);
  if (takenLater > 0) found.push(`${takenLater} connections taken after one was refused`);
  if (closedAt - signalled < drainMs) found.push(`listened for ${closedAt - signalled} ms`);
  return found.map((fault) => `run ${seed}: ${fault}`);
}

/** From the signal to the first answer that said so, over connections opened for it or kept. */
const readiness = ({ seen, signalled }: Run, kind: string): number =>
  Math.min(...seen.outcomes.filter((one) => one.kind === kind && one.status === 503).map(({ end }) => end)) -
  signalled;

/** How long after the signal a probe could still be sent that was told that the service is ready. */
const readyUntil = ({ seen, signalled }: Run): number =>
  Math.max(
    0,
    ...seen.outcomes
      .filter(({ kind, status }) => kind.startsWith('probe') && status === 200)
      .map(({ sent }) => sent - signalled),
  );

test(`SIGTERM at ${RUNS} random moments under load: accepted requests are answered, none is reset, exit code 0`, async () => {
  const seeds = Array.from({ length: RUNS }, (_, i) => SEED + i);
  // Two at once.
  const half = seeds.length >> 1;
  const runs = (await Promise.all([chain(seeds.slice(0, half)), chain(seeds.slice(half))])).flat();
  const left = runs.flatMap(({ seen, drainMs }) => seen.outcomes.filter((one) => isLeft(one, drainMs)));
  const broken = runs
    .flatMap(({ seen, drainMs }) => seen.outcomes.filter((one) => !isLeft(one, drainMs)))
    .flatMap(({ failed }) => failed ?? []);
  const resets = broken.filter((why) => /ECONNRESET|EPIPE/u.test(why)).length;
  const answered = runs.flatMap(({ seen, signalled }) =>
    seen.outcomes.filter(({ sent, status }) => sent < signalled && status !== undefined),
  );
  const stops = runs.map(({ stopMs }) => stopMs).sort((a, b) => a - b);
  const median = stops[stops.length >> 1] ?? NaN;
  const most = (kind: string): number => Math.max(...runs.map((run) => readiness(run, kind)));
  figure(`SIGTERM under load, ${RUNS} times: connections reset`, resets, '0');
  figure('requests lost, of those sent before and during the stop', broken.length, '0');
  figure('of clients that came back over a connection idle for DRAIN_MS', left.length, 'noted');
  figure('requests sent before the signal and answered', answered.length, 'all');
  figure('SIGTERM to the first 503 of readiness, new connections, ms at most', most('probe-new'), 'at once');
  figure(
    'SIGTERM to the first 503 of readiness, kept connections, ms at most',
    most('probe-kept'),
    'at once',
  );
  const ready = Math.max(...runs.map(readyUntil));
  figure('last probe that was told ready, sent ms after SIGTERM', ready, '< 250');
  figure('SIGTERM to exit 0, ms, median', median, '< 30000');
  figure('SIGTERM to exit 0, ms, most', stops.at(-1) ?? NaN, '< 30000');
  const traces = runs.flatMap(({ traced }) => (traced === undefined ? [] : traced.size));
  figure(
    `spans flushed, in ${traces.length} of the runs`,
    traces.reduce((a, b) => a + b, 0),
    'all',
  );
  expect(runs.flatMap(faults)).toEqual([]);
  expect(stops.at(-1)).toBeLessThan(settingsSchema.properties.STOP_GRACE_MS.default);
  bound(ready).toBeLessThan(250);
}, 600_000);

/** Seconds of work. */
const HEAVY = {
  columns: { a: Array.from({ length: 20_000 }, (_, i) => Math.sin(i) * 1e3) },
  options: { n_clusters: 5_000, n_init: 50, tol: 0 },
};

async function busy(
  env: Readonly<Record<string, string>>,
): Promise<{ service: Service; answer: Promise<unknown> }> {
  const service = await startService({ env: { LANES: '1', ...env } });
  expect((await postJson(`${service.url}/analytics/describe`, { data: [{ a: 1 }] })).status).toBe(200);
  const answer = postJson(`${service.url}/analytics/analyze`, HEAVY).catch((error: unknown) => error);
  await pause(300);
  return { service, answer };
}

test('a second SIGTERM ends the process at once, with 1', async () => {
  const { service } = await busy({});
  const first = service.stop();
  await pause(200);
  const again = now();
  expect(await service.stop()).toBe(1);
  const ms = now() - again;
  expect(await first).toBe(1);
  figure('second SIGTERM to exit 1, ms', ms, 'at once');
  bound(ms).toBeLessThan(500);
});

test('a request that is not done after STOP_GRACE_MS is cut off: exit code 1, and the log says so', async () => {
  const { service } = await busy({ STOP_GRACE_MS: '700' });
  const began = now();
  expect(await service.stop()).toBe(1);
  const ms = now() - began;
  figure('STOP_GRACE_MS over (700 ms) to exit 1, ms', ms - 700, '< 5000');
  expect(ms).toBeGreaterThanOrEqual(700);
  expect(ms).toBeLessThan(700 + FLUSH_MS);
  expect(service.output()).toContain('"1 request was cut off after 700 ms (STOP_GRACE_MS)"');
});

test('a large answer under way at SIGTERM is read to its end by a client that takes its time', async () => {
  const service = await startService();
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  const head = 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n';
  const { text } = await send(`${service.url}/openapi.json`, { method: 'GET' });
  // Some MB, of which nothing is read for a while.
  const count = Math.ceil(16e6 / text.length);
  socket.write(head.repeat(count));
  await pause(500);
  const code = service.stop();
  await pause(700);
  let bytes = 0;
  let answers = 0;
  let last = '';
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    const seen = last + chunk.toString('latin1');
    answers += seen.split('HTTP/1.1 200 OK').length - 1;
    last = seen.slice(-14);
    socket.pause();
    setTimeout(() => socket.resume(), 2);
  });
  const why = await new Promise<string>((resolve) => {
    socket.once('end', () => {
      resolve('end');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? 'error');
    });
  });
  expect([why, answers]).toEqual(['end', count]);
  expect(bytes).toBeGreaterThan(count * text.length);
  expect(await code).toBe(0);
}, 60_000);
