/** What the tests of ranks and distributions say beside SciPy's numbers, and laws that their numbers keep. */
import fc from 'fast-check';
import { at, type JsonValue, postJson, type Service, startService } from '../service.js';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

async function run(name: string, columns: JsonValue, options: JsonValue = {}): Promise<JsonValue> {
  const { status, json, text } = await postJson(`${service.url}/analytics/tests/${name}`, {
    columns,
    options,
  });
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return json;
}
const codes = (json: JsonValue): JsonValue[] =>
  (at(json, 'meta', 'warnings') as JsonValue[]).map((warning) => at(warning, 'code')!);
const assumption = (json: JsonValue, name: string): JsonValue | undefined =>
  (at(json, 'results', 'assumptions') as JsonValue[]).find((one) => at(one, 'name') === name);

test('two groups of a column are the samples of Mann and Whitney', async () => {
  const grouped = await run(
    'mannwhitneyu',
    { v: [5, 1, 4, 2, 9, 3], g: ['b', 'a', 'b', 'a', 'b', 'a'] },
    { columns: ['v'], groupby: 'g' },
  );
  const sideBySide = await run('mannwhitneyu', { a: [1, 2, 3], b: [5, 4, 9] });
  for (const part of ['statistic', 'p_value', 'n'])
    expect(at(grouped, 'results', part)).toEqual(at(sideBySide, 'results', part));
});

test('a method that cannot be had is answered by the other one, and said so', async () => {
  const zeros = { x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], y: [1, 3, 1, 9, 4, 2, 8, 0, 1, 2] };
  const json = await run('wilcoxon', zeros, { method: 'exact' });
  expect(codes(json)).toContain('asymptotic');
  expect(at(assumption(json, 'no_zeros'), 'holds')).toBe(false);
  const long = {
    a: Array.from({ length: 700 }, (_, i) => i),
    b: Array.from({ length: 700 }, (_, i) => (i < 600 ? i * 1.5 + 0.25 : null)),
  };
  expect(codes(await run('ks_2samp', long, { alternative: 'less' }))).toContain('asymptotic');
  expect(codes(await run('ks_2samp', long))).not.toContain('asymptotic');
});

test.each(['pearsonr', 'spearmanr', 'kendalltau'])(
  '%s of a constant: nulls, and the column is named',
  async (name) => {
    const json = await run(name, { x: [3, 3, 3, 3], y: [1, 4, 2, 8] });
    expect([at(json, 'results', 'statistic'), at(json, 'results', 'p_value')]).toEqual([null, null]);
    expect(at(json, 'meta', 'warnings')).toEqual(
      expect.arrayContaining([expect.objectContaining({ code: 'constant_input', column: 'x' })]),
    );
  },
);

test('ties and few values are told of as assumptions', async () => {
  const json = await run('mannwhitneyu', { a: [1, 2, 2], b: [2, 3, 4] });
  expect(at(assumption(json, 'no_ties'), 'holds')).toBe(false);
  expect(at(assumption(json, 'sample_size'), 'holds')).toBe(false);
  expect(
    at(assumption(await run('pearsonr', { x: [1, 2, 3, 9], y: [1, 4, 2, 8] }), 'normality'), 'test'),
  ).toBe('shapiro');
});

const values = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 2, maxLength: 30 });

test('U of the two orders adds up to m · n, and an increasing function changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(values, values, async (a, b) => {
      const rows = Math.max(a.length, b.length);
      const padded = (list: readonly number[], f = (x: number): number => x): (number | null)[] =>
        Array.from({ length: rows }, (_, i) => (i < list.length ? f(list[i]!) : null));
      const there = await run('mannwhitneyu', { a: padded(a), b: padded(b) });
      const back = await run('mannwhitneyu', { a: padded(b), b: padded(a) });
      const cubed = await run('mannwhitneyu', { a: padded(a, (x) => x ** 3), b: padded(b, (x) => x ** 3) });
      const [u, v] = [there, back].map((json) => Number(at(json, 'results', 'statistic')));
      expect(u! + v!).toBe(a.length * b.length);
      expect(at(there, 'results', 'p_value')).toBe(at(back, 'results', 'p_value'));
      expect(at(cubed, 'results')).toEqual(at(there, 'results'));
    }),
    { numRuns: 40 },
  );
});

test('H of two samples is the square of Mann and Whitney’s z', async () => {
  const [a, b] = [
    [3, 1, 4, 1, 5, 9, 2, 6, 5, 3],
    [5, 8, 9, 7, 9, 3, 2, 3, 8, 4],
  ];
  const h = await run('kruskal', { a, b });
  const u = await run('mannwhitneyu', { a, b }, { method: 'asymptotic', use_continuity: false });
  expect(at(h, 'results', 'p_value')).toBeCloseTo(Number(at(u, 'results', 'p_value')), 12);
});
