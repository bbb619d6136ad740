/**
 * Every limit of the settings that a request can meet, in every format that has it: set low it refuses and names the
 * setting, set high it lets through what the default refuses.
 */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { compressed, FLOAT64, lz4Zeros, packed, stream, zstdZeros } from '../fuzz/forge.js';
import { exchange } from '../fuzz/wire.js';
import { CODEC, parquetFile, PHYSICAL } from '../hostile/parquet-files.js';
import {
  at,
  JSON_TYPE,
  postJson,
  type Reply,
  send,
  type Service,
  startService,
  STREAM_TYPE,
} from '../service.js';
import { type DrawnColumn, type Form, formWriter } from './forms.js';

const DOCUMENT = { 'content-type': 'application/vnd.analytics-service.model+json' };
const ONNX = { 'content-type': 'application/octet-stream' };
const PARQUET = { 'content-type': 'application/vnd.apache.parquet' };
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const table = (rows: number, columns: number, name = (j: number): string => `c${j}`): DrawnColumn[] =>
  Array.from({ length: columns }, (_, j) => ({
    name: name(j),
    type: 'number',
    cells: Array.from({ length: rows }, (__, i) => (i * 7 + j) % 10),
  }));

let forms: (table: readonly DrawnColumn[]) => Form[];
beforeAll(async () => {
  forms = await formWriter();
});

/** Refused with a status and a code, in a sentence that names the setting. */
function expectRefusal(what: string, reply: Reply, status: number, code: string, setting: string): void {
  const said = [what, reply.status, at(reply.json, 'code'), at(reply.json, 'detail')];
  expect(said).toEqual([what, status, code, expect.stringContaining(`(${setting})`)]);
}

describe.each(['wasm', 'js'])('set low, engine %s', (engine) => {
  let service: Service;
  const url = (path = '/analytics/describe'): string => `${service.url}${path}`;
  beforeAll(async () => {
    service = await startService({
      env: {
        LANES: '1',
        ENGINE: engine,
        MAX_JSON_BYTES: '20000',
        MAX_ARROW_BYTES: '40000',
        MAX_MODEL_BYTES: '3000',
        MAX_ROWS: '100',
        MAX_CELLS: '250',
        MAX_COLUMNS: '8',
        MAX_NAME_BYTES: '16',
        MAX_JSON_DEPTH: '6',
        MAX_RATIO: '5',
        RATIO_FROM_BYTES: '2000',
        MAX_HEADER_BYTES: '2048',
        UPLOAD_GRACE_MS: '300',
        UPLOAD_FLOOR: '1000000',
      },
    });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
    expect(service.output()).not.toMatch(/a lane ended|"level":"error"/u);
  });

  test.each<[string, DrawnColumn[], number, string]>([
    ['MAX_ROWS', table(101, 1), 413, 'too_many_rows'],
    ['MAX_CELLS', table(84, 3), 413, 'too_many_cells'],
    ['MAX_COLUMNS', table(2, 9), 422, 'too_many_columns'],
    ['MAX_NAME_BYTES', table(2, 2, (j) => `${'é'.repeat(8)}${j}`), 422, 'invalid_column_name'],
  ])('%s in every format', async (setting, drawn, status, code) => {
    for (const { name, headers, body } of forms(drawn))
      expectRefusal(name, await send(url(), { headers, body }), status, code, setting);
  });

  test('at the limits: 100 rows, 250 cells, 8 columns, names of 16 bytes, in every format', async () => {
    for (const drawn of [
      table(100, 2),
      table(50, 5),
      table(2, 8),
      table(2, 2, (j) => `${'é'.repeat(7)}x${j}`),
    ])
      for (const { name, headers, body } of forms(drawn)) {
        const reply = await send(url(), { headers, body });
        expect([name, reply.status, reply.status === 200 ? '' : reply.text]).toEqual([name, 200, '']);
      }
  });

  test.each([
    ['application/json', 20_000, 'MAX_JSON_BYTES'],
    ['application/x-ndjson', 20_000, 'MAX_JSON_BYTES'],
    ['text/csv', 20_000, 'MAX_JSON_BYTES'],
    ['application/vnd.apache.arrow.stream', 40_000, 'MAX_ARROW_BYTES'],
    ['application/vnd.apache.arrow.file', 40_000, 'MAX_ARROW_BYTES'],
    ['application/vnd.apache.parquet', 40_000, 'MAX_ARROW_BYTES'],
  ])('%s of %i bytes and one: %s, declared, chunked and as a part', async (type, bytes, setting) => {
    const headers = { 'content-type': type };
    const body = Buffer.alloc(bytes + 1, ' ');
    expectRefusal('declared', await send(url(), { headers, body }), 413, 'too_large', setting);
    expectRefusal('chunked', await send(url(), { headers, body: [body] }), 413, 'too_large', setting);
    const part = `--b\r\nContent-Disposition: form-data; name="data"\r\nContent-Type: ${type}\r\n\r\n`;
    const parts = Buffer.concat([Buffer.from(part), body, Buffer.from('\r\n--b--\r\n')]);
    const multipart = { 'content-type': 'multipart/form-data; boundary=b' };
    expectRefusal(
      'a part',
      await send(url(), { headers: multipart, body: parts }),
      413,
      'too_large',
      setting,
    );
    const zipped = gzipSync(Buffer.from(Array.from(body, (_, i) => (Math.imul(i, 2654435761) >>> 24) | 1)));
    const gzip = { ...headers, 'content-encoding': 'gzip' };
    expectRefusal(
      'decompressed',
      await send(url(), { headers: gzip, body: zipped }),
      413,
      'too_large',
      setting,
    );
  });

  test('MAX_MODEL_BYTES: a document and an ONNX file', async () => {
    const body = Buffer.alloc(3001, ' ');
    for (const [format, headers] of [
      ['document', DOCUMENT],
      ['onnx', ONNX],
    ] as const)
      for (const sent of [body, [body]]) {
        const reply = await send(url(`/models?format=${format}&name=m`), { headers, body: sent });
        expectRefusal(format, reply, 413, 'too_large', 'MAX_MODEL_BYTES');
      }
  });

  test('MAX_ARROW_BYTES when decompressed: buffers of Arrow, pages of Parquet', async () => {
    const zstd = stream([{ name: 'a', type: FLOAT64 }], compressed(1, packed(131072n, zstdZeros(1)), 50n));
    const page = { bytes: zstdZeros(1), size: 131072, values: 50 };
    const pages = parquetFile({ type: PHYSICAL.double, rows: 50, codec: CODEC.zstd, pages: [page] });
    expectRefusal(
      'zstd',
      await send(url(), { headers: STREAM_TYPE, body: zstd }),
      413,
      'too_large',
      'MAX_ARROW_BYTES',
    );
    expectRefusal(
      'pages',
      await send(url(), { headers: PARQUET, body: pages }),
      413,
      'too_large',
      'MAX_ARROW_BYTES',
    );
  });

  test('MAX_RATIO beyond RATIO_FROM_BYTES: gzip, brotli, LZ4, pages of Parquet', async () => {
    const csv = `a\n${'1\n'.repeat(50)}${'\n'.repeat(3000)}`;
    for (const [encoding, body] of [
      ['gzip', gzipSync(csv)],
      ['br', brotliCompressSync(csv)],
    ] as const) {
      const headers = { 'content-type': 'text/csv', 'content-encoding': encoding };
      expectRefusal(encoding, await send(url(), { headers, body }), 413, 'compression_ratio', 'MAX_RATIO');
      const short =
        encoding === 'gzip' ? gzipSync(csv.slice(0, 1900)) : brotliCompressSync(csv.slice(0, 1900));
      expect([encoding, (await send(url(), { headers, body: short })).status]).toEqual([encoding, 200]);
    }
    const drawn = [
      { name: 'a', type: 'string', cells: Array.from({ length: 100 }, () => 'x'.repeat(100)) },
    ] as const;
    const packedForms = forms(drawn).filter(({ name }) => /LZ4|Snappy/u.test(name));
    expect(packedForms.map(({ name }) => name)).toEqual(['Arrow stream, LZ4', 'Parquet, row groups, Snappy']);
    const lz4 = packedForms[0]!;
    expectRefusal(lz4.name, await send(url(), lz4), 413, 'compression_ratio', 'MAX_RATIO');
    const page = { bytes: gzipSync(Buffer.alloc(8000)), size: 8000, values: 100 };
    const pages = parquetFile({ type: PHYSICAL.double, rows: 100, codec: CODEC.gzip, pages: [page] });
    expectRefusal(
      'pages',
      await send(url(), { headers: PARQUET, body: pages }),
      413,
      'compression_ratio',
      'MAX_RATIO',
    );
  });

  test('MAX_JSON_DEPTH: rows, columns, members, options, lines, parts, queries, tensors, MLflow', async () => {
    const made = await postJson(url('/models'), {
      name: 'm',
      columns: { a: [1, 2, 3, 4], t: [1, 2, 3, 5] },
      pipeline: [{ name: 'linear_regression' }],
      target: 't',
    });
    expect(made.status).toBe(201);
    const form = (options: string): string =>
      `--b\r\nContent-Disposition: form-data; name="options"\r\n\r\n${options}\r\n` +
      '--b\r\nContent-Disposition: form-data; name="data"\r\nContent-Type: text/csv\r\n\r\na\n1\n2\n\r\n--b--\r\n';
    /** `depth`: of what is put at `…`. */
    const cases: [string, string, Record<string, string>, (value: string) => string, number][] = [
      ['a cell of a row', '/analytics/describe', JSON_TYPE, (value) => `{"data":[{"a":${value}}]}`, 3],
      ['a cell of a column', '/analytics/describe', JSON_TYPE, (value) => `{"columns":{"a":[${value}]}}`, 3],
      ['a member', '/analytics/describe', JSON_TYPE, (value) => `{"x":${value},"data":[{"a":1}]}`, 1],
      [
        'options',
        '/analytics/features',
        JSON_TYPE,
        (value) => `{"data":[{"a":1}],"options":{"steps":${value}}}`,
        2,
      ],
      // It counts as a row of a document does.
      [
        'a line',
        '/analytics/describe',
        { 'content-type': 'application/x-ndjson' },
        (value) => `{"a":${value}}`,
        3,
      ],
      [
        'a part',
        '/analytics/features',
        { 'content-type': 'multipart/form-data; boundary=b' },
        (value) => form(`{"steps":${value}}`),
        2,
      ],
      ['top level', '/analytics/describe', JSON_TYPE, (value) => value, 0],
      ['a tensor', '/v2/models/m/infer', JSON_TYPE, (value) => `{"inputs":[{"parameters":${value}}]}`, 3],
      ['tensors', '/v2/models/m/infer', JSON_TYPE, (value) => `{"parameters":${value}}`, 1],
      ['no object of tensors', '/v2/models/m/infer', JSON_TYPE, (value) => value, 0],
      ['instances', '/invocations', JSON_TYPE, (value) => `{"instances":${value}}`, 1],
      ['no object of MLflow', '/invocations', JSON_TYPE, (value) => value, 0],
    ];
    for (const [what, path, headers, write, around] of cases) {
      const deep = await send(url(path), { headers, body: write(nested(7 - around)) });
      const said = path.startsWith('/v2/') ? at(deep.json, 'error') : at(deep.json, 'detail');
      expect([what, deep.status, said]).toEqual([
        what,
        400,
        expect.stringContaining('at most 6 deep (MAX_JSON_DEPTH)'),
      ]);
      const fits = await send(url(path), { headers, body: write(nested(6 - around)) });
      expect([what, fits.status >= 500, fits.text.includes('MAX_JSON_DEPTH')]).toEqual([what, false, false]);
    }
    const csv = { headers: { 'content-type': 'text/csv' }, body: 'a\n1\n2\n' };
    const query = await send(url(`/analytics/features?steps=${nested(7)}`), csv);
    expectRefusal('a query', query, 400, 'too_deep', 'MAX_JSON_DEPTH');
  });

  test('UPLOAD_FLOOR after UPLOAD_GRACE_MS', async () => {
    const head =
      'POST /analytics/describe HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 9000\r\n\r\n';
    const { replies } = await exchange(Number(new URL(service.url).port), [head, 'a\n1\n', 1500], {
      stopAtReply: true,
    });
    expect(replies.map(({ status }) => status)).toEqual([408]);
    expect(at(replies[0]?.json, 'detail')).toMatch(/\(UPLOAD_FLOOR\) after 0\.3 s \(UPLOAD_GRACE_MS\)/u);
  });
});

describe('set high', () => {
  let plain: Service;
  let high: Service;
  beforeAll(async () => {
    [plain, high] = await Promise.all([
      startService({ env: { LANES: '1' } }),
      startService({
        env: {
          LANES: '1',
          MAX_COLUMNS: '65536',
          MAX_NAME_BYTES: '65536',
          MAX_JSON_DEPTH: '64',
          MAX_RATIO: '1000000',
          MAX_HEADER_BYTES: '1048576',
        },
      }),
    ]);
  });
  afterAll(async () => {
    expect([await plain.stop(), await high.stop()]).toEqual([0, 0]);
  });
  const both = async (headers: Record<string, string>, body: string | Buffer): Promise<number[]> => {
    const ask = ({ url }: Service): Promise<Reply> => send(`${url}/analytics/describe`, { headers, body });
    return [(await ask(plain)).status, (await ask(high)).status];
  };

  test('MAX_COLUMNS, MAX_NAME_BYTES: what the default refuses is answered', async () => {
    // One form of a format: each answer describes all the columns.
    const one = ['JSON rows', 'NDJSON', 'CSV', 'Arrow stream, one batch', 'Parquet'];
    const wide = forms(table(1, 4100)).filter(({ name }) => one.includes(name));
    expect(wide).toHaveLength(5);
    for (const { headers, body } of wide)
      expect(await both({ ...headers }, Buffer.from(body))).toEqual([422, 200]);
    for (const { headers, body } of forms(table(1, 1, () => 'n'.repeat(60_000))))
      expect(await both({ ...headers }, Buffer.from(body))).toEqual([422, 200]);
  });

  test('MAX_JSON_DEPTH: 64 levels are read, 65 are not; both engines', async () => {
    for (const engine of ['wasm', 'js']) {
      // Read, and refused for what it is: an array is no option.
      const deep = (levels: number): string =>
        `{"data":[{"a":1}],"options":{"engine":"${engine}","columns":${nested(levels - 2)}}}`;
      expect([engine, await both(JSON_TYPE, deep(32))]).toEqual([engine, [422, 422]]);
      expect([engine, await both(JSON_TYPE, deep(64))]).toEqual([engine, [400, 422]]);
      expect([engine, await both(JSON_TYPE, deep(65))]).toEqual([engine, [400, 400]]);
    }
  });

  test('MAX_RATIO: what compresses a thousandfold is read', async () => {
    const csv = `a\n1\n2\n${'\n'.repeat(4_000_000)}`;
    expect(await both({ 'content-type': 'text/csv', 'content-encoding': 'gzip' }, gzipSync(csv))).toEqual([
      413, 200,
    ]);
    expect(
      await both({ 'content-type': 'text/csv', 'content-encoding': 'br' }, brotliCompressSync(csv)),
    ).toEqual([413, 200]);
    const rows = 262_144n;
    const a = { name: 'a', type: FLOAT64 };
    const zstd = stream([a], compressed(1, packed(8n * rows, zstdZeros(16)), rows));
    expect(await both(STREAM_TYPE, zstd)).toEqual([413, 200]);
    const lz4 = stream([a], compressed(0, packed(64n * 2n ** 20n, lz4Zeros(16)), 2n ** 23n));
    expect(await both(STREAM_TYPE, lz4)).toEqual([413, 200]);
  });
});

test('a document of a model nested deeper than the stack: 422', async () => {
  const service = await startService({ env: { LANES: '1' } });
  for (const member of ['card', 'steps', 'estimator']) {
    const body = `{"format":"analytics-service/model","format_version":1,"${member}":${nested(300_000)}}`;
    const reply = await send(`${service.url}/models?format=document&name=m`, { headers: DOCUMENT, body });
    expect([reply.status, at(reply.json, 'code')]).toEqual([422, 'invalid_model']);
    expect(at(reply.json, 'detail')).toContain('nested at most 64 deep');
  }
  expect(await service.stop()).toBe(0);
});
