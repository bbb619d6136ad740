import {
  failedShare,
  percent,
  shareFailures,
  shareOf,
  shareTable,
  type ShareAbout,
} from '../../bench/shares.js';

const ABOUT: ShareAbout = {
  name: 'sum, min, max',
  bound: 'memory',
  amount: 240e6,
  assumed: 'one reading, 8 bytes a row',
  threads: 1,
  atLeast: 0.7,
};

describe("a share of the machine's limit", () => {
  // 240 MB in 12 ms are 20 GB/s; the probe reads 250 MB in 10 ms, 25 GB/s.
  const share = shareOf(ABOUT, { ours: [12, 12, 12], rival: [10, 10, 10] }, 250e6);

  test('is the rate of the kernel beside that of the probe, in bytes a second', () => {
    expect(share).toMatchObject({ takes: expect.closeTo(12, 9) as number, met: true, error: null });
    expect([share.rate, share.limit, share.share]).toEqual([
      expect.closeTo(20, 9),
      expect.closeTo(25, 9),
      expect.closeTo(0.8, 9),
    ]);
  });
  test('is taken pair by pair: a machine that is twice as slow for a while changes nothing', () => {
    const slowed = shareOf(ABOUT, { ours: [12, 24, 24], rival: [10, 20, 20] }, 250e6);
    expect([slowed.share, slowed.spread]).toEqual([expect.closeTo(0.8, 9), expect.closeTo(0, 9)]);
  });
  test('counts operations the same way: 3 Gflop in a second where the probe makes 20 in one', () => {
    const compute = shareOf(
      { ...ABOUT, bound: 'arithmetic', amount: 3e9, atLeast: null },
      { ours: [1000], rival: [500] },
      10e9,
    );
    expect([compute.rate, compute.limit, compute.share]).toEqual([3, 20, 0.15]);
    expect(compute.met).toBeNull();
    expect(shareTable([compute])).toContain('3000 Mflop');
    expect(shareTable([compute])).toContain('20 Gflop/s');
  });
  test('can fail, and what could not be measured does', () => {
    const low = shareOf(ABOUT, { ours: [20], rival: [10] }, 250e6);
    const none = shareOf(ABOUT, { ours: [0], rival: [10] }, 250e6);
    expect([low.met, none.met, none.share]).toEqual([false, false, NaN]);
    const failed = failedShare({ ...ABOUT, name: 'groups', atLeast: null }, new Error('no memory'));
    expect(shareFailures([share, low, none, failed])).toEqual([
      "sum, min, max: expected 70 % of the machine's limit, got 48 %",
      "sum, min, max: expected 70 % of the machine's limit, got –",
      "groups: expected 0 % of the machine's limit, no memory",
    ]);
  });
  test('is a line of a table with what was assumed', () => {
    const [head, , line] = shareTable([share]).split('\n');
    expect(head).toMatch(
      /kernel .* assumed .* threads .* takes .* rate .* limit .* share .* at least .* met/u,
    );
    expect(line!.split('|').map((cell) => cell.trim())).toEqual([
      '',
      'sum, min, max',
      'one reading, 8 bytes a row: 240 MB',
      '1',
      '12 ms',
      '20 GB/s',
      '25 GB/s',
      '80 %',
      '70 %',
      'yes',
      '',
    ]);
  });
  test.each([
    [0.804, '80 %'],
    [NaN, '–'],
    [null, '–'],
  ])('%d is written %s', (value, text) => {
    expect(percent(value)).toBe(text);
  });
});
