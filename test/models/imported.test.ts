/** Documents that no fit made: refused in words, or asked without harm. Never a 500, never a hang. */
import { RandomState } from '../../src/domain/random-state.js';
import { at, type JsonValue, postJson, type Reply, send, type Service, startService } from '../service.js';
import { expectStatus, fit, K, LABELS, results } from './talk.js';

const DOCUMENT = { 'content-type': 'application/vnd.analytics-service.model+json' };
const MUTATIONS = 150;
type Node = Record<string, JsonValue> | JsonValue[];

describe('documents by an enemy', () => {
  let service: Service;
  const load = (body: string, name = 'bad'): Promise<Reply> =>
    send(`${service.url}/models?format=document&name=${name}`, { headers: DOCUMENT, body });
  const documentOf = async (more: object): Promise<string> => {
    const made = await fit(service.url, more);
    expectStatus(made, 201);
    const reply = await send(`${service.url}${String(made.headers['location'])}/export`, { method: 'GET' });
    return reply.text;
  };
  beforeAll(async () => {
    service = await startService({ env: { LANES: '1' } });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
    expect(service.output()).not.toMatch(/a lane ended|"level":"error"/u);
  });

  test.each([
    ['no JSON', '{', ''],
    ['text', '"x"', ''],
    ['a list', '[]', ''],
    ['nothing', '{}', '/format'],
    ['another format', '{"format":"onnx"}', ''],
    ['deep', `${'['.repeat(5000)}${']'.repeat(5000)}`, ''],
  ])('%s', async (_name, body, pointer) => {
    const reply = await load(body);
    expectStatus(reply, 422);
    expect(at(reply.json, 'code')).toBe('invalid_model');
    if (pointer !== '') expect(at(reply.json, 'errors', 0, 'pointer')).toBe(pointer);
  });

  test.each([
    ['estimator/name', 'magic'],
    ['card/task', 'regression'],
    ['card/target', null],
    ['card/target/classes', ['s', 's']],
    ['card/inputs', []],
    ['estimator/features', ['nowhere']],
    ['steps/0/name', 'magic'],
    ['steps/0/columns', ['a', 'a']],
    ['format_version', 2],
  ])('%s: %j', async (path, value) => {
    const document = JSON.parse(
      await documentOf({ pipeline: [{ name: 'standard_scaler' }, { name: 'decision_tree_classifier' }] }),
    ) as JsonValue;
    const keys = path.split('/');
    const parent = at(document, ...keys.slice(0, -1)) as Record<string, JsonValue>;
    parent[keys.at(-1)!] = value;
    const reply = await load(JSON.stringify(document));
    expectStatus(reply, 422);
    expect(at(reply.json, 'code')).toBe('invalid_model');
  });

  test.each([
    ['decision_tree_classifier', {}],
    ['random_forest_classifier', { n_estimators: 3 }],
    ['decision_tree_regressor', {}],
    ['random_forest_regressor', { n_estimators: 3 }],
    ['isolation_forest', { n_estimators: 3 }],
    ['logistic_regression', {}],
    ['gaussian_nb', {}],
    ['k_neighbors_classifier', { n_neighbors: 2 }],
    ['linear_regression', {}],
    ['kmeans', { n_clusters: 2 }],
    ['mini_batch_kmeans', { n_clusters: 2 }],
    ['pca', {}],
  ])(
    `%s: ${MUTATIONS} mutations of its document`,
    async (name, parameters) => {
      const isRegression = /regress/u.test(name) && name !== 'logistic_regression';
      const text = await documentOf({
        columns: { ...K, y: isRegression ? [1, 2, 3, 4, 5, 7] : LABELS },
        pipeline: [{ name: 'simple_imputer' }, { name: 'standard_scaler' }, { name, ...parameters }],
        ...(['isolation_forest', 'kmeans', 'mini_batch_kmeans', 'pca'].includes(name) && {
          target: undefined,
          options: { columns: ['a', 'b'] },
        }),
      });
      const random = new RandomState(7);
      let taken = 0;
      for (let i = 0; i < MUTATIONS; i++) {
        const body = mutated(text, (most) => random.interval(most));
        const reply = await load(body);
        const shown = [body.slice(0, 4000), reply.text.slice(0, 300)];
        expect([[201, 422].includes(reply.status), ...shown]).toEqual([true, ...shown]);
        if (reply.status === 422) {
          expect(at(reply.json, 'code')).toBe('invalid_model');
          continue;
        }
        taken++;
        const asked = await postJson(`${service.url}/models/bad/predict`, { columns: K });
        expect([[200, 422].includes(asked.status), ...shown, asked.text.slice(0, 300)]).toEqual([
          true,
          ...shown,
          asked.text.slice(0, 300),
        ]);
      }
      expect(taken).toBeLessThan(MUTATIONS);
      expect(results(await load(text, 'good'), 'name')).toBe('good');
    },
    60_000,
  );
});

const WORDS: readonly JsonValue[] = [
  null,
  true,
  -1,
  0,
  1e9,
  2 ** 53,
  0.5,
  '',
  'a',
  [],
  {},
  { float64: 'AAAA' },
  { int32: [2 ** 31 - 1] },
];

/** The document with one value below its estimator or steps changed, removed or put elsewhere. */
function mutated(text: string, draw: (most: number) => number): string {
  const document = JSON.parse(text) as Record<string, JsonValue>;
  const places: [Node, string][] = [];
  const walk = (node: JsonValue | undefined): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node, key]);
      walk((node as Record<string, JsonValue>)[key]);
    }
  };
  for (const part of ['estimator', 'steps', 'card']) walk(document[part]);
  const [node, key] = places[draw(places.length - 1)]!;
  const members = node as Record<string, JsonValue>;
  const [other, from] = places[draw(places.length - 1)]!;
  if (draw(3) === 0) {
    if (Array.isArray(node)) node.splice(Number(key), 1);
    else Reflect.deleteProperty(members, key);
  } else if (draw(3) === 0) {
    members[key] = JSON.parse(
      JSON.stringify((other as Record<string, JsonValue>)[from] ?? null),
    ) as JsonValue;
  } else members[key] = WORDS[draw(WORDS.length - 1)]!;
  return JSON.stringify(document);
}
