/** What tables models are fitted to and asked with: targets, missing values, columns, thin ones. */
import { at, type JsonValue, postJson, type Reply, send, type Service, startService } from '../service.js';
import * as talk from './talk.js';
import { BAYES, codes, expectStatus, K, LABELS, results } from './talk.js';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  expect(await service.stop()).toBe(0);
  expect(service.output()).not.toMatch(/a lane ended|"level":"error"/u);
});

const fit = (more: object): Promise<Reply> => talk.fit(service.url, more);
const ask = (what: 'predict' | 'evaluate', columns: object, options?: object): Promise<Reply> =>
  talk.ask(service.url, what, columns, options);
const get = (path: string, method = 'GET'): Promise<Reply> => talk.get(service.url + path, method);

describe('targets', () => {
  test.each([
    ['text', ['s', 'v', 's', 'v', 's', 'v'], ['s', 'v']],
    ['booleans', [true, false, true, false, true, false], [false, true]],
    ['numbers, sorted by size', [10, 2, 10, 2, 10, 2], [2, 10]],
    [
      'timestamps as text',
      ['2024-02-01', '2024-01-01', '2024-02-01', '2024-01-01', '2024-02-01', '2024-01-01'],
      ['2024-01-01', '2024-02-01'],
    ],
  ])('%s are answered in their own type', async (_name, y, classes) => {
    expectStatus(await fit({ columns: { ...K, y } }), 201);
    const reply = await ask('predict', K);
    expect(results(reply, 'predictions')).toEqual(y);
    expect(results(reply, 'probabilities', 'classes')).toEqual(classes);
    const judged = await ask('evaluate', { ...K, y });
    expect(results(judged, 'metrics', 'accuracy')).toBe(1);
    expect(results(judged, 'confusion_matrix')).toEqual({
      classes,
      values: [
        [3, 0],
        [0, 3],
      ],
    });
  });

  test('booleans and 0 and 1 stand for each other where a model is judged and asked', async () => {
    const flags = [true, false, true, false, true, false];
    expectStatus(await fit({ columns: { ...K, f: flags, y: flags } }), 201);
    const numbers = flags.map(Number);
    const judged = await ask('evaluate', { ...K, f: numbers, y: numbers });
    expect(results(judged, 'metrics', 'accuracy')).toBe(1);
    expect(results(await ask('predict', { ...K, f: numbers }), 'predictions')).toEqual(flags);
  });

  test('rows without one are left out, with a warning', async () => {
    const reply = await fit({ columns: { ...K, y: [null, 's', 's', 'v', 'v', null] } });
    expectStatus(reply, 201);
    expect(at(reply.json, 'details', 'rows')).toEqual({ fitted: 4, tested: 0, dropped: 2 });
    expect(codes(reply)).toEqual(['rows_dropped']);
    expectStatus(await fit({ columns: { ...K, y: Array(6).fill(null) } }), 422);
  });

  test('one among the features is no feature', async () => {
    expectStatus(await fit({ options: { columns: ['a', 'y'] } }), 201);
    expect(results(await get('/models/m'), 'inputs')).toEqual([{ name: 'a', type: 'number' }]);
  });

  test.each([
    ['unknown', { target: 'q' }, 'unknown_column', '/target'],
    ['a name of prototypes', { target: '__proto__' }, 'unknown_column', '/target'],
    ['none', { target: undefined }, 'invalid_option', '/target'],
    ['text for a regressor', { pipeline: [{ name: 'ridge' }] }, 'unsupported_type', '/target'],
    [
      'fractions for a classifier',
      { target: 'a', columns: { a: [0.5, 1, 2], b: [1, 2, 3] } },
      'unsupported_value',
      '/target',
    ],
    [
      'of several types',
      { columns: { ...K, y: ['s', 1, true, 's', 1, 's'] } },
      'unsupported_type',
      '/target',
    ],
  ])('%s: refused', async (_name, more, code, pointer) => {
    const reply = await fit(more);
    expectStatus(reply, 422);
    const { errors } = reply.json as { errors: { code: string; pointer: string }[] };
    expect(errors.map((one) => [one.code, one.pointer.replace('/options', '')])).toEqual([[code, pointer]]);
  });

  test('one of another type cannot judge', async () => {
    expectStatus(await fit({}), 201);
    const reply = await ask('evaluate', { ...K, y: [1, 2, 3, 1, 2, 3] });
    expectStatus(reply, 422);
    expect(at(reply.json, 'detail')).toBe(
      'expected column "y" to be of type string, as in the fit, got values of type number',
    );
    const none = await ask('evaluate', K);
    expect([none.status, at(none.json, 'code')]).toEqual([422, 'missing_column']);
  });

  test('classes that the fit did not see count as mistakes', async () => {
    expectStatus(await fit({}), 201);
    const reply = await ask('evaluate', { ...K, y: ['s', 's', 's', 'v', 'v', 'new'] });
    expect(results(reply, 'metrics', 'accuracy')).toBeCloseTo(5 / 6, 12);
    expect(results(reply, 'metrics', 'log_loss')).toBeNull();
    expect(results(reply, 'confusion_matrix', 'classes')).toEqual(['s', 'v', 'new']);
    expect(codes(reply)).toContain('not_finite');
  });
});

describe('missing values', () => {
  const gappy = { ...K, a: [1, null, 3, 4, 5, 6] };

  test('a row that lacks a feature is not fitted, and has no prediction', async () => {
    const reply = await fit({ columns: { ...gappy, y: LABELS } });
    expectStatus(reply, 201);
    expect(at(reply.json, 'details', 'rows', 'fitted')).toBe(5);
    expect(codes(reply)).toContain('rows_dropped');
    const asked = await ask('predict', gappy);
    const predictions = results(asked, 'predictions') as JsonValue[];
    expect(predictions.map((value) => value === null)).toEqual([false, true, false, false, false, false]);
    expect(results(asked, 'probabilities', 'values', 1)).toEqual([null, null]);
    expect(codes(asked)).toEqual(['rows_dropped']);
    const judged = await ask('evaluate', { ...gappy, y: LABELS });
    expect(at(judged.json, 'details', 'rows')).toBe(5);
    expect(codes(judged)).toEqual(['rows_dropped']);
  });

  test('nan_policy raise refuses them, in the fit and in the prediction', async () => {
    const reply = await fit({ columns: { ...gappy, y: LABELS }, options: { nan_policy: 'raise' } });
    expect([reply.status, at(reply.json, 'code')]).toEqual([422, 'missing_values']);
    expectStatus(await fit({}), 201);
    const asked = await ask('predict', gappy, { nan_policy: 'raise' });
    expect([asked.status, at(asked.json, 'detail')]).toEqual([
      422,
      'expected no missing values under nan_policy "raise", got 1 in column "a"',
    ]);
  });

  test('rows that all lack a value: null each, and nothing to judge by', async () => {
    expectStatus(await fit({}), 201);
    const none = { a: [null, null], b: [1, 2] };
    expect(results(await ask('predict', none), 'predictions')).toEqual([null, null]);
    const judged = await ask('evaluate', { ...none, y: ['s', 'v'] });
    expect([judged.status, at(judged.json, 'code')]).toEqual([422, 'no_data']);
  });

  test('a column without a value: refused, unless it is filled', async () => {
    const columns = { ...K, a: Array(6).fill(null), y: LABELS };
    const reply = await fit({ columns });
    expect([reply.status, at(reply.json, 'errors', 0, 'pointer')]).toEqual([422, '/pipeline/0']);
    expectStatus(await fit({ columns, pipeline: [{ name: 'simple_imputer' }, ...BAYES] }), 201);
    expectStatus(await ask('predict', K), 200);
  });
});

describe('columns', () => {
  beforeEach(async () => {
    expectStatus(await fit({}), 201);
  });

  test('in another order they are the same', async () => {
    const [one, other] = [await ask('predict', K), await ask('predict', { b: K.b, a: K.a })];
    expect(results(other)).toEqual(results(one));
  });

  test('one that is missing is named, one too many is ignored, the target is nothing of both', async () => {
    const reply = await ask('predict', { a: [1] });
    expect([reply.status, at(reply.json, 'errors')]).toEqual([
      422,
      [{ pointer: '', code: 'missing_column', detail: 'expected a column "b" of type number, got none' }],
    ]);
    const more = await ask('predict', { ...K, y: LABELS, z: K.a });
    expect(at(more.json, 'meta', 'warnings')).toEqual([
      { code: 'extra_columns', detail: 'columns that the model does not take are ignored: "z"' },
    ]);
  });

  test('one of another type is refused by name', async () => {
    const reply = await ask('predict', { a: K.a, b: ['x', 'y', 'x', 'y', 'x', 'y'] });
    expect([reply.status, at(reply.json, 'code'), at(reply.json, 'detail')]).toEqual([
      422,
      'unsupported_type',
      'expected column "b" to be of type number, as in the fit, got values of type string',
    ]);
  });

  test('no rows: refused', async () => {
    expectStatus(await ask('predict', { a: [], b: [] }), 422);
    expectStatus(await fit({ columns: { a: [], y: [] } }), 422);
  });

  test('those that neither a step nor the estimator takes need not come again', async () => {
    const pipeline = [
      { name: 'standard_scaler', columns: ['a'] },
      { name: 'gaussian_nb', columns: ['a'] },
    ];
    expectStatus(await fit({ pipeline, columns: { ...K, text: LABELS, y: LABELS } }), 201);
    expect(results(await get('/models/m'), 'inputs')).toEqual([{ name: 'a', type: 'number' }]);
    expectStatus(await ask('predict', { a: [1, 2] }), 200);
  });

  test('a category that the fit did not see', async () => {
    const columns = { c: ['x', 'y', 'x', 'y', 'x', 'z'], b: K.b, y: LABELS };
    const encoder = { name: 'one_hot_encoder', columns: ['c'] };
    expectStatus(await fit({ columns, pipeline: [encoder, ...BAYES] }), 201);
    const unknown = { c: ['x', 'q'], b: [1, 2] };
    const reply = await ask('predict', unknown);
    expect([reply.status, at(reply.json, 'code')]).toEqual([422, 'unsupported_value']);
    expectStatus(await fit({ columns, pipeline: [{ ...encoder, handle_unknown: 'ignore' }, ...BAYES] }), 201);
    expectStatus(await ask('predict', unknown), 200);
  });

  test('names that mean something elsewhere are names', async () => {
    const columns = '{"__proto__":[1,2,3,4],"constructor":[1,0,2,1],"🙂":["a","b","a","b"]}';
    const body = `{"name":"m","columns":${columns},"target":"🙂","pipeline":[{"name":"standard_scaler","columns":["__proto__"]},{"name":"logistic_regression"}],"validation":{"permutation_importance":{"n_repeats":2}}}`;
    const headers = { 'content-type': 'application/json' };
    const reply = await send(`${service.url}/models`, { headers, body });
    expectStatus(reply, 201);
    expect(results(reply, 'feature_importances', 'columns')).toEqual(['__proto__', 'constructor']);
    const asked = await send(`${service.url}/models/m/predict`, { headers, body: `{"columns":${columns}}` });
    expect(results(asked, 'predictions')).toHaveLength(4);
  });
});

describe('thin tables', () => {
  const SCALED = (name: string, more: object = {}): object[] => [
    { name: 'standard_scaler' },
    { name, ...more },
  ];
  const FLAT = { a: [1, 1, 1, 1, 1, 1], b: [2, 2, 2, 2, 2, 2] };

  test.each([
    'gaussian_nb',
    'decision_tree_classifier',
    'random_forest_classifier',
    'k_neighbors_classifier',
  ])('%s learns a single class', async (name) => {
    expectStatus(await fit({ columns: { ...K, y: Array(6).fill('s') }, pipeline: [{ name }] }), 201);
    const reply = await ask('predict', K);
    expect(results(reply, 'predictions')).toEqual(Array(6).fill('s'));
    expect(results(reply, 'probabilities', 'values', 0)).toEqual([1]);
  });

  test('logistic_regression needs two', async () => {
    const reply = await fit({
      columns: { ...K, y: Array(6).fill('s') },
      pipeline: SCALED('logistic_regression'),
    });
    expect([reply.status, at(reply.json, 'errors', 0, 'pointer')]).toEqual([422, '/pipeline/1']);
  });

  test.each([
    'linear_regression',
    'ridge',
    'lasso',
    'elastic_net',
    'decision_tree_regressor',
    'k_neighbors_regressor',
  ])('%s of constant columns answers the mean', async (name) => {
    const pipeline = [
      { name: 'standard_scaler' },
      { name, ...(name.startsWith('k_') && { n_neighbors: 6 }) },
    ];
    expectStatus(await fit({ columns: { ...FLAT, y: [1, 2, 3, 4, 5, 6] }, pipeline }), 201);
    const predictions = results(await ask('predict', { a: [1], b: [2] }), 'predictions') as number[];
    expect(predictions[0]).toBeCloseTo(3.5, 12);
  });

  test('probabilities that are not defined are null, with a warning', async () => {
    expectStatus(await fit({ columns: { ...FLAT, y: LABELS } }), 201);
    const reply = await ask('predict', { a: [1], b: [2] });
    expectStatus(reply, 200);
    expect(results(reply, 'probabilities', 'values')).toEqual([[null, null]]);
    expect(codes(reply)).toEqual(['not_finite']);
  });

  test('attributes that are not defined are null, with a warning', async () => {
    const reply = await postJson(`${service.url}/models`, {
      name: 'm',
      columns: { a: [1] },
      pipeline: [{ name: 'pca' }],
    });
    expectStatus(reply, 201);
    expect(codes(reply)).toContain('not_finite');
  });

  test.each(['kmeans', 'mini_batch_kmeans'])('%s: more clusters than rows are refused', async (name) => {
    const reply = await postJson(`${service.url}/models`, {
      name: 'm',
      columns: { a: [1] },
      pipeline: [{ name }],
    });
    expect([reply.status, at(reply.json, 'errors', 0, 'pointer')]).toEqual([422, '/pipeline/0/n_clusters']);
  });
});
