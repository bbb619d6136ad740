import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { fields, numbers, real, wrong } from '../checks.js';
import { numbersOf } from './column.js';
import { given, kept, transformer } from './transformer.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    threshold: {
      description: 'Columns of no greater variance (ddof 0) are left out.',
      type: 'number',
      minimum: 0,
      default: 0,
    },
  },
} as const;

type State = { readonly threshold: number; readonly variances_: readonly (number | null)[] };

/** scikit-learn's VarianceThreshold: the columns that vary more than a threshold, as they are. */
export const varianceThreshold = transformer<FromSchema<typeof parameters>, State>({
  name: 'variance_threshold',
  parameters,
  missing: 'kept',
  infinite: 'refused',
  fit(columns, { threshold }, tools) {
    const numbers = columns.map(numbersOf);
    tools.engine.ahead.moments(numbers, 2);
    const variances = numbers.map((column) => {
      const { count, m2, min, max } = tools.engine.moments(column, 2);
      const variance = m2 / count;
      // As scikit-learn does against rounding: a column cannot vary more than its range, where all of it is known.
      return threshold === 0 && count === column.length ? Math.min(variance, max - min) : variance;
    });
    if (!variances.some((variance) => variance > threshold)) {
      const detail = `expected a column with a variance of more than ${threshold}, got none`;
      throw Problem.at(tools.pointer(), 'unsupported_value', detail);
    }
    return { threshold, variances_: variances.map(kept) };
  },
  transform: (columns, { threshold, variances_ }) =>
    columns.flatMap((feature, from) => (given(variances_[from]) > threshold ? [{ feature, from }] : [])),
  verify(state, columns) {
    const { threshold, variances_ } = fields(state, 'the state');
    const least = real(threshold, 'threshold', 0);
    if (!numbers(variances_, 'variances_', columns).some((one) => given(one) > least))
      throw wrong(`a variance of more than ${least}`, variances_);
  },
  attributes: ({ variances_ }) => ({ variances_ }),
});
