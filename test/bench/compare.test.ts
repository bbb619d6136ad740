import {
  exitCode,
  failedRow,
  failures,
  figure,
  geometricMean,
  geometricRow,
  limitTable,
  machine,
  median,
  met,
  pairedRatio,
  quantile,
  ratioTable,
  resultsJson,
  sameFigures,
  within,
  type Limit,
  type Row,
  type Samples,
} from '../../bench/compare.js';

const rowOf = (samples: Samples, atLeast: number | null = 3): Row => ({
  group: 'moments',
  name: 'a million rows',
  unit: 'ms',
  rivalName: 'js engine',
  attempts: 1,
  atLeast,
  error: null,
  ...pairedRatio(samples, 'lower'),
});

const FAST = rowOf({ ours: [1, 1, 1, 1, 1], rival: [5, 5, 5, 5, 5] });
const SLOW = rowOf({ ours: [2, 2, 2, 2, 2], rival: [5, 5, 5, 5, 5] });
const SMALL: Limit = { name: 'size of release.wasm', unit: 'bytes', value: 100, atMost: 100 };

describe('quantile', () => {
  test.each([
    [[3, 1, 2], 0.5, 2],
    [[4, 1, 2, 3], 0.5, 2.5],
    [[1, 2, 3, 4, 5], 0.25, 2],
    [[7], 0.75, 7],
  ])('of %j at %d is %d', (values, q, expected) => {
    expect(quantile(values, q)).toBe(expected);
  });
  test('of nothing is NaN', () => {
    expect(median([])).toBeNaN();
  });
});

describe('pairedRatio', () => {
  test('is the median of the pairs, not the ratio of the medians', () => {
    // A machine that is twice as slow in the last two pairs: the ratio of each pair is still 4.
    const { ratio, spread, ours, rival } = pairedRatio(
      { ours: [1, 1, 1, 2, 2], rival: [4, 4, 4, 8, 8] },
      'lower',
    );
    expect({ ratio, spread, ours, rival }).toEqual({ ratio: 4, spread: 0, ours: 1, rival: 4 });
  });
  test('says how many times better ours is when more is better', () => {
    expect(pairedRatio({ ours: [900, 900], rival: [60, 60] }, 'higher').ratio).toBe(15);
  });
  test('has the quartiles of the pairs, and their distance as its spread', () => {
    const { low, high, spread } = pairedRatio({ ours: [1, 1, 1, 1, 1], rival: [3, 4, 5, 6, 7] }, 'lower');
    expect([low, high, spread]).toEqual([4, 6, 0.4]);
  });
  test.each<[string, Samples]>([
    ['no samples', { ours: [], rival: [] }],
    ['samples without a partner', { ours: [1, 1], rival: [5] }],
    ['a NaN', { ours: [1, NaN, 1], rival: [5, 5, 5] }],
    ['an infinite sample', { ours: [1, 1], rival: [5, Infinity] }],
    ['a clock that stood still', { ours: [0, 0], rival: [5, 5] }],
    ['a negative time', { ours: [-1, 1], rival: [5, 5] }],
  ])('is NaN with %s, and NaN fails the guard', (_, samples) => {
    const row = rowOf(samples);
    expect([row.ratio, row.spread]).toEqual([NaN, NaN]);
    expect(met(row)).toBe(false);
    expect(exitCode([row], [])).toBe(1);
    expect(exitCode([FAST, row], [])).toBe(1);
  });
});

describe('a line that stands for many', () => {
  const about = { group: 'python', name: 'geometric mean', rivalName: 'scikit-learn', atLeast: 3 };
  test('has the geometric means of times, ratios and quartiles', () => {
    const row = geometricRow(
      [rowOf({ ours: [1, 1], rival: [2, 2] }), rowOf({ ours: [4, 4], rival: [32, 32] })],
      about,
    );
    expect(row).toMatchObject({ ...about, unit: 'ms', error: null });
    const figures = [row.ours, row.rival, row.ratio, row.low, row.high, row.spread];
    expect(figures).toEqual([2, 8, 4, 4, 4, 0].map((value) => expect.closeTo(value, 9) as number));
    expect(met(row)).toBe(true);
  });
  test('is below its floor when the mean is, though one ratio is far above', () => {
    const row = geometricRow([rowOf({ ours: [1], rival: [1] }), rowOf({ ours: [1], rival: [8] })], about);
    expect([row.ratio, met(row)]).toEqual([expect.closeTo(2.828, 3), false]);
  });
  test('has no numbers when one of the many has none, or there are none', () => {
    const spoilt = geometricRow([FAST, failedRow(about, new Error('no memory'))], about);
    expect(spoilt).toMatchObject({ ratio: NaN, error: 'expected 2 ratios, 1 of them could not be measured' });
    expect(met(spoilt)).toBe(false);
    expect(met(geometricRow([], about))).toBe(false);
  });
  test.each([
    [[2, 8], 4],
    [[3], 3],
  ])('the geometric mean of %j is %d', (values, mean) => {
    expect(geometricMean(values)).toBeCloseTo(mean, 12);
  });
  test.each([[[]], [[1, 0]], [[1, -2]], [[1, NaN]]])('there is none of %j', (values) => {
    expect(geometricMean(values)).toBeNaN();
  });
});

describe('figures of both sides', () => {
  test.each([
    [[1e6, 0], [1e6 + 1e-4, 1e-10], true],
    [[1e6], [1e6 + 1e-2], false],
    [[0], [1e-8], false],
    [[1, 2], [1], false],
    [[NaN], [NaN], false],
  ])('%j and %j are the same to nine digits: %s', (a, b, same) => {
    expect(sameFigures(a, b, 1e-9)).toBe(same);
  });
});

describe('the verdict', () => {
  test('passes a ratio at its floor and above', () => {
    expect(met(FAST)).toBe(true);
    expect(met(rowOf({ ours: [1], rival: [3] }))).toBe(true);
    expect(exitCode([FAST], [SMALL])).toBe(0);
  });
  test('can fail: a fabricated slow sample turns it and names the case', () => {
    expect(met(SLOW)).toBe(false);
    expect(exitCode([FAST, SLOW], [SMALL])).toBe(1);
    expect(failures([FAST, SLOW], [SMALL])).toEqual([
      'moments, a million rows: expected 3 × js engine, got 2.5',
    ]);
  });
  test('has nothing to say of a line without a floor', () => {
    const row = rowOf({ ours: [9], rival: [1] }, null);
    expect(met(row)).toBeNull();
    expect(exitCode([FAST, row], [])).toBe(0);
  });
  test('fails what could not be measured', () => {
    const row = failedRow(
      { group: 'select', name: 'quartiles', rivalName: 'js engine', atLeast: null },
      new Error('expected the same result on both sides, got 1 and 2'),
    );
    expect(met(row)).toBe(false);
    expect(failures([FAST, row], [])[0]).toMatch(/quartiles: .*got 1 and 2$/);
  });
  test('fails when nothing was measured', () => {
    expect(exitCode([], [])).toBe(1);
    expect(exitCode([], [SMALL])).toBe(1);
    expect(exitCode([rowOf({ ours: [1], rival: [9] }, null)], [])).toBe(1);
  });
  test.each([101, NaN, -1, Infinity])('fails a limit with %d where at most 100 is allowed', (value) => {
    expect(within({ ...SMALL, value })).toBe(false);
    expect(exitCode([FAST], [{ ...SMALL, value }])).toBe(1);
  });
});

describe('the report', () => {
  test('is a markdown table with a ratio column and the verdict', () => {
    expect(ratioTable([FAST, SLOW]).split('\n')).toEqual([
      '| what                    | ours | rival     | rival takes | ratio | spread | at least | met    |',
      '| ----------------------- | ---- | --------- | ----------- | ----- | ------ | -------- | ------ |',
      '| moments: a million rows | 1 ms | js engine | 5 ms        | 5 ×   | 0 %    | 3 ×      | yes    |',
      '| moments: a million rows | 2 ms | js engine | 5 ms        | 2.5 × | 0 %    | 3 ×      | **no** |',
    ]);
  });
  test('shows a dash where there is no number', () => {
    expect(ratioTable([rowOf({ ours: [], rival: [] })])).toContain('| – ×   | –      | 3 ×      | **no** |');
    expect(limitTable([{ ...SMALL, value: NaN }])).toContain('| – bytes | 100 bytes | **no** |');
  });
  test.each([
    [0.123456, '0.123'],
    [12.345, '12.3'],
    [1234.5, '1235'],
    [NaN, '–'],
  ])('writes %d as %s', (value, text) => {
    expect(figure(value)).toBe(text);
  });
  test('is JSON with every figure of a row, null where there is none', () => {
    const text = resultsJson(
      { cores: 2, node: 'v20.19.0', date: '2026-01-01' },
      [FAST, rowOf({ ours: [], rival: [] })],
      [SMALL],
    );
    expect(JSON.parse(text)).toEqual({
      machine: { cores: 2, node: 'v20.19.0', date: '2026-01-01' },
      rows: [
        expect.objectContaining({
          ours: 1,
          rival: 'js engine',
          rivalTakes: 5,
          ratio: 5,
          target: 3,
          met: true,
        }),
        expect.objectContaining({ ours: null, ratio: null, spread: null, met: false }),
      ],
      limits: [{ ...SMALL, met: true }],
    });
  });
  test('has what has a form of its own under its key, NaN as null', () => {
    const more = { shares: [{ share: 0.123456789 }], growth: [{ points: [{ takes: NaN }] }] };
    const file = { cores: 2, node: 'v20.19.0', date: '2026-01-01' };
    expect(JSON.parse(resultsJson(file, [], [], more))).toEqual({
      machine: file,
      rows: [],
      limits: [],
      shares: [{ share: 0.123457 }],
      growth: [{ points: [{ takes: null }] }],
    });
  });
  test('names the machine', () => {
    expect(machine()).toEqual({
      cores: expect.any(Number) as number,
      node: process.version,
      date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) as string,
    });
  });
});
