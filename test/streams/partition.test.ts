import { Partition } from '../../src/domain/streams-service/partition.js';
import { Rate } from '../../src/domain/streams-service/rate.js';
import type { AcquiredPartition } from '../../src/ports/streams.js';
import { stream } from './batches.js';

const ACQUIRED: AcquiredPartition = {
  partition: {
    partition: 0,
    epoch: 1,
    owner: 'o',
    accepted: 0,
    late: 0,
    rejected: 0,
    duplicates: 0,
    nextOffset: null,
    watermark: null,
    idle: false,
    seen: 0,
    open: 0,
    lag: null,
    rate: 0,
  },
  closedBefore: null,
  model: null,
  windows: [],
  ids: [],
};

/** So many turns of promises. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}

test('records that come in any turn behind the last ones are taken', async () => {
  let commits = 0;
  const partition = new Partition({
    store: {
      acquire: () => Promise.resolve(ACQUIRED),
      commit: () => {
        commits++;
        return Promise.resolve({ type: 'committed' });
      },
    },
    stream: 's',
    definition: stream(),
    partition: 0,
    owner: 'o',
    maxWindows: 10,
    folds: 2,
    fold: () => Promise.reject(new Error('nothing is folded here')),
    rate: new Rate(),
    due: () => Promise.resolve(),
    shared: false,
  });
  const portion = { format: 'ndjson', bytes: 0, write: () => undefined, nextOffset: '1' } as const;
  for (let count = 0; count < 40; count++) {
    await partition.take([portion]);
    await turns(count % 20);
  }
  expect(commits).toBe(40);
});
