/** The service, killed 200 times (KILLS) at random moments while jobs are submitted to it and run. */
import { killed } from '../jobs/kills.js';
import { temporaryFolder } from '../registry/folder.js';

const KILLS = Number(process.env['KILLS'] ?? 200);

test(`${KILLS} kills: no accepted job is lost, none ends twice, all end`, async () => {
  const tally = await killed(KILLS, temporaryFolder(), 20261125);
  console.log(`${KILLS} kills: ${JSON.stringify(tally)}`);
  expect(tally.succeeded + tally.given_up).toBe(tally.accepted);
  expect(tally.begun_again).toBeGreaterThan(KILLS / 10);
  expect(tally.models).toBeGreaterThan(KILLS);
}, 1_200_000);
