/**
 * Faults inside lanes of a real service under load: only the request that meets one fails, the lanes are back within a
 * second, and the process stays. FAULTS is how often each happens (100 of those that end no thread, else 20).
 */
import { makeTable, tableToIPC } from 'apache-arrow';
import { noise } from '../contract/columns.js';
import { at, JSON_TYPE, postJson, type Reply, send, type Service, STREAM_TYPE } from '../service.js';
import { bound, figure } from './figures.js';
import { backAfter, faultsMet, held, type Held, pause, startFaulty, steadily } from './lanes.js';
import { load } from './load.js';

const often = (usual: number): number => Number(process.env['FAULTS'] ?? usual);

const next = noise(7);
const SMALL = JSON.stringify({ data: Array.from({ length: 100 }, () => ({ a: next(), b: next() })) });
const PATH = '/analytics/describe';
const hashOf = (reply: Reply): unknown => at(reply.json, 'meta', 'result_sha256');

interface Kind {
  readonly name: string;
  readonly times: number;
  readonly status: number;
  readonly code: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly path?: string;
}

const ENDS_LANE = { times: often(20), status: 500, code: 'lane_lost' } as const;
const LOOP = {
  ...{ times: often(20), status: 504, code: 'deadline_exceeded' },
  headers: { 'x-request-deadline-ms': '100' },
} as const;
const KINDS: readonly Kind[] = [
  { name: 'trap', times: often(100), status: 500, code: 'kernel_trap' },
  { name: 'unreachable', times: often(100), status: 500, code: 'kernel_trap' },
  { name: 'throw', times: often(100), status: 500, code: 'internal_error' },
  { name: 'loop', ...LOOP },
  { name: 'wasmloop', ...LOOP },
  { name: 'heap', ...ENDS_LANE },
  { name: 'exit', ...ENDS_LANE },
];
/** Its column takes 40 MB. */
const LONG = `{"columns":{"a":[1${',1'.repeat(5_000_000)}]}}`;
const MEMORY: Kind = {
  ...{ name: 'memory', times: often(20), status: 413, code: 'out_of_memory' },
  ...{ body: LONG },
};

const SETTINGS = {
  LANE_HEAP_BYTES: String(64 * 2 ** 20),
  MAX_REQUEST_MEMORY: String(32 * 2 ** 20),
  // While the only lane starts again all that comes must wait, however many they are.
  MAX_QUEUE: '10000',
};

/** Requests of the load, a second: half of what is answered when four clients ask without a pause. */
async function halfOfCapacity(ask: () => Promise<Reply>): Promise<number> {
  for (let i = 0; i < 100; i++) await ask();
  const end = performance.now() + 1000;
  let answered = 0;
  const client = async (): Promise<void> => {
    for (; performance.now() < end; answered++) await ask();
  };
  await Promise.all(Array.from({ length: 4 }, client));
  expect(answered).toBeGreaterThan(10);
  return answered / 2;
}

describe.each([2, 1])('with %d lanes', (lanes) => {
  let service: Service;
  let expected: unknown;
  let rate = 0;
  let before: Held;
  const ask = (): Promise<Reply> => send(`${service.url}${PATH}`, { headers: JSON_TYPE, body: SMALL });
  beforeAll(async () => {
    service = await startFaulty({ ...SETTINGS, LANES: String(lanes) });
    expected = hashOf(await ask());
    rate = await halfOfCapacity(ask);
  });
  afterAll(() => service.stop());

  test.each([...KINDS, MEMORY])(
    '$name: only its request fails',
    async (kind) => {
      const { name, times, status, code, headers = {}, body = SMALL, path = PATH } = kind;
      const once = async (i: number): Promise<number> => {
        const id = `fault-${name}-${i}`;
        const faulty = { headers: { ...JSON_TYPE, ...headers, 'x-request-id': id }, body };
        let reply = await send(`${service.url}${path}`, faulty);
        // Not taken, since its short deadline would pass in the queue: it is to run, so it comes again.
        for (let again = 0; reply.status === 503 && again < 100; again++) {
          await pause(20);
          reply = await send(`${service.url}${path}`, faulty);
        }
        const failed = Date.now();
        expect([reply.status, at(reply.json, 'code')]).toEqual([status, code]);
        if (kind !== MEMORY) return backAfter(service, failed);
        expect((await ask()).status).toBe(200);
        return Date.now() - failed;
      };
      for (let i = 0; i < 3; i++) await once(i);
      before = held(service.pid);
      const clients = Array.from({ length: 2 }, () =>
        steadily(ask, (reply) => reply.status === 200 && hashOf(reply) === expected),
      );
      const stream = { name: 'others', rate, path: PATH, headers: JSON_TYPE, bodies: [SMALL] };
      const back: number[] = [];
      const state = { over: false };
      const loads = (async () => {
        const all = [];
        while (!state.over) all.push(await load(service.url, 3, [stream]));
        return all;
      })();
      await pause(300);
      for (let i = 0; i < times; i++) back.push(await once(i));
      state.over = true;
      const steady = await Promise.all(clients.map((client) => client.stop()));
      const seen = (await loads).map(({ others }) => others);
      const statuses = new Set(seen.flatMap((one) => Object.keys(one?.statuses ?? {})));
      const broken = seen.reduce(
        (sum, one) =>
          sum + (one?.unanswered ?? 0) + Object.values(one?.failures ?? {}).reduce((a, b) => a + b, 0),
        0,
      );
      const answered = seen.reduce((sum, one) => sum + (one?.statuses['200']?.count ?? 0), 0);
      const wrong = steady.flatMap((one) => one.wrong);
      const others = answered + steady.reduce((sum, one) => sum + one.answered, 0);
      const failures = wrong.length + broken + (statuses.size === 1 ? 0 : 1);
      await settled(service, before);
      const after = held(service.pid);
      const what = `${name} × ${times}, ${lanes} ${lanes === 1 ? 'lane' : 'lanes'}`;
      figure(`${what}: failures among ${others} others`, failures, '0');
      figure(`${what}: lanes back, ms at most`, Math.max(...back), '< 1000');
      expect(wrong).toEqual([]);
      expect([...statuses]).toEqual(['200']);
      expect(broken).toBe(0);
      expect(others).toBeGreaterThan(50);
      bound(Math.max(...back)).toBeLessThan(1000);
      expect(after.threads).toBeLessThanOrEqual(before.threads + 1);
      expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 2);
      bound(after.residentMiB).toBeLessThan(before.residentMiB + 200);
    },
    180_000,
  );

  test('the process is the one that was started, and ends with 0', async () => {
    expect(held(service.pid).threads).toBeGreaterThan(0);
    const code = await service.stop();
    figure(`exits of the process, ${lanes} ${lanes === 1 ? 'lane' : 'lanes'}`, code === 0 ? 0 : 1, '0');
    expect(code).toBe(0);
  });
});

/** Connections of clients that have gone are closed in a moment. */
async function settled(service: Service, { descriptors, threads }: Held): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const now = held(service.pid);
    if (now.descriptors <= descriptors + 2 && now.threads <= threads) return;
    await pause(50);
  }
}

describe('in a lane that helps another', () => {
  const HELPER: readonly Kind[] = [
    { name: 'trap', times: often(20), status: 500, code: 'lane_lost' },
    { name: 'throw', times: often(20), status: 500, code: 'lane_lost' },
    { name: 'exit', ...ENDS_LANE },
    { name: 'heap', ...ENDS_LANE },
    { name: 'loop', ...LOOP, times: often(10), headers: { 'x-request-deadline-ms': '1500' } },
  ];
  let service: Service;
  let body: Uint8Array;
  beforeAll(async () => {
    const columns = Array.from({ length: 8 }, (_, i) => {
      const draw = noise(i + 1);
      return [`c${i}`, Float64Array.from({ length: 100_000 }, () => draw())] as const;
    });
    body = tableToIPC(makeTable(Object.fromEntries(columns)), 'stream');
    service = await startFaulty({ LANES: '2', LANE_HEAP_BYTES: SETTINGS.LANE_HEAP_BYTES });
  });
  afterAll(() => service.stop());

  test.each(HELPER)(
    '$name: the request that it helped fails, and no other',
    async (kind) => {
      const { name, times, status, code, headers = {} } = kind;
      const large = (id: string): Promise<Reply> =>
        send(`${service.url}/analytics/cluster?n_clusters=24&n_init=1&max_iter=8&tol=0`, {
          headers: { ...STREAM_TYPE, ...headers, 'x-request-id': id },
          body,
        });
      const small = await postJson(`${service.url}${PATH}`, JSON.parse(SMALL));
      const ask = (): Promise<Reply> => send(`${service.url}${PATH}`, { headers: JSON_TYPE, body: SMALL });
      const client = steadily(ask, (reply) => reply.status === 200 && hashOf(reply) === hashOf(small));
      const back: number[] = [];
      // Without a helper there is no fault: the next one has one again.
      for (let i = 0; back.length < times && i < 10 * times; i++) {
        const met = faultsMet(service);
        const reply = await large(`fault-helper-${name}-${i}`);
        const failed = Date.now();
        if (faultsMet(service) === met) {
          expect(reply.status).toBe(200);
          continue;
        }
        expect([reply.status, at(reply.json, 'code')]).toEqual([status, code]);
        back.push(await backAfter(service, failed));
      }
      const { wrong, answered } = await client.stop();
      figure(`${name} in a helper × ${back.length}: failures among ${answered} others`, wrong.length, '0');
      figure(`${name} in a helper × ${back.length}: lanes back, ms at most`, Math.max(...back), '< 1000');
      expect(wrong).toEqual([]);
      expect(back).toHaveLength(times);
      bound(Math.max(...back)).toBeLessThan(1000);
      expect((await large('whole')).status).toBe(200);
    },
    120_000,
  );
});
