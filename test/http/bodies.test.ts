import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, JSON_TYPE, send, type Service, startService, STREAM_TYPE } from '../service.js';

const GOLDEN = join(__dirname, '..', 'golden');
const FIXTURES = join(__dirname, '..', 'fixtures', 'arrow');
const IRIS = readFileSync(join(GOLDEN, 'iris.arrows'));
const FILE = readFileSync(
  join(FIXTURES, readdirSync(FIXTURES).find((name) => name.endsWith('.arrow')) ?? ''),
);

describe('bodies', () => {
  let service: Service;
  let describeUrl: string;
  beforeAll(async () => {
    service = await startService();
    describeUrl = `${service.url}/analytics/describe`;
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });
  const post = (type: string, body: string | Uint8Array): ReturnType<typeof send> =>
    send(describeUrl, { headers: { 'content-type': type }, body });

  test('rows, columns, lines and CSV: the same table, the same answer', async () => {
    const { json } = await post('application/json', '{"data":[{"a":1,"b":2.5},{"a":2,"b":null}]}');
    const lines = '{"a":1,"b":2.5}\n{"a":2,"b":null}\n';
    for (const [type, body] of [
      ['application/json', '{"columns":{"a":[1,2],"b":[2.5,null]}}'],
      ['application/x-ndjson', lines],
      ['application/ndjson', lines],
      ['application/jsonl', lines],
      ['Application/X-NDJSON; charset=us-ascii', lines],
      ['text/csv', 'a,b\n1,2.5\n2,\n'],
      ['text/csv; header=present; charset="utf-8"', 'a,b\r\n1,2.5\r\n2,\r\n'],
    ] as const) {
      const reply = await post(type, body);
      expect([type, reply.text.slice(0, 200), reply.status]).toEqual([type, reply.text.slice(0, 200), 200]);
      expect(at(reply.json, 'results')).toEqual(at(json, 'results'));
    }
  });

  test('application/octet-stream: Arrow streams, Arrow files and Parquet by their first bytes', async () => {
    const octets = 'application/octet-stream';
    expect(at((await post(octets, IRIS)).json, 'meta', 'rows')).toBe(150);
    const file = await post(octets, FILE);
    const named = await post('application/vnd.apache.arrow.file', FILE);
    expect([file.status, at(file.json, 'results')]).toEqual([200, at(named.json, 'results')]);
    // It is read as Parquet, and found to be none.
    const parquet = await post(octets, 'PAR1 and so on, PAR1');
    expect([parquet.status, at(parquet.json, 'code')]).toEqual([400, 'invalid_parquet']);
    for (const body of ['', 'P', '{"data":[{"a":1}]}', 'ARROW2', '\0'.repeat(8), 'x'.repeat(200_000)]) {
      const reply = await post(octets, body);
      expect([reply.status, at(reply.json, 'code')]).toEqual([415, 'unsupported_media_type']);
    }
  });

  test.each([
    '',
    'text/plain',
    'json',
    'application/json5',
    'text/json',
    'application/x-www-form-urlencoded',
    ';',
  ])('Content-Type %j → 415', async (type) => {
    const { status, json } = await post(type, '{"data":[{"a":1}]}');
    expect([status, at(json, 'code')]).toEqual([415, 'unsupported_media_type']);
  });

  test.each(['utf-16', 'iso-8859-1', 'windows-1252', '"UTF-7"', ''])('charset=%s → 415', async (charset) => {
    for (const type of ['application/json', 'text/csv', 'application/vnd.apache.arrow.stream']) {
      const { status, json } = await post(`${type}; charset=${charset}`, '{"data":[{"a":1}]}');
      expect([status, at(json, 'code')]).toEqual([415, 'unsupported_charset']);
    }
  });

  test('Accept with codecs is Arrow like Accept without', async () => {
    const analyze = `${service.url}/analytics/analyze?n_clusters=2`;
    for (const parameters of ['', '; codecs=lz4', '; codecs="zstd,lz4"; q=0.9, */*; q=0.1']) {
      const accept = `application/vnd.apache.arrow.stream${parameters}`;
      const reply = await send(analyze, { headers: { ...STREAM_TYPE, accept }, body: IRIS });
      expect([reply.status, reply.headers['content-type']]).toEqual([
        200,
        'application/vnd.apache.arrow.stream',
      ]);
    }
    const json = await send(analyze, { headers: { ...JSON_TYPE, accept: 'text/html, */*;q=0' }, body: '{}' });
    expect(json.status).toBe(406);
  });

  test('openapi.json has every media type, and describes the parts', async () => {
    const { json } = await send(`${service.url}/openapi.json`, { method: 'GET' });
    const content = at(json, 'paths', '/analytics/analyze', 'post', 'requestBody', 'content');
    expect(Object.keys(content ?? {})).toEqual([
      'application/json',
      'application/x-ndjson',
      'text/csv',
      'application/vnd.apache.arrow.stream',
      'application/vnd.apache.arrow.file',
      'application/vnd.apache.parquet',
      'application/x-parquet',
      'multipart/form-data',
      'application/octet-stream',
    ]);
    const parts = at(content, 'multipart/form-data', 'schema', 'properties');
    expect(Object.keys(parts ?? {})).toEqual(['data', 'options']);
    expect(at(parts, 'options', 'properties', 'n_clusters', 'default')).toBe(3);
  });
});
