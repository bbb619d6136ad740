/**
 * What becomes of the models, and of all else, when the disk does not: full, read-only, gone. The disk is a tmpfs that is
 * mounted for a test, so the errors are the system's own.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at, postJson, type Reply, send, type Service, startService as start } from '../service.js';
import { figure } from './figures.js';

const folder = mkdtempSync(join(tmpdir(), 'storage-'));
const disk = join(folder, 'disk');

function mounted(): boolean {
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', disk], { stdio: 'pipe' });
    return true;
  } catch (error) {
    console.warn(`storage: no disk can be mounted here, so none is full: ${String(error).slice(0, 200)}`);
    return false;
  }
}
const hasDisk = process.platform === 'linux' && mounted();
const onDisk = hasDisk ? test : test.skip;
const dataDir = join(disk, 'data');

afterAll(() => {
  if (hasDisk) execFileSync('umount', ['--lazy', disk]);
  rmSync(folder, { recursive: true, force: true });
});

/** Ended behind a test that fails, too: what it holds would be in the way of the next one. */
const running = new Set<Service>();
const startService = async (env: Readonly<Record<string, string>>): Promise<Service> => {
  const service = await start({ env });
  running.add(service);
  return service;
};
const stop = (service: Service): Promise<number | null> => {
  running.delete(service);
  return service.stop();
};
afterEach(async () => {
  for (const service of running) await service.kill();
  running.clear();
});

const ROWS = Array.from({ length: 20 }, (_, i) => ({ a: i, b: (i * 7) % 5, y: 2 * i + 1 }));
const fit = (service: Service, name: string): Promise<Reply> =>
  postJson(`${service.url}/models`, {
    data: ROWS,
    options: { name, target: 'y', pipeline: [{ name: 'linear_regression' }] },
  });
const describeRows = (service: Service): Promise<Reply> =>
  postJson(`${service.url}/analytics/describe`, { data: ROWS });
const predict = (service: Service, name: string): Promise<Reply> =>
  postJson(`${service.url}/models/${name}/predict`, { data: [{ a: 3, b: 1 }] });
const get = (service: Service, path: string): Promise<Reply> =>
  send(`${service.url}${path}`, { method: 'GET' });
const codeOf = (reply: Reply): unknown => at(reply.json, 'code');
const versions = async (service: Service, name: string): Promise<unknown> => {
  const reply = await get(service, `/models/${name}/versions`);
  const list = at(reply.json, 'results', 'versions');
  return Array.isArray(list) ? list.map((one) => at(one, 'version')) : reply.status;
};

onDisk(
  'a full disk refuses models in words, analytics go on, and when there is room again models are taken',
  async () => {
    const service = await startService({ DATA_DIR: dataDir });
    const acknowledged: unknown[] = [];
    const before = await fit(service, 'kept');
    expect(before.status).toBe(201);
    acknowledged.push(at(before.json, 'results', 'version'));
    const filler = join(disk, 'filler');
    try {
      writeFileSync(filler, Buffer.alloc(2 ** 20));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    }
    let refused = 0;
    let others = 0;
    for (let i = 0; i < 30; i++) {
      const reply = await fit(service, 'kept');
      if (reply.status === 201) acknowledged.push(at(reply.json, 'results', 'version'));
      else {
        expect([reply.status, codeOf(reply)]).toEqual([507, 'storage_failed']);
        expect(at(reply.json, 'detail')).toMatch(/got a full disk \((ENOSPC|SQLITE_FULL)\)/u);
        expect(reply.text).not.toContain(folder);
        refused++;
      }
      if ((await describeRows(service)).status !== 200) others++;
      if ((await predict(service, 'kept')).status !== 200) others++;
      if ((await get(service, '/health/ready')).status !== 200) others++;
    }
    expect(refused).toBeGreaterThan(10);
    expect(others).toBe(0);
    rmSync(filler);
    const after = await fit(service, 'kept');
    expect(after.status).toBe(201);
    acknowledged.push(at(after.json, 'results', 'version'));
    expect(await versions(service, 'kept')).toEqual(acknowledged.toReversed());
    expect(await stop(service)).toBe(0);
    const again = await startService({ DATA_DIR: dataDir });
    expect(await versions(again, 'kept')).toEqual(acknowledged.toReversed());
    expect((await predict(again, 'kept')).status).toBe(200);
    // Of what was refused nothing has stayed.
    expect(readdirSync(join(dataDir, 'models'))).toHaveLength(1);
    expect(await stop(again)).toBe(0);
    figure(`full disk: ${refused} models refused with 507; other requests that failed`, others, '0');
    figure('full disk: acknowledged versions that are gone after a restart', 0, '0');
  },
  60_000,
);

onDisk(
  'on a disk that is read-only from the start it does not start, and says which setting is meant',
  async () => {
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    try {
      await expect(startService({ DATA_DIR: dataDir })).rejects.toThrow(
        /ended with 1: .*cannot start: .*DATA_DIR.*\(EROFS|SQLITE_READONLY\w*\)/su,
      );
    } finally {
      execFileSync('mount', ['-o', 'remount,rw', disk]);
    }
  },
);

test('DATA_DIR that is a file: it does not start, and says so', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await expect(startService({ DATA_DIR: file })).rejects.toThrow(
    /ended with 1: .*DATA_DIR.*\(EEXIST|ENOTDIR\)/su,
  );
});

test('DATA_DIR taken away while it runs: models are refused or kept whole, analytics go on', async () => {
  const here = join(folder, 'gone');
  const service = await startService({ DATA_DIR: here });
  expect((await fit(service, 'kept')).status).toBe(201);
  rmSync(here, { recursive: true });
  const reply = await fit(service, 'late');
  expect([reply.status, codeOf(reply)]).toEqual([507, 'storage_failed']);
  expect((await describeRows(service)).status).toBe(200);
  expect([200, 507]).toContain((await predict(service, 'kept')).status);
  expect((await get(service, '/health/live')).status).toBe(200);
  expect([0, 1]).toContain(await stop(service));
}, 30_000);

test('a damaged catalog: it does not start, and says so', async () => {
  const here = join(folder, 'damaged');
  const service = await startService({ DATA_DIR: here });
  expect((await fit(service, 'kept')).status).toBe(201);
  expect(await stop(service)).toBe(0);
  writeFileSync(join(here, 'catalog.sqlite'), Buffer.alloc(8192, 'no database '));
  await expect(startService({ DATA_DIR: here })).rejects.toThrow(
    /ended with 1: .*DATA_DIR.*damaged one \(SQLITE_NOTADB\)/su,
  );
}, 30_000);

test('a catalog that another process holds: the second one does not start, the first goes on', async () => {
  const here = join(folder, 'held');
  const service = await startService({ DATA_DIR: here });
  await expect(startService({ DATA_DIR: here })).rejects.toThrow(
    /DATA_DIR.*for this process alone.*\(SQLITE_BUSY\)/su,
  );
  expect((await fit(service, 'kept')).status).toBe(201);
  expect(await stop(service)).toBe(0);
}, 30_000);

test('a collector of traces that is gone: every request is answered, and it stops in time', async () => {
  const service = await startService({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
  for (let i = 0; i < 50; i++) expect((await describeRows(service)).status).toBe(200);
  const stopping = performance.now();
  expect(await stop(service)).toBe(0);
  expect(performance.now() - stopping).toBeLessThan(10_000);
}, 30_000);
