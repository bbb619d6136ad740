/** The same rows have the same answer in every format: one hash of the results. */
import fc from 'fast-check';
import { at, send, type Service, startService } from '../service.js';
import { type DrawnColumn, formWriter, tables } from './forms.js';

describe('the same rows in every format', () => {
  let service: Service;
  let formsOf: Awaited<ReturnType<typeof formWriter>>;
  beforeAll(async () => {
    [service, formsOf] = await Promise.all([startService(), formWriter()]);
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  async function digests(table: readonly DrawnColumn[], path: string): Promise<Record<string, unknown>> {
    const found: Record<string, unknown> = {};
    for (const { name, headers, body } of formsOf(table)) {
      const reply = await send(`${service.url}${path}`, { headers, body });
      found[name] = reply.status === 200 ? at(reply.json, 'meta', 'result_sha256') : reply.text;
    }
    return found;
  }

  async function expectOne(table: readonly DrawnColumn[], path: string): Promise<void> {
    const found = await digests(table, path);
    const [first] = Object.values(found);
    expect(first).toMatch(/^[0-9a-f]{64}$/u);
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, first])));
  }

  test.each(['/analytics/analyze', '/analytics/describe'])(
    '%s: drawn tables',
    async (path) => {
      await fc.assert(
        fc.asyncProperty(tables, (table) => expectOne(table, path)),
        { numRuns: 40 },
      );
    },
    120_000,
  );

  test.each<[string, DrawnColumn[]]>([
    ['one row', [{ name: 'a', type: 'number', cells: [1.5] }]],
    ['one missing value', [{ name: 'a', type: 'number', cells: [null] }]],
    [
      'a column without values beside numbers',
      [
        { name: 'a', type: 'number', cells: [null, null] },
        { name: 'b', type: 'number', cells: [2, 3] },
        { name: 'c', type: 'string', cells: [null, null] },
        { name: 'd', type: 'boolean', cells: [null, null] },
        { name: 'e', type: 'timestamp', cells: [null, null] },
      ],
    ],
    [
      '3,000 rows of every type',
      [
        {
          name: 'x',
          type: 'number',
          cells: Array.from({ length: 3000 }, (_, i) => (i % 7 === 0 ? null : Math.sin(i) * 10 ** (i % 9))),
        },
        { name: 'y', type: 'number', cells: Array.from({ length: 3000 }, (_, i) => (i * i) % 1013) },
        {
          name: 'b',
          type: 'boolean',
          cells: Array.from({ length: 3000 }, (_, i) => (i % 5 === 0 ? null : i % 3 === 0)),
        },
        {
          name: 's',
          type: 'string',
          cells: Array.from({ length: 3000 }, (_, i) => (i % 11 === 0 ? null : `s${i % 300}`)),
        },
        {
          name: 't',
          type: 'timestamp',
          cells: Array.from({ length: 3000 }, (_, i) => (i % 13 === 0 ? null : i * 86_400_123)),
        },
      ],
    ],
  ])('%s', async (_name, table) => {
    await expectOne(table, '/analytics/analyze');
    await expectOne(table, '/analytics/describe');
  });

  test('no rows is 422 no_data, in every format', async () => {
    const empty: DrawnColumn[] = [{ name: 'a', type: 'number', cells: [] }];
    for (const { name, headers, body } of formsOf(empty)) {
      const reply = await send(`${service.url}/analytics/analyze`, { headers, body });
      // Nothing at all is no NDJSON: the empty body is 400.
      if (name === 'NDJSON') continue;
      expect([name, reply.status, at(reply.json, 'code')]).toEqual([name, 422, 'no_data']);
    }
  });
});
