import { at, type JsonValue, postJson, type Reply, send, type Service, startService } from '../service.js';

type Columns = Readonly<Record<string, readonly JsonValue[]>>;

describe('hostile steps', () => {
  let service: Service;
  let url: string;
  beforeAll(async () => {
    service = await startService();
    url = `${service.url}/analytics/features`;
  });
  afterAll(() => service.stop());

  const post = (columns: Columns, steps: unknown, options?: object): Promise<Reply> =>
    postJson(url, { columns, steps, ...(options === undefined ? {} : { options }) });
  const columnsOf = (reply: Reply): JsonValue | undefined => {
    expect([reply.text.slice(0, 400), reply.status]).toEqual([reply.text.slice(0, 400), 200]);
    return at(reply.json, 'results', 'columns');
  };
  async function refused(
    reply: Promise<Reply>,
    status: number,
    code: string,
    pointer?: string,
  ): Promise<string> {
    const { text, json, status: got } = await reply;
    expect([text.slice(0, 400), got, at(json, 'code')]).toEqual([text.slice(0, 400), status, code]);
    if (pointer !== undefined) expect(at(json, 'errors', 0, 'pointer')).toBe(pointer);
    return at(json, 'detail') as string;
  }

  const numbers = { a: [1, 2, 3] };
  test.each<[string, Columns, unknown, string, string]>([
    ['an unknown transformer', numbers, [{ name: 'standard_scalar' }], 'invalid_option', '/steps/0/name'],
    ['no transformer', numbers, [{}], 'invalid_option', '/steps/0/name'],
    [
      'a parameter it has not',
      numbers,
      [{ name: 'lag' }, { name: 'pca', with_meen: 1 }],
      'unknown_option',
      '/steps/1/with_meen',
    ],
    [
      'a parameter of another type',
      numbers,
      [{ name: 'standard_scaler', with_mean: 'yes' }],
      'invalid_option',
      '/steps/0/with_mean',
    ],
    ['no steps', numbers, [], 'invalid_option', '/steps'],
    ['51 steps', numbers, new Array(51).fill({ name: 'lag' }), 'invalid_option', '/steps'],
    ['a step that is text', numbers, ['lag'], 'invalid_option', '/steps/0'],
    [
      'a column that is not there',
      numbers,
      [{ name: 'lag', columns: ['b'] }],
      'unknown_column',
      '/steps/0/columns',
    ],
    [
      'a column that a step took away',
      numbers,
      [{ name: 'pca' }, { name: 'lag', columns: ['a'] }],
      'unknown_column',
      '/steps/1/columns',
    ],
    [
      'text for a scaler',
      { a: [1, 2], s: ['x', 'y'] },
      [{ name: 'standard_scaler' }],
      'unsupported_type',
      '/steps/0/columns',
    ],
    [
      'text for a mean',
      { s: ['x', null] },
      [{ name: 'simple_imputer' }],
      'unsupported_type',
      '/steps/0/columns',
    ],
    [
      'text to fill numbers with',
      { a: [1, null] },
      [{ name: 'simple_imputer', strategy: 'constant', fill_value: 'x' }],
      'invalid_option',
      '/steps/0/fill_value',
    ],
    [
      'several types to encode',
      { a: [1, 'x'] },
      [{ name: 'one_hot_encoder' }],
      'unsupported_type',
      '/steps/0/columns',
    ],
    ['numbers for dates', numbers, [{ name: 'date_parts' }], 'unsupported_type', '/steps/0/columns'],
    [
      'a day that is not',
      { t: ['2023-02-29'] },
      [{ name: 'date_parts' }],
      'unsupported_value',
      '/steps/0/columns',
    ],
    [
      'too many components',
      numbers,
      [{ name: 'pca', n_components: 2 }],
      'invalid_option',
      '/steps/0/n_components',
    ],
    [
      'half a component more',
      { ...numbers, b: [1, 5, 2] },
      [{ name: 'pca', n_components: 1.5 }],
      'invalid_option',
      '/steps/0/n_components',
    ],
    ['no decay', numbers, [{ name: 'ewm' }], 'invalid_option', '/steps/0/span'],
    ['two decays', numbers, [{ name: 'ewm', span: 2, alpha: 0.5 }], 'invalid_option', '/steps/0/alpha'],
    ['no window', numbers, [{ name: 'rolling' }], 'invalid_option', '/steps/0/window'],
    [
      'more values than the window has',
      numbers,
      [{ name: 'rolling', window: 2, min_periods: 3 }],
      'invalid_option',
      '/steps/0/min_periods',
    ],
    [
      'a range upside down',
      numbers,
      [{ name: 'min_max_scaler', feature_range: [1, 0] }],
      'invalid_option',
      '/steps/0/feature_range',
    ],
    [
      'quantiles upside down',
      numbers,
      [{ name: 'robust_scaler', quantile_range: [75, 25] }],
      'invalid_option',
      '/steps/0/quantile_range',
    ],
    [
      'more quantiles than a subsample has',
      numbers,
      [{ name: 'quantile_transformer', subsample: 10 }],
      'invalid_option',
      '/steps/0/n_quantiles',
    ],
    [
      'a square root of less than nothing',
      { a: [-1, 2] },
      [{ name: 'power_transformer', method: 'box-cox' }],
      'invalid_option',
      '/steps/0/method',
    ],
    [
      'bins of another number of columns',
      numbers,
      [{ name: 'k_bins_discretizer', n_bins: [2, 3] }],
      'invalid_option',
      '/steps/0/n_bins',
    ],
    ['nothing that varies', { a: [1, 1] }, [{ name: 'variance_threshold' }], 'unsupported_value', '/steps/0'],
    [
      'a category that is not there',
      { s: ['x', 'y'] },
      [{ name: 'one_hot_encoder', drop: ['z'] }],
      'invalid_option',
      '/steps/0/drop',
    ],
    [
      'a new name that is taken',
      { a: ['x', 'y'], a_x: [1, 2] },
      [{ name: 'one_hot_encoder', columns: ['a'] }],
      'duplicate_column',
      '/steps/0',
    ],
    [
      'other rows than the columns that stay',
      { ...numbers, b: [1, 2, 3] },
      [{ name: 'fft', columns: ['a'], n: 5 }],
      'invalid_option',
      '/steps/0/n',
    ],
    [
      'too many terms',
      Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`c${i}`, [1, 2]])),
      [{ name: 'polynomial_features', degree: 50 }],
      'too_many_columns',
      '/steps/0/degree',
    ],
    [
      'more categories than columns',
      { s: Array.from({ length: 5000 }, (_, i) => `k${i}`) },
      [{ name: 'one_hot_encoder' }],
      'too_many_columns',
      '/steps/0',
    ],
  ])('%s → 422', async (_, columns, steps, code, pointer) => {
    const detail = await refused(post(columns, steps), 422, code, pointer);
    expect(detail).toMatch(/expected .+/u);
    expect(detail.length).toBeLessThan(700);
  });

  test('no steps at all, or twice', async () => {
    await refused(postJson(url, { columns: numbers }), 422, 'invalid_option', '/options/steps');
    const twice = { columns: numbers, steps: [{ name: 'lag' }], options: { steps: [{ name: 'lag' }] } };
    await refused(postJson(url, twice), 422, 'invalid_option', '/steps');
  });

  test('infinite values for a transformer of scikit-learn', async () => {
    const steps = encodeURIComponent('[{"name":"standard_scaler"}]');
    const csv = { headers: { 'content-type': 'text/csv' }, body: 'a\n1\ninf\n' };
    await refused(send(`${url}?steps=${steps}`, csv), 422, 'unsupported_value', '?steps/columns');
  });

  test('windows and lags beyond the table are all null, and cost nothing', async () => {
    const far = { periods: 2_147_483_647 };
    const steps = [
      { name: 'rolling', window: 1_000_000_000 },
      { name: 'lag', ...far },
      { name: 'diff', ...far },
    ];
    expect(columnsOf(await post(numbers, steps))).toEqual({ a: [null, null, null] });
  });

  test('names that belong to objects are names', async () => {
    const columns = JSON.parse('{"__proto__":["x","y"],"constructor":[1,2]}') as Columns;
    const body = `{"columns":${JSON.stringify(columns)},"steps":[{"name":"ordinal_encoder"}]}`;
    const reply = await send(url, { headers: { 'content-type': 'application/json' }, body });
    expect(reply.text).toContain('"columns":{"__proto__":[0,1],"constructor":[0,1]}');
  });
});
