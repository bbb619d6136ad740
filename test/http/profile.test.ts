import fc from 'fast-check';
import { at, type JsonValue, postJson, send, type Service, startService } from '../service.js';

type Cell = string | number | boolean | null;

describe('/analytics/profile', () => {
  let service: Service;
  let url: string;
  beforeAll(async () => {
    service = await startService();
    url = `${service.url}/analytics/profile`;
  });
  afterAll(() => service.stop());
  const ask = async (document: unknown): Promise<JsonValue> => {
    const { status, json, text } = await postJson(url, document);
    expect([status, status === 200 ? '' : text]).toEqual([200, '']);
    return json;
  };
  const results = async (columns: Record<string, Cell[]>, options: object = {}): Promise<JsonValue> =>
    at(await ask({ columns, options }), 'results') ?? null;
  const codesOf = (found: JsonValue): string[] =>
    (at(found, 'alerts') as { code: string; column?: string }[]).map(
      ({ code, column }) => `${code} ${column ?? ''}`,
    );
  const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
  /** Without order, without a pattern, all different. */
  const spread = (length: number): number[] => range(length).map((i) => ((i * 7919) % 10_007) / 7);

  test('every alert, and what it is told by', async () => {
    const rows = 100;
    const found = await results({
      gone: range(rows).map(() => null),
      same: range(rows).map(() => 4),
      holes: spread(rows).map((value, i) => (i % 10 === 0 ? null : value)),
      zeros: spread(rows).map((value, i) => (i % 4 === 0 ? 0 : value)),
      id: range(rows),
      many: range(rows).map((i) => `word ${i % 60}`),
      lopsided: range(rows).map((i) => i > 1),
      odd: range(rows).map((i) => (i % 2 === 0 ? i : 'text')),
      double: range(rows).map((i) => 2 * i + 1.5),
    });
    expect(codesOf(found)).toEqual([
      'all_missing gone',
      'constant same',
      'many_missing holes',
      'many_zeros zeros',
      'unique id',
      'high_cardinality many',
      'imbalance lopsided',
      'mixed_types odd',
      // Fifty numbers and a word: 51 different values.
      'high_cardinality odd',
      'high_correlation id',
    ]);
    const pair = (at(found, 'alerts') as JsonValue[]).at(-1);
    expect(pair).toEqual({
      code: 'high_correlation',
      column: 'id',
      other: 'double',
      value: 1,
      threshold: 0.9,
      detail: 'Pearson correlation of 1',
    });
    expect(at(found, 'overview', 'types')).toEqual({ mixed: 2, number: 5, string: 1, boolean: 1 });
  });

  test('skewness beyond twenty, infinite values, values of each type', async () => {
    const far = range(1000).map((i) => (i === 0 ? 1e6 : i % 7));
    expect(codesOf(await results({ far }))).toContain('skewed far');
    const csv = await send(url, {
      headers: { 'content-type': 'text/csv' },
      body: 'a\n1\ninf\n2\n-inf\n3\n',
    });
    const column = at(csv.json, 'results', 'columns', 'a');
    expect([at(column, 'infinite'), at(column, 'histogram', 'edges', 0), at(column, 'mean')]).toEqual([
      2,
      1,
      null,
    ]);
    expect(codesOf(at(csv.json, 'results') ?? null)).toContain('infinite a');
    expect(JSON.stringify(at(csv.json, 'meta', 'warnings'))).toContain('not_finite');
  });

  test('duplicates: missing is equal to missing, −0 to 0, a string to no number', async () => {
    const rows = [
      { a: 0, b: null, c: '1' },
      { a: -0, c: '1' },
      { a: 0, b: null, c: 1 },
      { b: 1, c: '1' },
      { a: null, b: 1, c: '1' },
      { a: 0, b: null, c: '1' },
    ];
    // JSON.stringify would lose the sign.
    const text = JSON.stringify({ data: rows }).replace('{"a":0,"c"', '{"a":-0.0,"c"');
    const { json } = await send(url, { headers: { 'content-type': 'application/json' }, body: text });
    expect(at(json, 'results', 'duplicates')).toEqual({ rows: 3, share: 0.5 });
  });

  test('duplicates are those of a plain comparison, whatever the rows', async () => {
    const cell = fc.oneof(
      fc.constantFrom<Cell>(null, 0, 1, true, false, '', '0', '1', 'a'),
      fc.integer({ min: -2, max: 2 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    const rows = fc.array(fc.record({ a: cell, b: cell }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(rows, fc.nat({ max: 3 }), async (drawn, repeat) => {
        const data = [...drawn, ...drawn.slice(0, repeat)];
        const found = at(await ask({ data }), 'results', 'duplicates', 'rows');
        // Python's True is 1, in a column of several types; a column of booleans has no 1.
        const key = (row: Record<string, Cell>): string =>
          JSON.stringify(
            Object.values(row).map((value) => (typeof value === 'boolean' ? Number(value) : value)),
          );
        expect(found).toBe(data.length - new Set(data.map(key)).size);
      }),
      { numRuns: 150 },
    );
  });

  test('nan_policy: propagate leaves null where a value is missing, raise refuses', async () => {
    const columns = { a: [1, 2, null, 4, 7], b: [2, 1, 5, 3, 4], c: [1, 2, 3, 4, 5] };
    const found = await results(columns, { nan_policy: 'propagate' });
    expect(at(found, 'columns', 'a', 'mean')).toBe(null);
    expect(at(found, 'columns', 'a', 'n_unique')).toBe(4);
    expect(at(found, 'columns', 'b', 'mean')).toBe(3);
    const matrix = at(found, 'correlations', 'spearman', 'matrix');
    expect([at(matrix, 0, 1), at(matrix, 1, 0), at(matrix, 0, 0)]).toEqual([null, null, null]);
    // Σ d² is 8: 1 − 6 · 8 / (5 · 24).
    expect(at(matrix, 1, 2)).toBeCloseTo(0.6, 12);
    const refused = await postJson(url, { columns, options: { nan_policy: 'raise' } });
    expect([refused.status, at(refused.json, 'code')]).toEqual([422, 'missing_values']);
  });

  test('a hundred and one columns of numbers have no correlations, and are told why', async () => {
    const row = Object.fromEntries(range(101).map((i) => [`c${i}`, i]));
    const answer = await ask({ data: [row, row] });
    expect(at(answer, 'results', 'correlations')).toEqual({});
    expect(at(answer, 'meta', 'warnings', 0, 'code')).toBe('no_correlations');
  });

  test('columns in the order of the table, also where their names are numbers', async () => {
    const text = '{"columns":{"10":[1,2],"9":[3,4],"__proto__":[5,6],"a":["x","y"]}}';
    const { text: answer } = await send(url, { headers: { 'content-type': 'application/json' }, body: text });
    const order = ['"10":{"type"', '"9":{"type"', '"__proto__":{"type"', '"a":{"type"'];
    expect(order.map((name) => answer.indexOf(name)).filter((place) => place < 0)).toEqual([]);
    expect(order.map((name) => answer.indexOf(name))).toEqual(
      [...order.map((name) => answer.indexOf(name))].sort((a, b) => a - b),
    );
  });
});
