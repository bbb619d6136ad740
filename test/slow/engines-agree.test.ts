import fc from 'fast-check';
import { at, type JsonValue, postJson, type Service, startService } from '../service.js';

/** The second opinion at length: the two engines over HTTP on drawn tables. */
describe('the js engine agrees with the wasm engine', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  const near = (
    a: JsonValue | undefined,
    b: JsonValue | undefined,
    tolerance: number,
    path: string,
  ): void => {
    if (typeof a === 'number' && typeof b === 'number') {
      const error = Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), 1e-9);
      if (!(error <= tolerance)) throw new Error(`${path}: wasm ${a}, js ${b}, apart by ${error}`);
    } else if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
      expect([path, Object.keys(b)]).toEqual([path, Object.keys(a)]);
      for (const key of Object.keys(a)) near(at(a, key), at(b, key), tolerance, `${path}/${key}`);
    } else {
      expect([path, b]).toEqual([path, a]);
    }
  };

  const value = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((x) => Math.round(x * 1e4) / 1e4),
    },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  const table = fc.integer({ min: 1, max: 5 }).chain((columns) =>
    fc
      .array(fc.array(value, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 200 })
      .map((rows) => {
        const names = Array.from({ length: columns }, (_, i) => `c${i}`);
        return Object.fromEntries(names.map((name, i) => [name, rows.map((row) => row[i] ?? null)]));
      }),
  );

  test('on 400 drawn tables: summary 1e-11, clusters and t-test 1e-6', async () => {
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.integer({ min: 1, max: 8 }),
        fc.nat(1000),
        async (columns, n_clusters, random_state) => {
          const ask = async (engine: string): Promise<JsonValue> => {
            const reply = await postJson(`${service.url}/analytics/analyze`, {
              columns,
              options: { engine, n_clusters, random_state },
            });
            expect(reply.status).toBe(200);
            return reply.json;
          };
          const [wasm, js] = [await ask('wasm'), await ask('js')];
          near(at(wasm, 'results', 'summary'), at(js, 'results', 'summary'), 1e-11, 'summary');
          near(at(wasm, 'results', 'clusters'), at(js, 'results', 'clusters'), 1e-9, 'clusters');
          near(at(wasm, 'results', 'stat_tests'), at(js, 'results', 'stat_tests'), 1e-6, 'stat_tests');
        },
      ),
      { numRuns: 400, seed: 20261123 },
    );
  }, 300_000);
});
