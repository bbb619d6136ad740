/** NumPy's `linear` rule, to the last bit: made by quantiles.py. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { linearQuantiles } from '../../src/engine/quantiles.js';

const spelled: Record<string, number> = { inf: Infinity, '-inf': -Infinity, nan: NaN };
const numbers = (text: string): number[] => text.split(' ').map((word) => spelled[word] ?? Number(word));

const cases = (JSON.parse(readFileSync(join(__dirname, 'quantiles.json'), 'utf8')) as string[]).map(
  (line) => {
    const [values, q, quantiles] = line.split('|').map(numbers) as [number[], number[], number[]];
    return { values: Float64Array.from(values).sort(), q, quantiles };
  },
);

test.each(cases)('numpy.quantile, case %#', ({ values, q, quantiles }) => {
  const got = linearQuantiles(values.length, q, (ranks) => Float64Array.from(ranks, (rank) => values[rank]!));
  // Zeros have no sign here.
  expect(got).toEqual(quantiles.map((x) => x + 0));
});

test('ranks are asked for once, ascending, each no more than once', () => {
  const asked: number[][] = [];
  linearQuantiles(101, [0.9, 0.1, 0.5, 0.1, 0.105, 1, 0], (ranks) => {
    asked.push(Array.from(ranks));
    return new Float64Array(ranks.length);
  });
  expect(asked).toEqual([[0, 1, 10, 11, 50, 51, 90, 91, 100]]);
});

test('nothing present: nothing is asked for', () => {
  const never = (): never => {
    throw new Error('asked for a rank of nothing');
  };
  expect(linearQuantiles(0, [0, 0.5], never)).toEqual([NaN, NaN]);
});
