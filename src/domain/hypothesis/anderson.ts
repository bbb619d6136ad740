import type { FromSchema } from '../../ports/schema.js';
import { FITS, type Fit } from './anderson-fits.js';
import { CompensatedSum } from './compensated-sum.js';
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
    const { fit, table } = FITS[dist];
    const moments = engine.moments(numbersOf(sorted), 2);
    const degenerate = dist !== 'expon' && !(moments.m2 > 0);
    if (degenerate) notes.warn('zero_variance', 'all values are equal: nothing can be fitted', name);
    const fitted = degenerate ? undefined : fit(sorted, moments, engine);
    const { critical, levels } = table(n);
    return {
      statistic: fitted === undefined ? NaN : aSquared(sorted, fitted),
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

/** −n − Σ (2i − 1)/n · (ln F(xᵢ) + ln(1 − F(xₙ₊₁₋ᵢ))). */
function aSquared(sorted: Float64Array, { location, scale, logCdf, logSf }: Fit): number {
  const n = sorted.length;
  const sum = new CompensatedSum();
  for (let i = 0; i < n; i++) {
    const low = (sorted[i]! - location) / scale;
    const high = (sorted[n - 1 - i]! - location) / scale;
    sum.add(((2 * i + 1) / n) * (logCdf(low) + logSf(high)));
  }
  return -n - sum.value;
}
