/** What becomes of the store when a server is not there, does not let it in, or has what is not the store's. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { openStore, type Store, type StoreOptions } from '../../src/adapters/store/store.js';
import { CARD, documentOf, temporaryFolder } from '../registry/folder.js';
import { bytesOf, DATASET, large } from '../store/contract.js';
import { at, postJson, type Reply, send, type Service, startService } from '../service.js';
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
const services: Service[] = [];
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  for (const service of services.splice(0)) await service.kill();
});
const stop = (service: Service): Promise<number | null> => {
  services.splice(services.indexOf(service), 1);
  return service.stop();
};
const opening = async (options: Partial<StoreOptions>): Promise<Store> => {
  const store = await openStore({ dataDir: temporaryFolder(), cacheBytes: 0, ...options });
  opened.push(store);
  return store;
};
/** What a refusal says: nothing secret. */
const refusal = async (options: Partial<StoreOptions>): Promise<string> => {
  const error: unknown = await opening(options).then(
    () => new Error('it was opened'),
    (reason: unknown) => reason,
  );
  expect(String(error)).not.toMatch(/analyst|a-password|a-secret|127\.0\.0\.1/u);
  return String(error);
};
const FAILED = { name: 'Problem', code: 'storage_failed' };

describe('is refused at the start, in words', () => {
  test('a wrong password, a database that is not there, a URL of something else', async () => {
    const url = postgres.url;
    expect(await refusal({ databaseUrl: url.replace('a-password', 'no-password') })).toContain(
      'got a user or password that the database refuses (28P01)',
    );
    expect(await refusal({ databaseUrl: url.replace(/analytics_1$/u, 'nowhere') })).toContain(
      'got a database that does not exist (3D000)',
    );
    expect(await refusal({ databaseUrl: url.replace('postgres:', 'mysql:') })).toContain(
      'expected in DATABASE_URL postgres://user:password@host:port/database, got a URL of another kind',
    );
    expect(await refusal({ databaseUrl: 'analyst:a-password' })).toContain('got a URL of another kind');
  });

  test('a catalog of a later version, tables of another application, texts in another encoding', async () => {
    const later = await postgres.database();
    await (await openStore({ dataDir: temporaryFolder(), cacheBytes: 0, databaseUrl: later })).close();
    await postgres.ask(later, "insert into kysely_migration values ('0999_later', '2030-01-01')");
    expect(await refusal({ databaseUrl: later })).toMatch(
      /expected in DATABASE_URL a catalog of schema \d{4}_\w+ at most, got one of a later version \(0999_later\)/u,
    );
    const others = await postgres.database();
    await postgres.ask(others, 'create table models (name text)');
    expect(await refusal({ databaseUrl: others })).toContain('got tables of another application');
    await postgres.ask(others, 'create table kysely_migration (name text, timestamp text)');
    await postgres.ask(others, "insert into kysely_migration values ('2020_users', '')");
    expect(await refusal({ databaseUrl: others })).toContain('got tables of another application');
    expect(await postgres.ask(others, 'select * from models')).toEqual([]);
    const ascii = await postgres.database("encoding 'SQL_ASCII' locale 'C' template template0");
    expect(await refusal({ databaseUrl: ascii })).toContain(
      'expected in DATABASE_URL a database in UTF8, got one in SQL_ASCII',
    );
  });

  test('a bucket that is not there, credentials that are wrong, a URL that names no bucket', async () => {
    expect(await refusal({ s3Url: s3.missing })).toContain(
      'got a bucket of S3_URL that does not exist (NoSuchBucket)',
    );
    expect(await refusal({ s3Url: new URL(s3.url).origin })).toContain('got no bucket');
    expect(await refusal({ s3Url: 'ftp://bucket/prefix' })).toContain('got a URL of another kind');
    const signed = { ...process.env };
    try {
      process.env['AWS_SECRET_ACCESS_KEY'] = 'another';
      expect(await refusal({ s3Url: s3.url })).toContain('(SignatureDoesNotMatch)');
      process.env['AWS_ACCESS_KEY_ID'] = 'another';
      // S3 says InvalidAccessKeyId, this server has a name of its own for it.
      expect(await refusal({ s3Url: s3.url })).toMatch(
        /^Error: expected a storage that takes the service, got /u,
      );
    } finally {
      Object.assign(process.env, signed);
    }
  });
});

test('PostgreSQL goes and comes again: what needs it is refused in words meanwhile, and works again by itself', async () => {
  const store = await opening({ databaseUrl: await postgres.database(), databasePool: 3 });
  const version = await store.models.publish('m', CARD, documentOf('kept'));
  await postgres.crash();
  try {
    for (let i = 0; i < 5; i++) {
      const started = Date.now();
      await expect(store.models.find('m')).rejects.toMatchObject(FAILED);
      await expect(store.models.publish('m', CARD, documentOf('lost'))).rejects.toMatchObject({
        ...FAILED,
        message: expect.stringMatching(
          /^expected room for a model of 4 bytes, got an error of the database \(\w+\)$/u,
        ) as unknown,
      });
      await expect(store.datasets.list()).rejects.toMatchObject(FAILED);
      expect(Date.now() - started).toBeLessThan(8000);
    }
  } finally {
    await postgres.restart();
  }
  expect(await store.models.find('m')).toEqual(version);
  expect((await store.models.publish('m', CARD, documentOf('again'))).version).toBe(2);
}, 60_000);

test('a transaction whose connection is cut changes nothing, and the pool has its connections again', async () => {
  const url = await postgres.database();
  const store = await opening({ databaseUrl: url, databasePool: 4 });
  await store.models.publish('m', CARD, documentOf('first'));
  let published = 0;
  let refused = 0;
  let cutting = true as boolean;
  const cut = (async () => {
    while (cutting) {
      await postgres.ask(
        url,
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'analytics-service'",
      );
      await pause(15);
    }
  })();
  await Promise.all(
    Array.from({ length: 4 }, async (_, i) => {
      for (let n = 0; n < 25; n++)
        await store.models.publish('m', CARD, documentOf(`${i} ${n}`)).then(
          () => published++,
          (error: unknown) => {
            expect(error).toMatchObject(FAILED);
            refused++;
          },
        );
    }),
  );
  cutting = false;
  await cut;
  expect(refused).toBeGreaterThan(0);
  const versions = await store.models.versions('m');
  // A commit may have been done and its answer cut.
  expect(versions.length).toBeGreaterThanOrEqual(published + 1);
  expect(versions.length).toBeLessThanOrEqual(published + refused + 1);
  for (const version of versions) await store.models.document(version);
  await Promise.all(Array.from({ length: 8 }, (_, i) => store.models.publish('n', CARD, documentOf(`${i}`))));
}, 60_000);

test('S3 goes and comes again, also while a document is read: it is gone on with or refused', async () => {
  const { url } = s3.bucket();
  const store = await opening({ databaseUrl: await postgres.database(), s3Url: url });
  const { dataset } = await store.datasets.publish(DATASET, large());
  await s3.crash();
  try {
    await expect(bytesOf(store, dataset)).rejects.toMatchObject({
      ...FAILED,
      message: expect.stringMatching(
        /^expected the stored dataset, got an error of the storage \(\w+\)$/u,
      ) as unknown,
    });
    await expect(store.datasets.publish(DATASET, documentOf('lost'))).rejects.toMatchObject(FAILED);
    expect(await store.datasets.list()).toEqual([dataset]);
    expect(await store.datasets.remove(dataset.id)).toBe(true);
  } finally {
    await s3.restart();
  }
  expect((await store.datasets.publish(DATASET, large())).isNew).toBe(true);
  expect((await bytesOf(store, dataset)).equals(large())).toBe(true);
}, 60_000);

test('a connection to S3 that breaks in the middle of a document is gone on with where it broke', async () => {
  const target = new URL(s3.bucket().url);
  let most = Infinity;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    let passed = 0;
    sockets.add(client).add(server);
    client.pipe(server);
    server.on('data', (chunk: Buffer) => {
      passed += chunk.length;
      client.write(chunk);
      if (passed > most) {
        client.destroy();
        server.destroy();
      }
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const)
      one.on('error', () => undefined).on('close', () => other.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = proxy.address() as AddressInfo;
    const store = await opening({ s3Url: `http://127.0.0.1:${port}${target.pathname}` });
    const { dataset } = await store.datasets.publish(DATASET, large());
    most = 2 ** 20;
    expect((await bytesOf(store, dataset)).equals(large())).toBe(true);
    most = 1000;
    await expect(bytesOf(store, dataset)).rejects.toMatchObject(FAILED);
    most = Infinity;
    expect((await bytesOf(store, dataset)).equals(large())).toBe(true);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  }
}, 60_000);

describe('the service', () => {
  const fit = (service: Service): Promise<Reply> =>
    postJson(`${service.url}/models`, {
      data: Array.from({ length: 20 }, (_, i) => ({ a: i, y: 2 * i + 1 })),
      options: { name: 'm', target: 'y', pipeline: [{ name: 'linear_regression' }] },
    });
  const find = (service: Service): Promise<Reply> => send(`${service.url}/models/m`, { method: 'GET' });

  test('starts without its servers, answers what needs none, and has models when they are there', async () => {
    const { url } = s3.bucket();
    const env = { DATABASE_URL: await postgres.database(), S3_URL: url, ...s3.credentials };
    await Promise.all([postgres.crash(), s3.crash()]);
    let service: Service;
    try {
      service = await startService({ env });
      services.push(service);
      expect(service.output()).toContain('the database cannot be reached (ECONNREFUSED)');
      const described = await postJson(`${service.url}/analytics/describe`, { data: [{ a: 1 }, { a: 2 }] });
      expect(described.status).toBe(200);
      const refused = await fit(service);
      expect([refused.status, at(refused.json, 'code')]).toEqual([507, 'storage_failed']);
      expect(refused.text).not.toMatch(/analyst|a-password|127\.0\.0\.1:/u);
      expect((await find(service)).status).toBe(507);
    } finally {
      await Promise.all([postgres.restart(), s3.restart()]);
    }
    expect((await fit(service)).status).toBe(201);
    expect((await find(service)).status).toBe(200);
    expect(await stop(service)).toBe(0);
    expect(service.output()).not.toMatch(/a-password|a-secret/u);
  }, 60_000);

  test('of which two share both: what one fits the other predicts with', async () => {
    const { url } = s3.bucket();
    const env = { DATABASE_URL: await postgres.database(), S3_URL: url, ...s3.credentials, LANES: '1' };
    const [a, b] = await Promise.all([startService({ env }), startService({ env })]);
    services.push(a, b);
    expect((await fit(a)).status).toBe(201);
    const predicted = await postJson(`${b.url}/models/m/predict`, { data: [{ a: 3 }] });
    expect(predicted.status).toBe(200);
    expect((await fit(b)).status).toBe(201);
    expect(at((await find(a)).json, 'results', 'version')).toBe(2);
    expect([await stop(a), await stop(b)]).toEqual([0, 0]);
  }, 60_000);
});
