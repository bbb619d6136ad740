/** What tests of means, variances and tables refuse in words, what they warn of, and how they look at their assumptions. */
import { at, type JsonValue, postJson, type Service, startService } from '../service.js';

interface Refused {
  readonly what: string;
  readonly test: string;
  readonly columns: Record<string, JsonValue>;
  readonly options?: Record<string, JsonValue>;
  readonly pointer: string;
  readonly detail: RegExp;
}

const REFUSED: readonly Refused[] = [
  {
    what: 'three groups for a test of two',
    test: 'ttest_ind',
    columns: { v: [1, 2, 3, 4], g: ['b', 'a', 'c', 'a'] },
    options: { columns: ['v'], groupby: 'g' },
    pointer: '/options/groupby',
    detail: /expected 2 groups in "g" for ttest_ind, got 3: "a", "b", "c"/u,
  },
  {
    what: 'keys that are all missing',
    test: 'f_oneway',
    columns: { v: [1, 2], g: [null, null] },
    options: { columns: ['v'], groupby: 'g' },
    pointer: '/options/groupby',
    detail: /at least 2 groups .* got none/u,
  },
  {
    what: 'two value columns beside groups',
    test: 'f_oneway',
    columns: { v: [1, 2], w: [1, 2], g: ['x', 'y'] },
    options: { groupby: 'g' },
    pointer: '/options/columns',
    detail: /expected one column for f_oneway by groups, got 2: "v", "w"/u,
  },
  {
    what: 'an unknown column of groups',
    test: 'bartlett',
    columns: { v: [1, 2] },
    options: { columns: ['v'], groupby: 'g' },
    pointer: '/options/groupby',
    detail: /expected one of the columns "v", got "g"/u,
  },
  {
    what: 'values that are no numbers',
    test: 'ttest_rel',
    columns: { v: [1, 2], w: ['x', 'y'] },
    options: { columns: ['v', 'w'] },
    pointer: '/options/columns/1',
    detail: /expected columns of numbers for ttest_rel, got string in "w"/u,
  },
  {
    what: 'a missing key under nan_policy raise',
    test: 'ttest_ind',
    columns: { v: [1, 2, 3], g: ['x', null, 'y'] },
    options: { columns: ['v'], groupby: 'g', nan_policy: 'raise' },
    pointer: '/options/nan_policy',
    detail: /got 1 in column "g"/u,
  },
  {
    what: 'a negative count',
    test: 'chi2_contingency',
    columns: { yes: [1, 2], no: [3, -4] },
    pointer: '/options/columns',
    detail: /expected counts, got -4 in column "no"/u,
  },
  {
    what: 'a column of zeros',
    test: 'chi2_contingency',
    columns: { yes: [1, 2], no: [0, 0] },
    pointer: '/options/columns',
    detail: /got only zeros in column 1/u,
  },
  {
    what: 'strings and numbers in one table of three',
    test: 'chi2_contingency',
    columns: { a: [1, 2], b: [1, 2], c: ['x', 'y'] },
    options: { columns: ['a', 'b', 'c'] },
    pointer: '/options/columns',
    detail: /expected columns of counts, or two columns to cross-tabulate/u,
  },
  {
    what: 'sums that do not agree',
    test: 'chisquare',
    columns: { observed: [10, 20], expected: [10, 21] },
    pointer: '/options/columns',
    detail: /agree to 1e-8, got 30 and 31/u,
  },
  {
    what: 'fractions of a count',
    test: 'fisher_exact',
    columns: { a: [1, 2.5], b: [3, 4] },
    pointer: '/options/columns',
    detail: /whole counts .* got 2.5/u,
  },
  {
    what: 'a cross-tabulation of more than a million cells',
    test: 'chi2_contingency',
    columns: {
      a: Array.from({ length: 1100 }, (_, i) => `a${i}`),
      b: Array.from({ length: 1100 }, (_, i) => `b${i}`),
    },
    pointer: '/options/columns',
    detail: /at most 1000000 cells, got 1100 by 1100/u,
  },
];

describe('tests of means, variances and tables', () => {
  let service: Service;
  const ask = (test: string, columns: JsonValue, options: JsonValue = {}): ReturnType<typeof postJson> =>
    postJson(`${service.url}/analytics/tests/${test}`, { columns, options });
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  test.each(REFUSED)('$test refuses $what', async ({ test: name, columns, options, pointer, detail }) => {
    const { status, json } = await ask(name, columns, options ?? {});
    expect([status, at(json, 'errors', 0, 'pointer')]).toEqual([422, pointer]);
    expect(at(json, 'detail')).toMatch(detail);
  });

  const warnings = (json: JsonValue): JsonValue[] =>
    (at(json, 'meta', 'warnings') as JsonValue[]).map((warning) => at(warning, 'code')!);

  test('missing values and missing keys are warned of, once each', async () => {
    const columns = { v: [1, 2, null, 4, 5, 7], g: ['x', 'x', 'x', 'y', 'y', null] };
    const { json } = await ask('ttest_ind', columns, { columns: ['v'], groupby: 'g' });
    expect(at(json, 'results', 'n')).toEqual([2, 2]);
    expect(at(json, 'results', 'groups')).toEqual(['x', 'y']);
    expect(warnings(json)).toEqual(['rows_dropped', 'rows_dropped']);
  });

  test('a missing key spoils everything under nan_policy propagate', async () => {
    const columns = { v: [1, 2, 3, 4, 5], g: ['x', 'x', 'y', 'y', null] };
    const { status, json } = await ask('levene', columns, {
      columns: ['v'],
      groupby: 'g',
      nan_policy: 'propagate',
    });
    expect([status, at(json, 'results', 'statistic'), at(json, 'results', 'p_value')]).toEqual([
      200,
      null,
      null,
    ]);
    expect(warnings(json)).toEqual(['missing_values']);
  });

  test('without variance the statistic is null, and it is said', async () => {
    const { json } = await ask('ttest_ind', { a: [2, 2, 2], b: [1, 1, 1] });
    expect(at(json, 'results', 'statistic')).toBeNull();
    expect(at(json, 'results', 'p_value')).toBe(0);
    expect(at(json, 'results', 'effect_size', 'confidence_interval')).toBeNull();
    expect(warnings(json)).toEqual(['zero_variance', 'not_finite']);
  });

  const normal = [-1.2, -0.7, -0.3, 0, 0.2, 0.5, 0.9, 1.4];
  const skewed = [0, 0, 0, 0, 0, 0.1, 0.2, 40];
  test('small samples are looked at by Shapiro and Wilk, their variances by Levene', async () => {
    const { json } = await ask('ttest_ind', { normal, skewed });
    const [first, second, third] = at(json, 'results', 'assumptions') as JsonValue[];
    expect([at(first, 'name'), at(first, 'sample'), at(first, 'test'), at(first, 'holds')]).toEqual([
      'normality',
      'normal',
      'shapiro',
      true,
    ]);
    expect([at(second, 'sample'), at(second, 'holds')]).toEqual(['skewed', false]);
    const levene = await ask('levene', { normal, skewed });
    expect([at(third, 'name'), at(third, 'test')]).toEqual(['equal_variance', 'levene']);
    expect(at(third, 'p_value')).toBe(at(levene.json, 'results', 'p_value'));
    const shapiro = await ask('shapiro', { normal });
    expect(at(first, 'p_value')).toBe(at(shapiro.json, 'results', 'p_value'));
  });

  test('large samples are looked at by their moments, as normaltest and Layard do', async () => {
    const rows = 60_000;
    // Quantiles of a logistic distribution: symmetric, with heavier tails than a normal one has.
    const logistic = Array.from({ length: rows }, (_, i) => Math.log((i + 0.5) / (rows - i - 0.5)));
    const wider = logistic.map((x) => 1.05 * x);
    for (const engine of ['wasm', 'js']) {
      const { json } = await ask(
        'ttest_ind',
        { logistic, wider, same: logistic },
        { columns: ['logistic', 'wider'], engine },
      );
      const assumptions = at(json, 'results', 'assumptions') as JsonValue[];
      expect(assumptions.map((each) => at(each, 'test'))).toEqual(['normaltest', 'normaltest', 'layard']);
      expect(assumptions.map((each) => at(each, 'holds'))).toEqual([false, false, false]);
      const alone = await ask('normaltest', { logistic }, { engine });
      const difference = Number(at(assumptions[0], 'p_value')) - Number(at(alone.json, 'results', 'p_value'));
      expect(Math.abs(difference)).toBeLessThan(1e-9);
      const equal = await ask('f_oneway', { logistic, same: logistic }, { engine });
      expect(at(equal.json, 'results', 'assumptions', 2, 'p_value')).toBe(1);
    }
  });

  test('what cannot be said of an assumption is null', async () => {
    const { json } = await ask('ttest_ind', { a: [1, 2], b: [3, 3] });
    const assumptions = at(json, 'results', 'assumptions') as JsonValue[];
    expect(assumptions.slice(0, 2).map((each) => [at(each, 'p_value'), at(each, 'holds')])).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  test('expected counts below five are said', async () => {
    const few = await ask('chi2_contingency', { yes: [12, 1], no: [7, 2] });
    expect(at(few.json, 'results', 'assumptions', 0)).toEqual({
      name: 'expected_counts',
      test: null,
      p_value: null,
      holds: false,
    });
    const many = await ask('chisquare', { observed: [16, 18, 16] });
    expect(at(many.json, 'results', 'assumptions', 0, 'holds')).toBe(true);
  });

  test('the expected counts of a large table are left out, and it is said', async () => {
    const rows = 50_001;
    const yes = Array.from({ length: rows }, (_, i) => 5 + (i % 3));
    const { json } = await ask('chi2_contingency', { yes, no: yes.map((count) => 12 - count) });
    expect(at(json, 'results', 'df')).toBe(50_000);
    expect(at(json, 'results', 'expected_freq')).toBeNull();
    expect(warnings(json)).toEqual(['too_many_cells']);
  });
});
