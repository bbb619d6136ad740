import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  at,
  FILE_TYPE,
  JSON_TYPE,
  type JsonValue,
  send,
  type Service,
  startService,
  STREAM_TYPE,
} from '../service.js';

const FOLDER = join(__dirname, '..', 'golden');
const CASES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -5));
const FORMS = ['json', 'arrows', 'lz4.arrow', 'zstd.arrow'] as const;
const ENGINES = ['wasm', 'js'] as const;
/** Relative tolerances: those of src/ports/engine.ts. SciPy's own quantile of t is right to 2e-11. */
const TOLERANCE = {
  wasm: { summary: 1e-12, centers: 1e-9, tail: 1e-10, interval: 2e-10 },
  js: { summary: 1e-12, centers: 1e-9, tail: 1e-6, interval: 1e-6 },
};

interface Golden {
  readonly options: { readonly k: number; readonly seed: number; readonly popmean: number };
  readonly data: JsonValue;
  readonly expected: {
    readonly summary: JsonValue;
    readonly clusters?: JsonValue;
    readonly stat_tests: { readonly t_stat?: number | string; readonly p_value?: number };
    readonly kmeans?: { labels: number[]; centers: number[][]; inertia: number; n_iter: number };
    readonly ttest_extra?: { df: number; ci95: [number, number] };
  };
}

/** Equal in shape, numbers within a relative tolerance; "nan" and "inf" are null here. */
function expectClose(
  got: JsonValue | undefined,
  want: JsonValue | undefined,
  tolerance: number,
  path = '',
): void {
  if (want === 'inf' || want === '-inf' || want === 'nan') {
    expect([path, got]).toEqual([path, null]);
  } else if (typeof want === 'number') {
    if (typeof got !== 'number') throw new Error(`${path}: expected ${want}, got ${JSON.stringify(got)}`);
    // A mean of 3e-17 is a rounded zero: below this the difference is absolute.
    const error = Math.abs(got - want) / Math.max(Math.abs(want), 1e-15);
    if (!(error <= tolerance)) throw new Error(`${path}: expected ${want}, got ${got}, off by ${error}`);
  } else if (typeof want === 'object' && want !== null) {
    const keys = (value: object): string[] => Object.keys(value).sort();
    expect([path, keys((got ?? {}) as object)]).toEqual([path, keys(want)]);
    for (const key of keys(want)) expectClose(at(got, key), at(want, key), tolerance, `${path}/${key}`);
  } else {
    expect([path, got]).toEqual([path, want]);
  }
}

describe('golden cases of pandas, SciPy and scikit-learn over HTTP', () => {
  let service: Service;
  const digests = new Map<string, Set<string>>();
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  test('there are cases', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(12);
  });

  describe.each(ENGINES)('%s', (engine) => {
    const tolerance = TOLERANCE[engine];
    describe.each(CASES)('%s', (name) => {
      const golden = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Golden;
      test.each(FORMS)('as %s', async (form) => {
        const { options, data, expected } = golden;
        const chosen = {
          n_clusters: options.k,
          random_state: options.seed,
          popmean: options.popmean,
          labels: true,
          engine,
        };
        const query = new URLSearchParams(
          Object.entries(chosen).map(([key, value]): [string, string] => [key, String(value)]),
        );
        const reply =
          form === 'json'
            ? await send(`${service.url}/analytics/analyze`, {
                headers: JSON_TYPE,
                body: JSON.stringify({ data, options: chosen }),
              })
            : await send(`${service.url}/analytics/analyze?${query.toString()}`, {
                headers: form === 'arrows' ? STREAM_TYPE : FILE_TYPE,
                body: readFileSync(join(FOLDER, `${name}.${form}`)),
              });
        expect([reply.status, reply.status === 200 ? '' : reply.text]).toEqual([200, '']);
        const { json } = reply;
        expect(at(json, 'meta', 'engine')).toBe(engine);
        expectClose(at(json, 'results', 'summary'), expected.summary, tolerance.summary, 'summary');
        if (expected.clusters !== undefined) {
          expectClose(at(json, 'results', 'clusters'), expected.clusters, tolerance.summary, 'clusters');
        }
        expectClose(at(json, 'results', 'stat_tests'), expected.stat_tests, tolerance.tail, 'stat_tests');
        if (expected.kmeans !== undefined) {
          const { labels, n_iter, centers, inertia } = expected.kmeans;
          expect(at(json, 'details', 'kmeans', 'labels')).toEqual(labels);
          expect(at(json, 'details', 'kmeans', 'n_iter')).toBe(n_iter);
          expectClose(at(json, 'details', 'kmeans', 'centers'), centers, tolerance.centers, 'centers');
          expectClose(at(json, 'details', 'kmeans', 'inertia'), inertia, tolerance.centers, 'inertia');
        }
        if (expected.ttest_extra !== undefined) {
          expect(at(json, 'details', 't_test', 'df')).toBe(expected.ttest_extra.df);
          const interval = at(json, 'details', 't_test', 'confidence_interval');
          expectClose(interval, expected.ttest_extra.ci95, tolerance.interval, 'ci95');
        }
        const digest = JSON.stringify(at(json, 'meta', 'result_sha256'));
        digests.set(`${engine} ${name}`, (digests.get(`${engine} ${name}`) ?? new Set()).add(digest));
      });

      test('the same result_sha256 in all four forms', () => {
        expect(digests.get(`${engine} ${name}`)?.size).toBe(1);
      });
    });
  });
});
