/** One draw of a uniform choice is that of NumPy's running sum, added up value by value. */
import fc from 'fast-check';
import { uniformChoice } from '../../src/engine/uniform.js';

/** The running sum after each value. */
function sums(n: number): Float64Array {
  const share = 1 / n;
  let sum = 0;
  return Float64Array.from({ length: n }, () => (sum += share));
}

function added(running: Float64Array, draw: number): number {
  const total = running.at(-1)!;
  const found = running.findIndex((sum) => sum / total > draw);
  return found < 0 ? running.length - 1 : found;
}

const sizes = [1, 2, 3, 4, 5, 7, 10, 49, 64, 100, 1000, 4096, 10_007, 65_536, 100_000, 262_143];

test.each(sizes)('%d values: every draw at a running sum, and on both sides of it', (n) => {
  const running = sums(n);
  const total = running.at(-1)!;
  // Adding up a million times takes its time: at the ends of the runs and some places between.
  const step = Math.max(1, Math.floor(n / 40));
  for (let i = 0; i < n; i += step) {
    const draw = running[i]! / total;
    for (const near of [draw, draw * (1 - 2 ** -53), draw * (1 + 2 ** -52)]) {
      if (near < 1) expect([i, uniformChoice(n, near)]).toEqual([i, added(running, near)]);
    }
  }
  expect(uniformChoice(n, 0)).toBe(0);
});

test('any number of values, any draw', () => {
  const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), draws, (n, draw) => {
      expect(uniformChoice(n, draw)).toBe(added(sums(n), draw));
    }),
    { numRuns: 200 },
  );
});
