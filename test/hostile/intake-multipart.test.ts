import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { at, send, type Reply, type Service, startService } from '../service.js';
import { BOUNDARY, cuts, multipart, MULTIPART_TYPE, type Part, postChunks } from './wire.js';

const IRIS = readFileSync(join(__dirname, '..', 'golden', 'iris.arrows'));
const DATA: Part = { name: 'data', content: '{"data":[{"val":1},{"val":2}]}', type: 'application/json' };
const OPTIONS: Part = { name: 'options', content: '{"percentiles":[0.1]}' };

describe('multipart/form-data', () => {
  let service: Service;
  let url: string;
  beforeAll(async () => {
    service = await startService({ env: { MAX_JSON_BYTES: '100000', MAX_ARROW_BYTES: '400000' } });
    url = `${service.url}/analytics/describe`;
  });
  afterEach(async () => {
    expect((await send(`${service.url}/health/live`, { method: 'GET' })).status).toBe(200);
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });
  const post = (body: string | Uint8Array, headers = MULTIPART_TYPE): Promise<Reply> =>
    send(url, { headers, body });
  const expectProblem = (
    reply: Pick<Reply, 'status' | 'text' | 'json'>,
    status: number,
    code: string,
  ): void => {
    expect([reply.text, reply.status, at(reply.json, 'code')]).toEqual([reply.text, status, code]);
    expect(at(reply.json, 'detail')).toMatch(/^expected .*got /su);
  };

  test.each([
    ['data first', [{ ...DATA, content: '{"data":[{"val":1},{"val":2}]}' }, OPTIONS]],
    ['options first', [OPTIONS, DATA]],
    ['options with a type', [{ ...OPTIONS, type: 'application/json; charset=utf-8' }, DATA]],
    [
      'a transfer encoding that changes nothing',
      [{ ...DATA, extra: ['Content-Transfer-Encoding: 8bit'] }, OPTIONS],
    ],
  ])('%s', async (_name, parts) => {
    const { status, json } = await post(multipart(parts));
    expect(status).toBe(200);
    expect(Object.keys(at(json, 'results', 'val') ?? {})).toContain('10%');
  });

  test('an Arrow table without options; a boundary in quotes; preamble and epilogue', async () => {
    const boundary = 'a (b)+c=d?';
    const body = Buffer.concat([
      Buffer.from('a preamble\r\n'),
      multipart([{ name: 'data', content: IRIS }], boundary),
      Buffer.from('an epilogue'),
    ]);
    const headers = { 'content-type': `Multipart/Form-Data; x=1; Boundary="${boundary}"` };
    const { status, json } = await post(body, headers);
    expect([status, at(json, 'meta', 'rows')]).toEqual([200, 150]);
  });

  test.each([
    ['x.arrow', undefined, IRIS],
    ['x.csv', 'application/octet-stream', IRIS],
    ['X.CSV', undefined, 'a\n1\n2\n'],
    ['a.b.json', 'application/octet-stream', '{"data":[{"a":1}]}'],
    ['x.ndjson', 'application/octet-stream', '{"a":1}\n'],
    ['x.jsonl', undefined, '{"a":1}\n'],
    ['C:\\\\files\\\\x.jsonl', undefined, '{"a":1}\n'],
  ])(
    'the file %s of type %s: first its bytes, then its name say what it is',
    async (filename, type, content) => {
      const part: Part = { name: 'data', filename, content, ...(type !== undefined && { type }) };
      const { status, text } = await post(multipart([part]));
      expect([text.slice(0, 300), status]).toEqual([text.slice(0, 300), 200]);
    },
  );

  test.each([
    ['no name of a file', { content: 'a\n1\n' }],
    ['an unknown extension', { content: 'a\n1\n', filename: 'data.xlsx' }],
    ['a type that is not read', { content: 'a\n1\n', type: 'application/vnd.ms-excel', filename: 'a.csv' }],
    ['parts within a part', { content: 'a\n1\n', type: 'multipart/form-data; boundary=x' }],
    ['charset=utf-16', { content: 'a\n1\n', type: 'text/csv; charset=utf-16' }],
    ['nothing in it', { content: '' }],
  ])('data with %s → 415', async (_name, part) => {
    expect((await post(multipart([{ name: 'data', ...part }]))).status).toBe(415);
  });

  test('an empty file is an empty body', async () => {
    const { status } = await post(multipart([{ ...DATA, content: '' }]));
    expect(status).toBe(400);
  });

  test('without data → 422 with a pointer, also without any part', async () => {
    for (const parts of [[OPTIONS], []]) {
      const reply = await post(multipart(parts));
      expectProblem(reply, 422, 'invalid_request');
      expect(at(reply.json, 'errors', 0, 'pointer')).toBe('/data');
    }
  });

  test.each([
    ['a second data', multipart([DATA, DATA])],
    ['a second options', multipart([OPTIONS, DATA, OPTIONS])],
    ['an unknown part', multipart([DATA, { name: 'file', content: '' }])],
    ['__proto__', multipart([DATA, { name: '__proto__', content: '' }])],
    ['a thousand parts', multipart(Array.from({ length: 1000 }, () => DATA))],
    ['a part without a name', Buffer.from(multipart([DATA]).toString().replace('; name="data"', ''))],
    [
      'a part that is no form-data',
      Buffer.from(multipart([DATA]).toString().replace('form-data', 'attachment')),
    ],
    ['a part without headers', Buffer.from(`--${BOUNDARY}\r\n\r\nx\r\n--${BOUNDARY}--\r\n`)],
    ['a part that ends in its headers', Buffer.from(`--${BOUNDARY}\r\nContent-Dis\r\n--${BOUNDARY}--\r\n`)],
    ['thirty headers', multipart([{ ...DATA, extra: Array.from({ length: 30 }, (_, i) => `X-${i}: 1`) }])],
    ['headers of 20 KB', multipart([{ ...DATA, extra: [`X-Long: ${'x'.repeat(20_000)}`] }])],
    ['headers of 50 KB', multipart([{ ...DATA, extra: [`X-Long: ${'x'.repeat(50_000)}`] }])],
    ['base64', multipart([{ ...DATA, extra: ['Content-Transfer-Encoding: base64'] }])],
    ['nothing at all', Buffer.alloc(0)],
    ['no boundary in it', Buffer.from('{"data":[{"a":1}]}')],
    ['another boundary', multipart([DATA], 'other')],
    ['bare line feeds', Buffer.from(multipart([DATA]).toString().replaceAll('\r\n', '\n'))],
  ])('%s → 400', async (_name, body) => {
    expectProblem(await post(body), 400, 'invalid_multipart');
  });

  test.each([
    ['no boundary', 'multipart/form-data'],
    ['an empty boundary', 'multipart/form-data; boundary='],
    ['a boundary of 71 characters', `multipart/form-data; boundary=${'x'.repeat(71)}`],
    ['a boundary that ends with a space', 'multipart/form-data; boundary="x "'],
    ['a boundary of other characters', 'multipart/form-data; boundary="x\\"{}"'],
  ])('%s → 400', async (_name, type) => {
    expectProblem(await post(multipart([DATA]), { 'content-type': type }), 400, 'invalid_multipart');
  });

  test('cut short anywhere → 400', async () => {
    const body = multipart([OPTIONS, DATA]);
    // The line end after the last boundary is not needed.
    for (let length = 0; length < body.length - 2; length++) {
      expectProblem(await post(body.subarray(0, length)), 400, 'invalid_multipart');
    }
  });

  test('whatever the place where its chunks are cut, and byte by byte; compressed too', async () => {
    const body = multipart([OPTIONS, { ...DATA, content: '{"data":[{"v\\r\\n--b0undar":1}]}' }]);
    for (const halves of cuts(body)) {
      const { status, json } = await postChunks(url, MULTIPART_TYPE, halves);
      expect([status, Object.keys(at(json, 'results') ?? {})]).toEqual([200, ['v\r\n--b0undar']]);
    }
    const bytes = [...body].map((byte) => Buffer.from([byte]));
    expect((await postChunks(url, MULTIPART_TYPE, bytes)).status).toBe(200);
    const zipped = [...gzipSync(body)].map((byte) => Buffer.from([byte]));
    const headers = { ...MULTIPART_TYPE, 'content-encoding': 'gzip' };
    expect((await postChunks(url, headers, zipped)).status).toBe(200);
  });

  test('data that looks like boundaries arrives as it is', async () => {
    const names = ['--b0undary', '\r\n--b0undarx', '\r\n--b0undar\r\n-', '\r\n\r\n--', '\r\n-\r\n--b'];
    const header = names.map((name) => `"${name}"`).join(',');
    const body = multipart([
      { name: 'data', type: 'text/csv', content: `${header}\n${names.map(() => 1).join(',')}\n` },
    ]);
    for (const halves of [[body], ...cuts(body).filter((_, i) => i % 3 === 0)]) {
      const { status, json } = await postChunks(url, MULTIPART_TYPE, halves);
      expect([status, Object.keys(at(json, 'results') ?? {})]).toEqual([200, names]);
    }
  });

  test.each([
    ['beyond 64 KiB', 413, 'too_large', '{"percentiles":[0.1]}'.padEnd(65_537)],
    ['not UTF-8', 400, 'invalid_utf8', Buffer.from([0x22, 0xff, 0x22])],
    ['not JSON', 400, 'invalid_json', 'percentiles=0.1'],
    ['empty', 400, 'invalid_json', ''],
    ['an unknown one', 422, 'unknown_option', '{"colour":1}'],
    ['no object', 422, 'invalid_option', '[]'],
  ])('options %s → %i %s', async (_name, status, code, content) => {
    for (const parts of [
      [{ ...OPTIONS, content }, DATA],
      [DATA, { ...OPTIONS, content }],
    ]) {
      const reply = await post(multipart(parts));
      expectProblem(reply, status, code);
    }
  });

  test('options in UTF-16 → 415; of exactly 64 KiB → 200; in the data and beside it → 422', async () => {
    const wide = multipart([{ ...OPTIONS, type: 'application/json; charset=utf-16' }, DATA]);
    expectProblem(await post(wide), 415, 'unsupported_charset');
    const long = multipart([{ ...OPTIONS, content: '{"percentiles":[0.1]}'.padEnd(65_536) }, DATA]);
    expect((await post(long)).status).toBe(200);
    const both = multipart([OPTIONS, { ...DATA, content: '{"data":[{"a":1}],"options":{}}' }]);
    expectProblem(await post(both), 422, 'invalid_request');
  });

  test('the limit of the format that the data has: JSON 100,000 bytes, Arrow 400,000', async () => {
    const filler = Buffer.alloc(100_001, 32);
    for (const [type, filename] of [
      ['application/json', undefined],
      [undefined, 'x.csv'],
    ] as const) {
      const part = { name: 'data', content: filler, ...(type && { type }), ...(filename && { filename }) };
      const reply = await post(multipart([part]));
      expectProblem(reply, 413, 'too_large');
      expect(reply.text).toContain('100000 bytes (MAX_JSON_BYTES)');
    }
    const arrow = Buffer.concat([IRIS, Buffer.alloc(200_000)]);
    expect((await post(multipart([{ name: 'data', content: arrow }]))).status).toBe(400);
    const large = await post(
      multipart([{ name: 'data', content: Buffer.concat([IRIS, Buffer.alloc(400_000)]) }]),
    );
    expectProblem(large, 413, 'too_large');
    expect(large.text).toContain('400000 bytes (MAX_ARROW_BYTES)');
  });

  test('a megabyte before the first boundary, or after the last → 413', async () => {
    const filler = Buffer.alloc(1_000_000, 32);
    for (const body of [
      Buffer.concat([filler, multipart([DATA])]),
      Buffer.concat([multipart([DATA]), filler]),
    ]) {
      expectProblem(await post(body), 413, 'too_large');
      const chunked = await postChunks(url, MULTIPART_TYPE, [
        body.subarray(0, 60_000),
        body.subarray(60_000),
      ]);
      expectProblem(chunked, 413, 'too_large');
    }
  });

  test('two hundred bodies with bytes changed, left out or doubled: an answer below 500 each time', async () => {
    const body = multipart([OPTIONS, DATA]);
    const place = fc.nat(body.length - 1);
    const change = fc.tuple(fc.constantFrom('set', 'cut', 'double'), place, place, fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        let bytes = body;
        for (const [kind, a, b, value] of changes) {
          const [from, to] = a < b ? [a, b] : [b, a];
          const middle =
            kind === 'set' ? Buffer.from([value]) : kind === 'cut' ? [] : [bytes, bytes.subarray(from, to)];
          bytes = Array.isArray(middle)
            ? Buffer.concat([bytes.subarray(0, from), ...middle, bytes.subarray(to)])
            : Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(from + 1)]);
        }
        const { status, text } = await post(bytes);
        expect([text, status < 500]).toEqual([text, true]);
      }),
      { numRuns: 200, seed: 7 },
    );
  });
});
