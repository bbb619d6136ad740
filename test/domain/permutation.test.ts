/** Permutations of NumPy's RandomState. */
import { permutation } from '../../src/domain/permutation.js';

describe('permutation', () => {
  // numpy.random.RandomState(seed).permutation(count), NumPy 1.26.4.
  test.each([
    [42, [8, 1, 5, 0, 7, 2, 9, 4, 3, 6]],
    [4_294_967_295, [1, 5, 0, 6, 4, 2, 3]],
    [0, [0]],
    [1, []],
  ])('seed %d: %j', (seed, expected) => {
    expect([...permutation(seed, expected.length)]).toEqual(expected);
  });

  test('70,000 places, more than the generator has words', () => {
    const order = permutation(7, 70_000);
    expect([...order.subarray(0, 5)]).toEqual([7653, 66274, 9119, 10760, 43166]);
    expect([...order.subarray(-5)]).toEqual([53459, 10742, 49689, 58564, 61615]);
    expect(order.reduce((sum, place, i) => sum + place * i, 0)).toBe(85_747_886_197_915);
    expect(new Set(order).size).toBe(70_000);
  });
});
