import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at, postJson, startService } from '../service';
import { definition, get, post, rowsOf, samePass } from './ask';

const BATCH = 50;
/** Batches that are wanted between two kills. */
const EACH = 20;

/** Kills the service at random moments while batches with names are posted: what was acknowledged counts, and once. */
export async function killed(kills: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'analytics-streams-'));
  let own = await startService({ env: { DATA_DIR: folder } });
  try {
    await postJson(`${own.url}/streams`, definition('killed'));
    let next = 0;
    const feed = async (until: number): Promise<void> => {
      while (next < until) {
        const key = { 'idempotency-key': `batch-${next}` };
        const reply = await post(own.url, 'killed', rowsOf(BATCH, next * BATCH), key).catch(() => undefined);
        if (reply?.status !== 200) return;
        next++;
      }
    };
    for (let kill = 0; kill < kills; kill++) {
      const feeding = feed(next + EACH);
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 200));
      await own.kill();
      await feeding;
      own = await startService({ env: { DATA_DIR: folder } });
    }
    const total = next + 2 * EACH;
    await feed(total);
    expect(next).toBe(total);
    await post(own.url, 'killed', [{ t: (total * BATCH + 2000) * 10, k: 'a', x: 0 }]);
    const records = at(await get(`${own.url}/streams/killed`), 'results', 'records');
    expect(records).toEqual({ accepted: total * BATCH + 1, late: 0, rejected: 0, duplicates: 0 });
    await samePass(own.url, 'killed', total * BATCH);
  } finally {
    await own.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
