import type { FromSchema } from '../../ports/schema.js';
import { refuseColumns } from '../../ports/limits.js';
import type { Json } from '../../ports/formats.js';
import { fields, flag, isList, whole, wrong } from '../checks.js';
import { append, inPlace, madeOf } from './series.js';
import { codedFeature, codesOf, type Feature, isNumber, numberFeature } from './column.js';
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
    refuseColumns(
      columns.length * (list.length + Number(isAppended)),
      tools.pointer('periods'),
      tools.limits,
    );
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
  verify(state) {
    const { periods, append: isAppended } = fields(state, 'the state');
    flag(isAppended, 'append');
    const all = isList(periods) ? periods : [periods ?? null];
    if (all.length < 1 || all.length > 1000) throw wrong('1 to 1000 periods', periods);
    all.forEach(verifyPeriods);
    if (new Set(all).size < all.length) throw wrong('every period to be there once', periods);
  },
  attributes: () => ({}),
});

function verifyPeriods(value: Json | undefined): void {
  whole(value, 'periods', period.minimum, period.maximum);
}

function shifted(column: Feature, name: string, by: number, { engine }: FeatureTools): Feature {
  if (isNumber(column)) return numberFeature(name, engine.windows.shift(column.values, by), column.type);
  const { codes, texts } = codesOf(column)!;
  return codedFeature(name, column.type, { codes: moved(codes, by), texts });
}

function moved(codes: Int32Array, by: number): Int32Array {
  const rows = codes.length;
  const out = new Int32Array(rows).fill(-1);
  const far = Math.min(Math.abs(by), rows);
  if (by >= 0) out.set(codes.subarray(0, rows - far), far);
  else out.set(codes.subarray(far), 0);
  return out;
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
    inPlace(columns, `diff_${periods}`, isAppended, ({ values }) =>
      tools.engine.windows.diff(values, periods),
    ),
  verify(state) {
    const { periods, append: isAppended } = fields(state, 'the state');
    flag(isAppended, 'append');
    verifyPeriods(periods);
  },
  attributes: () => ({}),
});
