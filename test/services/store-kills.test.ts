/**
 * Two processes publish to one PostgreSQL and one bucket; one of them, drawn, is killed at a moment that a seed draws, and
 * another takes its place: KILLS times. What was acknowledged must be there, whole, and nothing by halves.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../fuzz/random.js';
import { type Publisher, startPublisher } from '../registry/process.js';
import { temporaryFolder } from '../registry/folder.js';
import { open, sha256Of } from '../store/contract.js';
import { placeOver } from '../store/places.js';
import { type PostgresServer, startPostgres } from './postgres.js';
import { type S3Server, startS3 } from './s3.js';

const KILLS = Number(process.env['KILLS'] ?? 30);
const SEED = Number(process.env['KILL_SEED'] ?? 20261124);

let postgres: PostgresServer;
let s3: S3Server;
const running = new Set<Publisher>();

beforeAll(async () => {
  [postgres, s3] = await Promise.all([startPostgres(), startS3()]);
  Object.assign(process.env, s3.credentials);
}, 90_000);
afterAll(async () => {
  for (const publisher of running) await publisher.kill();
  await Promise.all([postgres.stop(), s3.stop()]);
});

test(
  `${KILLS} kills of publishers on PostgreSQL and S3: no version that was acknowledged is lost, none is half there`,
  async () => {
    const random = new Random(SEED);
    const { url, folder } = s3.bucket();
    const place = placeOver(folder, { dataDir: temporaryFolder(), databaseUrl: postgres.url, s3Url: url });
    const all: Publisher[] = [];
    const start = (): Publisher => {
      const publisher = startPublisher([
        JSON.stringify(place.options),
        '3',
        random.oneIn(3) ? '1000000' : '5000',
      ]);
      all.push(publisher);
      running.add(publisher);
      return publisher;
    };
    const pair = [start(), start()];
    for (let kill = 0; kill < KILLS; kill++) {
      const which = random.below(2);
      const publisher = pair[which]!;
      await publisher.open;
      const answered = random.below(4);
      while (publisher.acknowledged.length < answered) await pause(1);
      await pause(random.next() * 40);
      await publisher.kill();
      running.delete(publisher);
      pair[which] = start();
    }
    for (const publisher of pair) {
      await publisher.kill();
      running.delete(publisher);
    }

    const store = await open(place);
    const rows = (
      await Promise.all((await store.models.list()).map(({ name }) => store.models.versions(name)))
    ).flat();
    for (const row of rows)
      expect(sha256Of(new Uint8Array(await store.models.document(row)))).toBe(row.sha256);
    const found = new Map(rows.map(({ name, version, sha256 }) => [`${name} ${version}`, sha256]));
    const acknowledged = all.flatMap((publisher) => publisher.acknowledged);
    for (const { name, version, sha256 } of acknowledged)
      expect(found.get(`${name} ${version}`)).toBe(sha256);
    // None was given twice.
    expect(new Set(acknowledged.map(({ name, version }) => `${name} ${version}`)).size).toBe(
      acknowledged.length,
    );
    expect(acknowledged.length).toBeGreaterThan(KILLS);
    expect(all.flatMap(({ refused }) => refused)).toEqual([]);
    const left = place.names('models').filter((name) => !rows.some(({ sha256 }) => sha256 === name));
    // At most what each one that was killed had on its way.
    expect(left.length).toBeLessThanOrEqual(3 * all.length);
    await store.close();
    console.log(
      `seed ${SEED}: ${KILLS} kills, ${acknowledged.length} versions acknowledged, ${rows.length - acknowledged.length} stored and not acknowledged, ${left.length} documents left for the sweep`,
    );
  },
  60_000 + KILLS * 10_000,
);
