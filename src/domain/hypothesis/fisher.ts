import type { Engine } from '../../ports/engine.js';
import type { Alternative } from './student.js';
import type { Interval } from './test.js';

/**
 * Interval of a correlation by Fisher's transformation: tanh(atanh r ± z · error), its other end ±1 where the alternative
 * is one-sided.
 */
export function fisherInterval(
  r: number,
  error: number,
  level: number,
  { distributions }: Pick<Engine, 'distributions'>,
  alternative: Alternative = 'two-sided',
): Interval {
  const centre = Math.atanh(r);
  const beyond = alternative === 'two-sided' ? (1 - level) / 2 : 1 - level;
  const reach = distributions.normal().upperQuantile(beyond) * error;
  return [
    alternative === 'less' ? -1 : Math.tanh(centre - reach),
    alternative === 'greater' ? 1 : Math.tanh(centre + reach),
  ];
}
