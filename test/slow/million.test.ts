/** A million rows of sixteen columns: the same hash on one, two, three and eight lanes. */
import { makeTable, tableToIPC } from 'apache-arrow';
import { noise } from '../contract/columns.js';
import { at, send, startService, STREAM_TYPE } from '../service.js';

test('1,000,000 × 16 on 1, 2, 3 and 8 lanes', async () => {
  const data = Object.fromEntries(
    Array.from({ length: 16 }, (_, j) => {
      const next = noise(j + 1);
      return [`c${j}`, Float64Array.from({ length: 1_000_000 }, (__, i) => (i % 7) * next() + next())];
    }),
  );
  const body = tableToIPC(makeTable(data), 'stream');
  const hashes: unknown[] = [];
  for (const lanes of ['1', '2', '3', '8']) {
    const service = await startService({ env: { LANES: lanes } });
    // The first request starts the lanes that help the second.
    for (let i = 0; i < 2; i++) {
      const headers = { ...STREAM_TYPE, 'x-request-deadline-ms': '120000' };
      const path = `${service.url}/analytics/analyze?n_clusters=12`;
      const reply = await send(path, { headers, body });
      hashes.push(at(reply.json, 'meta', 'result_sha256'));
    }
    expect(await service.stop()).toBe(0);
  }
  expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/u);
  expect(hashes).toEqual(hashes.map(() => hashes[0]));
}, 300_000);
