import type { Engine } from '../ports/engine.js';
import type { Json } from '../ports/formats.js';
import type { NumericColumn } from '../ports/tables.js';
import { type Alternative, studentInterval, studentTail } from './hypothesis/student.js';
import type { Notes } from './notes.js';
import type { NanPolicy } from './summary.js';

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
  const tail = studentTail(t, df, alternative, engine.student);
  const [low, high] = studentInterval(mean, error, df, alternative, confidenceLevel, engine.student);
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
