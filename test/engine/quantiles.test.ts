/** NumPy's `linear` rule, to the last bit: made by quantiles.py. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { quantilesAt, ranksOf } from '../../src/engine/quantiles.js';

const spelled: Record<string, number> = { inf: Infinity, '-inf': -Infinity, nan: NaN };
const numbers = (text: string): number[] => text.split(' ').map((word) => spelled[word] ?? Number(word));

const cases = (JSON.parse(readFileSync(join(__dirname, 'quantiles.json'), 'utf8')) as string[]).map(
  (line) => {
    const [values, q, quantiles] = line.split('|').map(numbers) as [number[], number[], number[]];
    return { values: Float64Array.from(values).sort(), q, quantiles };
  },
);

test.each(cases)('numpy.quantile, case %#', ({ values, q, quantiles }) => {
  const ranks = ranksOf(values.length, q);
  const got = quantilesAt(
    values.length,
    q,
    ranks,
    Array.from(ranks, (rank) => values[rank]!),
  );
  // Zeros have no sign here.
  expect(got).toEqual(quantiles.map((x) => x + 0));
});

test('ranks are ascending, each once', () => {
  const ranks = ranksOf(101, [0.9, 0.1, 0.5, 0.1, 0.105, 1, 0]);
  expect(Array.from(ranks)).toEqual([0, 1, 10, 11, 50, 51, 90, 91, 100]);
});

test('nothing present: no ranks, NaN for each', () => {
  expect(ranksOf(0, [0, 0.5])).toHaveLength(0);
  expect(quantilesAt(0, [0, 0.5], new Int32Array(0), [])).toEqual([NaN, NaN]);
});
