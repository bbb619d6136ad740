/** The same rows and options have the same answer, to the last bit, on one lane and on eight. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTable, tableToIPC } from 'apache-arrow';
import { noise } from '../contract/columns.js';
import { at, send, type Service, startService, STREAM_TYPE } from '../service.js';

const LANES = ['1', '2', '3', '8'];
const FOLDER = join(__dirname, '..', 'golden');
const GOLDEN = readdirSync(FOLDER).filter((name) => name.endsWith('.arrows'));

/** Every row is in some place of a few shifted bells, one in a hundred missing in the second column. */
function table(rows: number, columns: number): Uint8Array {
  const data = Object.fromEntries(
    Array.from({ length: columns }, (_, j) => {
      const next = noise(j + 1);
      const values = Float64Array.from({ length: rows }, (__, i) => (i % 5) + next() + next() * next());
      if (j === 1) for (let i = 0; i < rows; i += 100) values[i] = NaN;
      return [`column ${j}`, values];
    }),
  );
  return tableToIPC(makeTable(data), 'stream');
}

describe('one hash on any number of lanes', () => {
  let services: Service[];
  beforeAll(async () => {
    services = await Promise.all(LANES.map((lanes) => startService({ env: { LANES: lanes } })));
  });
  afterAll(() => Promise.all(services.map((service) => service.stop())));

  async function hashes(query: string, body: Uint8Array, analysis = 'analyze'): Promise<unknown[]> {
    const found: unknown[] = [];
    for (const { url } of services) {
      const path = `${url}/analytics/${analysis}?${query}`;
      const reply = await send(path, { headers: STREAM_TYPE, body });
      found.push(reply.status === 200 ? at(reply.json, 'meta', 'result_sha256') : reply.text);
    }
    return found;
  }

  test.each(GOLDEN)('%s', async (name) => {
    const body = readFileSync(join(FOLDER, name));
    const [first, ...others] = await hashes('n_clusters=2', body);
    expect(first).toMatch(/^[0-9a-f]{64}$/u);
    expect(others).toEqual(others.map(() => first));
  });

  test.each([
    ['400,000 × 3', 'n_clusters=8', 400_000, 3],
    ['200,000 × 16', 'n_clusters=20&percentiles=0.01,0.1,0.9', 200_000, 16],
    ['70,000 × 2, many centres', 'n_clusters=300&max_iter=5', 70_000, 2],
  ])(
    '%s',
    async (_name, query, rows, columns) => {
      const body = table(rows, columns);
      // More than once: which lane takes which block is never the same.
      for (let round = 0; round < 2; round++) {
        const [first, ...others] = await hashes(query, body);
        expect(first).toMatch(/^[0-9a-f]{64}$/u);
        expect(others).toEqual(others.map(() => first));
      }
    },
    120_000,
  );

  test.each([
    ['cluster', 'n_clusters=auto&k_range=2,4&scale=true', 9_000],
    ['cluster', 'n_clusters=6', 40_000],
    ['describe', 'extended=true&bins=50', 140_000],
  ])(
    '%s with %s',
    async (analysis, query, rows) => {
      const [first, ...others] = await hashes(query, table(rows, 3), analysis);
      expect(first).toMatch(/^[0-9a-f]{64}$/u);
      expect(others).toEqual(others.map(() => first));
    },
    120_000,
  );
});
