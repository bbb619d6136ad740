/** How pipelines are planned and judged, and how models are kept. */
import { at, postJson, type Reply, send, type Service, startService } from '../service.js';
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

describe('pipelines', () => {
  test('of 50 steps', async () => {
    const steps = Array.from({ length: 49 }, () => ({ name: 'standard_scaler' }));
    expectStatus(await fit({ pipeline: [...steps, ...BAYES] }), 201);
    expectStatus(await ask('predict', K), 200);
    expectStatus(await fit({ pipeline: [...steps, ...steps, ...BAYES] }), 422);
  });

  test('pca stands in the middle or at the end', async () => {
    const steps = [{ name: 'standard_scaler' }, { name: 'pca', n_components: 1 }];
    expectStatus(await fit({ pipeline: [...steps, ...BAYES] }), 201);
    expectStatus(await fit({ pipeline: steps, target: undefined, columns: K }), 201);
    const rows = results(await ask('predict', K), 'predictions') as number[][];
    expect(rows.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test.each([
    ['an unknown name', [{ name: 'zz' }], 'invalid_option', '/pipeline/0/name'],
    [
      'an unknown parameter',
      [{ name: 'standard_scaler' }, { name: 'gaussian_nb', zz: 1 }],
      'unknown_option',
      '/pipeline/1/zz',
    ],
    ['a parameter out of range', [{ name: 'ridge', alpha: -1 }], 'invalid_option', '/pipeline/0/alpha'],
    ['an estimator before the last', [...BAYES, ...BAYES], 'invalid_option', '/pipeline/0/name'],
    ['a transformer at the end', [{ name: 'standard_scaler' }], 'invalid_option', '/pipeline/0/name'],
    [
      'an unknown column',
      [{ name: 'standard_scaler', columns: ['q'] }, ...BAYES],
      'unknown_column',
      '/pipeline/0/columns',
    ],
    [
      'an unknown column of the estimator',
      [{ name: 'gaussian_nb', columns: ['q'] }],
      'unknown_column',
      '/pipeline/0/columns',
    ],
    ['text for numbers', [{ name: 'gaussian_nb', columns: ['text'] }], 'unsupported_type', '/pipeline/0'],
    ['none', [], 'invalid_option', '/pipeline'],
    ['text', 'kmeans', 'invalid_option', '/pipeline'],
    ['null', [null], 'invalid_option', '/pipeline/0'],
    [
      'a step that changes the rows',
      [{ name: 'fft', columns: ['a', 'b', 'text'] }, ...BAYES],
      'unsupported_type',
      '/pipeline/0/columns',
    ],
  ])('%s: refused', async (_name, pipeline, code, pointer) => {
    const reply = await fit({ pipeline, columns: { ...K, text: LABELS, y: LABELS } });
    expectStatus(reply, 422);
    expect([at(reply.json, 'code'), at(reply.json, 'errors', 0, 'pointer')]).toEqual([code, pointer]);
  });
});

describe('validation', () => {
  test.each([[{}], [{ random_state: 3 }], [{ stratify: true }], [{ shuffle: false, cv: 2 }]])(
    '%j holds a quarter back',
    async (validation) => {
      const reply = await fit({
        columns: { a: [1, 2, 3, 4, 5, 6, 7, 8], y: [...LABELS, 's', 'v'] },
        validation,
      });
      expectStatus(reply, 201);
      expect(results(reply, 'metrics_on')).toBe('test');
      expect(at(reply.json, 'details', 'rows')).toEqual({ fitted: 6, tested: 2, dropped: 0 });
    },
  );

  test.each([
    [{ cv: 3 }, 'cross_validation'],
    [{ permutation_importance: {} }, 'training'],
    [undefined, 'training'],
  ])('%j holds none back', async (validation, on) => {
    const reply = await fit({ validation });
    expect([reply.status, results(reply, 'metrics_on')]).toEqual([201, on]);
  });

  test('a class that a fold does not have', async () => {
    const validation = { cv: { name: 'k_fold', n_splits: 3 } };
    const reply = await fit({ columns: { ...K, y: ['a', 'a', 'a', 'b', 'b', 'c'] }, validation });
    expectStatus(reply, 201);
    expect(results(reply, 'cross_validation', 'metrics', 'accuracy')).toEqual([0, 0.5, 0]);
    expect(results(reply, 'confusion_matrix')).toEqual({
      classes: ['a', 'b', 'c'],
      values: [
        [1, 2, 0],
        [2, 0, 0],
        [0, 1, 0],
      ].map((row) => row.map(() => expect.any(Number) as number)),
    });
    const counts = results(reply, 'confusion_matrix', 'values') as number[][];
    expect(counts.map((row) => row.reduce((sum, n) => sum + n))).toEqual([3, 2, 1]);
    expect(codes(reply)).toContain('not_finite');
  });

  test.each([
    [
      { test_size: 0 },
      '/validation/test_size',
      'expected validation/test_size to be a number between 0 and 1 or an integer of at least 1, got 0',
    ],
    [
      { test_size: 6 },
      '/validation/test_size',
      'expected test_size between 0 and 1, or a number of rows below 6, got 6',
    ],
    [
      { test_size: 4, train_size: 3 },
      '/validation/test_size',
      'expected at most 6 rows in both parts, got 3 + 4',
    ],
    [{ cv: 7 }, '/validation/cv', 'expected at most as many splits as rows, 6, got 7'],
    [
      { cv: { name: 'zz' } },
      '/validation/cv/name',
      'expected validation/cv/name to be one of k_fold, stratified_k_fold, time_series_split, got "zz"',
    ],
    [
      { zz: 1 },
      '/validation/zz',
      'expected one of the options test_size, train_size, shuffle, stratify, random_state, cv, permutation_importance, got "zz"',
    ],
  ])('%j is refused', async (validation, pointer, detail) => {
    const reply = await fit({ validation });
    expect([reply.status, at(reply.json, 'errors', 0, 'pointer'), at(reply.json, 'detail')]).toEqual([
      422,
      pointer,
      detail,
    ]);
  });

  test('dbscan labels its own rows: nothing can be held back, judged or asked', async () => {
    const pipeline = [{ name: 'dbscan', eps: 2 }];
    for (const validation of [{ test_size: 2 }, { cv: 2 }])
      expectStatus(await fit({ pipeline, target: undefined, columns: K, validation }), 422);
    expectStatus(await fit({ pipeline, target: undefined, columns: K }), 201);
    expectStatus(await ask('predict', K), 422);
    expectStatus(await ask('evaluate', K), 422);
  });
});

describe('kept models', () => {
  test('versions count on; the newest answers; what is removed is gone', async () => {
    const at1 = await fit({ name: 'kept' });
    expect([at1.status, at1.headers['location']]).toEqual([201, '/models/kept/versions/1']);
    const at2 = await fit({ name: 'kept', pipeline: [{ name: 'decision_tree_classifier' }] });
    expect([results(at2, 'version'), at2.headers['location']]).toEqual([2, '/models/kept/versions/2']);
    const newest = await get('/models/kept');
    expect([results(newest, 'version'), results(newest, 'pipeline', 0, 'name')]).toEqual([
      2,
      'decision_tree_classifier',
    ]);
    expect(results(await get('/models/kept/versions'), 'versions')).toHaveLength(2);
    const names = (results(await get('/models'), 'models') as { name: string }[]).map(({ name }) => name);
    expect(names).toContain('kept');
    const old = await postJson(`${service.url}/models/kept/versions/1/predict`, { columns: K });
    expect(at(old.json, 'details', 'model')).toEqual({ name: 'kept', version: 1 });

    expect(results(await get('/models/kept/versions/2', 'DELETE'), 'removed')).toBe(1);
    expectStatus(await get('/models/kept/versions/2'), 404);
    expectStatus(await get('/models/kept/versions/2', 'DELETE'), 404);
    expect(results(await get('/models/kept'), 'version')).toBe(1);
    expect(results(await fit({ name: 'kept' }), 'version')).toBe(3);
    expect(results(await get('/models/kept', 'DELETE'), 'removed')).toBe(2);
    for (const path of ['', '/versions', '/versions/1', '/export'])
      expectStatus(await get(`/models/kept${path}`), 404);
    expectStatus(await postJson(`${service.url}/models/kept/predict`, { columns: K }), 404);
  });

  test.each(['../x', '', 'a'.repeat(101), '-x', 'a b', 'ä'])('no model is called %j', async (name) => {
    const reply = await fit({ name });
    expect([reply.status, at(reply.json, 'errors', 0, 'pointer')]).toEqual([422, '/name']);
  });

  test.each(['/versions/0', '/versions/-1', '/versions/x', '/versions/1e3', '/versions/99999999999'])(
    '%s is no version',
    async (path) => {
      expectStatus(await fit({}), 201);
      expectStatus(await get(`/models/m${path}`), 404);
    },
  );

  test.each([
    ['PUT', '/models', 'GET, HEAD, POST'],
    ['PUT', '/models/m', 'GET, HEAD, DELETE'],
    ['POST', '/models/m/versions', 'GET, HEAD'],
    ['POST', '/models/m/versions/1', 'GET, HEAD, DELETE'],
    ['GET', '/models/m/predict', 'POST'],
    ['GET', '/models/m/versions/1/evaluate', 'POST'],
    ['POST', '/models/m/export', 'GET, HEAD'],
  ])('%s %s is not allowed', async (method, path, allow) => {
    const reply = await send(service.url + path, { method, body: '' });
    expect([reply.status, reply.headers['allow'], at(reply.json, 'code')]).toEqual([
      405,
      allow,
      'method_not_allowed',
    ]);
  });
});
