import { createHash } from 'node:crypto';
import { tableFromIPC } from 'apache-arrow';
import { at, postJson, type Reply, send, type Service, startService } from '../service.js';
import { MEDIA, post, publish } from './both-ways.js';

const ABSENT = 'a'.repeat(64);
const ROWS = [
  { shop: 'north', price: 2.5, open: true },
  { shop: 'south', price: null, open: false },
  { shop: 'a,"b"\n', price: -0, open: null },
];
const table = { name: 'shops', type: MEDIA.json, body: JSON.stringify({ data: ROWS }).replace('0,', '-0,') };
const get = (url: string, headers: Record<string, string> = {}): Promise<Reply> =>
  send(url, { method: 'GET', headers });
const problem = ({ status, json }: Reply): unknown => [
  status,
  at(json, 'code'),
  at(json, 'errors', 0, 'pointer'),
];

describe('datasets by HTTP', () => {
  let service: Service;
  let id: string;
  beforeAll(async () => {
    service = await startService({ env: { MAX_DATASETS: '20' } });
    id = (await publish(service.url, table))!;
  });
  afterAll(() => service.stop());

  test('the same rows are one dataset in every form: 201, then 200', async () => {
    const first = await post(`${service.url}/datasets`, { type: MEDIA.csv, body: 'x,s\n1,a\n2,\n' });
    expect([first.status, at(first.json, 'results', 'rows')]).toEqual([201, 2]);
    expect(at(first.json, 'results', 'columns')).toEqual([
      { name: 'x', type: 'number', missing: 0 },
      { name: 's', type: 'string', missing: 1 },
    ]);
    const forms = [
      { type: MEDIA.ndjson, body: '{"x":1,"s":"a"}\n{"x":2}\n' },
      { type: MEDIA.json, body: '{"columns":{"x":[1,2],"s":["a",null]}}' },
      {
        type: 'multipart/form-data; boundary=b',
        body: '--b\r\nContent-Disposition: form-data; name="data"; filename="t.csv"\r\n\r\nx,s\r\n1,a\r\n2,\r\n--b--\r\n',
      },
    ];
    for (const form of forms) {
      const again = await post(`${service.url}/datasets`, form);
      expect([again.status, at(again.json, 'results', 'id')]).toEqual([200, at(first.json, 'results', 'id')]);
      expect(at(again.json, 'results', 'created')).toBe(at(first.json, 'results', 'created'));
    }
  });

  test('an id is the SHA-256 of the file, which a client that reads LZ4 is given', async () => {
    const { bytes } = await get(`${service.url}/datasets/${id}`, { accept: `${MEDIA.stream}; codecs=lz4` });
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(id);
  });

  test('rows as Arrow, CSV, NDJSON and JSON, by columns, offset and limit', async () => {
    const url = `${service.url}/datasets/${id}`;
    expect((await get(url, { accept: 'text/csv' })).text).toBe(
      'shop,price,open\r\nnorth,2.5,true\r\nsouth,,false\r\n"a,""b""\n",-0,\r\n',
    );
    expect(
      (await get(`${url}?columns=price,shop&offset=1&limit=1`, { accept: 'application/x-ndjson' })).text,
    ).toBe('{"price":null,"shop":"south"}\n');
    const arrow = tableFromIPC((await get(`${url}?offset=2`, { accept: MEDIA.stream })).bytes);
    expect(arrow.toArray().map((row: unknown) => JSON.stringify(row))).toEqual([
      '{"shop":"a,\\"b\\"\\n","price":0,"open":null}',
    ]);
    const known = (await get(url)).json;
    expect(at(known, 'results', 'data')).toBeUndefined();
    const { json } = await get(`${url}?limit=2`);
    expect(at(json, 'results')).toEqual({ ...(at(known, 'results') as object), data: ROWS.slice(0, 2) });
    expect(at((await get(`${url}?limit=0`)).json, 'results', 'data')).toEqual([]);
    expect(at((await get(`${url}?offset=99`)).json, 'results', 'data')).toEqual([]);
    expect((await get(`${url}?limit=0`, { accept: 'text/csv' })).text).toBe('shop,price,open\r\n');
  });

  test('rows never change: If-None-Match is answered with 304', async () => {
    const url = `${service.url}/datasets/${id}`;
    const first = await get(url, { accept: 'text/csv' });
    const tag = String(first.headers['etag']);
    const again = await get(url, { accept: 'text/csv', 'if-none-match': `"x", W/${tag}` });
    expect([again.status, again.text]).toEqual([304, '']);
    expect((await get(url, { accept: MEDIA.ndjson, 'if-none-match': tag })).status).toBe(200);
    expect(
      (await get(`${service.url}/datasets/${ABSENT}`, { accept: 'text/csv', 'if-none-match': tag })).status,
    ).toBe(404);
  });

  test.each([
    ['columns=nope', 422, 'unknown_column'],
    ['limit=-1', 422, 'invalid_option'],
    ['limit=x', 422, 'invalid_option'],
    ['engine=js', 422, 'unknown_option'],
    ['what=1&limit=1', 422, 'unknown_option'],
  ])('GET with %s is %d', async (query, status, code) => {
    const answer = await get(`${service.url}/datasets/${id}?${query}`);
    expect([answer.status, at(answer.json, 'code')]).toEqual([status, code]);
  });

  test('unknown ids are 404, other media types 406, other methods 405', async () => {
    for (const other of [ABSENT, 'x', id.toUpperCase(), `${id}0`, '%00']) {
      const url = `${service.url}/datasets/${other}`;
      expect([other, (await get(url)).status, (await send(url, { method: 'DELETE' })).status]).toEqual([
        other,
        404,
        404,
      ]);
    }
    expect((await get(`${service.url}/datasets/${id}`, { accept: 'image/png' })).status).toBe(406);
    expect((await send(`${service.url}/datasets/${id}`, { body: 'x' })).status).toBe(405);
  });

  test('a list goes on behind its last one', async () => {
    await publish(service.url, { name: 'another', type: MEDIA.json, body: '{"data":[{"z":1}]}' });
    const all = (await get(`${service.url}/datasets`)).json;
    const seen: unknown[] = [];
    for (let after = ''; ;) {
      const { json } = await get(`${service.url}/datasets?limit=1${after}`);
      seen.push(at(json, 'results', 'datasets', 0));
      const next = at(json, 'results', 'next');
      if (next === null) break;
      if (typeof next !== 'string') throw new Error('expected an id');
      after = `&after=${next}`;
    }
    expect(seen).toEqual(at(all, 'results', 'datasets'));
    expect(seen.length).toBeGreaterThan(1);
    expect(problem(await get(`${service.url}/datasets?after=${ABSENT}`))).toEqual([
      404,
      'not_found',
      '?after',
    ]);
    expect(problem(await get(`${service.url}/datasets?limit=0`))).toEqual([422, 'invalid_option', '?limit']);
    expect(problem(await get(`${service.url}/datasets?page=2`))).toEqual([422, 'unknown_option', '?page']);
  });

  test.each([
    ['data beside it', { data: [{ a: 1 }] }, 422, 'invalid_request', '/dataset'],
    ['columns beside it', { columns: { a: [1] } }, 422, 'invalid_request', '/dataset'],
    ['no text', { dataset: 7 }, 422, 'invalid_request', '/dataset'],
    ['null', { dataset: null }, 422, 'invalid_request', '/dataset'],
    ['no id', { dataset: 'x' }, 422, 'invalid_request', '/dataset'],
    ['an id of nothing', { dataset: ABSENT }, 404, 'not_found', '/dataset'],
    ['a stranger', { what: 1 }, 422, 'invalid_request', '/what'],
    ['a reference where nothing is compared', { reference: 'x' }, 422, 'invalid_request', '/reference'],
    ['options of another kind', { options: 3 }, 422, 'invalid_option', '/options'],
    ['an unknown option', { options: { nope: 1 } }, 422, 'unknown_option', '/options/nope'],
    ['an unknown column', { options: { columns: ['nope'] } }, 422, 'unknown_column', '/options/columns/0'],
  ])('a body that names a dataset with %s', async (_, members, status, code, pointer) => {
    const answer = await postJson(`${service.url}/analytics/describe`, { dataset: id, ...members });
    expect(problem(answer)).toEqual([status, code, pointer]);
  });

  test('what a query names stands alone', async () => {
    const url = `${service.url}/analytics/describe`;
    expect(problem(await send(`${url}?dataset=x`))).toEqual([422, 'invalid_request', '?dataset']);
    expect(problem(await send(`${url}?dataset=${ABSENT}`))).toEqual([404, 'not_found', '?dataset']);
    expect(problem(await send(`${url}?dataset=${id}&dataset=${id}`))).toEqual([
      422,
      'invalid_request',
      '?dataset',
    ]);
    expect(problem(await post(`${url}?dataset=${id}`, table))).toEqual([422, 'invalid_request', '?dataset']);
    expect(problem(await send(`${url}?dataset=${id}`, { body: [Buffer.from('{}')] }))).toEqual([
      422,
      'invalid_request',
      '?dataset',
    ]);
    expect(problem(await send(`${url}?dataset=${id}&reference=${id}`))).toEqual([
      422,
      'unknown_option',
      '?reference',
    ]);
    expect((await send(`${service.url}/models?format=onnx&dataset=${id}`, { body: 'x' })).status).toBe(422);
    expect(problem(await post(`${service.url}/datasets?dataset=${id}`, table))).toEqual([
      422,
      'unknown_option',
      '?dataset',
    ]);
  });

  test('data of columns called dataset is data', async () => {
    const { status, json } = await postJson(`${service.url}/analytics/describe`, {
      data: [
        { dataset: 1, reference: 'dataset' },
        { dataset: 3, reference: '"dataset"' },
      ],
    });
    expect([status, at(json, 'results', 'dataset', 'mean')]).toEqual([200, 2]);
  });

  test('a profile compares stored tables with each other and with a body', async () => {
    const url = `${service.url}/analytics/profile`;
    const reference = (await publish(service.url, {
      name: 'r',
      type: MEDIA.json,
      body: '{"columns":{"price":[1,2,3,9]}}',
    }))!;
    const both = await send(`${url}?dataset=${id}&reference=${reference}`);
    const documents = await postJson(url, { dataset: id, reference });
    const body = await post(`${url}?reference=${reference}`, table);
    const boundary = 'b';
    const part = (name: string, text: string): string =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="t.json"\r\n\r\n${text}\r\n`;
    const parts = await send(url, {
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: `${part('data', table.body)}${part('reference', '{"columns":{"price":[1,2,3,9]}}')}--${boundary}--\r\n`,
    });
    const hashes = [both, documents, body, parts].map(({ json }) => at(json, 'meta', 'result_sha256'));
    expect(hashes).toEqual(Array(4).fill(hashes[0]));
    expect(hashes[0]).toEqual(expect.any(String));
    expect(problem(await postJson(url, { dataset: id, reference: 'x' }))).toEqual([
      422,
      'invalid_request',
      '/reference',
    ]);
    expect(problem(await post(`${url}?reference=${ABSENT}`, table))).toEqual([
      404,
      'not_found',
      '?reference',
    ]);
  });

  test('no rows are no dataset, and nested columns are none', async () => {
    expect((await post(`${service.url}/datasets`, { type: MEDIA.csv, body: 'a,b\n' })).status).toBe(422);
    expect((await postJson(`${service.url}/datasets`, { data: [{ a: [1] }] })).status).toBe(422);
    expect(
      problem(await postJson(`${service.url}/datasets`, { data: [{ a: 1 }], options: { x: 1 } })),
    ).toEqual([422, 'unknown_option', '/options/x']);
  });

  test('what is removed while requests read it answers or is 404; afterwards it is gone', async () => {
    const body = `{"columns":{"x":[${Array.from({ length: 50_000 }, (_, i) => Math.sin(i)).join(',')}]}}`;
    for (let round = 0; round < 5; round++) {
      const one = (await publish(service.url, { name: 'one', type: MEDIA.json, body }))!;
      const asked = Array.from({ length: 8 }, () => send(`${service.url}/analytics/describe?dataset=${one}`));
      const gone = send(`${service.url}/datasets/${one}`, { method: 'DELETE' });
      expect((await gone).status).toBe(200);
      for (const { status } of await Promise.all(asked)) expect([200, 404]).toContain(status);
      expect((await send(`${service.url}/analytics/describe?dataset=${one}`)).status).toBe(404);
    }
  });

  test('there are at most MAX_DATASETS; one that is there is no more', async () => {
    let status = 201;
    for (let i = 0; i < 30 && status === 201; i++)
      ({ status } = await postJson(`${service.url}/datasets`, { data: [{ i }] }));
    expect(status).toBe(507);
    expect((await post(`${service.url}/datasets`, table)).status).toBe(200);
  });
});
