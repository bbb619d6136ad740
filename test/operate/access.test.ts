/** What it costs to know who asks, and what those cost who are not known. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAccess } from '../../src/adapters/access/access.js';
import { signed, signer, startIssuer } from '../access/issuer.js';
import { fileOf, keyed, makeKey, type TestKey } from '../access/keys.js';
import { send, type Service, startService, type StartOptions } from '../service.js';
import { bound, figure } from './figures.js';
import { load, type Seen } from './load.js';

jest.setTimeout(120_000);

const REPEATS = Number(process.env.ACCESS_REPEATS ?? 5);
const BODY = JSON.stringify({ data: Array.from({ length: 20 }, (_, i) => ({ a: i, b: i * i })) });
const JSON_TYPE = { 'content-type': 'application/json' };
const good = makeKey('good', ['read', 'analyze'], { requests_per_minute: 1_000_000 });

const running: Service[] = [];
const start = async (options: StartOptions = {}): Promise<Service> => {
  const service = await startService(options);
  running.push(service);
  return service;
};
// Also those of a test that failed.
afterEach(async () => {
  for (const service of running.splice(0)) expect(await service.stop()).toBe(0);
});

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
};

/** Seconds that a process has computed. */
function cpuOf(pid: number): number {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ');
  const [user = '', system = ''] = rest.split(' ').slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

test.each([1, 1000])('a request is known and counted in some microseconds, with %i keys', async (count) => {
  const others = Array.from({ length: count - 1 }, (_, i) => makeKey(`key-${i}`, ['read']));
  const access = await openAccess(
    {
      auth: 'auto',
      keysFile: '',
      keys: fileOf(...others, good),
      jwksUrl: '',
      issuer: '',
      audience: '',
      quotaRequests: 0,
      quotaBytes: 0,
    },
    '127.0.0.1',
    () => undefined,
  );
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    const began = performance.now();
    for (let i = 0; i < 200; i++) {
      const caller = await access!.identify({ authorization: undefined, apiKey: good.key }, '127.0.0.1');
      await access!.count(caller, '127.0.0.1', 1, 0);
    }
    times.push(((performance.now() - began) / 200) * 1000);
  }
  const asked = count === 1 ? 100 : 2000;
  figure(`known and counted, 1 of ${count} keys, µs a request`, median(times), `< ${asked}`);
  bound(median(times)).toBeLessThan(asked);
});

test('the process computes little more for a request that has a key or a token', async () => {
  const issued = signer('rs', 'RS256');
  const issuer = await startIssuer([issued]);
  const exp = Math.floor(Date.now() / 1000) + 600;
  const claims = { iss: 'https://id.example', aud: 'analytics', sub: 'ada', exp, scope: 'read' };
  const open = await start();
  const closed = await start({
    env: {
      API_KEYS: fileOf(good),
      JWKS_URL: issuer.url,
      JWT_ISSUER: 'https://id.example',
      JWT_AUDIENCE: 'analytics',
    },
  });
  const kinds = {
    nobody: { service: open, headers: {} },
    key: { service: closed, headers: keyed(good) },
    token: { service: closed, headers: { authorization: `Bearer ${signed(issued, claims)}` } },
  };
  const spent: Record<keyof typeof kinds, number[]> = { nobody: [], key: [], token: [] };
  const ROUND = 500;
  // The first round of each is to warm up.
  for (let round = 0; round <= REPEATS; round++) {
    for (const [kind, { service, headers }] of Object.entries(kinds) as [
      keyof typeof kinds,
      (typeof kinds)['key'],
    ][]) {
      const before = cpuOf(service.pid);
      for (let i = 0; i < ROUND; i += 10) {
        const asked = Array.from({ length: 10 }, () => send(`${service.url}/v2`, { method: 'GET', headers }));
        for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
      }
      if (round > 0) spent[kind].push(((cpuOf(service.pid) - before) / ROUND) * 1e6);
    }
  }
  const more = (kind: 'key' | 'token'): number => median(spent[kind]) - median(spent.nobody);
  figure('processor time more, a request with a key, µs', more('key'), '< 300');
  figure('processor time more, a request with a token (RS256), µs', more('token'), '< 1000');
  bound(more('key')).toBeLessThan(300);
  bound(more('token')).toBeLessThan(1000);
  await issuer.close();
});

test('2,000 wrong keys a second cost those who are known nothing that they notice', async () => {
  const service = await start({ env: { API_KEYS: fileOf(good) } });
  const callers = {
    name: 'good',
    rate: 50,
    path: '/analytics/analyze',
    headers: { ...JSON_TYPE, ...keyed(good) },
    bodies: [BODY],
  };
  const flood = {
    name: 'bad',
    rate: 2000,
    path: '/analytics/analyze',
    headers: { ...JSON_TYPE, 'x-api-key': makeKey('bad', ['read']).key },
    bodies: [BODY],
  };
  await load(service.url, 2, [callers]);
  const before = await load(service.url, 5, [callers]);
  const during = await load(service.url, 10, [callers, flood]);
  const answered = (seen: Seen | undefined, status: number): number =>
    seen?.statuses[String(status)]?.count ?? 0;
  const { good: alone } = before;
  const { good: beside, bad } = during;
  const p99 = (seen: Seen | undefined, status: number): number =>
    seen?.statuses[String(status)]?.p99 ?? Infinity;
  figure('a known caller alone, p99, ms', p99(alone, 200), '');
  figure('the same while 2,000 wrong keys a second come, p99, ms', p99(beside, 200), '< 50');
  figure('a wrong key is refused, p99, ms', p99(bad, 429), '< 50');
  expect(Object.keys(alone!.statuses)).toEqual(['200']);
  expect(Object.keys(beside!.statuses)).toEqual(['200']);
  expect(beside!.failures).toEqual({});
  expect(bad!.failures).toEqual({});
  expect(answered(bad, 401)).toBe(20);
  expect(answered(bad, 401) + answered(bad, 429)).toBe(bad!.sent);
  bound(p99(beside, 200)).toBeLessThan(50);
  bound(p99(bad, 429)).toBeLessThan(50);
});

test('a key that is given works, and one that is taken stops, within 3 s', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keys-'));
  const file = join(folder, 'keys.json');
  const write = (key: TestKey): void => {
    writeFileSync(`${file}.new`, fileOf(key));
    renameSync(`${file}.new`, file);
  };
  let current = good;
  write(current);
  const service = await start({ env: { API_KEYS_FILE: file } });
  const status = async (key: TestKey): Promise<number> =>
    (await send(`${service.url}/v2`, { method: 'GET', headers: keyed(key) })).status;
  const times: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const next = makeKey(`next-${i}`, ['read']);
    const began = performance.now();
    write(next);
    while ((await status(current)) === 200) await new Promise((resolve) => setTimeout(resolve, 20));
    times.push(performance.now() - began);
    expect(await status(next)).toBe(200);
    current = next;
  }
  figure('a key is exchanged, longest, ms', Math.max(...times), '< 3000');
  expect(Math.max(...times)).toBeLessThan(3000);
  rmSync(folder, { recursive: true });
});
