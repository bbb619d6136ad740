/** Clusters with a silhouette: against scikit-learn, from every format; what cannot be clustered. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Float64, Table, tableFromIPC, tableToIPC, vectorFromArray } from 'apache-arrow';
import {
  at,
  FILE_TYPE,
  type JsonValue,
  postJson,
  queryOf,
  type Reply,
  ROOT,
  send,
  type Service,
  startService,
  STREAM_TYPE,
} from '../service.js';

const FOLDER = join(__dirname, '..', 'golden', 'cluster');
const VEGA = join(ROOT, 'node_modules', 'vega-datasets', 'data');
const ENGINES = ['wasm', 'js'] as const;
const ARROW = { accept: STREAM_TYPE['content-type'] };

interface Golden {
  readonly name: string;
  readonly options: Readonly<Record<string, JsonValue>>;
  readonly data?: JsonValue;
  readonly source?: string;
  readonly expected: { readonly results: Record<string, JsonValue>; readonly selection?: JsonValue };
}
const CASES = readdirSync(FOLDER).map(
  (file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Golden,
);

/** Centres, inertia and silhouettes to 1e-9, of a silhouette and of a centre near zero absolutely; all else exactly. */
function expectClose(got: JsonValue | undefined, want: JsonValue, path: string): void {
  if (typeof want === 'number' && !Number.isInteger(want)) {
    const error = Math.abs(Number(got) - want);
    if (typeof got !== 'number' || !(error <= 1e-9 * Math.max(1, Math.abs(want))))
      throw new Error(`${path}: expected ${want}, got ${JSON.stringify(got)}`);
  } else if (typeof want === 'number' && /inertia|centers/u.test(path)) {
    expect([path, Number(got)]).toEqual([path, expect.closeTo(want, 8)]);
  } else if (typeof want === 'object' && want !== null) {
    expect([path, Object.keys(got ?? {})]).toEqual([path, Object.keys(want)]);
    for (const [key, value] of Object.entries(want)) expectClose(at(got, key), value, `${path}/${key}`);
  } else expect([path, got]).toEqual([path, want]);
}

const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  csv: { 'content-type': 'text/csv' },
  arrow: FILE_TYPE,
};
const codes = (reply: Reply): JsonValue[] =>
  (at(reply.json, 'meta', 'warnings') as JsonValue[]).map((warning) => at(warning, 'code')!);
const refusal = ({ status, json }: Reply): JsonValue[] => [
  status,
  at(json, 'code') ?? null,
  at(json, 'errors', 0, 'pointer') ?? null,
];

describe('cluster', () => {
  let service: Service;
  let url: string;
  beforeAll(async () => {
    service = await startService();
    url = `${service.url}/analytics/cluster`;
  });
  afterAll(() => service.stop());

  function sent({ data, source, options }: Golden, engine: string): Promise<Reply> {
    const headers = TYPES[source?.split('.').at(-1) ?? ''];
    if (source !== undefined && headers !== undefined) {
      return send(`${url}?${queryOf({ ...options, engine })}`, {
        headers,
        body: readFileSync(join(VEGA, source)),
      });
    }
    const rows = data ?? (JSON.parse(readFileSync(join(VEGA, source!), 'utf8')) as JsonValue);
    return postJson(url, { data: rows, options: { ...options, engine } });
  }

  test('there are references', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(14);
  });

  describe.each(ENGINES)('%s', (engine) => {
    // All pairs of 20,000 rows take the js engine ten seconds.
    const cases = CASES.filter(({ name }) => engine === 'wasm' || !name.startsWith('flights'));
    test.each(cases.map((one) => [one.name, one] as const))('as scikit-learn: %s', async (_, one) => {
      const reply = await sent(one, engine);
      expect([reply.status, at(reply.json, 'detail')]).toEqual([200, undefined]);
      expect(at(reply.json, 'meta', 'engine')).toBe(engine);
      expectClose(at(reply.json, 'results'), one.expected.results, '');
      const { selection } = one.expected;
      if (selection !== undefined) expectClose(at(reply.json, 'details', 'selection'), selection, '');
    });
  });

  test('beyond 20,000 rows a sample is gone by in pairs, and the answer says so', async () => {
    const reply = await sent(
      CASES.find(({ name }) => name === 'flights-200k-sampled')!,
      'wasm',
    );
    expect(codes(reply)).toEqual(['silhouette_sampled']);
    expect(at(reply.json, 'details', 'selection', 'rows')).toBe(20_000);
    const [detail] = (at(reply.json, 'meta', 'warnings') as JsonValue[]).map((one) => at(one, 'detail'));
    expect(detail).toBe('silhouette of 20000 of 200000 rows, drawn with random_state');
  });

  test('an Arrow client gets its table with a column of labels, null for a row left out', async () => {
    const table = new Table({
      x: vectorFromArray([1, 1.5, 9, null, 8.5], new Float64()),
      y: vectorFromArray([1, 1, 9, 4, 9], new Float64()),
    });
    const body = tableToIPC(table, 'stream');
    const reply = await send(`${url}?n_clusters=auto&k_range=2,3`, {
      headers: { ...STREAM_TYPE, ...ARROW },
      body,
    });
    const answer = tableFromIPC(reply.bytes);
    expect(answer.schema.names).toEqual(['x', 'y', 'cluster']);
    const labels = [...answer.getChild('cluster')!] as (number | null)[];
    expect(labels[3]).toBeNull();
    expect([labels[0] === labels[1], labels[2] === labels[4], labels[0] === labels[2]]).toEqual([
      true,
      true,
      false,
    ]);
    const results = JSON.parse(answer.schema.metadata.get('results') ?? '') as JsonValue;
    expect(at(results, 'n_clusters')).toBe(2);
    const json = await send(`${url}?n_clusters=auto&k_range=2,3&labels=true`, { headers: STREAM_TYPE, body });
    expect(at(json.json, 'results', 'labels')).toEqual(labels);
    expect(codes(json)).toEqual(['rows_dropped']);
  });

  test('fewer distinct rows than clusters, and rows that are all the same', async () => {
    const rows = [1, 1, 1, 5, 5, 5];
    const three = await postJson(url, { columns: { x: rows }, options: { n_clusters: 3 } });
    expect([three.status, codes(three)]).toEqual([200, ['fewer_clusters']]);
    expect([at(three.json, 'results', 'sizes'), at(three.json, 'results', 'silhouette')]).toEqual([
      [3, 3, 0],
      1,
    ]);
    const one = { columns: { x: [4, 4, 4, 4] }, options: { n_clusters: 'auto' } };
    const same = await postJson(url, one);
    expect(same.status).toBe(200);
    expect(at(same.json, 'results', 'n_clusters')).toBe(2);
    expect(at(same.json, 'results', 'silhouette')).toBeNull();
    expect(at(same.json, 'details', 'selection', 'elbow')).toBeNull();
    expect(codes(same)).toEqual(['too_few_rows', 'fewer_clusters', 'not_finite']);
  });

  test('centers are in the original units, and what the columns were scaled by is told', async () => {
    const columns = { x: [0, 2, 1000, 1002], y: [5, 5, 5, 5] };
    const reply = await postJson(url, { columns, options: { n_clusters: 2, scale: true } });
    const centers = at(reply.json, 'results', 'centers') as number[][];
    expect(centers.map(([x]) => x!).sort((a, b) => a - b)).toEqual([
      expect.closeTo(1, 9),
      expect.closeTo(1001, 9),
    ]);
    expect(at(reply.json, 'details', 'scale', 'mean')).toEqual([501, 5]);
    expect(at(reply.json, 'details', 'scale', 'scale', 1)).toBe(1);
  });

  test('under propagate a missing value makes nulls, under raise a refusal', async () => {
    const columns = { x: [1, 2, null, 9] };
    const nulls = await postJson(url, {
      columns,
      options: { n_clusters: 2, nan_policy: 'propagate', labels: true },
    });
    expect(at(nulls.json, 'results')).toEqual({
      n_clusters: null,
      centers: null,
      sizes: null,
      inertia: null,
      n_iter: null,
      silhouette: null,
      labels: [null, null, null, null],
    });
    const raised = await postJson(url, { columns, options: { nan_policy: 'raise' } });
    expect(refusal(raised)).toEqual([422, 'missing_values', '/options/nan_policy']);
  });

  test.each<[string, JsonValue, JsonValue, JsonValue[]]>([
    [
      'a range backwards',
      { x: [1, 2, 3] },
      { n_clusters: 'auto', k_range: [3, 2] },
      ['invalid_option', '/options/k_range'],
    ],
    ['a range of one number', { x: [1, 2, 3] }, { k_range: [2] }, ['invalid_option', '/options/k_range']],
    ['a range from one', { x: [1, 2, 3] }, { k_range: [1, 2] }, ['invalid_option', '/options/k_range/0']],
    ['no clusters', { x: [1, 2, 3] }, { n_clusters: 0 }, ['invalid_option', '/options/n_clusters']],
    ['another word', { x: [1, 2, 3] }, { n_clusters: 'many' }, ['invalid_option', '/options/n_clusters']],
    ['another scale', { x: [1, 2, 3] }, { scale: 'robust' }, ['invalid_option', '/options/scale']],
  ])('%s: 422', async (_, columns, options, problem) => {
    expect(refusal(await postJson(url, { columns, options }))).toEqual([422, ...problem]);
  });

  test.each<[string, JsonValue, JsonValue, string]>([
    ['fewer rows than clusters', { x: [1, 2] }, { n_clusters: 3 }, 'too_few_rows'],
    ['fewer complete rows', { x: [1, 2, null] }, { n_clusters: 3 }, 'too_few_rows'],
    ['too few rows to choose', { x: [1, 2] }, { n_clusters: 'auto' }, 'too_few_rows'],
    ['no numbers', { x: ['a', 'b', 'c'] }, {}, 'no_numeric_column'],
    ['squares beyond float64', { x: [1e200, -1e200, 0] }, {}, 'overflow'],
  ])('%s: nulls and a warning, as analyze has no clusters', async (_, columns, options, code) => {
    const reply = await postJson(url, { columns, options });
    expect([reply.status, codes(reply)]).toEqual([200, expect.arrayContaining([code])]);
    expect(Object.values(at(reply.json, 'results') ?? {})).toEqual([null, null, null, null, null, null]);
  });

  test('a refusal of an option of two kinds names both', async () => {
    const reply = await postJson(url, { columns: { x: [1, 2, 3] }, options: { n_clusters: 'many' } });
    expect(at(reply.json, 'detail')).toBe(
      'expected n_clusters to be an integer of 1 to 100000 or auto, got "many"',
    );
    expect(at(reply.json, 'errors')).toHaveLength(1);
  });
});
