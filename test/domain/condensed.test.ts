/** Points that stand for a sample have its sums, and a test that uses them its statistic. */
import { fitAndMeasure } from '../../src/domain/hypothesis/anderson.js';
import { FITS } from '../../src/domain/hypothesis/anderson-fits.js';
import { condense, whole, type Condensed } from '../../src/domain/hypothesis/condensed.js';
import { numbersOf } from '../../src/domain/hypothesis/samples.js';
import { jsEngine } from '../../src/engine/js/engine.js';

/** Without a generator of its own: quantiles of the unit interval, stirred. */
const uniform = (n: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => ((i * 0.6180339887498949) % 1) + 1e-9);

const samples: readonly (readonly [string, Float64Array])[] = [
  ['uniform', uniform(10_000)],
  ['exponential', uniform(10_000).map((u) => -Math.log(u))],
  ['logistic', uniform(10_000).map((u) => 7 + 2 * Math.log(u / (1.0001 - u)))],
  ['heavy tails', uniform(10_000).map((u) => Math.tan(Math.PI * (u - 0.5) * 0.999))],
  ['ties', uniform(10_000).map((u) => Math.round(u * 200) / 10)],
];

const sums = ({ points, weights, ranks }: Condensed, f: (x: number) => number): [number, number] =>
  points.reduce<[number, number]>(
    ([plain, ranked], x, i) => [plain + weights[i]! * f(x), ranked + ranks[i]! * f(x)],
    [0, 0],
  );

test.each(samples)('%s: the sums of smooth functions', (_, values) => {
  const sorted = values.slice().sort();
  const condensed = condense(sorted, () => 1 / 64);
  for (const f of [() => 1, (x: number) => Math.atan(x), (x: number) => Math.exp(-((x / 3) ** 2))]) {
    const [plain, ranked] = sums(condensed, f);
    const [wantPlain, wantRanked] = sums(whole(sorted), f);
    expect(Math.abs(plain - wantPlain)).toBeLessThan(1e-8);
    expect(Math.abs(ranked - wantRanked)).toBeLessThan(1e-8);
  }
});

test('a sample of tens of thousands is stood for by some thousands of points', () => {
  expect(condense(uniform(10_000).sort(), () => 1 / 64).points.length).toBeLessThan(1000);
});

test.each(samples)('%s: A² by points that stand for the values is that by the values', async (_, values) => {
  const engine = await jsEngine();
  const sorted = values.map((value) => Math.abs(value)).sort();
  const moments = engine.moments(numbersOf(sorted), 2);
  for (const [dist, { fit }] of Object.entries(FITS)) {
    const at = (lowest: number): number => (dist === 'expon' ? Math.min(1, lowest) / 128 : 1 / 128);
    const measure = (widest: number): number =>
      fitAndMeasure(sorted, { widest, at }, (sample) => fit(sample, moments, engine))[0];
    const want = measure(0);
    // A logistic distribution is fitted to five digits, as by SciPy.
    const digits = dist === 'logistic' ? 1e-5 : 1e-9;
    if (Number.isFinite(want))
      expect([dist, Math.abs(measure(1 / 128) / want - 1) < digits]).toEqual([dist, true]);
    else expect([dist, measure(1 / 128)]).toEqual([dist, want]);
  }
});
