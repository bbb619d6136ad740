import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRegistry } from './open.js';
import type { Registry } from '../../src/ports/registry.js';
import { CARD, documentOf, filesOf, temporaryFolder } from './folder.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const text = (memory: SharedArrayBuffer): string => Buffer.from(memory).toString();

/** A registry in a folder of its own, closed when the body is done. */
async function using(
  body: (registry: Registry, dataDir: string) => Promise<void>,
  cacheBytes = 2 ** 20,
): Promise<void> {
  const dataDir = temporaryFolder();
  const registry = await openRegistry({ dataDir, cacheBytes });
  try {
    await body(registry, dataDir);
  } finally {
    await registry.close();
  }
}

test('a version is found as it was published, also by the next to open the folder', async () => {
  const dataDir = join(temporaryFolder(), 'made', 'on the way');
  const first = await openRegistry({ dataDir, cacheBytes: 0 });
  const document = documentOf('{"a":1}');
  const before = Date.now();
  const published = await first.publish('churn', CARD, document);
  expect(published).toMatchObject({ name: 'churn', version: 1, sha256: sha256(document), bytes: 7 });
  expect(published.card).toEqual(CARD);
  expect(Date.parse(published.created)).toBeGreaterThanOrEqual(before);
  expect(new Date(published.created).toISOString()).toBe(published.created);
  await first.close();

  const second = await openRegistry({ dataDir, cacheBytes: 0 });
  expect(await second.find('churn')).toEqual(published);
  expect(await second.find('churn', 1)).toEqual(published);
  expect(text(await second.document(published))).toBe('{"a":1}');
  expect(filesOf(dataDir)).toEqual([published.sha256]);
  await second.close();
});

test('what is not there is undefined or an empty list', () =>
  using(async (registry) => {
    await registry.publish('a', CARD, documentOf('a'));
    expect(await registry.find('b')).toBeUndefined();
    expect(await registry.find('a', 2)).toBeUndefined();
    expect(await registry.find('A')).toBeUndefined();
    expect(await registry.versions('b')).toEqual([]);
    expect(await registry.remove('b')).toBe(0);
    expect(await registry.remove('a', 7)).toBe(0);
  }));

test('lists are of the newest version of each name, by name, and of a name newest first', () =>
  using(async (registry) => {
    expect(await registry.list()).toEqual([]);
    for (const name of ['b', 'a', 'b', 'c', 'b']) await registry.publish(name, CARD, documentOf(name));
    const numbered = (versions: Awaited<ReturnType<Registry['list']>>): string[] =>
      versions.map(({ name, version }) => `${name}${version}`);
    expect(numbered(await registry.list())).toEqual(['a1', 'b3', 'c1']);
    expect(numbered(await registry.versions('b'))).toEqual(['b3', 'b2', 'b1']);
    expect((await registry.find('b'))?.version).toBe(3);
    await registry.remove('b', 3);
    expect(numbered(await registry.list())).toEqual(['a1', 'b2', 'c1']);
  }));

test('a version is never given twice, neither after a removal nor after another start', async () => {
  const dataDir = temporaryFolder();
  const first = await openRegistry({ dataDir, cacheBytes: 0 });
  const publish = async (registry: Registry): Promise<number> =>
    (await registry.publish('a', CARD, documentOf('a'))).version;
  expect([await publish(first), await publish(first)]).toEqual([1, 2]);
  expect(await first.remove('a', 2)).toBe(1);
  expect(await publish(first)).toBe(3);
  expect(await first.remove('a')).toBe(2);
  expect(await first.list()).toEqual([]);
  expect(await publish(first)).toBe(4);
  await first.remove('a');
  await first.close();
  const second = await openRegistry({ dataDir, cacheBytes: 0 });
  expect(await publish(second)).toBe(5);
  await second.close();
});

test('versions that are published at once get different numbers, without a gap', () =>
  using(async (registry, dataDir) => {
    const names = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 'odd' : 'even'));
    const published = await Promise.all(
      names.map((name, i) => registry.publish(name, { ...CARD, rows: i }, documentOf(`document ${i}`))),
    );
    for (const [i, version] of published.entries()) {
      expect(version.card.rows).toBe(i);
      expect(text(await registry.document(version))).toBe(`document ${i}`);
    }
    const numbers = (name: string): number[] =>
      published.filter((one) => one.name === name).map(({ version }) => version);
    const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
    expect(numbers('odd').sort((a, b) => a - b)).toEqual(upTo(10));
    expect(numbers('even').sort((a, b) => a - b)).toEqual(upTo(30));
    expect(filesOf(dataDir)).toHaveLength(40);
  }));

test('names are data: none of them is a path or a statement', () =>
  using(async (registry, dataDir) => {
    const names = [
      '../../escape',
      'a/b',
      '..',
      "x'; DROP TABLE models; --",
      '%',
      '__proto__',
      'naïve \u{1f600}',
      '',
    ];
    for (const name of names) {
      const published = await registry.publish(name, CARD, documentOf(`of ${name}`));
      expect(await registry.find(name)).toEqual(published);
    }
    expect((await registry.list()).map(({ name }) => name)).toEqual([...names].sort());
    expect(filesOf(dataDir).every((file) => /^[0-9a-f]{64}$/u.test(file))).toBe(true);
  }));

test('what is published twice is one file, which stays as long as a version uses it', () =>
  using(async (registry, dataDir) => {
    const document = documentOf('the same');
    const a = await registry.publish('a', CARD, document);
    const b = await registry.publish('b', CARD, document);
    await registry.publish('b', CARD, document);
    expect(filesOf(dataDir)).toEqual([a.sha256]);
    expect(await registry.remove('a')).toBe(1);
    expect(text(await registry.document(b))).toBe('the same');
    expect(await registry.remove('b', 1)).toBe(1);
    expect(filesOf(dataDir)).toEqual([a.sha256]);
    expect(await registry.remove('b')).toBe(1);
    expect(filesOf(dataDir)).toEqual([]);
  }));

test('the same document may be published and removed at once: whoever has a row has a file', () =>
  using(async (registry, dataDir) => {
    const document = documentOf('contended');
    for (let round = 0; round < 20; round++) {
      await Promise.all([
        registry.publish('kept', CARD, document),
        registry.publish('gone', CARD, document).then(() => registry.remove('gone')),
        registry.remove('kept'),
      ]);
      const rows = await registry.versions('kept');
      expect(filesOf(dataDir)).toEqual(rows.length > 0 ? [sha256(document)] : []);
    }
  }, 0));

test('an empty document and one of several stretches come back as they were', () =>
  using(async (registry) => {
    const large = new Uint8Array(2.5 * 2 ** 20).map((_, i) => (i * 31) ^ (i >> 8));
    const shared = new Uint8Array(new SharedArrayBuffer(10)).fill(7);
    for (const document of [new Uint8Array(0), large, large.subarray(3, 2_000_000), shared]) {
      const version = await registry.publish('a', CARD, document);
      expect(Buffer.from(await registry.document(version)).equals(document)).toBe(true);
    }
  }, 0));

describe('a document in the cache', () => {
  const publishAll = (registry: Registry, texts: readonly string[]): Promise<readonly string[]> =>
    Promise.all(
      texts.map((one) => registry.publish('a', CARD, documentOf(one)).then((version) => version.sha256)),
    );

  test('is read once by all who ask at the same time, and not again', () =>
    using(async (registry, dataDir) => {
      const version = await registry.publish('a', CARD, documentOf('once'));
      const [first, ...others] = await Promise.all([1, 2, 3].map(() => registry.document(version)));
      expect(others.every((other) => other === first)).toBe(true);
      rmSync(join(dataDir, 'models', version.sha256));
      expect(await registry.document(version)).toBe(first);
    }));

  test('makes room for others, the one first that was not used longest', () =>
    using(async (registry, dataDir) => {
      await publishAll(registry, ['aaaa', 'bbbb', 'cccc']);
      const [c, b, a] = await registry.versions('a');
      const kept = await registry.document(a!);
      await registry.document(b!);
      expect(await registry.document(a!)).toBe(kept);
      await registry.document(c!);
      for (const file of filesOf(dataDir)) rmSync(join(dataDir, 'models', file));
      expect(await registry.document(a!)).toBe(kept);
      expect(text(await registry.document(c!))).toMatch(/^(aaaa|bbbb|cccc)$/u);
      await expect(registry.document(b!)).rejects.toMatchObject({ code: 'storage_failed' });
    }, 8));

  test('is not kept when it is larger than the cache, and drives nothing out', () =>
    using(async (registry, dataDir) => {
      const small = await registry.publish('small', CARD, documentOf('1234'));
      const large = await registry.publish('large', CARD, documentOf('123456789'));
      const kept = await registry.document(small);
      expect(await registry.document(large)).not.toBe(await registry.document(large));
      rmSync(join(dataDir, 'models', small.sha256));
      expect(await registry.document(small)).toBe(kept);
    }, 8));

  test('is not what a reader of a failed read gets: the next one tries again', () =>
    using(async (registry, dataDir) => {
      const version = await registry.publish('a', CARD, documentOf('back again'));
      const file = join(dataDir, 'models', version.sha256);
      const bytes = readFileSync(file);
      rmSync(file);
      await expect(registry.document(version)).rejects.toMatchObject({ code: 'storage_failed' });
      writeFileSync(file, bytes);
      expect(text(await registry.document(version))).toBe('back again');
    }));
});

describe('a file that is damaged', () => {
  test.each<[string, (file: string) => void, RegExp]>([
    [
      'by one bit',
      (file) => {
        writeFileSync(file, 'abcdefgi');
      },
      /SHA-256 it was stored with, got another: it is damaged$/u,
    ],
    [
      'by its end',
      (file) => {
        truncateSync(file, 7);
      },
      /expected the stored document of model "m", version 1 with 8 bytes, got 7: it is damaged$/u,
    ],
    [
      'by more behind it',
      (file) => {
        writeFileSync(file, 'abcdefgh!');
      },
      /with 8 bytes, got 9/u,
    ],
    [
      'by being gone',
      (file) => {
        rmSync(file);
      },
      /with 8 bytes, got none: it is damaged$/u,
    ],
  ])('%s is told, in words without a path', (_how, damage, message) =>
    using(async (registry, dataDir) => {
      const version = await registry.publish('m', CARD, documentOf('abcdefgh'));
      const file = join(dataDir, 'models', version.sha256);
      damage(file);
      const error: unknown = await registry.document(version).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'Problem', code: 'storage_failed' });
      expect(String(error)).toMatch(message);
      expect(String(error)).not.toContain(dataDir);
      // Published again it is whole again.
      await registry.publish('m', CARD, documentOf('abcdefgh'));
      expect(text(await registry.document(version))).toBe('abcdefgh');
    }),
  );

  test('is no damage when the version was removed while it was asked', () =>
    using(async (registry) => {
      const version = await registry.publish('m', CARD, documentOf('short-lived'));
      await registry.remove('m');
      await expect(registry.document(version)).rejects.toMatchObject({ code: 'not_found' });
    }, 0));
});

test('files are for the service alone', () =>
  using(async (registry, dataDir) => {
    const { sha256: file } = await registry.publish('m', CARD, documentOf('secret'));
    expect(statSync(join(dataDir, 'models', file)).mode & 0o077).toBe(0);
  }));

test('a folder that is open is refused to a second opener of the same process too', () =>
  using(async (_registry, dataDir) => {
    await expect(openRegistry({ dataDir, cacheBytes: 0 })).rejects.toThrow('another process holds');
  }));
