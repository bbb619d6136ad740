import { type Feature, type NumberFeature, numberFeature } from './column.js';
import type { Made } from './transformer.js';

/** A parameter of all steps of series. */
export const append = {
  description:
    'Keep the columns and put the new ones behind them, as `a_lag_1`, `a_diff_1`, `a_rolling_mean_3`; else they take their place.',
  type: 'boolean',
  default: false,
} as const;

/** What takes a column's place: what was made of it, behind the column itself where it is kept. */
export const madeOf = (
  column: Feature,
  from: number,
  made: readonly Feature[],
  isAppended: boolean,
): Made[] => (isAppended ? [column, ...made] : made).map((feature) => ({ feature, from }));

/** One new column of each, under its own name, or behind it under one with a suffix. */
export const inPlace = (
  columns: readonly NumberFeature[],
  suffix: string,
  isAppended: boolean,
  make: (column: NumberFeature) => Float64Array,
): Made[] =>
  columns.flatMap((column, from) => {
    const name = isAppended ? `${column.name}_${suffix}` : column.name;
    return madeOf(column, from, [numberFeature(name, make(column))], isAppended);
  });
