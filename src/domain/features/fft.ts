import type { FromSchema } from '../../ports/schema.js';
import { room } from './column.js';
import { fourierOfReal } from './fourier.js';
import { fields, flag, oneOf, whole } from '../checks.js';
import { append, inPlace } from './series.js';
import { badParameter, type FeatureTools, transformer } from './transformer.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    n: {
      description:
        'Length of the transform: values beyond are cut off, zeros put behind fewer; null: all rows. Then the table has n rows.',
      type: ['integer', 'null'],
      minimum: 1,
      maximum: 2 ** 24,
      default: null,
    },
    output: {
      description: 'Size of each term, or its square.',
      enum: ['magnitude', 'power'],
      default: 'magnitude',
    },
    append,
  },
} as const;

type State = { readonly n: number | null; readonly output: string; readonly append: boolean };

/** SciPy's `abs(fft(x, n))`, or its square: n terms, by frequency as there. */
export const fft = transformer<FromSchema<typeof parameters>, State>({
  name: 'fft',
  parameters,
  missing: 'refused',
  infinite: 'refused',
  fit(columns, { n, output, append: isAppended }, tools) {
    const state = { n, output, append: isAppended };
    refuseLength(state, columns[0]!.values.length, tools);
    return state;
  },
  transform(columns, state, tools) {
    const { n, output, append: isAppended } = state;
    refuseLength(state, columns[0]!.values.length, tools);
    return inPlace(columns, `fft_${output}`, isAppended, ({ values }) =>
      spectrum(values, n ?? values.length, output === 'power', tools),
    );
  },
  verify(state) {
    const { n, output, append: isAppended } = fields(state, 'the state');
    if (n !== null) whole(n, 'n', 1, parameters.properties.n.maximum);
    oneOf(output, 'output', parameters.properties.output.enum);
    flag(isAppended, 'append');
  },
  attributes: () => ({}),
});

/** Throws 422 for columns of another length than those that they would stand beside. */
function refuseLength({ n, append: isAppended }: State, rows: number, tools: FeatureTools): void {
  if (n === null || n === rows || !isAppended) return;
  const detail = `expected n to be the number of rows, ${rows}, where columns are appended, got ${n}`;
  throw badParameter(tools, 'n', detail);
}

function spectrum(values: Float64Array, n: number, isPower: boolean, { space }: FeatureTools): Float64Array {
  const x = room(space, n).fill(0);
  x.set(values.subarray(0, n));
  const { re, im } = fourierOfReal(x);
  for (let k = 0; k <= n >> 1; k++) {
    const square = re[k]! * re[k]! + im[k]! * im[k]!;
    // Where the square is out of range, by way of a scale.
    const isPlain = isPower || (square > 1e-290 && square < 1e300);
    const size = isPower ? square : isPlain ? Math.sqrt(square) : Math.hypot(re[k]!, im[k]!);
    x[k] = size;
    if (k > 0) x[n - k] = size;
  }
  return x;
}
