import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Results, withMeasured, withStatistics } from '../../bench/readme.js';

const root = join(__dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const results = JSON.parse(readFileSync(join(root, 'bench', 'results.json'), 'utf8')) as Results;

test("the README's table of ratios is the one of bench/results.json", () => {
  expect(results.rows.length).toBeGreaterThan(25);
  expect(withMeasured(readme, results)).toBe(readme);
});

test("the README's table of statistics is the one of bench/statistics.json", () => {
  const statistics = JSON.parse(readFileSync(join(root, 'bench', 'statistics.json'), 'utf8')) as Results;
  expect(statistics.rows.length).toBeGreaterThan(40);
  expect(withStatistics(readme, statistics)).toBe(readme);
  expect(() => withStatistics('', statistics)).toThrow(/statistics:start/u);
});

test('a changed figure changes the table; a README without its marks is refused', () => {
  const [first, ...rest] = results.rows;
  const changed = { ...results, rows: [{ ...first!, ratio: 1234 }, ...rest] };
  expect(withMeasured(readme, changed)).toContain('| 1234 × |');
  expect(() => withMeasured('', results)).toThrow(/bench:start/u);
});

describe('what is measured beside the ratios', () => {
  const growth = (name: string, unit: string, sizes: number[]) => ({
    name,
    by: 'rows',
    unit,
    points: sizes.map((size, i) => ({ size, takes: size / 1e4, perUnit: 100, exponent: i === 0 ? null : 1 })),
  });
  const measured: Results = {
    ...results,
    ceilings: [{ name: 'reading 256 MiB', unit: 'GB/s', one: 20.4, all: 30, threads: 2 }],
    shares: [
      {
        name: 'sum, min, max',
        bound: 'memory',
        amount: 240e6,
        assumed: 'one reading, 8 bytes a row',
        threads: 2,
        takes: 12,
        rate: 20,
        limit: 25,
        share: 0.8,
        spread: 0.01,
        atLeast: 0.7,
        met: true,
        error: null,
      },
    ],
    growth: [
      growth('moments', 'row', [1e3, 1e4]),
      growth('select', 'row', [1e3, 1e4]),
      growth('k', 'fit', [2]),
    ],
    lanes: [
      {
        name: 'k-means',
        points: [
          { lanes: 1, takes: 18 },
          { lanes: 2, takes: 10 },
        ],
      },
    ],
  };
  const page = withMeasured(readme, measured);

  test('stands in the README: limits, shares, and growth folded away', () => {
    expect(page).toContain('reading 256 MiB: 20.4 GB/s by one thread, 30 by 2.');
    expect(page).toContain(
      '| sum, min, max | one reading, 8 bytes a row | 2 | 12 ms | 20 GB/s | 80 % | 70 % | yes |',
    );
    const [, folded = ''] = /<details>\n([^]*)<\/details>/u.exec(page) ?? [];
    expect(folded).toContain('| rows | moments (a row) | select (a row) |');
    expect(folded).toContain('| 10,000 | 1 ms (100 ns, ^1.00) | 1 ms (100 ns, ^1.00) |');
    expect(folded).toContain(
      '| what | one lane | 2 lanes |\n| --- | --- | --- |\n| k-means | 18 ms | 10 ms (1.8 ×) |',
    );
    // Other sizes are another table.
    expect(folded).toContain('| rows | k (a fit) |\n| --- | --- |\n| 2 | 0.0002 ms (100 ns) |');
  });
  test('goes again with its figures, and figures that are missing leave a gap', () => {
    expect(withMeasured(page, results)).toBe(withMeasured(readme, results));
    const [share] = measured.shares!;
    const gap = withMeasured(readme, {
      ...measured,
      shares: [{ ...share!, takes: null, share: null, met: false }],
    });
    expect(gap).toContain('| 2 |  | 20 GB/s | – | 70 % | **no** |');
  });
  test('is formatted as the repository is', () => {
    const formed = execFileSync(
      process.execPath,
      [join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs'), '--stdin-filepath', 'README.md'],
      { cwd: root, input: page, encoding: 'utf8' },
    );
    expect(formed).toBe(page);
  });
});
