import type { FromSchema } from '../../ports/schema.js';
import { FITS, type Fit } from './anderson-fits.js';
import { CompensatedSum } from './compensated-sum.js';
import { condense, whole, type Condensed } from './condensed.js';
import { needValues } from './refusals.js';
import { numbersOf } from './samples.js';
import { hypothesisTest } from './test.js';

const schema = {
  type: 'object',
  required: [],
  properties: {
    dist: {
      description:
        "SciPy's name of the distribution, which is fitted to the sample; `gumbel` and `extreme1` are `gumbel_l`.",
      enum: ['norm', 'expon', 'logistic', 'gumbel', 'gumbel_l', 'gumbel_r', 'extreme1'],
      default: 'norm',
    },
  },
} as const;

/** SciPy's `anderson`: A² against critical values, without a p-value. */
export const anderson = hypothesisTest<FromSchema<typeof schema>>({
  name: 'anderson',
  summary: 'Anderson–Darling test of one sample against a fitted distribution',
  description:
    "SciPy's `anderson`: whether a sample comes from a distribution of a kind. The statistic is compared with `critical_values`, each of the significance level, in percent, in `significance_level`.",
  takes: { kind: 'samples', least: 1, most: 1 },
  options: schema,
  example: {
    columns: { a: [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236] },
    options: { dist: 'norm' },
  },
  run({ samples, options, pointer, engine, notes }) {
    const [{ name, numbers }] = samples as [(typeof samples)[0]];
    const sorted = engine.order.sort(numbers);
    const n = sorted.length;
    needValues(n, 1, { name, test: 'anderson', pointer });
    const dist = options.dist === 'gumbel' || options.dist === 'extreme1' ? 'gumbel_l' : options.dist;
    const { fit, table, pole } = FITS[dist];
    const moments = engine.moments(numbersOf(sorted), 2);
    const degenerate = dist !== 'expon' && !(moments.m2 > 0);
    if (degenerate) notes.warn('zero_variance', 'all values are equal: nothing can be fitted', name);
    const widest = n > MANY ? cellWidth(sorted, Math.sqrt(moments.m2 / n)) : 0;
    const narrowing = (lowest: number): number => Math.min(widest, Math.max(lowest, 0) / CELLS);
    const [statistic, fitted] = degenerate
      ? [NaN]
      : fitAndMeasure(sorted, { widest, at: pole ? narrowing : () => widest }, (from) =>
          fit(from, moments, engine),
        );
    const { critical, levels } = table(n);
    return {
      statistic,
      n: [n],
      assumptions: [],
      more: {
        critical_values: critical.map((value) => notes.finite(value, 'critical_values')),
        significance_level: levels,
        fit_result: {
          loc: notes.finite(fitted?.location ?? NaN, 'loc'),
          scale: notes.finite(fitted?.scale ?? NaN, 'scale'),
        },
      },
    };
  },
});

/** Values from which cells of them stand for them. */
const MANY = 20_000;
/** Cells in a deviation, and in a fitted scale at least, so that the interpolants are right to the last bit. */
const CELLS = 64;
const FEWEST_CELLS = 25;

/** Of a cell in the middle of the sample, whose outliers are not to widen it. */
function cellWidth(sorted: Float64Array, deviation: number): number {
  const n = sorted.length;
  const quartiles = sorted[Math.floor(0.75 * n)]! - sorted[Math.floor(0.25 * n)]!;
  return Math.min(deviation, quartiles / 1.35) / CELLS;
}

/** A² and the fit, by cells where their width fits the scale, else value by value. */
export function fitAndMeasure(
  sorted: Float64Array,
  { widest, at }: { widest: number; at: (lowest: number) => number },
  fit: (sample: Condensed) => Fit,
): readonly [number, Fit] {
  if (widest > 0) {
    const sample = condense(sorted, at);
    const fitted = fit(sample);
    if (fitted.scale >= FEWEST_CELLS * widest) return [aSquared(sorted.length, sample, fitted), fitted];
  }
  const sample = whole(sorted);
  const fitted = fit(sample);
  return [aSquared(sorted.length, sample, fitted), fitted];
}

/** −n − Σ (2i − 1)/n · (ln F(xᵢ) + ln(1 − F(xₙ₊₁₋ᵢ))): the second has the weight 2 − (2i − 1)/n of xᵢ. */
function aSquared(
  n: number,
  { points, weights, ranks }: Condensed,
  { location, scale, logCdf, logSf }: Fit,
): number {
  const sum = new CompensatedSum();
  for (let i = 0; i < points.length; i++) {
    const w = (points[i]! - location) / scale;
    sum.add(ranks[i]! * logCdf(w));
    sum.add((2 * weights[i]! - ranks[i]!) * logSf(w));
  }
  return -n - sum.value;
}
