import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { settingsSchema } from '../../src/settings.js';
import { Random } from '../fuzz/random.js';
import { send, startService } from '../service.js';
import { type ReceivedSpan, startCollector } from '../telemetry/otlp.js';
import { figure } from './figures.js';

/** What became of a request (stopping.cjs). Times in milliseconds of the system's monotonic clock. */
interface Outcome {
  readonly kind: string;
  readonly sent: number;
  readonly end: number;
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
function clients(): { ask(url: string, seed: number): Asking; end(): void } {
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
      const drainMs = seed % 10 === 0 ? settingsSchema.properties.DRAIN_MS.default : 200;
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
      const seen = await asked.seen;
      const traced = collector && new Set(serverSpans(collector.spans).map(({ traceId }) => Buffer.from(traceId, 'base64').toString('hex')));
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

test('look', async () => {
  const seeds = Array.from({ length: RUNS }, (_, i) => SEED + i);
  const t0 = now();
  const runs = (await Promise.all([chain(seeds.filter((s) => s % 2 === 0)), chain(seeds.filter((s) => s % 2 === 1))])).flat();
  console.log('took', now() - t0);
  for (const { seed, drainMs, seen, signalled, stopMs, code, traced } of runs) {
    const { outcomes } = seen;
    const count: Record<string, number> = {};
    for (const o of outcomes) {
      const key = `${o.kind} ${o.failed ?? o.status} ${o.sent < signalled ? 'before' : 'after'}`;
      count[key] = (count[key] ?? 0) + 1;
    }
    const first = (kind: string): number => Math.min(...outcomes.filter((o) => o.kind === kind && o.status === 503).map((o) => o.end)) - signalled;
    const lastReady = Math.max(0, ...outcomes.filter((o) => o.kind.startsWith('probe') && o.status === 200).map((o) => o.end - signalled));
    const f503 = Math.min(...outcomes.filter((o) => o.status === 503).map((o) => o.end));
    const open = outcomes.filter((o) => o.end > f503 && o.closes !== true).map((o) => [o.kind, o.status, o.failed, o.end - f503, o.sent - signalled]);
    const longest = Math.max(...outcomes.filter((o) => o.kind === 'long').map((o) => o.end - o.sent));
    const late = outcomes.filter((o) => o.sent < signalled && o.status === 503).map((o) => signalled - o.sent);
    process.stderr.write(`${JSON.stringify({ seed, drainMs, stopMs, code, first: [first('probe-new'), first('probe-kept')], lastReady, closed: (seen.closedAt ?? 0) - signalled, idle: seen.idle, later: seen.takenLater, open, longest, late, traced: traced?.size, untraced: traced && outcomes.filter((o) => o.traceId && o.status && !traced.has(o.traceId)).length, broken: outcomes.filter((o) => o.failed).map((o) => [o.kind, o.failed, o.sent - signalled, o.end - signalled]), count: undefined })}\n`);
  }
}, 300_000);
