import type { Engine, StudentKernel } from '../ports/engine.js';
import type { Json } from '../ports/formats.js';
import type { NumericColumn } from '../ports/tables.js';
import type { Notes } from './notes.js';
import type { NanPolicy } from './summary.js';

export type Alternative = 'two-sided' | 'less' | 'greater';

/**
 * SciPy's `ttest_1samp` of one column against `popmean`: t = (mean − popmean) / √(v / n), df = n − 1; p as a tail.
 * Zero variance or fewer than two values: t is not finite, hence null, with a warning.
 */
export function tTestOneSample(
  column: NumericColumn,
  popmean: number,
  alternative: Alternative,
  confidenceLevel: number,
  nanPolicy: NanPolicy,
  engine: Engine,
  notes: Notes,
): { results: Json; details: Json } {
  const { name, numbers } = column;
  const { count: n, mean, m2 } = engine.moments(numbers, 2);
  const dropped = numbers.length - n;
  if (dropped > 0 && nanPolicy === 'omit') {
    notes.warn('rows_dropped', `${dropped} rows with missing values left out of the t-test`, name);
  }
  const spoilt = dropped > 0 && nanPolicy === 'propagate';
  const df = n - 1;
  const error = Math.sqrt(m2 / df / n);
  const t = spoilt ? NaN : (mean - popmean) / error;
  if (n > 1 && m2 === 0) notes.warn('zero_variance', 'all values are equal: t is not finite', name);
  const tail = tailOf(t, df, alternative, engine.student);
  const [low, high] = interval(mean, error, df, alternative, confidenceLevel, engine.student);
  const end = (value: number, what: string): number | null => {
    if (value === Infinity || value === -Infinity) return null;
    return notes.finite(spoilt ? NaN : value, what, name);
  };
  return {
    results: { t_stat: notes.finite(t, 't_stat', name), p_value: notes.finite(tail.p, 'p_value', name) },
    details: {
      column: name,
      df: n > 0 ? df : null,
      confidence_interval: [end(low, 'confidence_interval low'), end(high, 'confidence_interval high')],
      log10_p: Number.isFinite(tail.log10) ? tail.log10 : null,
    },
  };
}

/** p-value and its decimal logarithm, each from the tail it belongs to. */
function tailOf(
  t: number,
  df: number,
  alternative: Alternative,
  student: StudentKernel,
): { p: number; log10: number } {
  if (Number.isNaN(t)) return { p: NaN, log10: NaN };
  const both = student.tail(t, df);
  const log10Both = student.log10Tail(t, df);
  if (alternative === 'two-sided') return { p: both, log10: log10Both };
  const beyond = alternative === 'less' ? t < 0 : t > 0;
  if (beyond) return { p: both / 2, log10: log10Both - Math.log10(2) };
  return { p: 1 - both / 2, log10: Math.log1p(-both / 2) / Math.LN10 };
}

/** SciPy's TtestResult.confidence_interval: mean + quantile × standard error, an infinite end on the open side. */
function interval(
  mean: number,
  error: number,
  df: number,
  alternative: Alternative,
  level: number,
  student: StudentKernel,
): [number, number] {
  if (!(df > 0)) return [NaN, NaN];
  switch (alternative) {
    case 'two-sided': {
      const reach = -student.quantile((1 - level) / 2, df) * error;
      return [mean - reach, mean + reach];
    }
    case 'less':
      return [-Infinity, mean - student.quantile(1 - level, df) * error];
    case 'greater':
      return [mean + student.quantile(1 - level, df) * error, Infinity];
  }
}
