import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { writeJson } from '../../src/adapters/json/write.js';
import type { Json } from '../../src/ports/formats.js';
import {
  at,
  type JsonValue,
  postJson,
  type Reply,
  send,
  type Service,
  startService,
  STREAM_TYPE,
} from '../service.js';

const IRIS = readFileSync(join(__dirname, '..', 'golden', 'iris.arrows'));
const ARROW = { accept: 'application/vnd.apache.arrow.stream' };
type Columns = Readonly<Record<string, readonly JsonValue[]>>;

describe('features', () => {
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
  const warningsOf = (reply: Reply): JsonValue | undefined => at(reply.json, 'meta', 'warnings');
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

  describe('steps', () => {
    const columns = { a: [1, 2, 3, 4], city: ['Rom', 'Bern', 'Rom', 'Bern'], b: [2, 4, 6, 9] };

    test('with columns, the others stay where and as they are', async () => {
      const steps = [
        { name: 'one_hot_encoder', columns: ['city'] },
        { name: 'lag', columns: ['a'] },
      ];
      expect(columnsOf(await post(columns, steps))).toEqual({
        a: [null, 1, 2, 3],
        city_Bern: [0, 1, 0, 1],
        city_Rom: [1, 0, 1, 0],
        b: [2, 4, 6, 9],
      });
    });

    test('each takes the table as the one before left it', async () => {
      const reply = await post({ a: [1, 2, 4], b: [1, 0, 1] }, [
        { name: 'polynomial_features', include_bias: false },
        { name: 'min_max_scaler', columns: ['a^2'] },
        { name: 'variance_threshold', threshold: 0.25 },
      ]);
      expect(columnsOf(reply)).toEqual({ a: [1, 2, 4], 'a b': [1, 0, 4] });
      expect(at(reply.json, 'results', 'steps', 2, 'columns')).toEqual(['a', 'b', 'a^2', 'a b', 'b^2']);
    });

    test('columns are taken in the order of the table', async () => {
      const reply = await post(columns, [{ name: 'standard_scaler', columns: ['b', 'a'] }]);
      expect(at(reply.json, 'results', 'steps', 0)).toMatchObject({
        columns: ['a', 'b'],
        mean_: [2.5, 5.25],
      });
    });

    test('options.columns says which columns there are', async () => {
      const reply = await post(columns, [{ name: 'lag' }], { columns: ['b'] });
      expect(columnsOf(reply)).toEqual({ b: [null, 2, 4, 6] });
      expect(at(reply.json, 'meta', 'columns')).toBe(1);
    });

    test('series steps append where they are told to', async () => {
      const columns = { t: [1, 2, 4] };
      const steps = [
        { name: 'lag', periods: [1, -1], append: true },
        { name: 'diff', columns: ['t'], append: true },
        { name: 'rolling', columns: ['t'], window: 2, agg: 'sum', append: true },
        { name: 'ewm', columns: ['t'], alpha: 1, append: true },
        { name: 'fft', columns: ['t'], output: 'power', append: true },
      ];
      const got = columnsOf(await post(columns, steps));
      expect(got).toMatchObject({
        t: [1, 2, 4],
        t_lag_1: [null, 1, 2],
        't_lag_-1': [2, 4, null],
        t_diff_1: [null, 1, 2],
        t_rolling_sum_2: [null, 3, 6],
        t_ewm: [1, 2, 4],
      });
      expect(at(got, 't_fft_power', 0)).toBe(49);
    });

    test('values keep their types on their way down', async () => {
      const columns = {
        flag: [true, false, null],
        word: ['x', null, 'y'],
        any: [1, 'one', true],
        n: [1, 2, 3],
      };
      expect(columnsOf(await post(columns, [{ name: 'lag' }]))).toEqual({
        flag: [null, true, false],
        word: [null, 'x', null],
        any: [null, 1, 'one'],
        n: [null, 1, 2],
      });
    });

    test('fifty of them', async () => {
      const got = columnsOf(
        await post({ a: [1, 2, 3, 4] }, new Array(50).fill({ name: 'diff', periods: 0 })),
      );
      expect(got).toEqual({ a: [0, 0, 0, 0] });
    });
  });

  describe('missing values', () => {
    const columns = { a: [1, null, 4, 7], b: [2, 3, 1, 9], word: ['p', 'q', null, 's'] };
    const pca = [{ name: 'pca', columns: ['a', 'b'], n_components: 1 }];

    test('omit: rows are dropped where a step takes none, with a warning', async () => {
      const reply = await post(columns, pca);
      expect(at(columnsOf(reply), 'word')).toEqual(['p', null, 's']);
      expect(warningsOf(reply)).toEqual([
        { code: 'rows_dropped', detail: 'step 0, pca: 1 rows with missing values left out' },
        { code: 'missing_values', detail: 'missing values are null: word (1)' },
      ]);
    });

    test('propagate: rows stay, without a value', async () => {
      const reply = await post(columns, pca, { nan_policy: 'propagate' });
      const omitted = at(columnsOf(await post(columns, pca)), 'pca0') as JsonValue[];
      expect(at(columnsOf(reply), 'pca0')).toEqual([omitted[0], null, omitted[1], omitted[2]]);
      expect(warningsOf(reply)).toEqual([
        { code: 'missing_values', detail: 'missing values are null: pca0 (1), word (1)' },
      ]);
    });

    test('raise: 422, of any column', async () => {
      const detail = await refused(
        post(columns, [{ name: 'lag', columns: ['b'] }], { nan_policy: 'raise' }),
        422,
        'missing_values',
        '/options/nan_policy',
      );
      expect(detail).toBe('expected no missing values under nan_policy "raise", got 1 in column "a"');
      expect(columnsOf(await post({ b: [1, 2] }, [{ name: 'lag' }], { nan_policy: 'raise' }))).toEqual({
        b: [null, 1],
      });
    });

    test('scalers leave them out and keep them', async () => {
      const reply = await post({ a: [1, null, 3] }, [{ name: 'standard_scaler' }]);
      expect(columnsOf(reply)).toEqual({ a: [-1, null, 1] });
      expect(at(reply.json, 'results', 'steps', 0, 'n_samples_seen_')).toBe(2);
    });

    test('no complete row → 422', async () => {
      await refused(
        post({ a: [1, null], b: [null, 2] }, [{ name: 'pca' }]),
        422,
        'no_data',
        '/steps/0/columns',
      );
    });
  });

  describe('answers', () => {
    const steps = [
      { name: 'standard_scaler', columns: ['sepal_length'] },
      { name: 'lag', periods: 1 },
    ];
    const query = `?steps=${encodeURIComponent('[{"name":"lag"}]')}`;

    test('Arrow: the table, what was fitted as metadata', async () => {
      const columns = { x: [1, 2, null, 4], word: ['ä', null, 'b', 'c'], flag: [true, null, false, true] };
      const steps = [{ name: 'min_max_scaler', columns: ['x'] }];
      const json = await post(columns, steps);
      const { bytes, headers } = await postJson(url, { columns, steps }, ARROW);
      expect(headers['content-type']).toBe('application/vnd.apache.arrow.stream');
      const table = tableFromIPC(bytes);
      expect(table.schema.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
        'x Float64',
        'word Utf8',
        'flag Bool',
      ]);
      for (const name of ['x', 'word', 'flag'])
        expect([...table.getChild(name)!]).toEqual(at(json.json, 'results', 'columns', name));
      const results = JSON.parse(table.schema.metadata.get('results')!) as JsonValue;
      expect(results).toEqual({ steps: at(json.json, 'results', 'steps') });
      expect(JSON.parse(table.schema.metadata.get('meta')!)).toMatchObject({ rows: 4, columns: 3 });
    });

    test('LZ4, where the client reads it', async () => {
      const body = JSON.stringify({ columns: { x: new Array(5000).fill(1.5) }, steps: [{ name: 'lag' }] });
      const type = { 'content-type': 'application/json' };
      const plain = await send(url, { headers: { ...type, ...ARROW }, body });
      const packed = await send(url, { headers: { ...type, accept: `${ARROW.accept}; codecs=lz4` }, body });
      expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 5);
    });

    test('the same from JSON, CSV, NDJSON and Arrow, by query and in the body', async () => {
      const csv = await send(url + query, {
        headers: { 'content-type': 'text/csv' },
        body: 'a,b\n1,x\n2,\n,y\n',
      });
      const ndjson = await send(url + query, {
        headers: { 'content-type': 'application/x-ndjson' },
        body: '{"a":1,"b":"x"}\n{"a":2,"b":null}\n{"b":"y"}\n',
      });
      const json = await post({ a: [1, 2, null], b: ['x', null, 'y'] }, [{ name: 'lag' }]);
      expect(columnsOf(csv)).toEqual({ a: [null, 1, 2], b: [null, 'x', null] });
      for (const reply of [ndjson, json]) {
        expect(columnsOf(reply)).toEqual(columnsOf(csv));
        expect(at(reply.json, 'meta', 'result_sha256')).toBe(at(csv.json, 'meta', 'result_sha256'));
      }
    });

    test('an Arrow table in: its timestamps have parts', async () => {
      const stream = readFileSync(join(__dirname, '..', 'fixtures', 'arrow', 'times.arrows'));
      const names = tableFromIPC(stream).schema.fields.map(({ name }) => name);
      const compared: string[] = [];
      const asText = await send(`${url}?steps=${encodeURIComponent('[{"name":"lag","periods":0}]')}`, {
        headers: STREAM_TYPE,
        body: stream,
      });
      const texts = columnsOf(asText);
      const steps = encodeURIComponent('[{"name":"date_parts","parts":["year","minute"]}]');
      for (const name of names) {
        if (at(texts, name, 0) === null || !/^"\d{4}-/u.test(JSON.stringify(at(texts, name, 0)))) continue;
        compared.push(name);
        const reply = await send(`${url}?columns=${name}&steps=${steps}`, {
          headers: STREAM_TYPE,
          body: stream,
        });
        const [year, minute] = [at(columnsOf(reply), `${name}_year`), at(columnsOf(reply), `${name}_minute`)];
        (at(texts, name) as (string | null)[]).forEach((text, row) => {
          expect([name, row, at(year, row), at(minute, row)]).toEqual([
            name,
            row,
            text === null ? null : Number(text.slice(0, 4)),
            text === null ? null : Number(text.slice(14, 16)),
          ]);
        });
      }
      expect(compared.length).toBeGreaterThan(3);
    });

    test('result_sha256 is the hash of the canonical results; of an Arrow answer also of its columns', async () => {
      const body = { columns: { a: [1, 2.5, null] }, steps: [{ name: 'standard_scaler' }] };
      const { json, text } = await postJson(url, body);
      const { results } = JSON.parse(text) as { results: Json };
      const canonical = writeJson(results, true);
      const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
      expect(at(json, 'meta', 'result_sha256')).toBe(sha256(canonical));
      const digests = new Set<string>();
      for (const last of [1, 2, 3]) {
        const body = { columns: { a: [1, 2.5, last] }, steps: [{ name: 'diff', periods: 2 }] };
        const { bytes } = await postJson(url, body, ARROW);
        const meta = tableFromIPC(bytes).schema.metadata.get('meta') ?? '';
        digests.add(/"result_sha256":"([0-9a-f]{64})"/u.exec(meta)?.[1] ?? '');
      }
      expect(digests.size).toBe(3);
    });

    test('both engines', async () => {
      for (const engine of ['wasm', 'js']) {
        const reply = await send(
          `${url}?engine=${engine}&columns=${encodeURIComponent('sepal_length')}&steps=${encodeURIComponent(JSON.stringify(steps))}`,
          { headers: { ...STREAM_TYPE, ...ARROW }, body: IRIS },
        );
        expect([reply.text.slice(0, 200), reply.status]).toEqual([reply.text.slice(0, 200), 200]);
        const table = tableFromIPC(reply.bytes);
        expect(table.numRows).toBe(150);
        expect(table.getChildAt(0)!.nullCount).toBe(1);
      }
    });

    test('infinite values are null in JSON, with a warning', async () => {
      const reply = await send(url + query, {
        headers: { 'content-type': 'text/csv' },
        body: 'a\n1\ninf\n2\n',
      });
      expect(columnsOf(reply)).toEqual({ a: [null, 1, null] });
      expect(warningsOf(reply)).toEqual([
        { code: 'not_finite', column: 'a', detail: '1 infinite values: null in JSON' },
        { code: 'missing_values', detail: 'missing values are null: a (1)' },
      ]);
    });
  });
});
