import type { StudentKernel } from '../../ports/engine.js';
import type { Interval, Tail } from './test.js';

export type Alternative = 'two-sided' | 'less' | 'greater';

/** p-value of t and its decimal logarithm, each from the tail it belongs to. NaN for t that is none. */
export function studentTail(t: number, df: number, alternative: Alternative, student: StudentKernel): Tail {
  if (Number.isNaN(t)) return { p: NaN, log10: NaN };
  const both = student.tail(t, df);
  const log10Both = student.log10Tail(t, df);
  if (alternative === 'two-sided') return { p: both, log10: log10Both };
  const beyond = alternative === 'less' ? t < 0 : t > 0;
  if (beyond) return { p: both / 2, log10: log10Both - Math.log10(2) };
  return { p: 1 - both / 2, log10: Math.log1p(-both / 2) / Math.LN10 };
}

/**
 * SciPy's TtestResult.confidence_interval: estimate + quantile × standard error, an infinite end on the open side. NaN
 * without a degree of freedom.
 */
export function studentInterval(
  estimate: number,
  error: number,
  df: number,
  alternative: Alternative,
  level: number,
  student: StudentKernel,
): Interval {
  if (!(df > 0)) return [NaN, NaN];
  switch (alternative) {
    case 'two-sided': {
      const reach = -student.quantile((1 - level) / 2, df) * error;
      return [estimate - reach, estimate + reach];
    }
    case 'less':
      return [-Infinity, estimate - student.quantile(1 - level, df) * error];
    case 'greater':
      return [estimate + student.quantile(1 - level, df) * error, Infinity];
  }
}
