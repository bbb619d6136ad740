/** The registry alone, killed 60 times while eight publishers write documents of up to a megabyte. */
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../fuzz/random.js';
import { temporaryFolder, verified } from '../registry/folder.js';
import { type Publisher, startPublisher } from '../registry/process.js';

test('60 kills during publishes: what was acknowledged stays, whole, and nothing is there by halves', async () => {
  const random = new Random(20261124);
  const dataDir = temporaryFolder();
  const publishers: Publisher[] = [];
  for (let kill = 0; kill < 60; kill++) {
    const publisher = startPublisher([dataDir, '8', random.oneIn(2) ? '1000000' : '5000']);
    publishers.push(publisher);
    await publisher.open;
    const answered = random.below(6);
    while (publisher.acknowledged.length < answered) await pause(1);
    await pause(random.next() * 60);
    await publisher.kill();
    if (kill % 10 === 9) await verified(dataDir, publishers);
  }
  const acknowledged = publishers.flatMap((publisher) => publisher.acknowledged);
  expect(acknowledged.length).toBeGreaterThan(60);
  expect(publishers.flatMap(({ refused }) => refused)).toEqual([]);
}, 600_000);
