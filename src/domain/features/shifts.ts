import type { FromSchema } from '../../ports/schema.js';
import { append, inPlace, madeOf } from './series.js';
import { codedFeature, codesOf, type Feature, isNumber, numberFeature, room } from './column.js';
import { anyTransformer, type FeatureTools, type Made, transformer } from './transformer.js';

const period = { type: 'integer', minimum: -2_147_483_648, maximum: 2_147_483_647 } as const;

const lagged = {
  type: 'object',
  additionalProperties: false,
  properties: {
    periods: {
      description: 'Rows that values move down, negative ones up; of a list a column for each.',
      anyOf: [period, { type: 'array', items: period, minItems: 1, maxItems: 1000, uniqueItems: true }],
      default: 1,
    },
    append,
  },
} as const;

type LagState = { readonly periods: number | readonly number[]; readonly append: boolean };

/** pandas' `shift`: of a number under the column's own name, of a list as `a_1`, `a_2`. */
export const lag = anyTransformer<FromSchema<typeof lagged>, LagState>({
  name: 'lag',
  parameters: lagged,
  missing: 'kept',
  infinite: 'kept',
  fit: (_, { periods, append: isAppended }) => ({ periods, append: isAppended }),
  transform(columns, { periods, append: isAppended }, tools) {
    const list = typeof periods === 'number' ? [periods] : periods;
    return columns.flatMap((column, from): Made[] => {
      const name = (by: number): string => {
        if (isAppended) return `${column.name}_lag_${by}`;
        return typeof periods === 'number' ? column.name : `${column.name}_${by}`;
      };
      return madeOf(
        column,
        from,
        list.map((by) => shifted(column, name(by), by, tools)),
        isAppended,
      );
    });
  },
  attributes: () => ({}),
});

function shifted(column: Feature, name: string, by: number, { space }: FeatureTools): Feature {
  if (isNumber(column)) {
    const { values, type } = column;
    const out = room(space, values.length);
    move(values, out, by, NaN);
    return numberFeature(name, out, type);
  }
  const { codes, texts } = codesOf(column)!;
  const out = new Int32Array(codes.length);
  move(codes, out, by, -1);
  return codedFeature(name, column.type, { codes: out, texts });
}

function move<A extends Float64Array | Int32Array>(values: A, out: A, by: number, missing: number): void {
  const rows = values.length;
  const far = Math.min(Math.abs(by), rows);
  if (by >= 0) {
    out.fill(missing, 0, far);
    out.set(values.subarray(0, rows - far), far);
  } else {
    out.set(values.subarray(far), 0);
    out.fill(missing, rows - far);
  }
}

const differenced = {
  type: 'object',
  additionalProperties: false,
  properties: {
    periods: {
      description: 'Rows that the subtracted value lies above, negative: below.',
      ...period,
      default: 1,
    },
    append,
  },
} as const;

type DiffState = { readonly periods: number; readonly append: boolean };

/** pandas' `diff`: each value less the one `periods` rows above. */
export const diff = transformer<FromSchema<typeof differenced>, DiffState>({
  name: 'diff',
  parameters: differenced,
  missing: 'kept',
  infinite: 'kept',
  fit: (_, { periods, append: isAppended }) => ({ periods, append: isAppended }),
  transform: (columns, { periods, append: isAppended }, tools) =>
    inPlace(columns, `diff_${periods}`, isAppended, ({ values }) => {
      const rows = values.length;
      const out = room(tools.space, rows);
      move(values, out, periods, NaN);
      for (let row = 0; row < rows; row++) out[row] = values[row]! - out[row]!;
      return out;
    }),
  attributes: () => ({}),
});
