import type { Engine } from '../src/ports/engine.js';
import type { Numbers } from '../src/ports/tables.js';
import { unseen } from './data.js';

/**
 * What the service does for an answer, over the engine's port and nothing else, so that any engine can be measured.
 * Every call takes its columns as new objects: nothing remembered of them counts. Figures come flat, column by column.
 */

const QUARTILES = [0.25, 0.5, 0.75] as const;

/** Sum, minimum and maximum of one column. */
export function sumMinMax({ moments }: Engine, column: Numbers): number[] {
  const { sum, min, max } = moments(unseen(column), 1);
  return [sum, min, max];
}

/** Mean, standard deviation, minimum, quartiles and maximum of each column: all that `describe` computes. */
export function describe({ ahead, moments, select }: Engine, seen: readonly Numbers[]): number[] {
  const columns = seen.map(unseen);
  ahead.moments(columns, 2);
  ahead.select(columns, QUARTILES);
  return columns.flatMap((column) => {
    const { count, mean, m2, min, max } = moments(column, 2);
    return [mean, Math.sqrt(m2 / (count - 1)), min, ...select(column, QUARTILES), max];
  });
}

/**
 * Mean, standard deviation, minimum, maximum, skewness and excess kurtosis of each column, the last two without bias as
 * pandas has them (G1 and G2 of Joanes and Gill 1998).
 */
export function allMoments({ ahead, moments }: Engine, seen: readonly Numbers[]): number[] {
  const columns = seen.map(unseen);
  ahead.moments(columns, 4);
  return columns.flatMap((column) => {
    const { count: n, mean, m2, m3, m4, min, max } = moments(column, 4);
    const skewness = ((n * Math.sqrt(n - 1)) / (n - 2)) * (m3 / m2 ** 1.5);
    const scale = (n * (n + 1) * (n - 1)) / ((n - 2) * (n - 3));
    const kurtosis = (scale * m4) / m2 ** 2 - (3 * (n - 1) ** 2) / ((n - 2) * (n - 3));
    return [mean, Math.sqrt(m2 / (n - 1)), min, max, skewness, kurtosis];
  });
}

/** t and p of a one-sample test, and, as the service answers them, the p-value's logarithm and both ends of the interval. */
export function tTest({ moments, student }: Engine, seen: Numbers, popmean: number): number[] {
  const { count: n, mean, m2 } = moments(unseen(seen), 2);
  const df = n - 1;
  const error = Math.sqrt(m2 / df / n);
  const t = (mean - popmean) / error;
  return [
    t,
    student.tail(t, df),
    student.log10Tail(t, df),
    mean + student.quantile(0.025, df) * error,
    mean + student.quantile(0.975, df) * error,
  ];
}
