import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request as httpRequest } from 'node:http';
import { send, type Service, startService } from '../service.js';
import { fileOf, keyed, makeKey, type TestKey } from '../access/keys.js';

const first = makeKey('first', ['read', 'analyze']);
const second = makeKey('second', ['read', 'analyze']);

describe('keys in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keys-'));
  const file = join(folder, 'keys.json');
  let service: Service;
  let swaps = 0;

  /** As the kubelet does it: a new folder, and a link to it that takes the place of the old one in one step. */
  const swap = (text: string): void => {
    const data = `..data_${++swaps}`;
    mkdirSync(join(folder, data));
    writeFileSync(join(folder, data, 'keys.json'), text);
    symlinkSync(data, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    if (swaps > 1) rmSync(join(folder, `..data_${swaps - 1}`), { recursive: true });
  };
  /** A key that is not known is 401, and 429 once this address has sent twenty of them: refused is refused. */
  const status = async (key: TestKey): Promise<number> => {
    const reply = await send(`${service.url}/models`, { method: 'GET', headers: keyed(key) });
    return reply.status === 429 ? 401 : reply.status;
  };
  /** Milliseconds until a key is answered so. */
  const until = async (key: TestKey, wanted: number): Promise<number> => {
    const began = performance.now();
    while ((await status(key)) !== wanted) {
      if (performance.now() - began > 10_000) throw new Error(`expected ${wanted} within 10 s`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return performance.now() - began;
  };

  beforeAll(async () => {
    swap(fileOf(first));
    symlinkSync(join('..data', 'keys.json'), file);
    service = await startService({ env: { API_KEYS_FILE: file } });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
    rmSync(folder, { recursive: true });
  });

  test('a swapped link: new keys work and old ones stop within 3 s, what is under way goes on', async () => {
    expect([await status(first), await status(second)]).toEqual([200, 401]);
    // Its body comes only after its key is gone.
    const open = httpRequest(`${service.url}/analytics/analyze`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...keyed(first) },
    });
    const answered = new Promise<number>((resolve, reject) => {
      open.on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      open.on('error', reject);
    });
    open.write('{"columns":{"a":[1,');
    await new Promise((resolve) => setTimeout(resolve, 200));
    swap(fileOf(second));
    expect(await until(second, 200)).toBeLessThan(3000);
    expect(await status(first)).toBe(401);
    open.end('2,3]}}');
    expect(await answered).toBe(200);
  });

  test('what is no file of keys changes nothing, and is told of once', async () => {
    swap('{"keys":[{"id":"sEcReT"}]}');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect([await status(first), await status(second)]).toEqual([401, 200]);
    const told = service.output().split('API keys cannot be read: those before hold').length - 1;
    expect(told).toBe(1);
    expect(service.output()).not.toContain('EcReT');
    rmSync(file);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await status(second)).toBe(200);
    expect(service.output()).toContain('ENOENT');
  });

  test('the next that is one holds again; an empty one shuts everybody out', async () => {
    symlinkSync(join('..data', 'keys.json'), file);
    swap(fileOf(first, second));
    expect(await until(first, 200)).toBeLessThan(3000);
    swap('{"keys":[]}');
    expect(await until(second, 401)).toBeLessThan(3000);
    expect(await status(first)).toBe(401);
  });
});
