import type { Engine, Moments } from '../../ports/engine.js';
import type { Space } from '../../ports/space.js';
import { kurtosisZ, shapeOf, skewZ } from './normaltest.js';
import { shapiroWilk } from './shapiro.js';
import type { Assumption, Sample } from './test.js';

/** Values up to which Shapiro and Wilk's test is used: where its p-value ends to be good. Beyond, moments are enough. */
const MOST_SORTED = 5000;
/** Level of what is said of an assumption. */
export const LEVEL = 0.05;
/** Samples that are looked at one by one; of more nothing is said. */
export const MOST_SAMPLES = 100;

/** Of each sample, as long as there are not too many of them. */
export function normalities(samples: readonly Sample[], engine: Engine, space: Space): Assumption[] {
  if (samples.length > MOST_SAMPLES) return [{ name: 'normality', test: null, pValue: null, holds: null }];
  return samples.map((sample) => normality(sample, engine, space));
}

/**
 * Whether a sample may be normal: Shapiro and Wilk's test, of more than 5,000 values D'Agostino and Pearson's, which takes
 * one pass. It cannot be said of fewer than three values, of a constant, or of values that are not finite.
 */
export function normality({ name, numbers }: Sample, engine: Engine, space: Space): Assumption {
  const moments = engine.moments(numbers, 4);
  const { count, min, max } = moments;
  const about = { name: 'normality', sample: name };
  if (count < 3 || !Number.isFinite(max - min) || min === max)
    return { ...about, test: null, pValue: null, holds: null };
  if (count > MOST_SORTED) return { ...about, test: 'normaltest', ...said(omnibus(moments)) };
  const { p } = space.scratch(() => shapiroWilk(engine.order.sort(numbers), engine));
  return { ...about, test: 'shapiro', ...said(p) };
}

export const said = (pValue: number): Pick<Assumption, 'pValue' | 'holds'> =>
  Number.isNaN(pValue) ? { pValue: null, holds: null } : { pValue, holds: pValue >= LEVEL };

/** p of D'Agostino and Pearson's K², as `normaltest`: χ² with two degrees of freedom, e^(−K²/2). */
function omnibus(moments: Moments): number {
  const { skew, kurtosis } = shapeOf(moments);
  return Math.exp(-(skewZ(skew, moments.count) ** 2 + kurtosisZ(kurtosis, moments.count) ** 2) / 2);
}
