import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { type Service, startService } from '../service.js';
import { bound, figure } from './figures.js';

const ROUNDS = Number(process.env['TRACING_ROUNDS'] ?? 150);
const BLOCK = 10;
const CONNECTIONS = 8;
const BURSTS = Number(process.env['TRACING_BURSTS'] ?? 60);
const BURST = 48;
const UNDELIVERED = Number(process.env['TRACING_UNDELIVERED'] ?? 20_000);

/** The request of the issue: 1,000 rows. */
const ROWS = JSON.stringify({
  data: Array.from({ length: 1000 }, (_, i) => ({
    a: Math.sin(i) * 10,
    b: Math.cos(i * 3) + i,
    c: ((i * 7919) % 1000) / 7,
    d: i % 5,
  })),
});
const FEW = JSON.stringify({ data: Array.from({ length: 10 }, (_, i) => ({ a: i, b: i * i })) });

/** Where spans go: nowhere, to a collector, to one that is not there, to one that never answers, to one that fails. */
const MANNERS = ['off', 'takes', 'down', 'hangs', 'fails'] as const;
type Manner = (typeof MANNERS)[number];

interface Traced {
  readonly service: Service;
  readonly ask: (body: string) => Promise<number>;
}

const collectors: ChildProcess[] = [];
const traced = {} as Record<Manner, Traced>;

async function collector(manner: Manner): Promise<string> {
  if (manner === 'down') return 'http://127.0.0.1:9';
  const child = spawn(process.execPath, [join(__dirname, 'collector.cjs'), manner], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  collectors.push(child);
  const port = await new Promise<string>((resolve) =>
    child.stdout.once('data', (chunk: Buffer) => {
      resolve(chunk.toString().trim());
    }),
  );
  return `http://127.0.0.1:${port}`;
}

/** Asks a service over connections that are kept; resolves to the status. */
function asking(url: string): Traced['ask'] {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  return (body) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const sent = httpRequest(`${url}/analytics/analyze`, { method: 'POST', agent, headers }, (response) => {
        response.resume().on('end', () => {
          resolve(response.statusCode ?? 0);
        });
      });
      sent.on('error', reject).end(body);
    });
}

beforeAll(async () => {
  for (const manner of MANNERS) {
    const tracing =
      manner === 'off'
        ? {}
        : {
            OTEL_EXPORTER_OTLP_ENDPOINT: await collector(manner),
            OTEL_METRICS_EXPORTER: 'none',
            OTEL_LOGS_EXPORTER: 'none',
          };
    const service = await startService({ env: { LANES: '2', ...tracing } });
    traced[manner] = { service, ask: asking(service.url) };
  }
  for (let i = 0; i < 300; i++) for (const { ask } of Object.values(traced)) await ask(ROWS);
}, 120_000);
afterAll(() => {
  for (const child of collectors) child.stdin?.end();
});

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** The middle of ratios less one, in percent, and its standard error as the quartiles have it. */
function excess(ratios: readonly number[]): { percent: number; error: number } {
  const sorted = ratios.toSorted((a, b) => a - b);
  const quartile = (q: number): number => sorted[Math.floor(q * (sorted.length - 1))] ?? NaN;
  const error = (1.25 * (quartile(0.75) - quartile(0.25))) / 1.35 / Math.sqrt(ratios.length);
  return { percent: (median(ratios) - 1) * 100, error: error * 100 };
}

const shown = ({ percent, error }: { percent: number; error: number }): string =>
  `${percent.toFixed(1)} % ± ${error.toFixed(1)}`;

test('tracing costs at most 5 % of a request of 1,000 rows, and an exporter that is gone at most 1 %', async () => {
  const times = Object.fromEntries(MANNERS.map((manner) => [manner, [] as number[]])) as Record<
    Manner,
    number[]
  >;
  let failed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    // In another order each time.
    const order = MANNERS.map((_, i) => MANNERS[(i + round) % MANNERS.length] ?? 'off');
    for (const manner of round % 2 === 0 ? order : order.toReversed()) {
      const block: number[] = [];
      for (let i = 0; i < BLOCK; i++) {
        const started = performance.now();
        if ((await traced[manner].ask(ROWS)) !== 200) failed++;
        block.push(performance.now() - started);
      }
      times[manner].push(median(block));
    }
  }
  const against = (manner: Manner, base: Manner): { percent: number; error: number } =>
    excess(times[manner].map((time, i) => time / (times[base][i] ?? NaN)));
  const cost = against('takes', 'off');
  figure('tracing: latency of 1,000 rows beside none', shown(cost), '≤ 5 %');
  const undelivered = (['down', 'hangs', 'fails'] as const).map((manner) => {
    const found = against(manner, 'takes');
    figure(
      `tracing: latency when the exporter ${manner === 'down' ? 'is down' : manner}`,
      shown(found),
      '< 1 %',
    );
    return found.percent;
  });
  expect(failed).toBe(0);
  bound(Math.max(...undelivered)).toBeLessThan(1);
  bound(cost.percent).toBeLessThanOrEqual(5);
}, 180_000);

test('tracing costs at most 5 % of the throughput of requests of 1,000 rows', async () => {
  const rate = async (manner: Manner): Promise<number> => {
    let left = BURST;
    const started = performance.now();
    const connection = async (): Promise<void> => {
      while (left-- > 0) expect(await traced[manner].ask(ROWS)).toBe(200);
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, connection));
    return BURST / (performance.now() - started);
  };
  const ratios: number[] = [];
  for (let burst = 0; burst < BURSTS; burst++) {
    const first = burst % 2 === 0 ? 'off' : 'takes';
    const rates: Partial<Record<Manner, number>> = { [first]: await rate(first) };
    const second = first === 'off' ? 'takes' : 'off';
    rates[second] = await rate(second);
    ratios.push((rates.off ?? NaN) / (rates.takes ?? NaN));
  }
  const cost = excess(ratios);
  figure('tracing: throughput of 1,000 rows beside none', shown(cost), '≤ 5 %');
  bound(cost.percent).toBeLessThanOrEqual(5);
}, 180_000);

const residentMiB = ({ pid }: Service): number =>
  Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

test('spans that nobody takes do not pile up in 20,000 requests', async () => {
  const growth = async (manner: Manner): Promise<number> => {
    const { ask, service } = traced[manner];
    const many = async (count: number): Promise<void> => {
      let left = count;
      const connection = async (): Promise<void> => {
        while (left-- > 0) expect(await ask(FEW)).toBe(200);
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, connection));
    };
    await many(UNDELIVERED / 4);
    const before = residentMiB(service);
    await many((UNDELIVERED * 3) / 4);
    return residentMiB(service) - before;
  };
  // Beside a service that makes no spans, whose garbage grows as it likes.
  const without = await growth('off');
  const extra = (await growth('hangs')) - without;
  const requests = ((UNDELIVERED * 3) / 4).toLocaleString('en');
  figure(`tracing: memory that ${requests} requests add whose spans nobody takes, MiB`, extra, '≤ 32');
  bound(extra).toBeLessThanOrEqual(32);
}, 240_000);

test('the stop waits three seconds at most for an exporter', async () => {
  const times = await Promise.all(
    Object.values(traced).map(async ({ service }) => {
      const started = performance.now();
      expect(await service.stop()).toBe(0);
      return performance.now() - started;
    }),
  );
  figure('tracing: stop with an exporter that hangs, s', Math.max(...times) / 1000, '≤ 5');
  expect(Math.max(...times)).toBeLessThan(5000);
  expect(traced.down.service.output()).toMatch(/telemetry is not delivered/u);
}, 30_000);
