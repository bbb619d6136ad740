import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { CODEC, parquetFile } from '../hostile/parquet-files.js';
import { at, ROOT, send, type Service, startService } from '../service.js';

const FOLDER = join(ROOT, 'test', 'fixtures', 'parquet');
const fixture = (name: string): Buffer => readFileSync(join(FOLDER, name));
const TYPE = { 'content-type': 'application/vnd.apache.parquet' };

describe('Parquet over HTTP', () => {
  let service: Service;
  const post = (body: Uint8Array, query = '', headers: Readonly<Record<string, string>> = TYPE) =>
    send(`${service.url}/analytics/analyze${query}`, { headers, body });
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    expect((await send(`${service.url}/health/live`, { method: 'GET' })).status).toBe(200);
    expect(await service.stop()).toBe(0);
  });

  test.each(['application/vnd.apache.parquet', 'application/x-parquet', 'application/octet-stream'])(
    '%s: flights-3m.parquet has the moments that pyarrow gives',
    async (type) => {
      const body = readFileSync(join(ROOT, 'node_modules', 'vega-datasets', 'data', 'flights-3m.parquet'));
      const { status, json } = await send(`${service.url}/analytics/describe?columns=delay,distance`, {
        headers: { 'content-type': type },
        body,
      });
      expect(status).toBe(200);
      expect(at(json, 'meta', 'rows')).toBe(3_000_000);
      const { columns } = JSON.parse(fixture('flights-3m.json').toString()) as {
        columns: { name: string; mean: number; std: number; min: number; max: number }[];
      };
      for (const name of ['delay', 'distance']) {
        const { mean, std, min, max } = columns.find((column) => column.name === name)!;
        expect(at(json, 'results', name, 'count')).toBe(3_000_000);
        expect(at(json, 'results', name, 'min')).toBe(min);
        expect(at(json, 'results', name, 'max')).toBe(max);
        expect(at(json, 'results', name, 'mean')).toBeCloseTo(mean, 12);
        expect(at(json, 'results', name, 'std')).toBeCloseTo(std, 10);
      }
    },
  );

  test('columns of all types, missing values and inexact integers are told', async () => {
    const { status, json } = await post(fixture('types.parquet'), '?nan_policy=omit');
    expect(status).toBe(200);
    const columns = at(json, 'details', 'columns') as { name: string; type: string; missing: number }[];
    const found = Object.fromEntries(columns.map(({ name, type, missing }) => [name, [type, missing]]));
    expect(found).toMatchObject({
      int8: ['number', 7],
      bool: ['boolean', 7],
      string: ['string', 7],
      date32: ['timestamp', 7],
      'decimal 38,10': ['number', 7],
      // Without a value it has no type that counts.
      'all null': ['mixed', 37],
      nothing: ['mixed', 37],
    });
    const warnings = at(json, 'meta', 'warnings') as { code: string; column?: string }[];
    const inexact = warnings.filter(({ code }) => code === 'precision_loss').map(({ column }) => column);
    expect(inexact).toEqual(['int64', 'uint64']);
  });

  test('with `columns` what is not read may lie beside; without it is 422 and names the column', async () => {
    const file = fixture('unsupported.parquet');
    expect((await post(file, '?columns=x,y')).status).toBe(200);
    const refused = await post(file);
    expect([refused.status, at(refused.json, 'code')]).toEqual([422, 'unsupported_type']);
    expect(at(refused.json, 'detail')).toBe(
      'expected a column of a supported type, got BYTE_ARRAY in column "binary"',
    );
  });

  test('the table comes back as Arrow, with a cluster column', async () => {
    const reply = await post(fixture('groups.parquet'), '?columns=int32,bool&n_clusters=2', {
      ...TYPE,
      accept: 'application/vnd.apache.arrow.stream',
    });
    expect(reply.status).toBe(200);
    const table = tableFromIPC(reply.bytes);
    expect(table.numRows).toBe(37);
    expect(table.schema.fields.at(-1)?.name).toBe('cluster');
    expect(table.getChild('string')?.get(2)).toBe('naïve');
    expect(table.getChild('timestamp us')?.get(0)).toBe('1922-06-20T21:20:00.000Z');
  });

  test('an empty table is 422 no_data; what is no Parquet is 400', async () => {
    const empty = await post(fixture('empty.parquet'));
    expect([empty.status, at(empty.json, 'code')]).toEqual([422, 'no_data']);
    const wrong = await post(Buffer.from('a,b\n1,2\n'));
    expect([wrong.status, at(wrong.json, 'code')]).toEqual([400, 'invalid_parquet']);
    const cut = await post(fixture('types.parquet').subarray(0, 5000));
    expect([cut.status, at(cut.json, 'code')]).toEqual([400, 'truncated']);
  });

  test('a bomb is 413 in under 100 ms', async () => {
    const page = { bytes: new Uint8Array(100), size: 2 ** 31 - 1, values: 1 };
    const bomb = parquetFile({ codec: CODEC.zstd, pages: [page] });
    await post(bomb);
    const started = performance.now();
    const { status, json } = await post(bomb);
    expect(performance.now() - started).toBeLessThan(100);
    expect([status, at(json, 'code')]).toEqual([413, 'too_large']);
  });

  test('a page that makes fzstd loop for ever is refused at once', async () => {
    // Literals by a Huffman table whose weights come from one FSE symbol of probability 32 in 32: it costs no bits.
    const description = [5, 0x10, 0xf8, 0x01, 0x00, 0x80];
    const size = description.length + 1;
    const block = [0x02 | (1 << 4), (size & 3) << 6, size >> 2, ...description, 0x01, 0x00];
    const frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 4, (block.length << 3) | 5, 0, 0, ...block];
    const page = { bytes: frame, size: 4, values: 1 };
    const endless = parquetFile({ codec: CODEC.zstd, pages: [page] });
    const started = performance.now();
    const { status, json } = await post(endless);
    expect([status, at(json, 'code')]).toEqual([400, 'invalid_parquet']);
    expect(performance.now() - started).toBeLessThan(500);
    expect((await post(fixture('codec-zstd-v1.parquet'))).status).toBe(200);
  });

  test('on a host without WebAssembly: Snappy, LZ4 and ZSTD are read by the engine js', async () => {
    const plain = await startService({ nodeFlags: ['--jitless'] });
    try {
      for (const codec of ['snappy', 'lz4', 'zstd', 'gzip', 'brotli']) {
        const { status, json } = await send(`${plain.url}/analytics/describe?columns=float64`, {
          headers: TYPE,
          body: fixture(`codec-${codec}-v1.parquet`),
        });
        expect([codec, status, at(json, 'meta', 'engine')]).toEqual([codec, 200, 'js']);
      }
    } finally {
      expect(await plain.stop()).toBe(0);
    }
  });
});
