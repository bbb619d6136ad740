/** The order of NumPy's introselect, ties included: made by farthest.py. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { farthest } from '../../src/engine/farthest.js';

const numbers = (text: string): number[] => text.split(' ').map(Number);

const cases = (JSON.parse(readFileSync(join(__dirname, 'farthest.json'), 'utf8')) as string[]).map((line) => {
  const [distances, count, order] = line.split('|') as [string, string, string];
  return { distances: numbers(distances), count: Number(count), order: numbers(order) };
});

test.each(cases.map((one, i) => ({ ...one, i, n: one.distances.length })))(
  'numpy.argpartition, case $i: $count of $n',
  ({ distances, count, order }) => {
    expect(Array.from(farthest(Float64Array.from(distances), count))).toEqual(order);
  },
);

test('the largest distances, each row once, whatever the data', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(3), fc.double({ min: 0, noNaN: true })), { minLength: 1, maxLength: 300 }),
      fc.nat(),
      (distances, draw) => {
        const count = 1 + (draw % distances.length);
        const rows = Array.from(farthest(Float64Array.from(distances), count));
        expect(new Set(rows).size).toBe(count);
        const sorted = [...distances].sort((a, b) => b - a).slice(0, count);
        expect(rows.map((row) => distances[row]!).sort((a, b) => b - a)).toEqual(sorted);
      },
    ),
  );
});
