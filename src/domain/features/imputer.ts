import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { ascending, fields, list, oneOf, real } from '../checks.js';
import { categoriesOf, compareText, refuseMixed } from './categories.js';
import {
  codedFeature,
  codesOf,
  type Feature,
  isNumber,
  missingIn,
  type NumberFeature,
  numberFeature,
  numbersOf,
  room,
  type TextFeature,
} from './column.js';
import { anyTransformer, badParameter, type FeatureTools, kept, type Made, quoted } from './transformer.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    strategy: {
      description: 'What stands in for missing values.',
      enum: ['mean', 'median', 'most_frequent', 'constant'],
      default: 'mean',
    },
    fill_value: {
      description: 'Value of `constant`; null: 0 in columns of numbers, "missing_value" in others.',
      type: ['number', 'string', 'null'],
      default: null,
    },
    add_indicator: {
      description: 'Append a column of 0 and 1 for each column that has missing values.',
      type: 'boolean',
      default: false,
    },
    keep_empty_features: {
      description: 'Keep columns without a single value, filled with 0.',
      type: 'boolean',
      default: false,
    },
  },
} as const;

type State = {
  readonly strategy: string;
  /** Null where there is none: the column is left out. */
  readonly statistics_: readonly (number | string | null)[];
  /** Columns with missing values in the fit. */
  readonly indicated: readonly number[] | null;
};

/** scikit-learn's SimpleImputer: missing values replaced by a statistic of the column; columns without a value left out. */
export const simpleImputer = anyTransformer<FromSchema<typeof parameters>, State>({
  name: 'simple_imputer',
  parameters,
  missing: 'kept',
  infinite: 'refused',
  fit(columns, { strategy, fill_value, add_indicator, keep_empty_features }, tools) {
    refuseMixed('simple_imputer', columns, tools);
    const numbers = columns.filter(isNumber).map(numbersOf);
    if (strategy === 'mean') tools.engine.ahead.moments(numbers, 2);
    if (strategy === 'median') tools.engine.ahead.select(numbers, [0.5]);
    const statistics = columns.map((column) => {
      if (strategy === 'constant') return constantOf(column, fill_value, tools);
      const statistic = isNumber(column)
        ? kept(statisticOf(column, strategy, tools))
        : textStatistic(column, strategy, tools);
      return statistic === null && keep_empty_features ? 0 : statistic;
    });
    const empty = columns.filter((_, i) => statistics[i] === null);
    for (const { name } of empty)
      tools.warn('column_dropped', `no value to take the ${strategy} of: left out`, name);
    const indicated = columns.flatMap((column, i) => (missingIn(column) > 0 ? [i] : []));
    return { strategy, statistics_: statistics, indicated: add_indicator ? indicated : null };
  },
  transform(columns, { strategy, statistics_, indicated }, tools) {
    const filled = columns.flatMap((column, from): Made[] => {
      const statistic = statistics_[from] ?? null;
      return statistic === null ? [] : [{ feature: fill(column, statistic, strategy, tools), from }];
    });
    const from = columns.length - 1;
    const indicators = (indicated ?? []).map((i): Made => {
      const name = `missingindicator_${columns[i]!.name}`;
      return { feature: numberFeature(name, indicatorOf(columns[i]!, tools)), from };
    });
    return [...filled, ...indicators];
  },
  verify(state, columns) {
    const { strategy, statistics_, indicated } = fields(state, 'the state');
    oneOf(strategy, 'strategy', parameters.properties.strategy.enum);
    for (const one of list(statistics_, 'statistics_', columns))
      if (one !== null && typeof one !== 'string') real(one, 'a statistic');
    if (indicated !== null) ascending(indicated, 'indicated', 0, columns - 1);
  },
  attributes: ({ statistics_ }) => ({ statistics_ }),
});

function statisticOf(column: NumberFeature, strategy: string, { engine }: FeatureTools): number {
  if (strategy === 'mean') return engine.moments(numbersOf(column), 2).mean;
  if (strategy === 'median') return engine.select(numbersOf(column), [0.5])[0]!;
  return mode(column);
}

/** The most frequent of the present values, the smallest of equals; NaN of none. */
function mode(column: NumberFeature): number {
  const { categories, counts } = categoriesOf(column);
  let [top, most] = [NaN, 0];
  categories.forEach((category, i) => {
    if (category !== null && counts[i]! > most) [top, most] = [Number(category), counts[i]!];
  });
  return top;
}

function textStatistic(column: TextFeature, strategy: string, tools: FeatureTools): string | null {
  if (strategy !== 'most_frequent') {
    const detail = `expected numbers to take the ${strategy} of, got column ${quoted(column.name)} of type ${column.type}: name other columns in "columns", or take strategy "most_frequent" or "constant"`;
    throw Problem.at(tools.pointer('columns'), 'unsupported_type', detail);
  }
  const { categories, counts } = categoriesOf(column);
  let top: string | null = null;
  let most = 0;
  categories.forEach((category, i) => {
    if (typeof category !== 'string') return;
    if (counts[i]! > most || (counts[i] === most && top !== null && compareText(category, top) < 0))
      [top, most] = [category, counts[i]!];
  });
  return top;
}

function constantOf(column: Feature, value: number | string | null, tools: FeatureTools): number | string {
  if (value === null) return isNumber(column) ? 0 : 'missing_value';
  if (typeof value === (isNumber(column) ? 'number' : 'string')) return value;
  const wanted = isNumber(column) ? 'a number' : 'a string';
  const detail = `expected fill_value to be ${wanted} as column ${quoted(column.name)} has them, got ${JSON.stringify(value)}`;
  throw badParameter(tools, 'fill_value', detail);
}

function fill(
  column: Feature,
  statistic: number | string,
  strategy: string,
  { space }: FeatureTools,
): Feature {
  if (missingIn(column) === 0) return column;
  if (isNumber(column)) {
    const { name, type, values } = column;
    const value = Number(statistic);
    const out = room(space, values.length);
    for (let row = 0; row < values.length; row++)
      out[row] = values[row] === values[row] ? values[row]! : value;
    return numberFeature(name, out, strategy === 'most_frequent' ? type : 'number');
  }
  const { codes, texts } = codesOf(column)!;
  const text = String(statistic);
  const at = texts.indexOf(text);
  const place = at < 0 ? texts.length : at;
  const filled = codes.map((code) => (code < 0 ? place : code));
  return codedFeature(column.name, column.type, { codes: filled, texts: at < 0 ? [...texts, text] : texts });
}

function indicatorOf(column: Feature, { space }: FeatureTools): Float64Array {
  if (isNumber(column)) {
    const out = room(space, column.values.length);
    for (let row = 0; row < out.length; row++) out[row] = column.values[row] === column.values[row] ? 0 : 1;
    return out;
  }
  const out = room(space, column.length);
  let row = 0;
  for (const cell of column.cells()) out[row++] = cell === null ? 1 : 0;
  return out;
}
