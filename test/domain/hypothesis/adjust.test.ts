/** Families of p-values: SciPy's and hand-made references, and what holds of any family. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { adjustedP, ADJUSTMENTS } from '../../../src/domain/hypothesis/adjust.js';

const { adjusted } = JSON.parse(
  readFileSync(join(__dirname, '..', '..', 'fixtures', 'noncentral.json'), 'utf8'),
) as { adjusted: Record<'p' | (typeof ADJUSTMENTS)[number], number[]> };

const pValues = fc.array(fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null }), {
  maxLength: 30,
});

describe('adjusted p-values', () => {
  test.each(ADJUSTMENTS)('%s as the reference', (by) => {
    const got = adjustedP(adjusted.p, by);
    got.forEach((p, i) => {
      expect(Math.abs(p! / adjusted[by][i]! - 1)).toBeLessThan(1e-14);
    });
  });

  test('a null stays one and does not count', () => {
    expect(adjustedP([0.01, null, 0.02], 'bonferroni')).toEqual([0.02, null, 0.04]);
    expect(adjustedP([null], 'holm')).toEqual([null]);
    expect(adjustedP([], 'fdr_bh')).toEqual([]);
  });

  test('they are never smaller than they were, in the same order, and Holm never beyond Bonferroni', () => {
    fc.assert(
      fc.property(pValues, (given) => {
        const by = new Map(ADJUSTMENTS.map((name) => [name, adjustedP(given, name)]));
        given.forEach((p, i) => {
          if (p === null) {
            for (const list of by.values()) expect(list[i]).toBeNull();
            return;
          }
          const [most, holm, bh] = ADJUSTMENTS.map((name) => by.get(name)![i]!) as [number, number, number];
          expect(p <= bh * (1 + 1e-12) && bh <= holm * (1 + 1e-12) && holm <= most && most <= 1).toBe(true);
          given.forEach((other, j) => {
            if (other !== null && other > p) expect(by.get('holm')![j]!).toBeGreaterThanOrEqual(holm);
          });
        });
      }),
    );
  });
});
