/** The same rows in every form, on one lane and two, by either engine, here and elsewhere: the same models and answers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import {
  at,
  FILE_TYPE,
  JSON_TYPE,
  type JsonValue,
  postJson,
  queryOf,
  type Reply,
  send,
  type Service,
  startService,
  STREAM_TYPE,
} from '../service.js';
import { expectStatus, results } from './talk.js';

const GOLDEN = join(__dirname, '..', 'golden', 'models');
const file = (name: string): Buffer => readFileSync(join(GOLDEN, name));
const { sets } = JSON.parse(file('pipelines.json').toString()) as {
  sets: Record<'penguins', Record<string, JsonValue[]>>;
};
const columns = sets.penguins;
const rows = columns['Species']!.map((_, row) =>
  Object.fromEntries(Object.entries(columns).map(([name, cells]) => [name, cells[row]!])),
);

const NUMBERS = ['Beak Length (mm)', 'Beak Depth (mm)', 'Flipper Length (mm)', 'Body Mass (g)'];
const FIT = {
  name: 'penguins',
  pipeline: [
    { name: 'simple_imputer', columns: NUMBERS },
    { name: 'simple_imputer', columns: ['Sex'], strategy: 'most_frequent' },
    { name: 'one_hot_encoder', columns: ['Island', 'Sex'], handle_unknown: 'ignore' },
    { name: 'standard_scaler' },
    { name: 'logistic_regression' },
  ],
  target: 'Species',
  validation: { test_size: 0.25, random_state: 42, cv: 3, permutation_importance: { n_repeats: 2 } },
};

const boundary = 'x-x';
const multipart = (options: object, type: string, data: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="options"\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(options)}\r\n--${boundary}\r\ncontent-disposition: form-data; name="data"; filename="d"\r\ncontent-type: ${type}\r\n\r\n`,
    ),
    data,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);

interface Form {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Whether the options come as a query. */
  readonly bare?: true;
}
/** Of the table with options; `bare` ones hold none. */
const formsOf = (options: object): Form[] => [
  { name: 'columns', headers: JSON_TYPE, body: JSON.stringify({ columns, options }) },
  { name: 'rows', headers: JSON_TYPE, body: JSON.stringify({ data: rows, options }) },
  {
    name: 'NDJSON',
    headers: { 'content-type': 'application/x-ndjson' },
    body: rows.map((row) => JSON.stringify(row)).join('\n'),
    bare: true,
  },
  { name: 'CSV', headers: { 'content-type': 'text/csv' }, body: file('penguins.csv'), bare: true },
  { name: 'Arrow stream', headers: STREAM_TYPE, body: file('penguins.arrows'), bare: true },
  { name: 'Arrow file, zstd', headers: FILE_TYPE, body: file('penguins.zstd.arrow'), bare: true },
  {
    name: 'Parquet',
    headers: { 'content-type': 'application/vnd.apache.parquet' },
    body: file('penguins.parquet'),
    bare: true,
  },
  {
    name: 'multipart',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: multipart(options, 'text/csv', file('penguins.csv')),
  },
];

const post = (url: string, { headers, body, bare }: Form, options: object): Promise<Reply> =>
  send(bare === true ? `${url}?${queryOf(asQuery(options))}` : url, { headers, body });
/** What holds objects is JSON text in a query. */
const asQuery = (options: object): Record<string, JsonValue> =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]: [string, JsonValue]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : value,
    ]),
  );
const sha = (reply: Reply): string => JSON.stringify(at(reply.json, 'meta', 'result_sha256'));

describe('one lane, two lanes, plain JavaScript', () => {
  let services: readonly Service[];
  const url = (i: number): string => services[i]!.url;
  beforeAll(async () => {
    services = await Promise.all([
      startService({ env: { LANES: '1' } }),
      startService({ env: { LANES: '2' } }),
      startService({ env: { ENGINE: 'js', LANES: '1' } }),
    ]);
  });
  afterAll(async () => {
    for (const service of services) expect(await service.stop()).toBe(0);
  });

  test('a fit is the same in every form and on any number of lanes', async () => {
    const replies: (readonly [string, Reply])[] = [];
    for (const i of [0, 1])
      for (const form of formsOf(FIT)) replies.push([form.name, await post(`${url(i)}/models`, form, FIT)]);
    const [[, first]] = replies as [(typeof replies)[0]];
    for (const [name, reply] of replies) {
      expectStatus(reply, 201);
      expect([name, sha(reply)]).toEqual([name, sha(first)]);
      expect([name, at(reply.json, 'details', 'training_sha256')]).toEqual([
        name,
        at(first.json, 'details', 'training_sha256'),
      ]);
    }
  });

  test('so is a prediction, and a judgement', async () => {
    const answers: (readonly [string, string])[] = [];
    for (const i of [0, 1]) {
      for (const what of ['predict', 'evaluate']) {
        for (const form of formsOf({})) {
          const reply = await post(`${url(i)}/models/penguins/versions/1/${what}`, form, {});
          expectStatus(reply, 200);
          answers.push([what, sha(reply)]);
        }
      }
    }
    expect(answers).toHaveLength(32);
    expect(new Set(answers.map(([what, hash]) => `${what} ${JSON.stringify(hash)}`)).size).toBe(2);
  });

  test('the other engine agrees', async () => {
    const reply = await postJson(`${url(2)}/models`, { columns, ...FIT });
    expectStatus(reply, 201);
    expect(at(reply.json, 'meta', 'engine')).toBe('js');
    const one = await postJson(`${url(0)}/models`, { columns, ...FIT });
    expect(at(one.json, 'meta', 'engine')).toBe('wasm');
    const [own, other] = [reply, one].map((each) => results(each, 'metrics') as Record<string, number>);
    for (const [name, value] of Object.entries(other!)) expect(own![name]).toBeCloseTo(value, 6);
    const [predicted, again] = await Promise.all(
      [2, 0].map((i) => postJson(`${url(i)}/models/penguins/predict`, { columns })),
    );
    expect(results(predicted!, 'predictions')).toEqual(results(again!, 'predictions'));
  });

  test('an Arrow answer holds what a JSON answer holds', async () => {
    const path = `${url(0)}/models/penguins/predict`;
    const json = await postJson(path, { columns });
    const arrow = await postJson(path, { columns }, { accept: 'application/vnd.apache.arrow.stream' });
    expectStatus(arrow, 200);
    const table = tableFromIPC(arrow.bytes);
    expect(table.getChild('predictions')!.toJSON()).toEqual(results(json, 'predictions'));
    const classes = results(json, 'probabilities', 'classes') as string[];
    expect(table.schema.fields.map(({ name }) => name)).toEqual([
      'predictions',
      ...classes.map((name) => `probabilities_${name}`),
    ]);
    const values = results(json, 'probabilities', 'values') as number[][];
    classes.forEach((name, c) => {
      expect(Array.from(table.getChild(`probabilities_${name}`)! as Iterable<number>)).toEqual(
        values.map((row) => row[c]),
      );
    });
    const bare = await postJson(path, { columns, options: { probabilities: false } });
    expect(Object.keys(results(bare) as object)).toEqual(['predictions']);
  });

  /** Where a version is written, and what it was made of, is its own. */
  test.each([
    ['text and missing values', FIT],
    [
      'a forest',
      {
        ...FIT,
        pipeline: [...FIT.pipeline.slice(0, 3), { name: 'random_forest_classifier', n_estimators: 7 }],
      },
    ],
    ['neighbours', { ...FIT, pipeline: [...FIT.pipeline.slice(0, 4), { name: 'k_neighbors_classifier' }] }],
    [
      'naive Bayes of components',
      {
        ...FIT,
        pipeline: [...FIT.pipeline.slice(0, 4), { name: 'pca', n_components: 3 }, { name: 'gaussian_nb' }],
      },
    ],
    [
      'mini-batches',
      {
        name: 'p',
        pipeline: [{ name: 'simple_imputer' }, { name: 'mini_batch_kmeans', n_clusters: 3 }],
        options: { columns: NUMBERS },
      },
    ],
    [
      'an isolation forest',
      { name: 'p', pipeline: [{ name: 'isolation_forest', n_estimators: 9 }], options: { columns: NUMBERS } },
    ],
  ])('what is exported predicts the same bits where it is imported: %s', async (_name, fit) => {
    const made = await postJson(`${url(0)}/models`, { columns, ...fit });
    expectStatus(made, 201);
    const document = await send(`${url(0)}${String(made.headers['location'])}/export`, { method: 'GET' });
    expectStatus(document, 200);
    const imported = await send(`${url(1)}/models?format=document&name=moved`, {
      headers: { 'content-type': String(document.headers['content-type']) },
      body: document.bytes,
    });
    expectStatus(imported, 201);
    expect(results(imported, 'metrics')).toEqual(results(made, 'metrics'));
    const there = await postJson(`${url(1)}${String(imported.headers['location'])}/predict`, { columns });
    const here = await postJson(`${url(0)}${String(made.headers['location'])}/predict`, { columns });
    expectStatus(there, 200);
    expect(sha(there)).toBe(sha(here));
    const again = await send(`${url(1)}${String(imported.headers['location'])}/export`, { method: 'GET' });
    expect(again.text).toBe(document.text);
  });
});
