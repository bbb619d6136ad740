import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, JSON_TYPE, postJson, send, type Service, startService } from '../service.js';

/** The table of hostile JSON: every input gets the answer that is promised, and the process lives. */
describe('hostile JSON', () => {
  let service: Service;
  let analyze: string;
  beforeAll(async () => {
    service = await startService();
    analyze = `${service.url}/analytics/analyze`;
  });
  afterAll(async () => {
    const alive = await send(`${service.url}/health/live`, { method: 'GET' });
    expect(alive.status).toBe(200);
    expect(await service.stop()).toBe(0);
  });

  const expectProblem = async (body: string | Uint8Array, status: number, code?: string): Promise<void> => {
    const reply = await send(analyze, { headers: JSON_TYPE, body });
    expect([reply.text.slice(0, 300), reply.status]).toEqual([reply.text.slice(0, 300), status]);
    expect(reply.headers['content-type']).toBe('application/problem+json');
    expect(at(reply.json, 'status')).toBe(status);
    expect(at(reply.json, 'detail')).toMatch(/^expected .*got /su);
    expect(at(reply.json, 'request_id')).toBe(reply.headers['x-request-id']);
    expect(reply.text).not.toMatch(/node_modules|\/src\/|at .*\.js:\d+/u);
    if (code !== undefined) expect(at(reply.json, 'code')).toBe(code);
  };

  test.each([
    ['empty body', ''],
    ['truncated', '{"data":[{"val":1},'],
    ['trailing garbage', '{"data":[{"val":1}]}x'],
    ['two documents', '{"data":[{"val":1}]}{"data":[{"val":1}]}'],
    ['NaN literal', '{"data":[{"val":NaN}]}'],
    ['Infinity literal', '{"data":[{"val":Infinity}]}'],
    ['null at the top', 'null'],
    ['number at the top', '5'],
    ['string at the top', '"x"'],
    ['true at the top', 'true'],
    ['200,000 deep, unclosed', '['.repeat(200_000)],
    ['200,000 deep, closed', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['200,000 deep in a cell', `{"data":[{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}]}`],
    [
      '200,000 deep in options',
      `{"data":[{"a":1}],"options":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}}`,
    ],
  ])('%s → 400', async (_name, body) => {
    await expectProblem(body, 400);
  });

  test('invalid UTF-8 → 400', async () => {
    await expectProblem(Buffer.from('7b2264617461223a5b7b2261223a22ff227d5d7d', 'hex'), 400, 'invalid_utf8');
  });

  test('200,000 deep is answered in under 50 ms', async () => {
    const body = '['.repeat(200_000) + ']'.repeat(200_000);
    await send(analyze, { headers: JSON_TYPE, body });
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const started = performance.now();
      await send(analyze, { headers: JSON_TYPE, body });
      times.push(performance.now() - started);
    }
    expect(Math.min(...times)).toBeLessThan(50);
  });

  test.each([
    ['no Content-Type', {}],
    ['text/plain', { 'content-type': 'text/plain' }],
    ['charset=utf-16', { 'content-type': 'application/json; charset=utf-16' }],
    ['an unknown Content-Encoding', { ...JSON_TYPE, 'content-encoding': 'snappy' }],
  ])('%s → 415', async (_name, headers) => {
    const reply = await send(analyze, {
      headers: headers,
      body: '{"data":[{"val":1}]}',
    });
    expect(reply.status).toBe(415);
    expect(reply.headers['content-type']).toBe('application/problem+json');
    const codings = 'content-encoding' in headers ? /^gzip, br(, zstd)?, identity$/u : /^$/u;
    expect(reply.headers['accept-encoding'] ?? '').toMatch(codings);
  });

  test('charset=UTF-8 in quotes and capitals is taken', async () => {
    const headers = { 'content-type': 'Application/JSON; charset="UTF-8"' };
    expect((await send(analyze, { headers, body: '{"data":[{"val":1}]}' })).status).toBe(200);
  });

  test.each([
    ['an array at the top', '[]', ''],
    ['no rows', '{"data":[]}', '/data'],
    ['a row without keys', '{"data":[{}]}', '/data'],
    ['a row that is no object', '{"data":[{"a":1},5]}', '/data/1'],
    ['a cell that is an object', '{"data":[{"a":{"b":1}}]}', '/data/0/a'],
    ['neither data nor columns', '{}', ''],
    ['both data and columns', '{"data":[{"a":1}],"columns":{"a":[1]}}', ''],
    ['an unknown top-level key', '{"data":[{"a":1}],"n_clusters":3}', '/n_clusters'],
    ['columns of different lengths', '{"columns":{"a":[1,2],"b":[1]}}', '/columns/b'],
    ['columns without rows', '{"columns":{"a":[]}}', '/columns/a'],
    ['options that are no object', '{"data":[{"a":1}],"options":[]}', '/options'],
    ['1e999', '{"data":[{"a":1},{"a":1e999}]}', '/data/1/a'],
    ['a 5,000-digit integer', `{"data":[{"a":${'9'.repeat(5000)}}]}`, '/data/0/a'],
    ['a lone surrogate in a name', '{"data":[{"\\ud800":1}]}', '/data/0/\ufffd'],
  ])('%s → 422 with a pointer', async (_name, body, pointer) => {
    const reply = await send(analyze, { headers: JSON_TYPE, body });
    expect([reply.text.slice(0, 300), reply.status]).toEqual([reply.text.slice(0, 300), 422]);
    expect(at(reply.json, 'errors', 0, 'pointer')).toBe(pointer);
  });

  test('a name of 10,000 characters → 422, and not echoed whole', async () => {
    const reply = await postJson(analyze, { data: [{ ['x'.repeat(10_000)]: 1 }] });
    expect([reply.status, at(reply.json, 'code')]).toEqual([422, 'invalid_column_name']);
    expect(reply.text.length).toBeLessThan(2000);
  });

  test('100,000 columns → 422', async () => {
    const row = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`c${i}`, i]));
    const reply = await postJson(analyze, { data: [row] });
    expect([reply.status, at(reply.json, 'code')]).toEqual([422, 'too_many_columns']);
  });

  test.each([
    ['n_clusters', 0],
    ['n_clusters', -1],
    ['n_clusters', 1e9],
    ['n_clusters', 2.5],
    ['n_clusters', '3'],
    ['n_clusters', null],
    ['random_state', -1],
    ['random_state', 4294967296],
    ['percentiles', [1.5]],
    ['percentiles', 'all'],
    ['columns', []],
    ['columns', 'a'],
    ['columns', ['a', 'a']],
    ['alternative', 'both'],
    ['confidence_level', 2],
    ['nan_policy', 'drop'],
    ['labels', 1],
    ['engine', 'gpu'],
    ['tol', -1],
    ['colour', 'red'],
    ['__proto__x', 1],
  ])('option %s = %j → 422 with a pointer', async (option, value) => {
    const reply = await postJson(analyze, { data: [{ a: 1 }], options: { [option]: value } });
    expect([reply.text, reply.status]).toEqual([reply.text, 422]);
    expect(at(reply.json, 'errors', 0, 'pointer')).toMatch(new RegExp(`^/options/${option}`, 'u'));
    expect(at(reply.json, 'detail')).toMatch(/^expected .*got /u);
  });

  test('the option "__proto__" is unknown, not a prototype', async () => {
    const body = '{"data":[{"a":1}],"options":{"__proto__":{"n_clusters":1}}}';
    const reply = await send(analyze, { headers: JSON_TYPE, body });
    expect([reply.status, at(reply.json, 'code')]).toEqual([422, 'unknown_option']);
  });

  test('an unknown column → 422 with a pointer to its name', async () => {
    const reply = await postJson(analyze, { data: [{ a: 1 }], options: { columns: ['a', 'b'] } });
    expect([reply.status, at(reply.json, 'errors', 0, 'pointer')]).toEqual([422, '/options/columns/1']);
  });

  test('one value: 200, nulls with reasons', async () => {
    const { status, json } = await postJson(analyze, { data: [{ val: 1 }] });
    expect(status).toBe(200);
    expect(at(json, 'results', 'summary', 'val', 'std')).toBeNull();
    expect(at(json, 'results', 'stat_tests')).toEqual({ t_stat: null, p_value: null });
    expect(at(json, 'results', 'clusters')).toEqual({});
    const codes = (at(json, 'meta', 'warnings') as { code: string }[]).map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(['too_few_rows', 'not_finite']));
  });

  test('all null: 200, pandas describes an object column', async () => {
    const { status, json } = await postJson(analyze, { data: [{ a: null }, { a: null }] });
    expect(status).toBe(200);
    expect(at(json, 'results', 'summary', 'a')).toEqual({ count: 0, unique: 0, top: null, freq: null });
    expect(at(json, 'meta', 'warnings', 0, 'code')).toBe('all_missing');
  });

  test('all equal: 200, t null, the interval SciPy gives', async () => {
    const { status, json } = await postJson(analyze, { data: [{ v: 5 }, { v: 5 }, { v: 5 }, { v: 5 }] });
    expect(status).toBe(200);
    expect(at(json, 'results', 'stat_tests')).toEqual({ t_stat: null, p_value: 0 });
    expect(at(json, 'details', 't_test', 'confidence_interval')).toEqual([5, 5]);
    const codes = (at(json, 'meta', 'warnings') as { code: string }[]).map(({ code }) => code);
    expect(codes).toContain('zero_variance');
  });

  test('mixed types and ragged rows: 200', async () => {
    const mixed = await postJson(analyze, {
      data: [{ a: 1, b: 'x' }, { a: 2, b: 3 }, { a: 4, b: true }, { c: null }],
    });
    expect(mixed.status).toBe(200);
    expect(at(mixed.json, 'details', 'columns')).toEqual([
      { name: 'a', type: 'number', missing: 1 },
      { name: 'b', type: 'mixed', missing: 1 },
      { name: 'c', type: 'mixed', missing: 4 },
    ]);
    expect(Object.keys(at(mixed.json, 'results', 'summary') ?? {})).toEqual(['a']);
  });

  test('1e308 and −1e308: 200, nulls with reasons', async () => {
    const { status, json } = await postJson(analyze, { data: [{ a: 1e308 }, { a: -1e308 }, { a: 1e308 }] });
    expect(status).toBe(200);
    expect(at(json, 'results', 'summary', 'a', 'std')).toBeNull();
    const codes = (at(json, 'meta', 'warnings') as { code: string }[]).map(({ code }) => code);
    expect(codes).toContain('overflow');
  });

  test('9007199254740993: 200 and a precision_loss warning; 9007199254740992 and 1e300 without', async () => {
    const lossy = await send(analyze, {
      headers: JSON_TYPE,
      body: '{"data":[{"a":9007199254740993},{"a":1}]}',
    });
    expect(lossy.status).toBe(200);
    expect(at(lossy.json, 'meta', 'warnings', 0, 'code')).toBe('precision_loss');
    for (const literal of ['9007199254740992', '1e300', '123456789012345678.5']) {
      const exact = await send(analyze, { headers: JSON_TYPE, body: `{"data":[{"a":${literal}},{"a":1}]}` });
      const codes = (at(exact.json, 'meta', 'warnings') as { code: string }[]).map(({ code }) => code);
      expect(codes).not.toContain('precision_loss');
    }
  });

  test.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'a\u0000b',
    'line\nbreak',
    '\u202egnp.exe',
    '🙂',
    '../../etc/passwd',
    "'; DROP TABLE x; --",
    '=cmd()',
    '1',
    '',
    ' ',
    'a/b~c',
  ])('the name %j comes back intact and touches no prototype', async (name) => {
    const row = (value: number): string => `{${JSON.stringify(name)}:${value},"z":1}`;
    const body = `{"data":[${[1, 2, 3].map(row).join(',')}]}`;
    const reply = await send(analyze, { headers: JSON_TYPE, body });
    expect(reply.status).toBe(200);
    expect(at(reply.json, 'details', 'columns', 0, 'name')).toBe(name);
    expect(at(reply.json, 'results', 'summary', name, 'mean')).toBe(2);
    expect(at(reply.json, 'results', 'clusters', name, '0')).toBe(2);
    // The order of the columns is that of the rows, also for names like numbers.
    expect(reply.text.indexOf(`"summary":{${JSON.stringify(name)}`)).toBeGreaterThan(0);
  });

  test('a key missing from one row is missing, not inherited', async () => {
    const body = '{"data":[{"toString":1,"a":1},{"a":2},{"toString":3,"a":3}]}';
    const { json } = await send(analyze, { headers: JSON_TYPE, body });
    expect(at(json, 'details', 'columns', 0)).toEqual({ name: 'toString', type: 'number', missing: 1 });
  });

  test('of duplicate keys the last wins', async () => {
    const { json } = await send(analyze, { headers: JSON_TYPE, body: '{"data":[{"a":1,"a":7}]}' });
    expect(at(json, 'results', 'summary', 'a', 'mean')).toBe(7);
  });

  describe('JSONTestSuite', () => {
    const folder = join(__dirname, '..', 'corpora', 'json-parsing');
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
    test('every file: n_ is 400, y_ and i_ are read, nothing is 5xx', async () => {
      expect(files.length).toBeGreaterThan(200);
      for (const name of files) {
        const { status, text } = await send(analyze, {
          headers: JSON_TYPE,
          body: readFileSync(join(folder, name)),
        });
        const allowed = name.startsWith('n_')
          ? [400]
          : name.startsWith('y_')
            ? [200, 400, 422]
            : [200, 400, 422];
        if (!allowed.includes(status)) throw new Error(`${name}: ${status} ${text.slice(0, 200)}`);
        // A scalar document is valid JSON, but no request.
        if (name.startsWith('y_') && status === 400) expect(text).toContain('expected a JSON object, got');
      }
    });

    test('every y_ file as a cell: nothing that JSON.parse reads is called invalid', async () => {
      for (const name of files.filter((file) => file.startsWith('y_'))) {
        const cell = readFileSync(join(folder, name), 'utf8');
        const { status, text } = await send(analyze, {
          headers: JSON_TYPE,
          body: `{"data":[{"a":${cell}}]}`,
        });
        if (status !== 200 && status !== 422) throw new Error(`${name}: ${status} ${text.slice(0, 200)}`);
      }
    });
  });
});
