/** pandas' matrices with SciPy's p-values (test/golden/correlate/*.json, made by test/golden/tests/tests_b.py). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, type JsonValue, postJson, type Service, startService } from '../service.js';

const FOLDER = join(__dirname, '..', 'golden', 'correlate');
const GOLDEN = readdirSync(FOLDER).map(
  (file) =>
    JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as {
      readonly method: string;
      readonly cases: readonly {
        readonly name: string;
        readonly columns: JsonValue;
        readonly expected: Readonly<Record<'columns' | 'matrix' | 'p_values' | 'n', JsonValue>>;
      }[];
    },
);

/** Of the js engine's p-values 1e-6, where jstat stops. */
const TOLERANCE = { wasm: { matrix: 1e-9, p: 1e-8 }, js: { matrix: 1e-9, p: 1e-6 } } as const;

function expectClose(got: JsonValue | undefined, want: JsonValue, tolerance: number, path: string): void {
  if (Array.isArray(want)) {
    expect([path, Array.isArray(got) ? got.length : got]).toEqual([path, want.length]);
    want.forEach((value, i) => {
      expectClose(at(got, i), value, tolerance, `${path}/${i}`);
    });
  } else if (typeof want === 'number' && typeof got === 'number') {
    // A correlation of 1e-17 is a rounded zero, and so is a p-value that is made of the roundings of 1.
    const error = Math.abs(got - want) / Math.max(Math.abs(want), 1e-6);
    if (!(error <= tolerance)) throw new Error(`${path}: expected ${want}, got ${got}, off by ${error}`);
  } else expect([path, got]).toEqual([path, want === 'nan' ? null : want]);
}

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const correlate = (document: unknown) => postJson(`${service.url}/analytics/correlate`, document);
const warnings = (json: JsonValue): JsonValue[] => at(json, 'meta', 'warnings') as JsonValue[];

describe.each(GOLDEN)('$method as pandas and SciPy', ({ method, cases }) => {
  test.each(cases)('$name', async ({ columns, expected }) => {
    for (const engine of ['wasm', 'js'] as const) {
      const { status, json, text } = await correlate({ columns, options: { method, engine } });
      expect([engine, status, status === 200 ? '' : text]).toEqual([engine, 200, '']);
      const results = at(json, 'results');
      expect(at(results, 'columns')).toEqual(expected.columns);
      expect(at(results, 'n')).toEqual(expected.n);
      expectClose(at(results, 'matrix'), expected.matrix, TOLERANCE[engine].matrix, `${engine}/matrix`);
      expectClose(at(results, 'p_values'), expected.p_values, TOLERANCE[engine].p, `${engine}/p_values`);
    }
  });
});

describe('what is asked', () => {
  const columns = { a: [1, 2, 3, 4], b: [4, 3, null, 1], c: [2, 2, 2, 2], s: ['x', 'y', 'x', 'y'] };

  test('rows and columns stand in the order of the names', async () => {
    const { json } = await correlate({
      columns: { a: [1, 2, 3], b: [3, 1, 2], d: [1, 3, 2] },
      options: { columns: ['d', 'a'] },
    });
    expect(at(json, 'results', 'columns')).toEqual(['d', 'a']);
    expect(at(json, 'results', 'matrix', 0, 1)).toBeCloseTo(0.5, 12);
  });

  test('strings are left out, constants have nulls, and both missing values and constants are told of', async () => {
    const { json } = await correlate({ columns });
    expect(at(json, 'results', 'columns')).toEqual(['a', 'b', 'c']);
    expect(at(json, 'results', 'matrix', 2)).toEqual([null, null, null]);
    const codes = warnings(json).map((warning) => [at(warning, 'code'), at(warning, 'column')]);
    expect(codes).toEqual(
      expect.arrayContaining([
        ['rows_dropped', 'b'],
        ['constant_input', 'c'],
      ]),
    );
  });

  test('propagate: nulls for a column with missing values alone', async () => {
    const { json } = await correlate({
      columns: { ...columns, c: [1, 3, 2, 5] },
      options: { nan_policy: 'propagate' },
    });
    const matrix = at(json, 'results', 'matrix') as (number | null)[][];
    expect(matrix.map((row) => row.map((value) => value === null))).toEqual([
      [false, true, false],
      [true, true, true],
      [false, true, false],
    ]);
  });

  test.each([
    ['one column', { columns: ['a'] }, '/options/columns', 'expected 2 to 1000 columns of numbers'],
    [
      'a column of strings by name',
      { columns: ['a', 's'] },
      '/options/columns/1',
      'expected columns of numbers, got string',
    ],
    ['an unknown method', { method: 'distance' }, '/options/method', 'pearson'],
    [
      'missing values under raise',
      { nan_policy: 'raise' },
      '/options/nan_policy',
      'expected no missing values',
    ],
  ])('422 for %s', async (_, options, pointer, words) => {
    const { status, json } = await correlate({ columns, options });
    expect(status).toBe(422);
    expect(at(json, 'errors', 0, 'pointer')).toBe(pointer);
    expect(at(json, 'errors', 0, 'detail')).toContain(words);
  });

  test('422 for more pairs to put in order than there is time for', async () => {
    const rows = 40_000;
    const text = Array.from({ length: 200 }, (_, i) => `c${i}`).join(',');
    const row = new Array<number>(200).fill(1).join(',');
    const body = `${text}\n${`${row}\n`.repeat(rows)}`;
    const response = await fetch(`${service.url}/analytics/correlate?method=kendall`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body,
    });
    expect(response.status).toBe(422);
    expect(await response.text()).toContain('expected at most 5000 pairs of columns of 40000 rows');
  });
});
