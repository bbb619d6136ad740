/** Describe's options: what is refused and how, what missing values do, how large an answer may be. */
import { at, type JsonValue, postJson, type Reply, send, type Service, startService } from '../service.js';

const refusal = ({ status, json }: Reply): JsonValue[] => [
  status,
  at(json, 'code') ?? null,
  at(json, 'errors', 0, 'pointer') ?? null,
];
const codes = (reply: Reply): JsonValue[] =>
  (at(reply.json, 'meta', 'warnings') as JsonValue[]).map((warning) => at(warning, 'code')!);
const ROWS = { k: ['a', 'b', 'a', null], x: [1, 2, null, 4] };

describe('options of describe', () => {
  let service: Service;
  let url: string;
  beforeAll(async () => {
    service = await startService();
    url = `${service.url}/analytics/describe`;
  });
  afterAll(() => service.stop());
  const ask = (columns: JsonValue, options: JsonValue): Promise<Reply> => postJson(url, { columns, options });

  test.each<[string, JsonValue, JsonValue, JsonValue[]]>([
    ['a key that is not there', ROWS, { groupby: 'z' }, ['unknown_column', '/options/groupby']],
    [
      'a key of several types',
      { k: ['a', 1], x: [1, 2] },
      { groupby: 'k' },
      ['unsupported_type', '/options/groupby'],
    ],
    ['nothing beside the key', { k: ['a'] }, { groupby: 'k' }, ['no_data', '/options/groupby']],
    ['only the key asked for', ROWS, { groupby: 'k', columns: ['k'] }, ['no_data', '/options/groupby']],
    [
      'an unknown column beside a key',
      ROWS,
      { groupby: 'k', columns: ['x', 'y'] },
      ['unknown_column', '/options/columns/1'],
    ],
    ['no bins', ROWS, { bins: 0 }, ['invalid_option', '/options/bins']],
    ['too many bins', ROWS, { bins: 10_001 }, ['invalid_option', '/options/bins']],
    ['half a bin', ROWS, { bins: 1.5 }, ['invalid_option', '/options/bins']],
    ['an unknown rule', ROWS, { bins: 'doane' }, ['invalid_option', '/options/bins']],
    ['extended by a word', ROWS, { extended: 'yes' }, ['invalid_option', '/options/extended']],
    [
      'a missing value under raise',
      ROWS,
      { groupby: 'k', nan_policy: 'raise' },
      ['missing_values', '/options/nan_policy'],
    ],
    [
      'a missing key under raise',
      { k: ['a', null], x: [1, 2] },
      { groupby: 'k', nan_policy: 'raise' },
      ['missing_values', '/options/nan_policy'],
    ],
  ])('%s: 422', async (_, columns, options, problem) => {
    expect(refusal(await ask(columns, options))).toEqual([422, ...problem]);
  });

  test('a refusal of bins names what they may be', async () => {
    const reply = await ask(ROWS, { bins: 'doane' });
    expect(at(reply.json, 'detail')).toBe(
      'expected bins to be an integer of 1 to 10000 or one of auto, fd, sturges, got "doane"',
    );
  });

  test('options by query as in the body', async () => {
    const csv = 'k,x\na,1\nb,2\na,4\n';
    const query = 'groupby=k&extended=true&bins=3&columns=x';
    const fromCsv = await send(`${url}?${query}`, { headers: { 'content-type': 'text/csv' }, body: csv });
    const options = { groupby: 'k', extended: true, bins: 3, columns: ['x'] };
    const fromJson = await ask({ k: ['a', 'b', 'a'], x: [1, 2, 4] }, options);
    expect([fromCsv.status, fromJson.status]).toEqual([200, 200]);
    expect(at(fromCsv.json, 'results')).toEqual(at(fromJson.json, 'results'));
    expect(at(fromCsv.json, 'results', 'a', 'x', 'histogram')).toEqual({
      counts: [1, 0, 1],
      edges: [1, 2, 3, 4],
    });
    expect(at(fromCsv.json, 'meta', 'result_sha256')).toBe(at(fromJson.json, 'meta', 'result_sha256'));
  });

  test('rows without a key are left out with a warning; a key column without a value makes no groups', async () => {
    const reply = await ask(ROWS, { groupby: 'k' });
    expect(Object.keys(at(reply.json, 'results') ?? {})).toEqual(['a', 'b']);
    expect(at(reply.json, 'results', 'a', 'x', 'count')).toBe(1);
    expect(at(reply.json, 'details', 'groupby')).toEqual({ column: 'k', groups: 2, missing: 1 });
    expect(codes(reply)).toContain('rows_dropped');
    const none = await ask({ k: [null, null], x: [1, 2] }, { groupby: 'k' });
    expect([none.status, at(none.json, 'results')]).toEqual([200, {}]);
  });

  test('under propagate a group with a missing value has nulls, another has not', async () => {
    const reply = await ask(ROWS, { groupby: 'k', nan_policy: 'propagate', extended: true });
    const { a, b } = at(reply.json, 'results') as Record<string, JsonValue>;
    expect([at(a, 'x', 'count'), at(a, 'x', 'mean'), at(a, 'x', 'histogram'), at(a, 'x', 'missing')]).toEqual(
      [1, null, null, 1],
    );
    expect([at(b, 'x', 'count'), at(b, 'x', 'mean'), at(b, 'x', 'sum'), at(b, 'x', 'missing')]).toEqual([
      1, 2, 2, 0,
    ]);
  });

  test('names that would be places in an object', async () => {
    const reply = await ask(
      { __proto__key: ['constructor', '__proto__', '1'], x: [1, 2, 3] },
      { groupby: '__proto__key' },
    );
    expect(reply.text).toContain('"results":{"1":{"x":{"count":1,"mean":3,');
    expect(reply.text).toContain('"__proto__":{"x":{"count":1,"mean":2,');
  });

  test('infinite values have no histogram, and what follows from them is null and named', async () => {
    const body = 'x\n1\ninf\n2\n';
    const reply = await send(`${url}?extended=true`, { headers: { 'content-type': 'text/csv' }, body });
    expect(reply.status).toBe(200);
    const x = at(reply.json, 'results', 'x');
    expect([at(x, 'mean'), at(x, 'skew'), at(x, 'histogram'), at(x, 'max')]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect([at(x, 'mad'), at(x, 'mode'), at(x, 'n_unique')]).toEqual([1, 1, 3]);
    expect(codes(reply)).toEqual(['not_finite']);
  });

  test('a rule that asks for more bins than there may be gets those', async () => {
    const x = Array.from({ length: 100 }, (_, i) => (i === 0 ? 1e9 : i / 100));
    const reply = await ask({ x }, { extended: true, bins: 'fd' });
    expect((at(reply.json, 'results', 'x', 'histogram', 'counts') as JsonValue[]).length).toBe(10_000);
    expect(codes(reply)).toEqual(['bins_limited']);
  });

  test('more groups than there may be, and answers that would be too large: 422 in words', async () => {
    const many = Array.from({ length: 100_001 }, (_, i) => i);
    const groups = await ask({ k: many, x: many }, { groupby: 'k' });
    expect(refusal(groups)).toEqual([422, 'invalid_option', '/options/groupby']);
    expect(at(groups.json, 'detail')).toBe('expected at most 100000 groups, got more in column "k"');
    const columns = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`c${i}`, [1, 2, 3]]));
    const bins = await ask(columns, { extended: true, bins: 10_000 });
    expect(refusal(bins)).toEqual([422, 'invalid_option', '/options/bins']);
  });
});
