import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { at, JSON_TYPE, type Reply, ROOT, send, type Service, startService } from '../service.js';
import { multipart, MULTIPART_TYPE, type Part, postChunks, Wire } from './wire.js';

const IRIS = readFileSync(join(ROOT, 'test', 'golden', 'iris.arrows'));
const ARROW = 'application/vnd.apache.arrow.stream';
const json = (name: string, content: unknown): Part => ({
  name,
  content: JSON.stringify(content),
  type: 'application/json',
});
const values = (from: number, to: number): { val: number }[] =>
  Array.from({ length: to - from }, (_, i) => ({ val: from + i }));
const DATA = json('data', { data: values(0, 20) });
const REFERENCE = json('reference', { data: values(5, 30) });
const OPTIONS = json('options', { columns: ['val'] });
const iris = (name: string, content: Uint8Array = IRIS): Part => ({ name, content, type: ARROW });

describe('a second table, the part reference', () => {
  let service: Service;
  let url: string;
  beforeAll(async () => {
    service = await startService({
      env: { MAX_JSON_BYTES: '200000', MAX_ARROW_BYTES: '400000', MAX_ROWS: '5000' },
    });
    url = `${service.url}/analytics/profile`;
  });
  afterEach(async () => {
    expect((await send(`${service.url}/health/live`, { method: 'GET' })).status).toBe(200);
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });
  const post = (parts: readonly Part[], path = url): Promise<Reply> =>
    send(path, { headers: MULTIPART_TYPE, body: multipart(parts) });
  const hash = async (parts: readonly Part[]): Promise<unknown> => {
    const { status, json: answer, text } = await post(parts);
    expect([status, status === 200 ? '' : text]).toEqual([200, '']);
    return at(answer, 'meta', 'result_sha256');
  };

  test('parts in any order, whole or in pieces, compressed or not: the same answer', async () => {
    const expected = await hash([DATA, REFERENCE, OPTIONS]);
    expect(await hash([REFERENCE, DATA, OPTIONS])).toBe(expected);
    expect(await hash([OPTIONS, REFERENCE, DATA])).toBe(expected);
    const body = multipart([REFERENCE, OPTIONS, DATA]);
    const zipped = await send(url, {
      headers: { ...MULTIPART_TYPE, 'content-encoding': 'gzip' },
      body: gzipSync(body),
    });
    expect(at(zipped.json, 'meta', 'result_sha256')).toBe(expected);
    const pieces = Array.from(body, (byte) => Buffer.from([byte]));
    const chunked = await postChunks(url, MULTIPART_TYPE, pieces);
    expect(at(chunked.json, 'meta', 'result_sha256')).toBe(expected);
  });

  test('formats of the two may differ; what is large lands as it arrives', async () => {
    const rows = values(0, 4000);
    const csv = (name: string): Part => ({
      name,
      content: ['val', ...rows.map(({ val }) => val)].join('\n'),
      type: 'text/csv',
    });
    const lines = (name: string): Part => ({
      name,
      content: rows.map((row) => JSON.stringify(row)).join('\n'),
      filename: 'rows.ndjson',
    });
    const document = (name: string): Part => json(name, { data: rows });
    const answers = new Set<unknown>();
    for (const data of [csv, lines, document])
      for (const reference of [csv, lines, document]) {
        answers.add(await hash([data('data'), reference('reference')]));
        answers.add(await hash([reference('reference'), data('data')]));
      }
    expect(answers.size).toBe(1);
  });

  test('Arrow in place: a reference of Arrow behind data of any length', async () => {
    for (const length of [1, 2, 7, 8, 9, 63, 64, 65]) {
      const data = json('data', { data: values(0, length) });
      const { status, json: answer } = await post([data, iris('reference')]);
      expect([status, at(answer, 'results', 'drift', 'reference_rows')]).toEqual([200, 150]);
    }
    const both = await post([iris('reference'), iris('data')]);
    expect(both.status).toBe(200);
    expect(at(both.json, 'results', 'drift', 'drifted')).toBe(0);
    expect(at(both.json, 'results', 'drift', 'share_drifted')).toBe(0);
  });

  const bad = { 'no data': [REFERENCE, OPTIONS], 'two references': [DATA, REFERENCE, REFERENCE] };
  test.each([
    ['no data', bad['no data'], 422, 'invalid_request', '/data'],
    ['two references', bad['two references'], 400, 'invalid_multipart', undefined],
    ['a name that is near', [DATA, { ...REFERENCE, name: 'Reference' }], 400, 'invalid_multipart', undefined],
    ['an empty reference', [DATA, { ...REFERENCE, content: '' }], 400, 'invalid_json', '/reference'],
    ['no rows', [DATA, json('reference', { data: [] })], 422, 'no_data', '/reference/data'],
    ['broken JSON', [DATA, { ...REFERENCE, content: '{"data":[{' }], 400, 'invalid_json', '/reference'],
    [
      'a nested value',
      [DATA, json('reference', { data: [{ val: [1] }] })],
      422,
      'unsupported_value',
      '/reference/data/0/val',
    ],
    [
      'options inside',
      [DATA, json('reference', { data: values(0, 9), options: {} })],
      422,
      'invalid_request',
      '/reference/options',
    ],
    [
      'a stranger inside',
      [DATA, json('reference', { data: values(0, 9), x: 1 })],
      422,
      'invalid_request',
      '/reference/x',
    ],
    [
      'no format',
      [DATA, { name: 'reference', content: 'a\n1\n' }],
      415,
      'unsupported_media_type',
      '/reference',
    ],
    [
      'a foreign format',
      [DATA, { ...REFERENCE, type: 'application/pdf' }],
      415,
      'unsupported_media_type',
      undefined,
    ],
    [
      'parts within',
      [DATA, { ...REFERENCE, type: 'multipart/form-data; boundary=x' }],
      415,
      'unsupported_media_type',
      '/reference',
    ],
    [
      'UTF-16',
      [DATA, { ...REFERENCE, type: 'text/csv; charset=utf-16' }],
      415,
      'unsupported_charset',
      '/reference',
    ],
    ['truncated Arrow', [DATA, iris('reference', IRIS.subarray(0, 1000))], 400, 'truncated', '/reference'],
    [
      'Arrow without its end',
      [DATA, iris('reference', IRIS.subarray(0, IRIS.length - 8))],
      400,
      'truncated',
      '/reference',
    ],
    [
      'a Parquet that is none',
      [DATA, { ...REFERENCE, type: 'application/x-parquet', content: 'PAR1PAR1' }],
      400,
      'truncated',
      '/reference',
    ],
    [
      'beyond its bytes',
      [DATA, json('reference', { data: values(0, 30_000) })],
      413,
      'too_large',
      '/reference',
    ],
    [
      'data beyond its bytes',
      [REFERENCE, json('data', { data: values(0, 30_000) })],
      413,
      'too_large',
      undefined,
    ],
    [
      'beyond its rows',
      [DATA, { name: 'reference', content: `a\n${'1\n'.repeat(6000)}`, type: 'text/csv' }],
      413,
      'too_many_rows',
      '/reference',
    ],
  ] as const)('%s', async (_name, parts, status, code, pointer) => {
    const reply = await post(parts);
    expect([reply.text, reply.status, at(reply.json, 'code')]).toEqual([reply.text, status, code]);
    expect(at(reply.json, 'detail')).toMatch(/^expected .*got /su);
    if (pointer !== undefined) expect(at(reply.json, 'errors', 0, 'pointer')).toBe(pointer);
    if (pointer?.startsWith('/reference') === true)
      expect(at(reply.json, 'detail')).toMatch(/in the (?:part "reference"|reference)/u);
  });

  test('who takes none says so', async () => {
    const reply = await post([DATA, REFERENCE], `${service.url}/analytics/describe`);
    expect([reply.status, at(reply.json, 'code')]).toEqual([400, 'invalid_multipart']);
    expect(at(reply.json, 'detail')).toMatch(/got a part "reference"; the parts are "data" and "options"$/u);
  });

  test('an unknown option is refused before the reference is looked at as a table', async () => {
    const reply = await post([DATA, REFERENCE, json('options', { colour: 1 })]);
    expect([reply.status, at(reply.json, 'errors', 0, 'pointer')]).toEqual([422, '/options/colour']);
  });

  test('a reference without a column in common', async () => {
    const first = readFileSync(join(ROOT, 'test', 'golden', 'strings-only.arrows'));
    const reply = await post([DATA, iris('reference', first)]);
    expect(reply.status).toBe(200);
    expect(at(reply.json, 'results', 'drift', 'compared')).toBe(0);
    expect(at(reply.json, 'results', 'drift', 'dataset_drift')).toBe(false);
  });

  test('a client that leaves in the middle of the reference, and a deadline', async () => {
    const wire = await Wire.open(url);
    const head = multipart([DATA, REFERENCE]);
    await wire.head('/analytics/profile', { ...MULTIPART_TYPE, 'content-length': head.length });
    await wire.write(head.subarray(0, head.length - 200));
    wire.destroy();
    const reply = await send(url, {
      headers: { ...MULTIPART_TYPE, 'x-request-deadline-ms': '1' },
      body: multipart([iris('data'), iris('reference')]),
    });
    // 503: it was plain at once that the time would not do.
    expect([200, 503, 504]).toContain(reply.status);
    // Nothing was kept back: as many again as there are places.
    for (let i = 0; i < 40; i++) expect((await post([iris('data'), iris('reference')])).status).toBe(200);
  });

  test('HTML for who asks for it, JSON for who takes anything, 406 for who wants neither', async () => {
    const body = JSON.stringify({ data: values(0, 20) });
    const ask = (accept: string, path = url): Promise<Reply> =>
      send(path, { headers: { ...JSON_TYPE, accept }, body });
    const browser = await ask('text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8');
    expect([browser.status, browser.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(browser.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'unsafe-inline';/u,
    );
    expect(browser.text).toMatch(/^<!doctype html>\n<html lang="en">/u);
    expect(browser.text).not.toMatch(/<script|https?:\/\//u);
    expect((await ask('text/*')).headers['content-type']).toBe('text/html; charset=utf-8');
    const any = await ask('*/*');
    expect([any.headers['content-type'], any.headers['content-security-policy']]).toEqual([
      'application/json; charset=utf-8',
      "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    ]);
    expect((await ask('application/vnd.apache.arrow.stream')).status).toBe(406);
    expect((await ask('text/html', `${service.url}/analytics/describe`)).status).toBe(406);
  });
});
