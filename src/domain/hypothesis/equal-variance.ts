import type { Engine, Moments } from '../../ports/engine.js';
import type { Space } from '../../ports/space.js';
import { deviations } from './deviations.js';
import { MOST_SAMPLES, said } from './normality.js';
import type { Assumption, Sample } from './test.js';
import { varianceOf } from './variance.js';

/** Values up to which Levene's test is used, which needs medians and a pass of its own. Beyond, moments are enough. */
const MOST_LEVENE = 100_000;

/**
 * Whether samples may have equal variances: Levene's test from medians; of more than 100,000 values Layard's, which takes
 * the moments that are there. It cannot be said where every sample has one value, or one has none; and it is not said of more
 * than a hundred samples.
 */
export function equalVariance(samples: readonly Sample[], engine: Engine, space: Space): Assumption {
  if (samples.length > MOST_SAMPLES) return { name: 'equal_variance', test: null, pValue: null, holds: null };
  const rows = samples.reduce((sum, { numbers }) => sum + numbers.length, 0);
  if (rows > MOST_LEVENE) {
    const moments = samples.map(({ numbers }) => engine.moments(numbers, 4));
    return { name: 'equal_variance', test: 'layard', ...said(layard(moments, engine)) };
  }
  const { f, dfBetween, dfWithin } = deviations(samples, { kind: 'median' }, engine, space);
  const p = dfWithin > 0 ? engine.distributions.f(dfBetween, dfWithin).sf(f) : NaN;
  return { name: 'equal_variance', test: 'levene', ...said(p) };
}

/**
 * p of Layard's χ² (Journal of the American Statistical Association 68, 1973): Σ (n − 1)(ln s² − their mean)² / τ², where
 * τ² = 2 + (1 − 1/n̄) γ and γ is the pooled excess kurtosis, so that no normal distribution is taken for granted.
 */
function layard(moments: readonly Moments[], { distributions }: Engine): number {
  const k = moments.length;
  const sum = (of: (each: Moments) => number): number => moments.reduce((total, each) => total + of(each), 0);
  const total = sum(({ count }) => count);
  const weightOf = ({ count }: Moments): number => count - 1;
  const logOf = (each: Moments): number => Math.log(varianceOf(each));
  const mean = sum((each) => weightOf(each) * logOf(each)) / sum(weightOf);
  const squares = sum(({ m2 }) => m2);
  const kurtosis = (total * sum(({ m4 }) => m4)) / squares ** 2 - 3;
  const statistic =
    sum((each) => weightOf(each) * (logOf(each) - mean) ** 2) / (2 + (1 - k / total) * kurtosis);
  return distributions.chi2(k - 1).sf(statistic);
}
