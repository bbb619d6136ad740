import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, type JsonValue, postJson, send, type Service, startService, STREAM_TYPE } from '../service.js';

const FIXTURES = join(__dirname, '..', 'fixtures');
const IRIS = readFileSync(join(__dirname, '..', 'golden', 'iris.arrows'));

interface DescribeCase {
  readonly name: string;
  readonly rows?: JsonValue;
  readonly columns?: JsonValue;
  readonly dtypes: Readonly<Record<string, string>>;
  readonly percentiles?: readonly number[];
  readonly expected: Readonly<Record<string, Readonly<Record<string, JsonValue>>>>;
}
interface TTestCase {
  readonly name: string;
  readonly data: readonly (number | null)[];
  readonly popmean: number;
  readonly alternative: string;
  readonly confidence_level: number;
  readonly expected: {
    statistic: JsonValue;
    pvalue: JsonValue;
    df: JsonValue;
    confidence_interval: [JsonValue, JsonValue];
  };
}
const cases = <T>(file: string, key: string): T[] =>
  (JSON.parse(readFileSync(join(FIXTURES, file), 'utf8')) as Record<string, T[]>)[key] ?? [];

/** Null where the reference is not finite, else within a relative tolerance. */
function expectNumber(got: JsonValue | undefined, want: JsonValue, tolerance: number, what: string): void {
  if (typeof want !== 'number') {
    expect([what, got]).toEqual([
      what,
      typeof want === 'string' && /^-?(nan|inf)$/u.test(want) ? null : want,
    ]);
    return;
  }
  const error = Math.abs(Number(got) - want) / Math.max(Math.abs(want), 1e-300);
  if (got !== want && !(error <= tolerance))
    throw new Error(`${what}: expected ${want}, got ${JSON.stringify(got)}, off by ${error}`);
}

describe('options of analyze and describe', () => {
  let service: Service;
  let analyze: string;
  beforeAll(async () => {
    service = await startService();
    analyze = `${service.url}/analytics/analyze`;
  });
  afterAll(() => service.stop());

  // NumPy's own sums, not pandas' semantics, decide these (test/fixtures/README.md); of offset-1e15 the std is √11 here.
  const UNSTABLE = new Set(['alternating', 'tiny-and-huge', 'offset-1e15']);
  const described = cases<DescribeCase>('describe.json', 'describe');
  test('there are references', () => {
    expect(described.length).toBeGreaterThan(25);
  });

  test.each(described.map((one) => [one.name, one] as const))('describe as pandas: %s', async (name, one) => {
    const data = one.rows === undefined ? { columns: one.columns } : { data: one.rows };
    const options = one.percentiles === undefined ? {} : { percentiles: one.percentiles };
    const reply = await postJson(`${service.url}/analytics/describe`, { ...data, options });
    // A frame cast to float64 by hand has no JSON form: all null is an object column to pandas, and to us.
    if (name.startsWith('all-missing-float64')) {
      expect(reply.status).toBe(200);
      return;
    }
    expect([reply.text.slice(0, 200), reply.status]).toEqual([reply.text.slice(0, 200), 200]);
    expect(Object.keys(at(reply.json, 'results') ?? {}).sort()).toEqual(Object.keys(one.expected).sort());
    for (const [column, statistics] of Object.entries(one.expected)) {
      const got = at(reply.json, 'results', column);
      expect(Object.keys(got ?? {})).toEqual(Object.keys(statistics));
      for (const [statistic, want] of Object.entries(statistics)) {
        if (UNSTABLE.has(name) && (statistic === 'mean' || statistic === 'std')) continue;
        expectNumber(at(got, statistic), want, 1e-12, `${column} ${statistic}`);
      }
    }
  });

  const tests = cases<TTestCase>('ttest.json', 'ttest');
  test.each(tests.map((one) => [one.name, one] as const))('t-test as SciPy: %s', async (name, one) => {
    const { popmean, alternative, confidence_level, expected } = one;
    const options = { popmean, alternative, confidence_level, n_clusters: 1 };
    const { status, json } = await postJson(analyze, { columns: { x: one.data }, options });
    expect(status).toBe(200);
    // Here mean − popmean is a difference of two numbers near 1e9, and SciPy's mean is not rounded to nearest.
    const tolerance = name === 'offset-1e9' ? 1e-5 : 1e-10;
    expectNumber(at(json, 'results', 'stat_tests', 't_stat'), expected.statistic, tolerance, 't_stat');
    expectNumber(at(json, 'results', 'stat_tests', 'p_value'), expected.pvalue, tolerance, 'p_value');
    expectNumber(at(json, 'details', 't_test', 'df'), expected.df, 0, 'df');
    // SciPy's quantile of t is itself off by up to 4e-11 of the reach, which a low end near zero magnifies.
    const [low, high] = expected.confidence_interval;
    const reach = typeof low === 'number' && typeof high === 'number' ? high - low : 1;
    for (const [i, want] of [low, high].entries()) {
      const got = at(json, 'details', 't_test', 'confidence_interval', i);
      if (typeof want === 'number')
        expect(Math.abs(Number(got) - want)).toBeLessThanOrEqual(1e-10 * Math.max(reach, Math.abs(want)));
      else expect(got).toBeNull();
    }
  });

  test('the same options by query and in the body', async () => {
    const columns = { a: [1, 2, 3, 10, 11, 12], b: [0, 1, 0, 5, 6, 5], c: [1, 1, 1, 1, 1, 2] };
    const inBody = await postJson(analyze, {
      columns,
      options: {
        columns: ['b', 'a'],
        n_clusters: 2,
        random_state: 7,
        percentiles: [0.1],
        labels: true,
        popmean: 1.5,
      },
    });
    const query = 'columns=b,a&n_clusters=2&random_state=7&percentiles=0.1&labels=true&popmean=1.5';
    const inQuery = await postJson(`${analyze}?${query}`, { columns });
    expect([inBody.status, inQuery.status]).toEqual([200, 200]);
    expect(at(inQuery.json, 'results')).toEqual(at(inBody.json, 'results'));
    expect(at(inQuery.json, 'details')).toEqual(at(inBody.json, 'details'));
    // Columns keep the table's order, whatever order they are asked for in.
    expect(Object.keys(at(inBody.json, 'results', 'summary') ?? {})).toEqual(['a', 'b']);
    expect(Object.keys(at(inBody.json, 'results', 'summary', 'a') ?? {})).toContain('10%');
  });

  test('a column name with a comma, by repeating the parameter', async () => {
    const columns = { 'a,b': [1, 2, 3], c: [1, 2, 4], d: [0, 0, 1] };
    const reply = await postJson(`${analyze}?columns=${encodeURIComponent('a,b')}&columns=c`, { columns });
    expect(Object.keys(at(reply.json, 'results', 'summary') ?? {})).toEqual(['a,b', 'c']);
  });

  test.each([
    ['?n_clusters=0', '?n_clusters'],
    ['?n_clusters=2.5', '?n_clusters'],
    ['?n_clusters=', '?n_clusters'],
    ['?n_clusters=1&n_clusters=2', '?n_clusters'],
    ['?labels=yes', '?labels'],
    ['?tol=abc', '?tol'],
    ['?percentiles=0.5,x', '?percentiles'],
    ['?colour=red', '?colour'],
    ['?columns=nope', '?columns'],
    ['?random_state=0x10', '?random_state'],
  ])('%s → 422 with a pointer', async (query, pointer) => {
    const reply = await send(`${analyze}${query}`, { headers: STREAM_TYPE, body: IRIS });
    expect([reply.text, reply.status]).toEqual([reply.text, 422]);
    expect(at(reply.json, 'errors', 0, 'pointer')).toBe(pointer);
  });

  test('an option in the body and in the query → 422', async () => {
    const reply = await postJson(`${analyze}?n_clusters=1`, { data: [{ a: 1 }], options: { n_clusters: 1 } });
    expect([reply.status, at(reply.json, 'code')]).toEqual([422, 'invalid_option']);
  });

  test('a hundred unknown options: at most 20 errors', async () => {
    const options = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x${i}`, i]));
    const reply = await postJson(analyze, { data: [{ a: 1 }], options });
    expect((at(reply.json, 'errors') as JsonValue[]).length).toBe(20);
  });

  describe('nan_policy', () => {
    const columns = { a: [1, null, 3, 8], b: [1, 2, 3, 4] };
    test('omit: rows left out of clustering and of the t-test, with warnings', async () => {
      const { json } = await postJson(analyze, { columns, options: { labels: true } });
      expect(at(json, 'details', 'kmeans', 'labels', 1)).toBeNull();
      expect(at(json, 'meta', 'warnings')).toMatchObject([
        { code: 'rows_dropped', column: 'a' },
        { code: 'rows_dropped', column: 'a' },
      ]);
    });
    test('propagate: 200 with nulls', async () => {
      const { status, json } = await postJson(analyze, { columns, options: { nan_policy: 'propagate' } });
      expect(status).toBe(200);
      expect(at(json, 'results', 'summary', 'a')).toMatchObject({ count: 3, mean: null, '50%': null });
      expect(at(json, 'results', 'summary', 'b', 'mean')).toBe(2.5);
      expect(at(json, 'results', 'stat_tests')).toEqual({ t_stat: null, p_value: null });
      expect(at(json, 'results', 'clusters')).toEqual({});
    });
    test('raise: 422', async () => {
      const reply = await postJson(analyze, { columns, options: { nan_policy: 'raise' } });
      expect([reply.status, at(reply.json, 'code')]).toEqual([422, 'missing_values']);
      expect(
        (await postJson(analyze, { columns: { b: columns.b }, options: { nan_policy: 'raise' } })).status,
      ).toBe(200);
    });
  });

  test('scikit-learn parameters: n_init, max_iter, tol change the run', async () => {
    const query = (text: string): Promise<JsonValue | undefined> =>
      send(`${analyze}?${text}`, { headers: STREAM_TYPE, body: IRIS }).then(({ json }) =>
        at(json, 'details', 'kmeans'),
      );
    expect(at(await query('max_iter=1'), 'n_iter')).toBe(1);
    expect(Number(at(await query('tol=0.1'), 'n_iter'))).toBeLessThan(
      Number(at(await query('tol=0'), 'n_iter')),
    );
    expect(Number(at(await query('n_init=10'), 'inertia'))).toBeLessThanOrEqual(
      Number(at(await query(''), 'inertia')),
    );
  });

  test('more clusters than distinct rows: a warning', async () => {
    const { json } = await postJson(analyze, { columns: { a: [1, 1, 2, 2] } });
    const codes = (at(json, 'meta', 'warnings') as { code: string }[]).map(({ code }) => code);
    expect(codes).toContain('fewer_clusters');
  });

  test('a column of several types is left out with a warning', async () => {
    const { json } = await postJson(analyze, { data: [{ a: 1 }, { a: '2' }, { a: 7 }] });
    expect(at(json, 'meta', 'warnings', 0)).toMatchObject({ code: 'mixed_column', column: 'a' });
  });

  test('infinite values in Arrow: described, not clustered', async () => {
    const body = readFileSync(join(FIXTURES, 'arrow', 'floats.arrows'));
    const reply = await send(`${analyze}?columns=f32`, { headers: STREAM_TYPE, body });
    expect(reply.status).toBe(200);
    expect(at(reply.json, 'results', 'clusters')).toEqual({});
    const codes = (at(reply.json, 'meta', 'warnings') as { code: string }[]).map(({ code }) => code);
    expect(codes).toContain('overflow');
  });
});
