import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import {
  at,
  FILE_TYPE,
  JSON_TYPE,
  type JsonValue,
  postJson,
  send,
  type Service,
  startService,
  STREAM_TYPE,
} from '../service.js';

const FOLDER = join(__dirname, '..', 'fixtures', 'arrow');
const VEGA = join(__dirname, '..', '..', 'node_modules', 'vega-datasets', 'data');

interface Expected {
  readonly name: string;
  readonly type: string;
  readonly values: readonly (number | string | boolean | null)[];
}
const EXPECTED = JSON.parse(readFileSync(join(FOLDER, 'arrow-expected.json'), 'utf8')) as Record<
  string,
  { readonly columns: readonly Expected[] }
>;
const columnsOf = (file: string): readonly Expected[] => EXPECTED[file]?.columns ?? [];
/** What the expectations call unsupported though apache-arrow reads it, and so do we. */
const MORE = /string-view|decimal32|decimal64/u;
const FILES = readdirSync(FOLDER).filter((name) => /\.arrows?$/u.test(name));

const typeOf = (name: string): Record<string, string> => (name.endsWith('.arrows') ? STREAM_TYPE : FILE_TYPE);

describe('Arrow bodies written by pyarrow', () => {
  let service: Service;
  let describeUrl: string;
  beforeAll(async () => {
    service = await startService();
    describeUrl = `${service.url}/analytics/describe`;
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  test('every fixture has its expectation', () => {
    expect(FILES.length).toBeGreaterThan(50);
    expect(FILES.filter((name) => EXPECTED[name] === undefined)).toEqual([]);
  });

  const readable = FILES.filter((name) => {
    if (name === 'legacy-format.arrows') return false;
    const columns = columnsOf(name);
    return (
      columns.length > 0 &&
      columns.every(({ type }) => type !== 'unsupported') &&
      (columns[0]?.values.length ?? 0) > 0
    );
  });

  test.each(readable)('%s: types, missing values and numbers', async (name) => {
    const reply = await send(describeUrl, { headers: typeOf(name), body: readFileSync(join(FOLDER, name)) });
    expect([reply.text.slice(0, 300), reply.status]).toEqual([reply.text.slice(0, 300), 200]);
    for (const [i, column] of columnsOf(name).entries()) {
      const isMissing = (value: unknown): boolean => value === null || value === 'nan';
      const missing = column.values.filter(isMissing).length;
      expect(at(reply.json, 'details', 'columns', i)).toEqual({
        name: column.name,
        type: missing === column.values.length ? 'mixed' : column.type,
        missing,
      });
      const numbers = column.values.filter((value): value is number => typeof value === 'number');
      const finite = numbers.length + missing === column.values.length && numbers.length > 0;
      const summary = at(reply.json, 'results', column.name);
      if (column.type === 'number' && finite) {
        expect(at(summary, 'count')).toBe(numbers.length);
        expect(at(summary, 'min')).toBe(Math.min(...numbers) + 0);
        expect(at(summary, 'max')).toBe(Math.max(...numbers) + 0);
      }
    }
  });

  const refused = FILES.filter((name) => name.startsWith('unsupported-') && !MORE.test(name));
  test.each(refused)(
    '%s → 422 unsupported_type, also when its column is not asked for it is not 5xx',
    async (name) => {
      const body = readFileSync(join(FOLDER, name));
      const reply = await send(describeUrl, { headers: typeOf(name), body });
      expect([reply.text.slice(0, 300), reply.status]).toEqual([reply.text.slice(0, 300), 422]);
      expect(at(reply.json, 'code')).toBe('unsupported_type');
    },
  );

  test.each(['dictionaries', 'strings', 'times', 'null-type'])(
    '%s: top and freq where no column is numeric',
    async (name) => {
      const file = `${name}.arrows`;
      const text = columnsOf(file).filter(({ type }) => type !== 'number' && type !== 'boolean');
      const query = text.map((column) => `columns=${encodeURIComponent(column.name)}`).join('&');
      const reply = await send(`${describeUrl}?${query}`, {
        headers: STREAM_TYPE,
        body: readFileSync(join(FOLDER, file)),
      });
      expect([reply.text.slice(0, 300), reply.status]).toEqual([reply.text.slice(0, 300), 200]);
      for (const { name: column, values } of text) {
        const counts = new Map<string, number>();
        for (const value of values)
          if (value !== null) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
        const freq = counts.size === 0 ? null : Math.max(...counts.values());
        const top = [...counts].find(([, count]) => count === freq)?.[0] ?? null;
        expect([column, at(reply.json, 'results', column, 'unique')]).toEqual([column, counts.size]);
        expect([column, at(reply.json, 'results', column, 'freq')]).toEqual([column, freq]);
        expect([column, at(reply.json, 'results', column, 'top')]).toEqual([column, top]);
      }
    },
  );

  test.each(FILES.filter((name) => MORE.test(name)))('%s is read all the same', async (name) => {
    const reply = await send(describeUrl, { headers: STREAM_TYPE, body: readFileSync(join(FOLDER, name)) });
    expect([reply.text.slice(0, 300), reply.status]).toEqual([reply.text.slice(0, 300), 200]);
    if (name.includes('decimal'))
      expect(at(reply.json, 'results', 'odd')).toMatchObject({ count: 2, min: -2.25, max: 1.5 });
  });

  test('the stream format before Arrow 0.15, without continuation markers → 400', async () => {
    const body = readFileSync(join(FOLDER, 'legacy-format.arrows'));
    expect((await send(describeUrl, { headers: STREAM_TYPE, body })).status).toBe(400);
  });

  test('integers beyond 2^53 carry a precision_loss warning', async () => {
    const reply = await send(describeUrl, {
      headers: STREAM_TYPE,
      body: readFileSync(join(FOLDER, 'integers-beyond-2-53.arrows')),
    });
    const codes = (at(reply.json, 'meta', 'warnings') as { code: string }[]).map(({ code }) => code);
    expect(codes).toContain('precision_loss');
  });

  test('the same bits from one batch, 37-row batches, a file and JSON', async () => {
    const columns = Object.fromEntries(
      columnsOf('rows-600-one-batch.arrows').map(({ name, values }) => [name, values]),
    );
    const analyze = `${service.url}/analytics/analyze`;
    const replies = [await postJson(analyze, { columns })];
    for (const name of [
      'rows-600-one-batch.arrows',
      'rows-600-batches-37.arrows',
      'rows-600-batches-37.arrow',
    ]) {
      replies.push(await send(analyze, { headers: typeOf(name), body: readFileSync(join(FOLDER, name)) }));
    }
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(replies.map(({ json }) => at(json, 'meta', 'result_sha256'))).size).toBe(1);
  });

  test('no rows → 422; no columns → 422', async () => {
    for (const name of ['zero-rows.arrows', 'zero-batches.arrows', 'zero-columns.arrows']) {
      const reply = await send(describeUrl, { headers: STREAM_TYPE, body: readFileSync(join(FOLDER, name)) });
      expect([name, reply.status, at(reply.json, 'code')]).toEqual([name, 422, 'no_data']);
    }
  });

  describe('truncation and rubbish → 400', () => {
    const whole = readFileSync(join(FOLDER, 'rows-600-batches-37.arrows'));
    const file = readFileSync(join(FOLDER, 'rows-600-batches-37.arrow'));
    test.each([
      ['an empty body', Buffer.alloc(0)],
      ['8 zero bytes', Buffer.alloc(8)],
      ['the end marker only', Buffer.from('ffffffff00000000', 'hex')],
      ['text', Buffer.from('a,b\n1,2\n')],
      ['no end marker', whole.subarray(0, -8)],
      ['cut in the middle', whole.subarray(0, whole.length >> 1)],
      ['bytes after the end', Buffer.concat([whole, Buffer.alloc(8)])],
      [
        'a negative metadata length',
        Buffer.concat([Buffer.from('fffffffff8ffffff', 'hex'), whole.subarray(8)]),
      ],
      ['a file without its tail', file.subarray(0, -8)],
    ])('%s', async (_name, body) => {
      const reply = await send(describeUrl, { headers: STREAM_TYPE, body });
      expect([reply.text.slice(0, 200), reply.status]).toEqual([reply.text.slice(0, 200), 400]);
    });

    test('a file sent as a stream is read as what it is', async () => {
      expect((await send(describeUrl, { headers: STREAM_TYPE, body: file })).status).toBe(200);
    });

    test('the stream that aborts Node through apache-arrow: answered, process alive', async () => {
      const body = readFileSync(join(__dirname, '..', 'corpora', 'arrow-hostile', 'abort-process.arrow'));
      const reply = await send(describeUrl, { headers: STREAM_TYPE, body });
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect((await send(`${service.url}/health/ready`, { method: 'GET' })).status).toBe(200);
    });
  });

  describe('Accept: Arrow gives the table back with a cluster column', () => {
    const headers = { accept: STREAM_TYPE['content-type'] };

    test("the client's own columns, types and batches", async () => {
      const body = readFileSync(join(FOLDER, 'rows-600-batches-37.arrows'));
      const url = `${service.url}/analytics/analyze?labels=true`;
      const [arrow, json] = [
        await send(url, { headers: { ...STREAM_TYPE, ...headers }, body }),
        await send(url, { headers: STREAM_TYPE, body }),
      ];
      expect(arrow.headers['content-type']).toBe(STREAM_TYPE['content-type']);
      const [got, sent] = [tableFromIPC(arrow.bytes), tableFromIPC(body)];
      expect(got.schema.names).toEqual([...sent.schema.names, 'cluster']);
      expect(got.batches.length).toBe(sent.batches.length);
      expect([...got.getChild('cluster')!]).toEqual(at(json.json, 'details', 'kmeans', 'labels'));
      for (const name of sent.schema.names)
        expect([...got.getChild(name)!]).toEqual([...sent.getChild(name)!]);
      const meta = JSON.parse(got.schema.metadata.get('meta') ?? 'null') as JsonValue;
      expect(at(meta, 'result_sha256')).toBe(at(json.json, 'meta', 'result_sha256'));
    });

    test('from JSON rows, a row with a missing value has no cluster', async () => {
      const data = [{ a: 1, s: 'x' }, { a: null, s: 'y' }, { a: 5, s: null }, { a: 9 }];
      const reply = await postJson(
        `${service.url}/analytics/analyze`,
        { data, options: { labels: true } },
        headers,
      );
      const table = tableFromIPC(reply.bytes);
      expect(table.schema.names).toEqual(['a', 's', 'cluster']);
      expect(table.getChild('cluster')!.get(1)).toBeNull();
      expect(new Set([0, 2, 3].map((row) => Number(table.getChild('cluster')!.get(row)))).size).toBe(3);
      expect([...table.getChild('s')!]).toEqual(['x', 'y', null, null]);
    });

    test('describe has no table to give → 406', async () => {
      const reply = await postJson(describeUrl, { data: [{ a: 1 }] }, headers);
      expect(reply.status).toBe(406);
    });
  });

  test('real data: flights-200k.arrow and penguins.json of vega-datasets', async () => {
    const flights = await send(`${service.url}/analytics/analyze`, {
      headers: FILE_TYPE,
      body: readFileSync(join(VEGA, 'flights-200k.arrow')),
    });
    expect(flights.status).toBe(200);
    expect(at(flights.json, 'results', 'summary', 'delay')).toMatchObject({
      count: 200_000,
      '50%': 0,
      max: 1444,
    });
    const penguins = await send(`${service.url}/analytics/analyze`, {
      headers: JSON_TYPE,
      body: `{"data":${readFileSync(join(VEGA, 'penguins.json'), 'utf8')}}`,
    });
    expect(penguins.status).toBe(200);
    expect(at(penguins.json, 'meta', 'rows')).toBe(344);
    expect(at(penguins.json, 'results', 'summary', 'Body Mass (g)', 'count')).toBe(342);
  });
});
