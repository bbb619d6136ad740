import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { temporaryFolder } from '../registry/folder.js';
import { at, postJson, type Reply, ROOT, send, type Service, startService, STREAM_TYPE } from '../service.js';
import { inferenceOf, recorded, storeModels } from './clients.js';

const ROWS = [
  [5, 1.4],
  [6.2, 4.3],
];
const NAMED = { columns: ['sepal_length', 'petal_length'], data: ROWS };
const LABELS = ['sétosa', 'versicolor'];

/** The media type of an answer, without its charset. */
const mediaOf = ({ headers }: Reply): string => String(headers['content-type']).split(';')[0]!;

describe('models over HTTP', () => {
  let service: Service;
  /** What `/invocations` answered when no model was stored, and when one was. */
  let [none, one]: (Reply | undefined)[] = [];
  beforeAll(async () => {
    service = await startService({ env: { DATA_DIR: temporaryFolder() } });
    none = await post('/invocations', { instances: [2] });
    const columns = { x: [1, 2, 3], y: [2, 4, 6] };
    await post('/models', { name: 'only', pipeline: [{ name: 'linear_regression' }], target: 'y', columns });
    one = await post('/invocations', { instances: [2] });
    await storeModels(service);
  });
  afterAll(() => service.stop());
  const post = (path: string, document: unknown, headers = {}): Promise<Reply> =>
    postJson(service.url + path, document, headers);
  const infer = (document: unknown, model = 'iris'): Promise<Reply> =>
    post(`/v2/models/${model}/infer`, document);
  const matrix = (data: unknown, more: object = {}): object => ({
    inputs: [{ name: 'x', shape: [2, 2], datatype: 'FP64', data, ...more }],
  });

  test('/invocations asks the model that is named, or the only one there is', async () => {
    expect(none).toMatchObject({ status: 404 });
    expect(at(one?.json, 'predictions', 0)).toBeCloseTo(4);
    const several = await post('/invocations', { instances: [2] });
    expect([several.status, at(several.json, 'errors', 0, 'pointer')]).toEqual([422, '?model']);
    const named = await post('/invocations?model=iris', { instances: ROWS });
    expect(named.json).toEqual({ predictions: LABELS });
    expect(await post('/invocations?model=none', { instances: ROWS })).toMatchObject({ status: 404 });
    expect(await post('/invocations?model=iris&other=1', { instances: ROWS })).toMatchObject({ status: 422 });
  });

  describe('by the Open Inference Protocol', () => {
    test('an answer in JSON: the outputs of the predictions, the id given back', async () => {
      const predicted = await post('/models/iris/predict', {
        data: ROWS.map(([sepal_length, petal_length]) => ({ sepal_length, petal_length })),
      });
      const reply = await infer({ id: 'ü', ...matrix(ROWS) });
      const { status, json } = reply;
      expect([status, mediaOf(reply)]).toEqual([200, 'application/json']);
      expect(json).toEqual({
        model_name: 'iris',
        model_version: '1',
        id: 'ü',
        outputs: [
          {
            name: 'predict',
            datatype: 'BYTES',
            shape: [2, 1],
            data: at(predicted.json, 'results', 'predictions'),
          },
          {
            name: 'predict_proba',
            datatype: 'FP64',
            shape: [2, 3],
            data: (at(predicted.json, 'results', 'probabilities', 'values') as number[][]).flat(),
          },
        ],
      });
    });

    test('a row without a prediction is null', async () => {
      const { json } = await infer(
        matrix([
          [5, 1.4],
          [null, 4.3],
        ]),
      );
      expect(at(json, 'outputs', 0, 'data')).toEqual(['sétosa', null]);
      expect((at(json, 'outputs', 1, 'data') as unknown[]).slice(3)).toEqual([null, null, null]);
    });

    test.each<[string, object, string, number, string]>([
      ['a width that does not fit', matrix([[1], [2]], { shape: [2, 1] }), 'iris', 422, '/inputs/0/shape'],
      [
        'a tensor without data',
        { inputs: [{ name: 'x', shape: [1], datatype: 'FP64' }] },
        'iris',
        422,
        '/inputs/0/data',
      ],
      [
        'a column that is missing',
        { inputs: [{ name: 'sepal_length', shape: [1], datatype: 'FP64', data: [1] }] },
        'iris',
        422,
        'petal_length',
      ],
      ['text for numbers', matrix(['a', 'b', 'c', 'd'], { datatype: 'BYTES' }), 'iris', 422, 'sepal_length'],
      ['a strange member', { ...matrix(ROWS), extra: 1 }, 'iris', 422, '/extra'],
      ['an id that is none', { ...matrix(ROWS), id: 7 }, 'iris', 422, '/id'],
      ['outputs that are none', { ...matrix(ROWS), outputs: 'predict' }, 'iris', 422, '/outputs'],
      [
        'an output that is not there',
        { ...matrix(ROWS), outputs: [{ name: 'predict_proba' }] },
        'groups',
        422,
        '/outputs/0/name',
      ],
      [
        'an output twice',
        { ...matrix(ROWS), outputs: [{ name: 'predict' }, { name: 'predict' }] },
        'iris',
        422,
        '/outputs/1/name',
      ],
      [
        'classes of Triton',
        { ...matrix(ROWS), outputs: [{ name: 'predict', parameters: { classification: 2 } }] },
        'iris',
        422,
        '/outputs/0/parameters/classification',
      ],
      [
        'a flag that is none',
        { ...matrix(ROWS), parameters: { binary_data_output: 'yes' } },
        'iris',
        422,
        '/parameters/binary_data_output',
      ],
      ['a model that is not there', matrix(ROWS), 'none', 404, '"none"'],
      ['a version that is not there', matrix(ROWS), 'iris/versions/2', 404, 'version 2'],
    ])('%s: an error as the protocol says it', async (_, document, model, status, said) => {
      const reply = await infer(document, model);
      expect([reply.status, mediaOf(reply)]).toEqual([status, 'application/json']);
      expect(Object.keys(reply.json as object)).toEqual(['error']);
      expect(at(reply.json, 'error')).toContain(said);
    });

    test('errors of HTTP are said so too, elsewhere they are problems', async () => {
      const url = `${service.url}/v2/models/iris/infer`;
      const replies = await Promise.all([
        send(url, { method: 'GET' }),
        send(url, { headers: { 'content-encoding': 'deflate' }, body: 'x' }),
        send(url, { headers: { 'inference-header-content-length': 'x' }, body: '{}' }),
        send(url, { headers: { 'inference-header-content-length': '9' }, body: '{}' }),
        send(url, { body: '{' }),
        send(`${service.url}/v2/none`, { method: 'GET' }),
      ]);
      expect(replies.map(({ status }) => status)).toEqual([405, 415, 400, 422, 400, 404]);
      for (const { json } of replies) expect(typeof at(json, 'error')).toBe('string');
      const problem = await send(`${service.url}/models/iris/invocations`, { method: 'GET' });
      expect([problem.status, mediaOf(problem)]).toEqual([405, 'application/problem+json']);
    });

    test('bytes that are drawn are never our mistake', async () => {
      const bodies = recorded.flatMap(({ request }) => {
        const bytes = Buffer.from(request, 'base64');
        const end = bytes.indexOf('\r\n\r\n');
        const head = bytes.subarray(0, end).toString();
        const path = /^POST (\/v2\/models\/\S+) /u.exec(head)?.[1];
        if (path === undefined || /content-encoding|async/iu.test(head)) return [];
        const length = /inference-header-content-length: (\d+)/iu.exec(head)?.[1];
        return [
          {
            path,
            body: bytes.subarray(end + 4),
            headers: length === undefined ? {} : { 'inference-header-content-length': length },
          },
        ];
      });
      expect(bodies.length).toBeGreaterThan(20);
      const statuses = new Set<number>();
      // As they are: what is drawn seldom leaves one whole.
      for (const { path, body, headers } of bodies)
        statuses.add((await send(service.url + path, { headers, body })).status);
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...bodies),
          fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
          fc.option(fc.nat({ max: 200 })),
          async ({ path, body, headers }, changes, cut) => {
            const mutated = Buffer.from(cut === null ? body : body.subarray(0, cut));
            for (const [place, byte] of changes)
              if (mutated.length > 0) mutated[place % mutated.length] = byte;
            const { status } = await send(service.url + path, { headers, body: mutated });
            statuses.add(status);
            expect([200, 400, 404, 413, 422]).toContain(status);
          },
        ),
        { numRuns: 200 },
      );
      expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 422]));
    });
  });

  describe("by MLflow's scoring protocol", () => {
    test.each<[string, object]>([
      ['dataframe_split', { dataframe_split: NAMED }],
      [
        'dataframe_split, another order',
        {
          dataframe_split: { columns: ['petal_length', 'sepal_length'], data: ROWS.map(([a, b]) => [b, a]) },
        },
      ],
      [
        'dataframe_records',
        { dataframe_records: ROWS.map(([sepal_length, petal_length]) => ({ sepal_length, petal_length })) },
      ],
      ['instances', { instances: ROWS }],
      [
        'instances by name',
        { instances: ROWS.map(([sepal_length, petal_length]) => ({ sepal_length, petal_length })) },
      ],
      ['inputs', { inputs: { sepal_length: [5, 6.2], petal_length: [1.4, 4.3] } }],
      ['inputs by place', { inputs: ROWS, params: {} }],
    ])('%s', async (_, document) => {
      for (const path of [
        '/models/iris/invocations',
        '/models/iris/versions/1/invocations',
        '/invocations?model=iris',
      ]) {
        const reply = await post(path, document);
        expect([reply.status, reply.json, mediaOf(reply)]).toEqual([
          200,
          { predictions: LABELS },
          'application/json',
        ]);
      }
    });

    test('CSV, and any other table', async () => {
      const url = `${service.url}/models/iris/invocations`;
      const csv = 'petal_length,sepal_length\n1.4,5\n4.3,6.2\n';
      const byName = await send(url, { headers: { 'content-type': 'text/csv; charset=utf-8' }, body: csv });
      expect(byName.json).toEqual({ predictions: LABELS });
      const unnamed = 'a,b\n5,1.4\n6.2,4.3\n';
      const byPlace = await send(`${url}?positional=true`, {
        headers: { 'content-type': 'text/csv' },
        body: unnamed,
      });
      expect(byPlace.json).toEqual({ predictions: LABELS });
      const table = tableFromArrays({
        sepal_length: Float64Array.of(5, 6.2),
        petal_length: Float64Array.of(1.4, 4.3),
      });
      const arrow = await send(url, { headers: STREAM_TYPE, body: tableToIPC(table, 'stream') });
      expect(arrow.json).toEqual({ predictions: LABELS });
    });

    test('components are rows of their own, and a missing value is null', async () => {
      const parts = await post('/models/parts/invocations', { instances: [[1, 2, 3]] });
      expect(at(parts.json, 'predictions', 0)).toHaveLength(2);
      const gap = await post('/models/iris/invocations', {
        instances: [
          [5, null],
          [5, 1.4],
        ],
      });
      expect(gap.json).toEqual({ predictions: [null, 'sétosa'] });
    });

    test.each<[string, string, object, number, string]>([
      ['another width', '/models/iris/invocations', { instances: [[1]] }, 422, 'missing_column'],
      ['no shape of the four', '/models/iris/invocations', { data: [] }, 422, 'invalid_request'],
      [
        'parameters',
        '/models/iris/invocations',
        { instances: ROWS, params: { a: 1 } },
        422,
        'invalid_option',
      ],
      ['a strange member', '/models/iris/invocations', { instances: ROWS, more: 1 }, 422, 'invalid_request'],
      ['no model', '/models/none/invocations', { instances: ROWS }, 404, 'not_found'],
    ])('%s: a problem', async (_, path, document, status, code) => {
      const reply = await post(path, document);
      expect([reply.status, at(reply.json, 'code')]).toEqual([status, code]);
    });

    test('another media type is none', async () => {
      const reply = await send(`${service.url}/models/iris/invocations`, {
        headers: { 'content-type': 'text/plain' },
        body: '{}',
      });
      expect(reply.status).toBe(415);
    });

    test('/ping', async () => {
      expect(await send(`${service.url}/ping`, { method: 'GET' })).toMatchObject({ status: 200, text: '\n' });
    });
  });

  test('a graph in ONNX answers by the names that it gives its outputs', async () => {
    const file = readFileSync(join(ROOT, 'test', 'golden', 'models', 'onnx', 'logistic.onnx'));
    const stored = await send(`${service.url}/models?format=onnx&name=graph`, {
      headers: { 'content-type': 'application/octet-stream' },
      body: file,
    });
    expect(stored.status).toBe(201);
    const { json: facts } = await send(`${service.url}/v2/models/graph`, { method: 'GET' });
    expect(at(facts, 'platform')).toBe('onnxruntime_onnx');
    const outputs = at(facts, 'outputs') as { name: string; shape: number[]; datatype: string }[];
    expect(outputs.map(({ name }) => name)).toEqual(['label', 'probabilities']);
    const width = (at(facts, 'inputs') as unknown[]).length;
    const reply = await infer(
      {
        inputs: [
          { name: 'X', shape: [1, width], datatype: 'FP32', data: Array.from({ length: width }, () => 0.5) },
        ],
      },
      'graph',
    );
    expect(reply.status).toBe(200);
    const answer = inferenceOf({ headers: new Map(), body: reply.bytes });
    expect(
      answer.outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: [-1, shape[1]!] })),
    ).toEqual(outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })));
  });
});
