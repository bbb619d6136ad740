import Database from 'libsql';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MIGRATIONS } from '../../src/adapters/store/migrations.js';
import { openRegistry } from './open.js';
import { startService } from '../service.js';
import { CARD, documentOf, filesOf, temporaryFolder, verified } from './folder.js';
import { type Publisher, startPublisher } from './process.js';

const open = (dataDir: string): ReturnType<typeof openRegistry> => openRegistry({ dataDir, cacheBytes: 0 });

test('a second process is refused while the first lives, and accepted when it was killed', async () => {
  const dataDir = temporaryFolder();
  const first = startPublisher([dataDir]);
  await first.open;
  const second = await startPublisher([dataDir]).ended;
  expect(second.code).toBe(1);
  expect(second.reason).toBe(
    `expected DATA_DIR ${dataDir} for this process alone, got one that another process holds (SQLITE_BUSY)`,
  );
  await expect(open(dataDir)).rejects.toThrow('another process holds');
  await first.kill();
  const third = startPublisher([dataDir]);
  await third.open;
  await third.kill();
  await verified(dataDir, []);
});

test('a process killed while it publishes leaves what it acknowledged, and nothing that is half there', async () => {
  const dataDir = temporaryFolder();
  const publishers: Publisher[] = [];
  for (let i = 0; i < 3; i++) {
    const publisher = startPublisher([dataDir, '4']);
    publishers.push(publisher);
    await publisher.open;
    while (publisher.acknowledged.length < 5 + i) await pause(1);
    await publisher.kill();
  }
  await verified(dataDir, publishers);
});

test('what a kill left is taken away by the next one, and what others put there is not', async () => {
  const dataDir = temporaryFolder();
  const first = await open(dataDir);
  const kept = await first.publish('a', CARD, documentOf('kept'));
  await first.close();
  const models = join(dataDir, 'models');
  writeFileSync(join(models, '7a1f3a5e-0000-4000-8000-000000000000.draft'), 'half of a doc');
  writeFileSync(join(models, 'f'.repeat(64)), 'whole, without a row');
  writeFileSync(join(models, 'README'), 'of the operator');
  const second = await open(dataDir);
  expect(await second.list()).toEqual([kept]);
  expect(filesOf(dataDir)).toEqual([kept.sha256, 'README'].sort());
  await second.close();
});

test('what a kill left is taken away also when nobody asks for a model', async () => {
  const dataDir = temporaryFolder();
  mkdirSync(join(dataDir, 'models'));
  writeFileSync(join(dataDir, 'models', 'e'.repeat(64)), 'whole, without a row');
  const publisher = startPublisher([dataDir]);
  await publisher.open;
  for (let i = 0; i < 400 && filesOf(dataDir).length > 0; i++) await pause(50);
  expect(filesOf(dataDir)).toEqual([]);
  await publisher.kill();
});

describe('a disk that takes no more', () => {
  test('is told, and leaves nothing of the document behind', async () => {
    const dataDir = temporaryFolder();
    // 256 KiB a file at most; documents of up to 4 MB.
    const publisher = startPublisher([dataDir, '2', '4000000'], { limit: 512 });
    while (publisher.refused.length < 2) await pause(5);
    for (const { refused, message } of publisher.refused) {
      expect(refused).toBe('storage_failed');
      expect(message).toMatch(/^expected room for a model of \d+ bytes, got a full disk \(EFBIG\)$/u);
    }
    await publisher.kill();
    expect(filesOf(dataDir).filter((name) => name.endsWith('.draft'))).toEqual([]);
    await verified(dataDir, [publisher]);
  });

  test('is told of the catalog too, and what it acknowledged before is there', async () => {
    const dataDir = temporaryFolder();
    // 128 KiB a file at most: the log of the catalog is full after some versions, the documents never.
    const publisher = startPublisher([dataDir, '2', '100'], { limit: 1024 });
    while (publisher.refused.length < 2) await pause(5);
    expect(publisher.acknowledged.length).toBeGreaterThan(0);
    for (const { refused, message } of publisher.refused) {
      expect(refused).toBe('storage_failed');
      expect(message).toMatch(/^expected room for a model of \d+ bytes, got .* disk \(SQLITE_\w+\)$/u);
    }
    await publisher.kill();
    await verified(dataDir, [publisher]);
  });
});

describe('a folder of no use is refused in words', () => {
  test('one that cannot be written to', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'registry-'));
    chmodSync(dataDir, 0o555);
    // Whoever may write everywhere is asked as nobody.
    const { code, reason } = await startPublisher([dataDir], process.getuid?.() === 0 ? { uid: 65_534 } : {})
      .ended;
    chmodSync(dataDir, 0o755);
    rmSync(dataDir, { recursive: true });
    expect([code, reason]).toEqual([
      1,
      `expected a DATA_DIR that can be written to, got ${dataDir} (EACCES)`,
    ]);
  });

  test('one that is a file, and one below a file', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    for (const dataDir of [file, join(file, 'below')])
      await expect(open(dataDir)).rejects.toThrow(
        `expected a DATA_DIR that can be written to, got ${dataDir} (ENOTDIR)`,
      );
  });

  const changed = async (change: (database: Database.Database) => void): Promise<string> => {
    const dataDir = temporaryFolder();
    const registry = await open(dataDir);
    await registry.publish('a', CARD, documentOf('a'));
    await registry.close();
    // SQLite keeps its lock on a file until the statements of this process are garbage: another file has none.
    const [from, to] = [join(dataDir, 'catalog.sqlite'), join(dataDir, 'changed.sqlite')];
    copyFileSync(from, to);
    const database = new Database(to);
    change(database);
    database.close();
    copyFileSync(to, from);
    return dataDir;
  };

  test('a catalog of a later version of the service', async () => {
    const dataDir = await changed((database) => {
      database.exec("INSERT INTO kysely_migration VALUES ('0999_streams', '2030-01-01')");
    });
    await expect(open(dataDir)).rejects.toThrow(
      `expected in DATA_DIR ${dataDir} a catalog.sqlite of schema ${String(Object.keys(MIGRATIONS).at(-1))} at most, got one of a later version (0999_streams)`,
    );
  });

  test('the database of another application', async () => {
    const dataDir = await changed((database) => database.exec('PRAGMA application_id = 12'));
    await expect(open(dataDir)).rejects.toThrow('got one of another application');
  });

  test('tables of another application that gave no number', async () => {
    const dataDir = await changed((database) => database.exec('PRAGMA application_id = 0'));
    await expect(open(dataDir)).rejects.toThrow('got one of another application');
  });

  test('a file that is no database', async () => {
    const dataDir = temporaryFolder();
    writeFileSync(join(dataDir, 'catalog.sqlite'), 'no database at all '.repeat(100));
    await expect(open(dataDir)).rejects.toThrow('got a damaged one (SQLITE_NOTADB)');
  });

  test('by the service: it does not start, and ends with 1', async () => {
    const dataDir = temporaryFolder();
    const first = await startService({ env: { DATA_DIR: dataDir } });
    await expect(startService({ env: { DATA_DIR: dataDir } })).rejects.toThrow(
      `the service ended with 1: analytics-service cannot start: expected DATA_DIR ${dataDir} for this process alone`,
    );
    expect(await first.stop()).toBe(0);
    const next = await startService({ env: { DATA_DIR: dataDir } });
    expect(await next.stop()).toBe(0);
  });
});
