/** `POST /analytics/tests`: families of tests over one table. */
import { at, type JsonValue, postJson, send, type Service, startService } from '../service.js';

const COLUMNS = {
  a: [5.1, 4.9, 6.2, 5.8, 5.5, 6.1],
  b: [6.1, 6.9, 7.2, 6.8, 7.4, 6.5],
  c: [1, 9, 4, 12, 3, null],
  group: ['x', 'x', 'y', 'y', 'x', 'y'],
};

describe('a batch of tests', () => {
  let service: Service;
  let url: string;
  beforeAll(async () => {
    service = await startService();
    url = `${service.url}/analytics/tests`;
  });
  afterAll(() => service.stop());

  const tests = [
    { name: 'ttest_ind', columns: ['a', 'b'] },
    { name: 'ttest_ind', columns: ['b'], groupby: 'group', equal_var: false },
    { name: 'levene', columns: ['a', 'c'], center: 'mean' },
    { name: 'ttest_1samp', columns: ['c'], popmean: 2, alternative: 'greater' },
    { name: 'f_oneway', columns: ['a', 'b', 'c'], confidence_level: 0.9 },
  ];

  test.each(['wasm', 'js'])('each is answered as by its own endpoint, on %s', async (engine) => {
    const answer = await postJson(url, { columns: COLUMNS, tests, options: { engine } });
    expect(answer.status).toBe(200);
    expect(at(answer.json, 'meta', 'engine')).toBe(engine);
    expect(at(answer.json, 'results', 'adjust')).toBe('holm');
    for (const [i, { name, ...options }] of tests.entries()) {
      const alone = await postJson(`${url}/${name}`, { columns: COLUMNS, options: { ...options, engine } });
      const { p_adjusted: adjusted, ...rest } = at(answer.json, 'results', 'tests', i) as Record<
        string,
        JsonValue
      >;
      expect(rest).toEqual(at(alone.json, 'results'));
      expect(adjusted).toBeGreaterThanOrEqual(Number(rest['p_value']));
    }
  });

  test('p-values are adjusted, of those that are there', async () => {
    const family = [
      { name: 'ttest_1samp', columns: ['a'], popmean: 5 },
      { name: 'ttest_1samp', columns: ['constant'], popmean: 2 },
      { name: 'ttest_1samp', columns: ['b'], popmean: 5 },
    ];
    const columns = { ...COLUMNS, constant: [2, 2, 2, 2, 2, 2] };
    const byMethod = { bonferroni: [2, 2], holm: [1, 2], fdr_bh: [1, 2] };
    for (const [adjust, [first, second]] of Object.entries(byMethod)) {
      const { json } = await postJson(url, { columns, tests: family, adjust });
      const of = (i: number, name: string): JsonValue | undefined => at(json, 'results', 'tests', i, name);
      expect([of(1, 'p_value'), of(1, 'p_adjusted')]).toEqual([null, null]);
      // The third is the smaller of the two.
      expect(Number(of(0, 'p_adjusted'))).toBeCloseTo(first! * Number(of(0, 'p_value')), 12);
      expect(Number(of(2, 'p_adjusted')) / (second! * Number(of(2, 'p_value')))).toBeCloseTo(1, 12);
    }
  });

  test('one that a test refuses is pointed at, wherever the list stands', async () => {
    const second = (test: JsonValue): JsonValue[] => [{ name: 'ttest_ind', columns: ['a', 'b'] }, test];
    const cases: readonly [JsonValue, string, string][] = [
      [{ name: 'ttest_ind', columns: ['nope', 'b'] }, '/columns/0', 'unknown_column'],
      [{ name: 'ttest_ind', columns: ['a'] }, '/columns', 'invalid_option'],
      [{ name: 'ttest_ind', columns: ['a'], groupby: 'a' }, '/groupby', 'invalid_option'],
      [{ name: 'ttest_ind', trim: 0.7 }, '/trim', 'invalid_option'],
      [{ name: 'ttest_1samp' }, '/popmean', 'invalid_option'],
      [{ name: 'levene', centre: 'mean' }, '/centre', 'unknown_option'],
      [{ name: 'levene', engine: 'js' }, '/engine', 'unknown_option'],
      [{ name: 'student' }, '/name', 'invalid_option'],
      [{ columns: ['a'] }, '/name', 'invalid_option'],
      [
        { name: 'ttest_1samp', popmean: 1, columns: ['c'], nan_policy: 'raise' },
        '/nan_policy',
        'missing_values',
      ],
    ];
    for (const [test, pointer, code] of cases) {
      for (const [body, at0] of [
        [{ columns: COLUMNS, tests: second(test) }, '/tests/1'],
        [{ columns: COLUMNS, options: { tests: second(test) } }, '/options/tests/1'],
      ] as const) {
        const { status, json } = await postJson(url, body);
        expect([test, status, at(json, 'errors', 0, 'pointer'), at(json, 'errors', 0, 'code')]).toEqual([
          test,
          422,
          at0 + pointer,
          code,
        ]);
      }
    }
  });

  test('what the batch itself does not take', async () => {
    const post = async (more: object): Promise<[number, JsonValue | undefined]> => {
      const { status, json } = await postJson(url, { columns: COLUMNS, ...more });
      return [status, at(json, 'errors', 0, 'pointer')];
    };
    const one = { name: 'levene', columns: ['a', 'b'] };
    expect(await post({})).toEqual([422, '/options/tests']);
    expect(await post({ tests: [] })).toEqual([422, '/tests']);
    expect(await post({ tests: [one], adjust: 'sidak' })).toEqual([422, '/adjust']);
    expect(await post({ tests: Array.from({ length: 1001 }, () => one) })).toEqual([422, '/tests']);
    expect(await post({ tests: [one], nan_policy: 'omit' })).toEqual([422, '/nan_policy']);
  });

  test('its policy of missing values holds where a test has none of its own', async () => {
    const family = [
      { name: 'ttest_1samp', columns: ['c'], popmean: 2 },
      { name: 'ttest_1samp', columns: ['c'], popmean: 2, nan_policy: 'omit' },
    ];
    const { json } = await postJson(url, {
      columns: COLUMNS,
      tests: family,
      options: { nan_policy: 'propagate' },
    });
    expect(at(json, 'results', 'tests', 0, 'p_value')).toBeNull();
    expect(at(json, 'results', 'tests', 1, 'p_value')).not.toBeNull();
    expect(at(json, 'results', 'tests', 1, 'p_adjusted')).toBe(at(json, 'results', 'tests', 1, 'p_value'));
  });

  test('a thousand tests, and a warning of a column once', async () => {
    const family = Array.from({ length: 1000 }, (_, i) => ({
      name: 'ttest_1samp',
      columns: ['c'],
      popmean: i / 100,
    }));
    const { status, json } = await postJson(url, { columns: COLUMNS, tests: family });
    expect(status).toBe(200);
    expect((at(json, 'results', 'tests') as JsonValue[]).length).toBe(1000);
    expect(at(json, 'meta', 'warnings')).toEqual([
      { code: 'rows_dropped', column: 'c', detail: '1 rows with missing values left out of the test' },
    ]);
  });

  test('results that would be huge are refused in words', async () => {
    const yes = Array.from({ length: 40_000 }, (_, i) => 1 + (i % 7));
    const columns = { yes, no: yes.map((count) => 9 - count) };
    const family = Array.from({ length: 20 }, () => ({ name: 'chi2_contingency' }));
    const { status, json } = await postJson(url, { columns, tests: family });
    expect(status).toBe(422);
    expect(at(json, 'detail')).toMatch(/at most 1000000 values/u);
    expect(at(json, 'errors', 0, 'pointer')).toMatch(/^\/tests\/\d+$/u);
  });

  test('tests in the query, as JSON text, over CSV', async () => {
    const query = new URLSearchParams({
      tests: JSON.stringify([
        { name: 'ttest_rel', columns: ['a', 'b'] },
        { name: 'pearsonr', columns: ['a', 'b'] },
      ]),
      adjust: 'fdr_bh',
    });
    const body = 'a,b\n1,2\n2,2.5\n3,5\n4,4\n';
    const answer = await send(`${url}?${query.toString()}`, {
      headers: { 'content-type': 'text/csv' },
      body,
    });
    expect(answer.status).toBe(200);
    expect(at(answer.json, 'results', 'tests', 1, 'test')).toBe('pearsonr');
  });
});
