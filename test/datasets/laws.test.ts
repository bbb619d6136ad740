import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { formWriter, tables } from '../http/forms.js';
import { at, postJson, send, type Service, startService } from '../service.js';
import { MEDIA, post, publish } from './both-ways.js';

const cell = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('', 'null', '1', -0, '\ud800', '"', null),
);

/** A seed for what is drawn here, so that a failure is found again. */
const SEED = 8;

describe('laws of datasets', () => {
  let service: Service;
  let folder: string;
  let forms: Awaited<ReturnType<typeof formWriter>>;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'analytics-service-datasets-'));
    forms = await formWriter();
    service = await startService({ env: { DATA_DIR: folder } });
  });
  afterAll(async () => {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const rowsOf = (id: string, accept: string): ReturnType<typeof send> =>
    send(`${service.url}/datasets/${id}`, { method: 'GET', headers: { accept } });
  const again = async (id: string, accept: string, type: string): Promise<unknown> => {
    const { status, bytes } = await rowsOf(id, accept);
    expect(status).toBe(200);
    return publish(service.url, { name: accept, type, body: bytes });
  };

  test('what is given back as Arrow is the same dataset when it is stored again', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async (table) => {
        const columns = table.map(({ name }) => name);
        fc.pre(columns.every((name) => name.isWellFormed()));
        for (const { name, headers, body } of forms(table).filter((_, i) => i % 3 === 0)) {
          const made = await send(`${service.url}/datasets`, { headers, body });
          expect([name, [200, 201].includes(made.status)]).toEqual([name, true]);
          const id = at(made.json, 'results', 'id') as string;
          expect(await again(id, MEDIA.stream, MEDIA.stream)).toBe(id);
          expect(await again(id, `${MEDIA.stream}; codecs=lz4`, MEDIA.stream)).toBe(id);
        }
      }),
      { numRuns: 8, seed: SEED },
    );
  });

  test('cells of every type: NDJSON and Arrow give the same dataset, CSV the same cells', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 12 }),
        async (rows) => {
          const columns = Object.fromEntries([0, 1, 2].map((i) => [`c${i}`, rows.map((row) => row[i]!)]));
          const text = JSON.stringify(columns, (_, value: unknown) => (Object.is(value, -0) ? '-0!' : value));
          const body = `{"columns":${text.replaceAll('"-0!"', '-0')}}`;
          const id = (await publish(service.url, { name: 'cells', type: MEDIA.json, body }))!;
          expect(await again(id, MEDIA.ndjson, MEDIA.ndjson)).toBe(id);
          expect(await again(id, MEDIA.stream, MEDIA.stream)).toBe(id);
          // CSV has one word for missing and empty, and none for a lone surrogate; read again it stays what it is.
          const csv = (await rowsOf(id, MEDIA.csv)).bytes;
          const from = (await publish(service.url, { name: 'csv', type: MEDIA.csv, body: csv }))!;
          expect(
            (await rowsOf(from, MEDIA.csv)).text
              .replaceAll(/true/giu, 'true')
              .replaceAll(/false/giu, 'false'),
          ).toBe(csv.toString().replaceAll(/true/giu, 'true').replaceAll(/false/giu, 'false'));
        },
      ),
      { numRuns: 40, seed: SEED },
    );
  });

  test('a damaged file is 507 to who asks for it, and nothing else is harmed', async () => {
    const body = `{"columns":{"x":[${Array.from({ length: 500 }, (_, i) => i % 7).join(',')}],"s":[${Array.from({ length: 500 }, (_, i) => `"s${i % 9}"`).join(',')}]}}`;
    const id = (await publish(service.url, { name: 'damaged', type: MEDIA.json, body }))!;
    const found = readdirSync(folder, { recursive: true, withFileTypes: true }).find(
      ({ name }) => name === id,
    )!;
    const path = join(found.parentPath, id);
    const whole = readFileSync(path);
    const draws = fc.sample(
      fc.record({
        at: fc.nat(whole.length - 1),
        bit: fc.integer({ min: 0, max: 7 }),
        kind: fc.constantFrom('flip', 'cut', 'longer', 'swapped'),
      }),
      { numRuns: 100, seed: SEED },
    );
    for (const { at: place, bit, kind } of draws) {
      const bad = Buffer.from(whole);
      bad[place]! ^= 1 << bit;
      const cut = whole.subarray(0, place);
      writeFileSync(
        path,
        kind === 'flip'
          ? bad
          : kind === 'cut'
            ? cut
            : kind === 'longer'
              ? Buffer.concat([whole, cut, Buffer.from([0])])
              : Buffer.concat([whole.subarray(place + 1), Buffer.from([0]), cut]),
      );
      const [asked, other] = await Promise.all([
        send(`${service.url}/analytics/describe?dataset=${id}`),
        postJson(`${service.url}/analytics/describe`, { data: [{ a: 1 }, { a: 3 }] }),
      ]);
      expect([kind, place, asked.status, at(asked.json, 'code')]).toEqual([
        kind,
        place,
        507,
        'storage_failed',
      ]);
      expect(other.status).toBe(200);
    }
    writeFileSync(path, whole);
    const named = await send(`${service.url}/analytics/describe?dataset=${id}`);
    const upload = await post(`${service.url}/analytics/describe`, { type: MEDIA.json, body });
    expect(at(named.json, 'meta', 'result_sha256')).toBe(at(upload.json, 'meta', 'result_sha256'));
  }, 60_000);
});
