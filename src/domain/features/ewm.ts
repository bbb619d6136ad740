import type { FromSchema } from '../../ports/schema.js';
import { fields, flag, real } from '../checks.js';
import { append, inPlace } from './series.js';
import { badParameter, transformer } from './transformer.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    span: { description: 'Decay: alpha = 2 / (span + 1).', type: 'number', minimum: 1 },
    halflife: {
      description: 'Decay: rows in which a weight halves.',
      type: 'number',
      exclusiveMinimum: 0,
    },
    alpha: {
      description: 'Decay: the smoothing factor itself.',
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 1,
    },
    adjust: {
      description: 'Divide by the sum of the weights there are; else a recursion from the first value.',
      type: 'boolean',
      default: true,
    },
    append,
  },
} as const;

type State = { readonly alpha: number; readonly adjust: boolean; readonly append: boolean };

/** pandas' `ewm(…).mean()`: exponentially weighted means; weights go by rows, also over missing values. */
export const ewm = transformer<FromSchema<typeof parameters>, State>({
  name: 'ewm',
  parameters,
  missing: 'kept',
  infinite: 'kept',
  fit(_, { span, halflife, alpha, adjust, append: isAppended }, tools) {
    const decays = Object.entries({ span, halflife, alpha }).filter(([, value]) => value !== undefined);
    if (decays.length !== 1) {
      const got = decays.length === 0 ? 'none' : decays.map(([name]) => name).join(' and ');
      throw badParameter(
        tools,
        decays[1]?.[0] ?? 'span',
        `expected one of span, halflife and alpha, got ${got}`,
      );
    }
    return { alpha: alphaOf(span, halflife, alpha), adjust, append: isAppended };
  },
  transform: (columns, { alpha, adjust, append: isAppended }, tools) =>
    inPlace(columns, 'ewm', isAppended, ({ values }) =>
      tools.engine.windows.fading(values, { alpha, adjust }),
    ),
  verify(state) {
    const { alpha, adjust, append: isAppended } = fields(state, 'the state');
    real(alpha, 'alpha', 0, 1);
    flag(adjust, 'adjust');
    flag(isAppended, 'append');
  },
  attributes: ({ alpha }) => ({ alpha }),
});

/** By way of the centre of mass, as pandas goes. */
function alphaOf(span: number | undefined, halflife: number | undefined, alpha: number | undefined): number {
  if (alpha !== undefined) return 1 / (1 + (1 - alpha) / alpha);
  if (span !== undefined) return 1 / (1 + (span - 1) / 2);
  return 1 / (1 + (1 / (1 - Math.exp(Math.log(0.5) / halflife!)) - 1));
}
