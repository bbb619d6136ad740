/** Open-loop load at 1 to 4 times what the service can do: it goes on doing that, and says no at once to the rest. */
import { readFileSync } from 'node:fs';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { JSON_TYPE, type Service, startService, STREAM_TYPE } from '../service.js';
import { bound, figure } from './figures.js';
import { load, type Seen, type Stream } from './load.js';

/** Of each rate. */
const SECONDS = Number(process.env['OVERLOAD_SECONDS'] ?? 6);
const RATES = [1, 2, 3, 4];
/** What a client waits for an answer; one that comes later is none. */
const DEADLINE_MS = 2_000;
const BUDGET = 256 * 2 ** 20;
/** At a time while the capacity is looked for, and a rate at which each asks again at once. */
const CLIENTS = 24;
const FLOOD = 5_000;
/** Bodies of the same shape, taken in turn. */
const DRAWS = 4;

interface Kind {
  readonly name: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodies: readonly (string | Uint8Array)[];
}

const columns = (rows: number, draw: number): Record<string, Float64Array> =>
  Object.fromEntries(
    ['a', 'b', 'c', 'd'].map((name, place) => [
      name,
      Float64Array.from({ length: rows }, (_, i) => Math.round(Math.sin(i * (place + draw + 1)) * 1e5) / 1e3),
    ]),
  );
const residentOf = ({ pid }: Service): number =>
  Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
const draws = <T>(make: (draw: number) => T): T[] => Array.from({ length: DRAWS }, (_, draw) => make(draw));

const KINDS: readonly Kind[] = [
  {
    // Work of some 20 ms for 64 KB: it is the lane that has too much, not the network.
    name: 'cluster, 2,000 × 4 in Arrow, k = 16',
    path: '/analytics/cluster?n_clusters=16&n_init=4&tol=0',
    headers: STREAM_TYPE,
    bodies: draws((draw) => tableToIPC(tableFromArrays(columns(2_000, draw)), 'stream')),
  },
  {
    name: 'analyze, 1,000 × 4 in JSON',
    path: '/analytics/analyze',
    headers: JSON_TYPE,
    bodies: draws((draw) => {
      const plain = Object.entries(columns(1_000, draw)).map(([name, values]) => [name, [...values]]);
      return JSON.stringify({ columns: Object.fromEntries(plain) as object });
    }),
  },
];

describe.each(KINDS)('overload: $name', ({ name, path, headers, bodies }) => {
  let service: Service;
  let sample: NodeJS.Timeout | undefined;
  beforeAll(async () => {
    // One lane: the generator and the thread that answers have the other core of two.
    service = await startService({ env: { LANES: '1', MEMORY_BUDGET: String(BUDGET) } });
  });
  afterAll(async () => {
    clearInterval(sample);
    expect(await service.stop()).toBe(0);
  });

  const ask = async (rate: number, seconds: number, most = 512): Promise<{ main: Seen; health: Seen }> => {
    const streams: Stream[] = [
      {
        name: 'main',
        rate,
        path,
        headers: { ...headers, 'x-request-deadline-ms': String(DEADLINE_MS) },
        bodies,
        inTimeMs: DEADLINE_MS,
      },
      { name: 'health', rate: 50, method: 'GET', path: '/health/live' },
    ];
    const { main, health } = await load(service.url, seconds, streams, { most });
    if (main === undefined || health === undefined) throw new Error('expected both streams');
    return { main, health };
  };

  /** Good answers a second, of as many clients as keep the lane busy and no more; the first round is to be warm. */
  const capacityOf = async (): Promise<number> => {
    await ask(FLOOD, 2, CLIENTS);
    const { main } = await ask(FLOOD, 3, CLIENTS);
    return main.good / 3;
  };

  test('goodput stays, refusals and health are quick, memory is bounded', async () => {
    const capacity = await capacityOf();
    const idle = residentOf(service);
    let resident = 0;
    sample = setInterval(() => {
      resident = Math.max(resident, residentOf(service) - idle);
    }, 50);
    const goodput: number[] = [];
    const refusals: number[] = [];
    const healthy: number[] = [];
    const retries = new Set<number>();
    let refusedShare = 0;
    for (const times of RATES) {
      const { main, health } = await ask(capacity * times, SECONDS);
      if (process.env['OPERATE_SHOW'] !== undefined)
        console.log(times, JSON.stringify({ capacity, main, health }));
      const { 503: refused } = main.statuses;
      goodput.push(main.good / SECONDS);
      healthy.push(health.statuses['200']?.p99 ?? Infinity);
      if (refused !== undefined) refusals.push(refused.p99);
      refusedShare = (refused?.count ?? 0) / main.sent;
      for (const seconds of refused?.retries ?? []) retries.add(seconds);
      // Every request has an answer, over a connection that nobody reset.
      expect([main.failures, main.unanswered, health.failures]).toEqual([{}, 0, {}]);
      expect(Object.keys(main.statuses).filter((status) => !['200', '503', '504'].includes(status))).toEqual(
        [],
      );
    }
    clearInterval(sample);
    const peak = Math.max(...goodput);
    const last = goodput.at(-1) ?? 0;
    figure(
      `goodput of ${name}, at ${RATES.join(', ')} × capacity`,
      goodput.map((g) => g.toFixed(0)).join(', '),
      'a second',
    );
    figure('goodput at 4 × capacity, of the peak', last / peak, '≥ 0.9');
    figure('refusals, p99 in ms', Math.max(...refusals), '< 50');
    figure('health under overload, p99 in ms', Math.max(...healthy), '< 50');
    figure('resident memory that overload adds, in MiB', resident / 2 ** 20, `< ${BUDGET / 2 ** 20}`);
    figure('values of Retry-After, in s', [...retries].sort((a, b) => a - b).join(', '), 'spread');
    // Else the last rate was no overload: the capacity was found too low.
    bound(refusedShare).toBeGreaterThanOrEqual(0.5);
    bound(last / peak).toBeGreaterThanOrEqual(0.9);
    bound(Math.max(...refusals)).toBeLessThan(50);
    bound(Math.max(...healthy)).toBeLessThan(50);
    bound(resident).toBeLessThan(BUDGET);
    bound(retries.size).toBeGreaterThanOrEqual(3);
  }, 120_000);
});
