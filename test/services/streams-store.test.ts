/** Streams in a real PostgreSQL: the store's contract, and two services that feed one stream, one of which is killed. */
import { openStore } from '../../src/adapters/store/store.js';
import { temporaryFolder } from '../registry/folder.js';
import { at, postJson, type Service, startService } from '../service.js';
import { definition, get, post, rowsOf, samePass } from '../streams/ask.js';
import { streamContract } from '../streams/store-contract.js';
import { type PostgresServer, startPostgres } from './postgres.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 90_000);
afterAll(async () => {
  await server.stop();
});

describe('the store', () => {
  streamContract(async () =>
    openStore({ dataDir: temporaryFolder(), cacheBytes: 0, databaseUrl: await server.database() }),
  );
});

const BATCH = 50;
const BATCHES = 120;
const CLIENTS = 6;

test('two services feed one stream, and one is killed: every window is that of one pass', async () => {
  const env = { DATA_DIR: temporaryFolder(), DATABASE_URL: await server.database() };
  const services: Service[] = [await startService({ env }), await startService({ env })];
  const [killed, stays] = services as [Service, Service];
  try {
    // So late that the order in which batches come does not matter.
    const window = { type: 'tumbling', size: '10s', time: 't', lateness: '1h' };
    expect((await postJson(`${stays.url}/streams`, definition('both', { window }))).status).toBe(201);
    let next = 0;
    let done = 0;
    let repeated = 0;
    let isGone: Promise<void> | undefined;
    const client = async (n: number): Promise<void> => {
      for (let batch = next++; batch < BATCHES; batch = next++) {
        const key = { 'idempotency-key': `batch-${batch}` };
        for (let tries = 0; ; tries++) {
          const { url } = (n + tries) % 2 === 0 ? killed : stays;
          const reply = await post(url, 'both', rowsOf(BATCH, batch * BATCH), key).catch(() => undefined);
          if (reply?.status === 200) {
            if (at(reply.json, 'results', 'repeated') === true) repeated++;
            break;
          }
          if (tries > 100)
            throw new Error(`expected batch ${batch} to be taken, got ${reply?.text ?? 'no answer'}`);
        }
        if (++done === BATCHES / 2) isGone = killed.kill();
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, n) => client(n)));
    await isGone;
    expect(isGone).toBeDefined();
    // All of them again: they were counted.
    for (let batch = 0; batch < BATCHES; batch += 10) {
      const key = { 'idempotency-key': `batch-${batch}` };
      const again = await post(stays.url, 'both', rowsOf(BATCH, batch * BATCH), key);
      expect([again.status, at(again.json, 'results', 'repeated')]).toEqual([200, true]);
      const other = await post(stays.url, 'both', rowsOf(BATCH, batch * BATCH).reverse(), key);
      expect([other.status, at(other.json, 'code')]).toEqual([409, 'conflict']);
    }
    const records = (): Promise<unknown> =>
      get(`${stays.url}/streams/both`).then((json) => at(json, 'results', 'records'));
    expect(await records()).toEqual({ accepted: BATCH * BATCHES, late: 0, rejected: 0, duplicates: 0 });
    await post(stays.url, 'both', [{ t: BATCH * BATCHES * 10 + 4_000_000, k: 'a', x: 0 }]);
    await samePass(stays.url, 'both', BATCH * BATCHES);
    process.stdout.write(`${JSON.stringify({ batches: BATCHES, counted_when_sent_again: repeated })}\n`);
  } finally {
    for (const service of services) await service.stop();
  }
}, 120_000);
