import { campaign } from '../fuzz/campaign.js';

/** The start of what `npm run fuzz` does for ten minutes, with a seed that does not change. */
test('twenty seconds of drawn requests: answered as documented, nothing lost', async () => {
  const { findings, requests, byStatus } = await campaign({ seed: 20_261_124, ms: 20_000 });
  expect(findings).toEqual([]);
  expect(requests).toBeGreaterThan(500);
  for (const status of ['200', '400', '415', '422']) expect([...byStatus.keys()]).toContain(status);
}, 120_000);
