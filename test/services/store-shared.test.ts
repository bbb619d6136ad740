/** Stores of several processes on one PostgreSQL, with a bucket or a volume that they share. */
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openStore, type Store } from '../../src/adapters/store/store.js';
import { CARD, documentOf, temporaryFolder } from '../registry/folder.js';
import { bytesOf, DATASET, open, type Place, sha256Of } from '../store/contract.js';
import { placeOver } from '../store/places.js';
import { type PostgresServer, startPostgres } from './postgres.js';
import { type S3Server, startS3 } from './s3.js';

let postgres: PostgresServer;
let s3: S3Server;

beforeAll(async () => {
  [postgres, s3] = await Promise.all([startPostgres(), startS3()]);
  Object.assign(process.env, s3.credentials);
}, 90_000);
afterAll(async () => {
  await Promise.all([postgres.stop(), s3.stop()]);
});

const opened: Store[] = [];
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});
const opening = async (place: Place, maxDatasets?: number): Promise<Store> => {
  const store = await open(place, maxDatasets === undefined ? {} : { maxDatasets });
  opened.push(store);
  return store;
};

describe.each(['a bucket', 'a volume'])('two stores with %s', (kind) => {
  const newPlace = async (): Promise<Place & { readonly folder: string }> => {
    const databaseUrl = await postgres.database();
    const dataDir = temporaryFolder();
    if (kind === 'a volume') return { ...placeOver(dataDir, { dataDir, databaseUrl }), folder: dataDir };
    const { url, folder } = s3.bucket();
    return { ...placeOver(folder, { dataDir, databaseUrl, s3Url: url }), folder };
  };
  const two = async (maxDatasets?: number): Promise<[Store, Store, Place]> => {
    const place = await newPlace();
    return [await opening(place, maxDatasets), await opening(place, maxDatasets), place];
  };

  test('eight that start at once make the tables once', async () => {
    const place = await newPlace();
    const stores = await Promise.all(Array.from({ length: 8 }, () => opening(place)));
    const versions = await Promise.all(
      stores.map(({ models }, i) => models.publish('m', CARD, documentOf(`of ${i}`))),
    );
    expect(versions.map(({ version }) => version).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('what one publishes or removes the other sees at once', async () => {
    const [a, b] = await two();
    await a.models.publish('m', CARD, documentOf('1'));
    expect((await b.models.find('m'))?.version).toBe(1);
    const second = await b.models.publish('m', CARD, documentOf('2'));
    expect(await a.models.find('m')).toEqual(second);
    expect(Buffer.from(await a.models.document(second)).toString()).toBe('2');
    expect(await a.models.remove('m', 2)).toBe(1);
    expect(await b.models.find('m', 2)).toBeUndefined();
    expect((await b.models.find('m'))?.version).toBe(1);
    const { dataset } = await a.datasets.publish(DATASET, documentOf('rows'));
    expect((await bytesOf(b, dataset)).toString()).toBe('rows');
    expect(await b.datasets.remove(dataset.id)).toBe(true);
    expect(await a.datasets.find(dataset.id)).toBeUndefined();
  });

  test('versions are given once, whoever gives them', async () => {
    const [a, b] = await two();
    const all = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        (i % 2 === 0 ? a : b).models.publish('m', CARD, documentOf(`document ${i % 7}`)),
      ),
    );
    expect(all.map(({ version }) => version).sort((x, y) => x - y)).toEqual(all.map((_, i) => i + 1));
  });

  test('the same document is published and removed by both at once: whoever has a row has a document', async () => {
    const [a, b, place] = await two();
    const document = documentOf('contended');
    for (let round = 0; round < 15; round++) {
      await Promise.all([
        a.models.publish('kept', CARD, document),
        b.models.publish('gone', CARD, document).then(() => b.models.remove('gone')),
        a.models.publish('gone too', CARD, document).then(() => b.models.remove('gone too')),
        b.models.remove('kept'),
        a.datasets.publish(DATASET, document),
        b.datasets.remove(sha256Of(document)),
        b.datasets.publish(DATASET, document),
      ]);
      const rows = await a.models.versions('kept');
      expect(place.names('models')).toEqual(rows.length > 0 ? [sha256Of(document)] : []);
      for (const row of rows) expect(Buffer.from(await b.models.document(row)).toString()).toBe('contended');
      const [dataset] = await b.datasets.list();
      expect(place.names('datasets')).toEqual(dataset === undefined ? [] : [dataset.id]);
    }
  });

  test('MAX_DATASETS holds for both together', async () => {
    const [a, b, place] = await two(5);
    const all = await Promise.allSettled(
      Array.from({ length: 16 }, (_, i) =>
        (i % 2 === 0 ? a : b).datasets.publish(DATASET, documentOf(`${i}`)),
      ),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect(await a.datasets.list()).toHaveLength(5);
    expect(place.names('datasets')).toHaveLength(5);
  });

  test('what no row has is swept when it is old, what may be on its way is not', async () => {
    const place = await newPlace();
    const first = await opening(place);
    const { sha256: used } = await first.models.publish('m', CARD, documentOf('used'));
    const lie = (text: string, hours: number): string => {
      const name = sha256Of(documentOf(text));
      const path = join(place.folder, 'models', name);
      writeFileSync(path, text);
      const then = Date.now() / 1000 - hours * 3600;
      utimesSync(path, then, then);
      return name;
    };
    const old = lie('old', 2);
    const young = lie('young', 0.5);
    lie('used', 3);
    await opening(place);
    for (let i = 0; i < 80 && place.names('models').includes(old); i++) await pause(100);
    expect(place.names('models')).toEqual([used, young].sort());
  });
});

test('a bucket or a volume that is another catalog’s is refused', async () => {
  const { url } = s3.bucket();
  const dataDir = temporaryFolder();
  const [one, other] = [await postgres.database(), await postgres.database()];
  const first = await openStore({ dataDir, cacheBytes: 0, databaseUrl: one });
  const second = await openStore({ dataDir, cacheBytes: 0, databaseUrl: one, s3Url: url });
  opened.push(first, second);
  await expect(openStore({ dataDir, cacheBytes: 0, databaseUrl: other })).rejects.toThrow(
    `expected DATA_DIR ${dataDir} for the documents of this catalog alone, got one that is another's`,
  );
  for (const options of [{ dataDir, databaseUrl: other }, { dataDir: temporaryFolder() }])
    await expect(openStore({ cacheBytes: 0, s3Url: url, ...options })).rejects.toThrow(
      "expected the bucket and prefix of S3_URL for the documents of this catalog alone, got one that is another's",
    );
});

test('DATA_DIR is either of a catalog of its own or of one in PostgreSQL: neither sweeps what the other has', async () => {
  const [own, shared] = [temporaryFolder(), temporaryFolder()];
  const databaseUrl = await postgres.database();
  const embedded = await openStore({ dataDir: own, cacheBytes: 0 });
  await embedded.models.publish('m', CARD, documentOf('mine'));
  await embedded.close();
  await expect(openStore({ dataDir: own, cacheBytes: 0, databaseUrl })).rejects.toThrow(
    `expected with DATABASE_URL a DATA_DIR without a catalog of its own, got ${own}`,
  );
  const store = await openStore({ dataDir: shared, cacheBytes: 0, databaseUrl });
  await store.close();
  await expect(openStore({ dataDir: shared, cacheBytes: 0 })).rejects.toThrow(
    `expected a DATA_DIR of this process alone, got ${shared} whose catalog is in PostgreSQL: set DATABASE_URL`,
  );
  expect(readdirSync(join(own, 'models'))).toHaveLength(1);
});
