import { column } from '../../bench/data.js';
import { allMoments, describe as summary, sumMinMax, tTest } from '../../bench/passes.js';
import { jsEngine } from '../../src/engine/js/engine.js';
import type { Engine } from '../../src/ports/engine.js';

/** Any engine will do: the passes are over the port. References: pandas 2.2.3, SciPy 1.13.1. */
describe('what is measured', () => {
  let engine: Engine;
  const values = column(Float64Array.of(1, 2, 4, 8, 16));
  const close = (...figures: number[]): unknown[] =>
    figures.map((figure): unknown => expect.closeTo(figure, 12));
  beforeAll(async () => {
    engine = await jsEngine();
  });

  test('sum, minimum and maximum', () => {
    expect(sumMinMax(engine, values)).toEqual([31, 1, 16]);
  });
  test("is pandas' describe without the count, column by column", () => {
    const one = close(6.2, 6.099180272790763, 1, 2, 4, 8, 16);
    expect(summary(engine, [values, values])).toEqual([...one, ...one]);
  });
  test("is pandas' mean, std, min, max, skew and kurtosis", () => {
    expect(allMoments(engine, [values])).toEqual(
      close(6.2, 6.099180272790763, 1, 16, 1.3253147098134048, 1.3037634408602123),
    );
  });
  test("is SciPy's one-sample t-test, with its interval", () => {
    const [t, p, log10, low, high] = tTest(engine, values, 1);
    expect(t).toBeCloseTo(1.9064124952775925, 12);
    // The js engine's quantiles of t have six digits.
    expect(low).toBeCloseTo(-1.3731325632789186, 6);
    expect(high).toBeCloseTo(13.773132563278919, 6);
    expect(p).toBeCloseTo(0.12927936520078329, 6);
    expect(log10).toBeCloseTo(Math.log10(0.12927936520078329), 6);
  });
});
