import type { Engine, Moments } from '../../ports/engine.js';
import type { Space } from '../../ports/space.js';
import { presentValues } from './samples.js';
import { shapiroWilk } from './shapiro.js';
import type { Assumption, Sample } from './test.js';

/** Values up to which Shapiro and Wilk's test is used: where its p-value ends to be good. Beyond, moments are enough. */
const MOST_SORTED = 5000;
/** Level of what is said of an assumption. */
export const LEVEL = 0.05;
/** Samples that are looked at one by one. */
const MOST_SAMPLES = 100;

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
  const sorted = space.scratch(() => Float64Array.from(presentValues(numbers, space))).sort();
  return { ...about, test: 'shapiro', ...said(shapiroWilk(sorted, engine).p) };
}

export const said = (pValue: number): Pick<Assumption, 'pValue' | 'holds'> =>
  Number.isNaN(pValue) ? { pValue: null, holds: null } : { pValue, holds: pValue >= LEVEL };

/** p of D'Agostino and Pearson's K² (Biometrika 60, 1973), which is χ² with two degrees of freedom: e^(−K²/2). */
function omnibus(moments: Moments): number {
  return Math.exp(-(skewness(moments) ** 2 + kurtosis(moments) ** 2) / 2);
}

/** Normal deviate of the skewness, as SciPy's `skewtest` (D'Agostino 1970). */
function skewness({ count: n, m2, m3 }: Moments): number {
  const b = Math.sqrt(n) * (m3 / m2 ** 1.5);
  const y = b * Math.sqrt(((n + 1) * (n + 3)) / (6 * (n - 2)));
  const beta =
    (3 * (n * n + 27 * n - 70) * (n + 1) * (n + 3)) / ((n - 2) * (n + 5) * (n + 7) * (n + 9));
  const square = Math.sqrt(2 * (beta - 1)) - 1;
  return Math.asinh(y / Math.sqrt(2 / (square - 1))) / Math.sqrt(0.5 * Math.log(square));
}

/** Normal deviate of the kurtosis, as SciPy's `kurtosistest` (Anscombe and Glynn 1983). */
function kurtosis({ count: n, m2, m4 }: Moments): number {
  const mean = (3 * (n - 1)) / (n + 1);
  const variance = (24 * n * (n - 2) * (n - 3)) / ((n + 1) ** 2 * (n + 3) * (n + 5));
  const x = ((n * m4) / (m2 * m2) - mean) / Math.sqrt(variance);
  const root =
    ((6 * (n * n - 5 * n + 2)) / ((n + 7) * (n + 9))) *
    Math.sqrt((6 * (n + 3) * (n + 5)) / (n * (n - 2) * (n - 3)));
  const a = 6 + (8 / root) * (2 / root + Math.sqrt(1 + 4 / root ** 2));
  const denominator = 1 + x * Math.sqrt(2 / (a - 4));
  const cube = Math.cbrt((1 - 2 / a) / denominator);
  return (1 - 2 / (9 * a) - cube) / Math.sqrt(2 / (9 * a));
}
