/** Histograms: bit for bit those of NumPy. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Bins, histogram } from '../../src/domain/histogram.js';

interface Reference {
  readonly name: string;
  readonly values: number[];
  readonly bins: Bins;
  readonly counts: number[];
  readonly edges: number[];
}
const { histogram: CASES } = JSON.parse(
  readFileSync(join(__dirname, '..', 'fixtures', 'histogram.json'), 'utf8'),
) as { histogram: Reference[] };
const ascending = (values: readonly number[]): Float64Array => Float64Array.from(values).sort();

describe('histogram', () => {
  test('there are references', () => {
    expect(CASES.length).toBeGreaterThan(200);
  });

  test('counts and edges of NumPy', () => {
    for (const { name, values, bins, counts, edges } of CASES) {
      const got = histogram(ascending(values), bins);
      expect([name, got?.counts, [...(got?.edges ?? [])]]).toEqual([name, counts, edges]);
    }
  });

  test('of nothing: NumPy’s bins from 0 to 1', () => {
    expect(histogram(ascending([]), 'auto')).toEqual({ counts: [0], edges: Float64Array.of(0, 1) });
    expect(histogram(ascending([]), 2)).toEqual({ counts: [0, 0], edges: Float64Array.of(0, 0.5, 1) });
  });

  test('none where the range is beyond float64', () => {
    expect(histogram(ascending([-1.7e308, 1.7e308]), 3)).toBeNull();
  });

  test('every value is in one bin', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
      fc.integer({ min: -3, max: 3 }),
    );
    const bins = fc.oneof(fc.constantFrom<Bins>('auto', 'fd', 'sturges'), fc.integer({ min: 1, max: 60 }));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), bins, (values, rule) => {
        const { counts, edges } = histogram(ascending(values), rule)!;
        expect(counts.reduce((sum, n) => sum + n, 0)).toBe(values.length);
        expect(edges).toHaveLength(counts.length + 1);
        expect([...edges]).toEqual([...edges].sort((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });
});
