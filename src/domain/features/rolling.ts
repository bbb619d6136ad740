import type { FromSchema } from '../../ports/schema.js';
import { gapsIn, type NumberFeature, room } from './column.js';
import { fields, flag, oneOf, whole } from '../checks.js';
import { rollingMedian } from './median.js';
import { append, inPlace } from './series.js';
import { badParameter, type FeatureTools, transformer } from './transformer.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  required: ['window'],
  properties: {
    window: { description: 'Rows of a window: a row and those above.', type: 'integer', minimum: 1 },
    min_periods: {
      description: 'Values that a window needs to have a result; null: `window`.',
      type: ['integer', 'null'],
      minimum: 0,
      default: null,
    },
    agg: {
      description: 'What is computed of a window; `std` with ddof 1.',
      enum: ['mean', 'std', 'sum', 'min', 'max', 'median'],
      default: 'mean',
    },
    append,
  },
} as const;

type State = {
  readonly window: number;
  readonly min_periods: number;
  readonly agg: FromSchema<typeof parameters>['agg'];
  readonly append: boolean;
};

/** pandas' `rolling(window, min_periods)` with one of its aggregates. Infinite values count as missing, as there. */
export const rolling = transformer<FromSchema<typeof parameters>, State>({
  name: 'rolling',
  parameters,
  missing: 'kept',
  infinite: 'kept',
  fit(_, { window, min_periods, agg, append: isAppended }, tools) {
    if (min_periods !== null && min_periods > window) {
      const detail = `expected min_periods to be at most window, ${window}, got ${min_periods}`;
      throw badParameter(tools, 'min_periods', detail);
    }
    return { window, min_periods: min_periods ?? window, agg, append: isAppended };
  },
  transform: (columns, { window, min_periods, agg, append: isAppended }, tools) =>
    inPlace(columns, `rolling_${agg}_${window}`, isAppended, (column) => {
      if (agg !== 'median') {
        const { values } = column;
        return tools.engine.windows.rolling(values, { window, least: min_periods, aggregate: agg });
      }
      const out = room(tools.space, column.values.length);
      rollingMedian({ values: finite(column, tools), window, least: min_periods }, out);
      return out;
    }),
  verify(state) {
    const { window, min_periods, agg, append: isAppended } = fields(state, 'the state');
    whole(min_periods, 'min_periods', 0, whole(window, 'window', 1));
    oneOf(agg, 'agg', parameters.properties.agg.enum);
    flag(isAppended, 'append');
  },
  attributes: () => ({}),
});

/** With NaN in place of infinite values. */
function finite({ values }: NumberFeature, { space }: FeatureTools): Float64Array {
  if (gapsIn(values).infinite === 0) return values;
  const out = room(space, values.length);
  for (let row = 0; row < out.length; row++)
    out[row] = values[row]! - values[row]! === 0 ? values[row]! : NaN;
  return out;
}
