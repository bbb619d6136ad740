import { temporaryFolder } from '../registry/folder.js';
import { killed } from './kills.js';

test('10 kills: no accepted job is lost, and none ends twice', async () => {
  const tally = await killed(10, temporaryFolder(), 20261124);
  console.log(JSON.stringify(tally));
  expect(tally.succeeded + tally.given_up).toBe(tally.accepted);
  expect(tally.accepted).toBeGreaterThan(20);
}, 120_000);
