import type { FromSchema } from '../../ports/schema.js';
import { room } from './column.js';
import { fourierOfReal } from './fourier.js';
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
    const rows = columns[0]!.values.length;
    if (n !== null && n !== rows && isAppended) {
      const detail = `expected n to be the number of rows, ${rows}, where columns are appended, got ${n}`;
      throw badParameter(tools, 'n', detail);
    }
    return { n, output, append: isAppended };
  },
  transform: (columns, { n, output, append: isAppended }, tools) =>
    inPlace(columns, `fft_${output}`, isAppended, ({ values }) =>
      spectrum(values, n ?? values.length, output === 'power', tools),
    ),
  attributes: () => ({}),
});

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
