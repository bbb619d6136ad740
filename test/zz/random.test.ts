/** NumPy's RandomState, double for double. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describeEngines } from './engines.js';

interface Stream {
  readonly seed: number;
  readonly first: number[];
  readonly from_1000: number[];
}

const { mt19937 } = JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'mt19937.json'), 'utf8')) as {
  mt19937: Stream[];
};

describeEngines((under) => {
  test.each(mt19937)('NumPy, seed $seed', ({ seed, first, from_1000 }) => {
    const got = Array.from(under().engine.random(seed, 1003));
    expect(got.slice(0, 10)).toEqual(first);
    // Beyond the first 624 words, so the state was refilled.
    expect(got.slice(999)).toEqual(from_1000);
  });

  test('any seed: in [0, 1), the same every time, a longer stream begins with the shorter', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(700), fc.nat(700), (seed, count, more) => {
        const { engine } = under();
        const long = engine.random(seed, count + more);
        expect(long).toHaveLength(count + more);
        expect(long.every((x) => x >= 0 && x < 1)).toBe(true);
        expect(Array.from(engine.random(seed, count))).toEqual(Array.from(long.subarray(0, count)));
      }),
      { numRuns: 400 },
    );
  });
});
