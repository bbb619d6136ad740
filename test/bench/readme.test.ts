import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Results, withMeasured } from '../../bench/readme.js';

const root = join(__dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const results = JSON.parse(readFileSync(join(root, 'bench', 'results.json'), 'utf8')) as Results;

test("the README's table of ratios is the one of bench/results.json", () => {
  expect(results.rows.length).toBeGreaterThan(25);
  expect(withMeasured(readme, results)).toBe(readme);
});

test('a changed figure changes the table; a README without its marks is refused', () => {
  const [first, ...rest] = results.rows;
  const changed = { ...results, rows: [{ ...first!, ratio: 1234 }, ...rest] };
  expect(withMeasured(readme, changed)).toContain('| 1234 × |');
  expect(() => withMeasured('', results)).toThrow(/bench:start/u);
});
