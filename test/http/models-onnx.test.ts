import { setTimeout as pause } from 'node:timers/promises';
import { deepTree } from '../adapters/onnx/deep.js';
import { golden, modelFile } from '../adapters/onnx/thread.js';
import {
  at,
  postJson,
  queryOf,
  send,
  startService,
  type JsonValue,
  type Reply,
  type Service,
} from '../service.js';

/** float32 arithmetic of the exported graph against float64 of the library. */
const CLOSE = 2e-5;

describe('models in ONNX', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ env: { LANES: '1' } });
  });
  afterAll(() => service.stop());

  const put = async (
    name: string,
    file: Uint8Array = modelFile(name),
    options: Readonly<Record<string, JsonValue>> = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> =>
    send(`${service.url}/models?${queryOf({ format: 'onnx', name, ...options })}`, {
      headers: { 'content-type': 'application/octet-stream', ...headers },
      body: file,
    });
  const ask = async (
    name: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Reply> => postJson(`${service.url}/models/${name}/predict`, body, headers);
  const results = (reply: Reply, ...path: (string | number)[]): JsonValue | undefined =>
    at(reply.json, 'results', ...path);
  const warnings = (reply: Reply): unknown[] =>
    (at(reply.json, 'meta', 'warnings') as { code: string; column?: string }[]).map(({ code, column }) => [
      code,
      column,
    ]);
  const detail = (reply: Reply): string => at(reply.json, 'detail') as string;

  const close = (got: JsonValue | undefined, expected: number): void => {
    expect(typeof got).toBe('number');
    expect(Math.abs(Number(got) - expected)).toBeLessThanOrEqual(CLOSE * Math.max(1, Math.abs(expected)));
  };

  test.each([
    'logistic',
    'forest',
    'scaled',
    'linear',
    'boosted',
    'isolation',
    'lightgbm-classifier',
    'lightgbm-regressor',
    'columns',
    'double',
    'whole',
    'one-row',
  ])('%s predicts what the library does', async (name) => {
    const { rows, library } = golden.models[name]!;
    const made = await put(name, undefined, name === 'lightgbm-classifier' ? { missing: 'nan' } : {});
    expect([made.status, made.headers['location']]).toEqual([201, `/models/${name}/versions/1`]);
    const inputs = results(made, 'inputs') as { name: string }[];
    const columns = Object.fromEntries(inputs.map((input, j) => [input.name, rows.map((row) => row[j])]));
    const answer = await ask(name, { columns });
    expect([name, answer.status]).toEqual([name, 200]);
    library.predictions?.forEach((value, row) => {
      if (library.probabilities === undefined) close(results(answer, 'predictions', row), Number(value));
      else expect(results(answer, 'predictions', row)).toBe(value);
    });
    library.scores?.forEach((value, row) => {
      close(results(answer, 'scores', row), value);
    });
    if (library.probabilities === undefined) return;
    expect(results(answer, 'probabilities', 'classes')).toEqual(library.classes);
    library.probabilities.forEach((row, i) => {
      row.forEach((value, k) => {
        close(results(answer, 'probabilities', 'values', i, k), value);
      });
    });
  });

  test('the card says what the graph takes and gives', async () => {
    const { json } = await send(`${service.url}/models/forest`, { method: 'GET' });
    expect(at(json, 'results')).toMatchObject({
      format: 'onnx',
      task: 'classification',
      inputs: ['x0', 'x1', 'x2', 'x3'].map((name) => ({ name, type: 'number' })),
      outputs: [
        { name: 'label', type: 'string', width: 1 },
        { name: 'probabilities', type: 'number', width: 3 },
      ],
      target: { name: 'label', type: 'string', classes: ['setosa', 'versicolor', 'virginica'] },
      engine: 'onnxruntime',
      engine_version: '1.30.0',
    });
  });

  test('the file is exported as it came', async () => {
    const { bytes } = await send(`${service.url}/models/forest/export`, { method: 'GET' });
    expect(bytes.equals(modelFile('forest'))).toBe(true);
  });

  test('columns have the names that the client gives; a wrong number of names is refused', async () => {
    const names = ['sepal length', 'sepal width', 'petal length', 'petal width'];
    const made = await put('named', modelFile('logistic'), { inputs: names });
    expect(results(made, 'inputs')).toEqual(names.map((name) => ({ name, type: 'number' })));
    const row = Object.fromEntries(names.map((name, j) => [name, golden.models['logistic']!.rows[0]![j]]));
    const answer = await ask('named', { data: [{ ...row, other: 1 }] });
    expect(results(answer, 'predictions')).toEqual([golden.models['logistic']!.library.predictions![0]]);
    expect(warnings(answer)).toEqual([['extra_columns', undefined]]);
    const refused = await put('named', modelFile('logistic'), { inputs: ['a', 'b'] });
    expect([refused.status, at(refused.json, 'errors', 0, 'pointer')]).toEqual([422, '?inputs']);
    expect(detail(refused)).toBe('expected inputs to name the 4 columns that the graph takes, got 2 names');
  });

  test('a graph that takes any number of columns, and does not name its classes', async () => {
    const [unnamed, named] = [
      await put('unnamed', undefined),
      await put('unnamed', undefined, { inputs: ['a', 'b', 'c'] }),
    ];
    expect(detail(unnamed)).toMatch(/^expected the option inputs, the names of the columns, got none/u);
    expect([named.status, results(named, 'classes'), warnings(named)]).toEqual([
      201,
      [0, 1, 2],
      [['unnamed_classes', undefined]],
    ]);
    const classes = await put('unnamed', undefined, { inputs: ['a', 'b', 'c'], classes: [0, 1] });
    expect(detail(classes)).toBe('expected the 3 classes that the graph has probabilities of, got 2');
    const others = await put('unnamed', undefined, { inputs: ['a', 'b', 'c'], classes: ['u', 'v', 'w'] });
    expect(detail(others)).toBe('expected the labels of the graph among classes, got none 0');
  });

  test('outputs that are neither label nor value are answered by name', async () => {
    expect(results(await put('several'), 'task')).toBe('inference');
    const answer = await ask('several', { columns: { x0: [1, -2], x1: [2, -1] } });
    expect(results(answer, 'predictions')).toEqual({
      negated: [
        [-1, -2],
        [2, 1],
      ],
      most: [2, -1],
    });
  });

  test('a row without a value has no prediction, unless the model was stored to take NaN', async () => {
    const columns = { x0: [1, null], x1: [1, 1], x2: [1, 1], x3: [1, 1] };
    const [plain, taking, raised] = [
      await ask('logistic', { columns }),
      await ask('lightgbm-classifier', { columns }),
      await ask('lightgbm-classifier', { columns, options: { nan_policy: 'raise' } }),
    ];
    expect([results(plain, 'predictions', 1), results(plain, 'probabilities', 'values', 1)]).toEqual([
      null,
      [null, null, null],
    ]);
    expect(warnings(plain)).toEqual([['rows_dropped', undefined]]);
    expect(results(taking, 'predictions', 1)).not.toBeNull();
    expect(warnings(taking)).toEqual([]);
    expect(at(raised.json, 'code')).toBe('missing_values');
  });

  test('a number that float32 cannot hold is told of, a fraction that it rounds is not', async () => {
    const answer = await ask('logistic', {
      columns: { x0: [0.1, 0.2], x1: [16_777_217, 1], x2: [1e300, 1], x3: [1e-300, 16_777_216] },
    });
    expect(warnings(answer)).toEqual([
      ['precision_loss', 'x1'],
      ['precision_loss', 'x2'],
      ['precision_loss', 'x3'],
    ]);
  });

  test('whole numbers and booleans are checked before they are fed', async () => {
    const good = await ask('whole', { columns: { count: [1], flag: [true], code: [2] } });
    expect(results(good, 'predictions')).toEqual([4]);
    const refusals = [
      { count: [0.5], flag: [true], code: [2] },
      { count: [1], flag: [2], code: [2] },
      { count: [1], flag: [false], code: [2 ** 31] },
    ];
    for (const columns of refusals) {
      const refused = await ask('whole', { columns });
      expect([refused.status, at(refused.json, 'code')]).toEqual([422, 'unsupported_value']);
    }
  });

  test('many rows, by batches, have the answers of their own', async () => {
    const rows = 20_011;
    const { rows: few, library } = golden.models['logistic']!;
    const columns = Object.fromEntries(
      few[0]!.map((_, j) => [`x${j}`, Array.from({ length: rows }, (__, i) => few[i % few.length]![j])]),
    );
    const predictions = results(await ask('logistic', { columns }), 'predictions') as number[];
    expect(predictions).toHaveLength(rows);
    expect(predictions.every((value, i) => value === library.predictions![i % few.length])).toBe(true);
  });

  test.each([...golden.refused, 'bomb'])('%s is refused with 422', async (name) => {
    const refused = await put(name);
    expect([refused.status, at(refused.json, 'code')]).toEqual([422, 'invalid_model']);
    expect(detail(refused)).toMatch(/^expected .+, got .+/u);
  });

  test('names are checked, and options that are none', async () => {
    expect((await put('a/b', modelFile('linear'))).status).toBe(422);
    expect(at((await put('linear', undefined, { colour: 'red' })).json, 'code')).toBe('unknown_option');
    expect(at((await put('linear', undefined, { classes: ['a', 'b'] })).json, 'code')).toBe('invalid_option');
  });

  test('a graph that never ends costs its request its lane, and no other request anything', async () => {
    const [endless, other] = await Promise.all([
      put('endless', undefined, {}, { 'x-request-deadline-ms': '1500' }),
      pause(100).then(() => ask('linear', { columns: { x0: [1], x1: [1], x2: [1], x3: [1] } })),
    ]);
    expect([endless.status, at(endless.json, 'code')]).toEqual([504, 'deadline_exceeded']);
    expect(other.status).toBe(200);
  });

  test('a model that stops the runtime is refused, and the next request has a lane again', async () => {
    const [lost, next] = await Promise.all([
      put('deep', deepTree(12_000)),
      pause(50).then(() => ask('linear', { columns: { x0: [1], x1: [1], x2: [1], x3: [1] } })),
    ]);
    expect([lost.status, at(lost.json, 'code')]).toEqual([422, 'invalid_model']);
    expect(detail(lost)).toMatch(/^expected a model that runs, got one that stopped the runtime/u);
    expect(next.status).toBe(200);
  });
});
