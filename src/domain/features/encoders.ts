import type { Json } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import {
  categoriesOf,
  differentIn,
  type Category,
  encode,
  grouping,
  groupsOf,
  infrequentOf,
  refuseMixed,
} from './categories.js';
import { ascending, fields, list, oneOf, real, whole, wrong } from '../checks.js';
import { type Feature, lengthOf, numberFeature, room } from './column.js';
import { pythonText } from './names.js';
import { anyTransformer, badParameter, type FeatureTools, type Made, quoted } from './transformer.js';

const value = { type: ['string', 'number', 'boolean', 'null'] } as const;

const oneHot = {
  type: 'object',
  additionalProperties: false,
  properties: {
    drop: {
      description: 'Category without a column: the `first`, the first `if_binary`, or one for each feature.',
      anyOf: [{ enum: ['first', 'if_binary', null] }, { type: 'array', items: value }],
      default: null,
    },
    ...grouping,
    handle_unknown: {
      description: 'What a category does that was not there in the fit.',
      enum: ['error', 'ignore', 'infrequent_if_exist', 'warn'],
      default: 'error',
    },
    sparse_output: { description: 'Columns are never sparse here.', enum: [false], default: false },
  },
} as const;

type OneHotState = {
  readonly handle_unknown: string;
  readonly categories_: readonly (readonly Category[])[];
  /** Places of infrequent categories. */
  readonly infrequent: readonly (readonly number[] | null)[] | null;
  /** Group without a column. */
  readonly dropped: readonly (number | null)[] | null;
};

/** scikit-learn's OneHotEncoder: a column of 0 and 1 for each category, sorted, missing values a category of their own. */
export const oneHotEncoder = anyTransformer<FromSchema<typeof oneHot>, OneHotState>({
  name: 'one_hot_encoder',
  parameters: oneHot,
  missing: 'kept',
  infinite: 'refused',
  fit(columns, { drop, handle_unknown, ...limits }, tools) {
    refuseMixed('one_hot_encoder', columns, tools);
    const groups = { min_frequency: limits.min_frequency, max_categories: limits.max_categories };
    const enabled = groups.min_frequency !== null || groups.max_categories !== null;
    if (!enabled) refuseMany(columns.map(differentIn), columns, tools);
    const found = columns.map((column) => categoriesOf(column));
    const infrequent = found.map(({ counts }, i) =>
      enabled ? infrequentOf(counts, lengthOf(columns[i]!), groups) : null,
    );
    const state = {
      handle_unknown,
      categories_: found.map(({ categories }) => categories),
      infrequent: enabled ? infrequent : null,
    };
    const sizes = found.map(({ categories }, i) => sizeOf(categories.length, infrequent[i] ?? null));
    const names = columns.map(({ name }) => name);
    const dropped = dropOf(drop, { ...state, dropped: null }, sizes, names, tools);
    refuseMany(sizes, columns, tools);
    return { ...state, dropped };
  },
  transform(columns, state, tools) {
    const sizes = state.categories_.map(({ length }, i) => sizeOf(length, state.infrequent?.[i] ?? null));
    refuseMany(sizes, columns, tools);
    return columns.flatMap((column, from) => {
      const { categories_, infrequent, dropped } = state;
      const categories = categories_[from]!;
      const rare = infrequent?.[from] ?? null;
      const groups = groupsOf(categories.length, rare);
      const codes = encode(column, categories);
      const rows = codes.length;
      const size = sizeOf(categories.length, rare);
      const outs = Array.from({ length: size }, (_, group) =>
        group === dropped?.[from] ? null : room(tools.space, rows).fill(0),
      );
      const unknown = unknownGroup(state, from, codes, column.name, tools);
      for (let row = 0; row < rows; row++) {
        const code = codes[row]!;
        const out = outs[code < 0 ? unknown : groups[code]!] ?? null;
        if (out !== null) out[row] = 1;
      }
      const texts = namesOf(categories, rare);
      return outs.flatMap((values, group): Made[] =>
        values === null ? [] : [{ feature: numberFeature(`${column.name}_${texts[group]!}`, values), from }],
      );
    });
  },
  verify(state, columns) {
    const { handle_unknown, categories_, infrequent, dropped } = fields(state, 'the state');
    oneOf(handle_unknown, 'handle_unknown', oneHot.properties.handle_unknown.enum);
    const sizes = verifyCategories(categories_, infrequent, columns, ({ length }) => length);
    if (dropped === null) return;
    list(dropped, 'dropped', columns).forEach((group, i) => {
      if (group !== null) whole(group, `dropped[${i}]`, 0, sizes[i]! - 1);
    });
  },
  attributes: ({ categories_, infrequent, dropped }) => ({
    categories_,
    drop_idx_:
      dropped === null ? null : dropped.map((group, i) => placeOf(group, i, { categories_, infrequent })),
    ...(infrequent === null
      ? {}
      : {
          infrequent_categories_: infrequent.map((places, i) =>
            places === null ? null : places.map((place) => categories_[i]![place]!),
          ),
        }),
  }),
});

/** Throws 422 for more categories than a table may have columns. */
function refuseMany(sizes: readonly number[], columns: readonly Feature[], tools: FeatureTools): void {
  const most = tools.limits.columns;
  const sum = sizes.reduce((total, size) => total + size, 0);
  if (sum <= most) return;
  const widest = quoted(columns[sizes.indexOf(Math.max(...sizes))]!.name);
  const detail = `expected at most ${most} columns (MAX_COLUMNS), got ${sum} categories, most of them in ${widest}: group rare ones with max_categories or min_frequency`;
  throw Problem.at(tools.pointer(), 'too_many_columns', detail);
}

const sizeOf = (categories: number, infrequent: readonly number[] | null): number =>
  infrequent === null ? categories : categories - infrequent.length + 1;

/** Sizes of the groups. `placesOf`: how many categories may be infrequent. */
function verifyCategories(
  categories: Json | undefined,
  infrequent: Json | undefined,
  columns: number,
  placesOf: (categories: readonly Json[]) => number,
): number[] {
  const rare = infrequent === null ? null : list(infrequent, 'infrequent', columns);
  return list(categories, 'categories_', columns).map((entry, i) => {
    const own = list(entry, `categories_[${i}]`);
    own.forEach((one, place) => {
      const isWord = typeof one === 'string' || typeof one === 'boolean';
      if (one === null && place < own.length - 1) throw wrong('the missing category to be the last', one);
      if (one !== null && !isWord) real(one, 'a category');
    });
    if (new Set(own).size < own.length) throw wrong('categories to be there once', entry);
    const places = rare?.[i] ?? null;
    const found = places === null ? null : ascending(places, `infrequent[${i}]`, 0, placesOf(own) - 1);
    return sizeOf(own.length, found);
  });
}

/** Groups' categories as scikit-learn writes them into names. */
function namesOf(categories: readonly Category[], infrequent: readonly number[] | null): string[] {
  const rare = new Set(infrequent ?? []);
  const texts = pythonText(categories).filter((_, place) => !rare.has(place));
  return infrequent === null ? texts : [...texts, 'infrequent_sklearn'];
}

function dropOf(
  drop: FromSchema<typeof oneHot>['drop'],
  state: OneHotState,
  sizes: readonly number[],
  names: readonly string[],
  tools: FeatureTools,
): (number | null)[] | null {
  if (drop === null) return null;
  if (drop === 'first') return sizes.map(() => 0);
  if (drop === 'if_binary') return sizes.map((size) => (size === 2 ? 0 : null));
  if (typeof drop === 'string' || drop.length !== sizes.length) {
    const detail = `expected drop to have a category for each of ${sizes.length} columns, got ${drop.length}`;
    throw badParameter(tools, 'drop', detail);
  }
  return drop.map((category, i) => {
    const place = state.categories_[i]!.indexOf(category);
    const name = quoted(names[i]!);
    if (place < 0) {
      const detail = `expected drop to be a category of column ${name}, got ${JSON.stringify(category)}`;
      throw badParameter(tools, 'drop', detail);
    }
    const rare = state.infrequent?.[i] ?? null;
    if (rare?.includes(place) === true) {
      const detail = `expected drop to be a frequent category of column ${name}, got ${JSON.stringify(category)}`;
      throw badParameter(tools, 'drop', detail);
    }
    return groupsOf(state.categories_[i]!.length, rare)[place]!;
  });
}

/** scikit-learn's `drop_idx_`: the first category of the group that has no column. */
const placeOf = (
  group: number | null,
  i: number,
  { categories_, infrequent }: Pick<OneHotState, 'categories_' | 'infrequent'>,
): number | null =>
  group === null ? null : groupsOf(categories_[i]!.length, infrequent?.[i] ?? null).indexOf(group);

/** Where a category goes that the fit did not see: to the infrequent ones, or nowhere (−1). Throws 422 under `error`. */
function unknownGroup(
  { handle_unknown, categories_, infrequent }: OneHotState,
  from: number,
  codes: Int32Array,
  name: string,
  tools: FeatureTools,
): number {
  const rare = infrequent?.[from] ?? null;
  const group = handle_unknown === 'ignore' || rare === null ? -1 : categories_[from]!.length - rare.length;
  if (!codes.includes(-1)) return group;
  const detail = `column ${quoted(name)} has categories that were not there in the fit`;
  if (handle_unknown === 'error')
    throw Problem.at(tools.pointer(), 'unsupported_value', `expected known categories, but ${detail}`);
  if (handle_unknown === 'warn') tools.warn('unknown_categories', detail, name);
  return group;
}

const ordinal = {
  type: 'object',
  additionalProperties: false,
  properties: {
    handle_unknown: {
      description: 'What a category does that was not there in the fit.',
      enum: ['error', 'use_encoded_value'],
      default: 'error',
    },
    unknown_value: {
      description: 'Code of unknown categories under `use_encoded_value`; null: no value.',
      type: ['integer', 'null'],
      default: null,
    },
    encoded_missing_value: {
      description: 'Code of missing values; null: they stay missing.',
      type: ['integer', 'null'],
      default: null,
    },
    ...grouping,
  },
} as const;

type OrdinalState = {
  readonly handle_unknown: string;
  readonly unknown_value: number | null;
  readonly encoded_missing_value: number | null;
  readonly categories_: readonly (readonly Category[])[];
  readonly infrequent: readonly (readonly number[] | null)[] | null;
};

/** scikit-learn's OrdinalEncoder: each category as its place among the sorted ones. */
export const ordinalEncoder = anyTransformer<FromSchema<typeof ordinal>, OrdinalState>({
  name: 'ordinal_encoder',
  parameters: ordinal,
  missing: 'kept',
  infinite: 'refused',
  fit(
    columns,
    { min_frequency, max_categories, handle_unknown, unknown_value, encoded_missing_value },
    tools,
  ) {
    refuseMixed('ordinal_encoder', columns, tools);
    if (unknown_value !== null && handle_unknown === 'error') {
      const detail = 'expected unknown_value only with handle_unknown "use_encoded_value", got it without';
      throw badParameter(tools, 'unknown_value', detail);
    }
    const found = columns.map((column) => categoriesOf(column));
    const groups = { min_frequency, max_categories };
    const enabled = min_frequency !== null || max_categories !== null;
    const infrequent = found.map(({ categories, counts }, i) => {
      if (!enabled) return null;
      // Missing values have a code of their own, and no part in the grouping.
      const present = categories.at(-1) === null ? counts.slice(0, -1) : counts;
      return infrequentOf(present, lengthOf(columns[i]!), groups);
    });
    found.forEach(({ categories }, i) => {
      const size = sizeOf(categories.filter((one) => one !== null).length, infrequent[i] ?? null);
      for (const [parameter, code] of Object.entries({ unknown_value, encoded_missing_value })) {
        if (code === null || code < 0 || code >= size) continue;
        if (parameter === 'encoded_missing_value' && categories.at(-1) !== null) continue;
        const detail = `expected ${parameter} to be no code of column ${quoted(columns[i]!.name)}, which are 0 to ${size - 1}, got ${code}`;
        throw badParameter(tools, parameter, detail);
      }
    });
    return {
      handle_unknown,
      unknown_value,
      encoded_missing_value,
      categories_: found.map(({ categories }) => categories),
      infrequent: enabled ? infrequent : null,
    };
  },
  transform(columns, state, { space, pointer }) {
    return columns.map((column, from): Made => {
      const categories = state.categories_[from]!;
      const present = categories.filter((one) => one !== null).length;
      const codes = encode(column, [...categories.slice(0, present), null]);
      // What is unknown comes first, what is missing last.
      const table = new Float64Array(present + 2);
      table[0] = state.unknown_value ?? NaN;
      table.set(groupsOf(present, state.infrequent?.[from] ?? null), 1);
      table[present + 1] = state.encoded_missing_value ?? NaN;
      const values = room(space, codes.length);
      for (let row = 0; row < codes.length; row++) values[row] = table[codes[row]! + 1]!;
      if (state.handle_unknown === 'error' && codes.includes(-1)) {
        const detail = `expected known categories, got others in column ${quoted(column.name)}`;
        throw Problem.at(pointer(), 'unsupported_value', detail);
      }
      return { feature: numberFeature(column.name, values), from };
    });
  },
  verify(state, columns) {
    const { handle_unknown, categories_, infrequent, ...codes } = fields(state, 'the state');
    oneOf(handle_unknown, 'handle_unknown', ordinal.properties.handle_unknown.enum);
    for (const name of ['unknown_value', 'encoded_missing_value'])
      if (codes[name] !== null) real(codes[name], name);
    verifyCategories(categories_, infrequent, columns, (own) => own.filter((one) => one !== null).length);
  },
  attributes: ({ categories_, infrequent }) => ({
    categories_,
    ...(infrequent === null
      ? {}
      : {
          infrequent_categories_: infrequent.map((places, i) =>
            places === null ? null : places.map((place) => categories_[i]![place]!),
          ),
        }),
  }),
});
