import type { FromSchema } from '../../ports/schema.js';
import type { Json } from '../../ports/formats.js';
import { fields, flag, isList, list, numbers as numbersIn, real, whole } from '../checks.js';
import { numberFeature, type NumberFeature, numbersOf } from './column.js';
import { badParameter, type FeatureTools, given, kept, type Made, transformer } from './transformer.js';

const standard = {
  type: 'object',
  additionalProperties: false,
  properties: {
    with_mean: { description: 'Subtract the mean.', type: 'boolean', default: true },
    with_std: { description: 'Divide by the standard deviation (ddof 0).', type: 'boolean', default: true },
  },
} as const;

type Numbers = readonly (number | null)[];

type StandardState = {
  readonly with_mean: boolean;
  readonly mean_: Numbers | null;
  readonly var_: Numbers | null;
  readonly scale_: Numbers | null;
  readonly n_samples_seen_: number | readonly number[];
};

/** scikit-learn's StandardScaler: (x − mean) / √variance, missing values left out of the fit. */
export const standardScaler = transformer<FromSchema<typeof standard>, StandardState>({
  name: 'standard_scaler',
  parameters: standard,
  missing: 'kept',
  infinite: 'refused',
  fit(columns, { with_mean, with_std }, tools) {
    const { engine } = tools;
    const numbers = columns.map(numbersOf);
    engine.ahead.moments(numbers, 2);
    const moments = numbers.map((column) => engine.moments(column, 2));
    const counts = moments.map(({ count }) => count);
    const variances = moments.map(({ m2, count }) => m2 / count);
    columns.forEach(({ name }, i) => {
      if (with_std && counts[i]! > 0 && !Number.isFinite(variances[i]))
        tools.warn('overflow', 'squares beyond the range of float64: no variance, no values', name);
    });
    return {
      with_mean,
      mean_: with_mean || with_std ? moments.map(({ mean }) => kept(mean)) : null,
      var_: with_std ? variances.map(kept) : null,
      scale_: with_std
        ? moments.map(({ count, mean }, i) =>
            isConstant(variances[i]!, mean, count) ? 1 : kept(Math.sqrt(variances[i]!)),
          )
        : null,
      n_samples_seen_: counts.every((count) => count === counts[0]) ? (counts[0] ?? 0) : counts,
    };
  },
  transform(columns, { with_mean, mean_, scale_ }, tools) {
    return standardized(columns, with_mean ? mean_ : null, scale_, tools);
  },
  verify(state, columns) {
    const { with_mean, n_samples_seen_, ...rest } = fields(state, 'the state');
    flag(with_mean, 'with_mean');
    for (const name of ['mean_', 'var_', 'scale_']) numbersOrNull(rest[name], name, columns);
    if (isList(n_samples_seen_))
      list(n_samples_seen_, 'n_samples_seen_', columns).forEach((one) => whole(one, 'n_samples_seen_'));
    else whole(n_samples_seen_, 'n_samples_seen_');
  },
  attributes: ({ mean_, var_, scale_, n_samples_seen_ }) => ({ mean_, var_, scale_, n_samples_seen_ }),
});

function numbersOrNull(value: Json | undefined, what: string, columns: number): void {
  if (value !== null) numbersIn(value, what, columns);
}

/** Whether a variance is within the rounding errors of computing it. Source: scikit-learn's `_is_constant_feature`. */
export function isConstant(variance: number, mean: number, count: number): boolean {
  const bound = count * Number.EPSILON * variance + (count * mean * Number.EPSILON) ** 2;
  return variance <= bound;
}

/** (x − centre) / divisor of each column; without centres or divisors neither. */
function standardized(
  columns: readonly NumberFeature[],
  centres: Numbers | null,
  divisors: Numbers | null,
  { engine }: FeatureTools,
): Made[] {
  const values = columns.map((column) => column.values);
  const scalings = columns.map((_, i) => ({
    centre: centres === null ? 0 : given(centres[i]),
    divisor: divisors === null ? 1 : given(divisors[i]),
    factor: 1,
    shift: 0,
  }));
  return engine.maps
    .scale(values, scalings)
    .map((out, from) => ({ feature: numberFeature(columns[from]!.name, out), from }));
}

const minMax = {
  type: 'object',
  additionalProperties: false,
  properties: {
    feature_range: {
      description: 'What minimum and maximum become.',
      type: 'array',
      items: { type: 'number' },
      minItems: 2,
      maxItems: 2,
      default: [0, 1],
    },
    clip: { description: 'Clip values to `feature_range`.', type: 'boolean', default: false },
  },
} as const;

type MinMaxState = {
  readonly feature_range: readonly number[];
  readonly clip: boolean;
  readonly min_: Numbers;
  readonly scale_: Numbers;
  readonly data_min_: Numbers;
  readonly data_max_: Numbers;
  readonly data_range_: Numbers;
  readonly n_samples_seen_: number;
};

/** scikit-learn's MinMaxScaler: x · scale + min, where the range of the data becomes `feature_range`. */
export const minMaxScaler = transformer<FromSchema<typeof minMax>, MinMaxState>({
  name: 'min_max_scaler',
  parameters: minMax,
  missing: 'kept',
  infinite: 'refused',
  fit(columns, { feature_range, clip }, tools) {
    const [low = 0, high = 1] = feature_range;
    if (low >= high) {
      const detail = `expected feature_range to be a minimum and a greater maximum, got ${low} and ${high}`;
      throw badParameter(tools, 'feature_range', detail);
    }
    const numbers = columns.map(numbersOf);
    tools.engine.ahead.moments(numbers, 2);
    const extents = numbers.map((column) => {
      const { count, min, max } = tools.engine.moments(column, 2);
      return count === 0 ? { min: NaN, max: NaN } : { min, max };
    });
    const ranges = extents.map(({ min, max }) => max - min);
    const scales = ranges.map((range) => (high - low) / nonZero(range));
    return {
      feature_range,
      clip,
      min_: extents.map(({ min }, i) => kept(low - min * scales[i]!)),
      scale_: scales.map(kept),
      data_min_: extents.map(({ min }) => kept(min)),
      data_max_: extents.map(({ max }) => kept(max)),
      data_range_: ranges.map(kept),
      n_samples_seen_: columns[0]?.values.length ?? 0,
    };
  },
  transform(columns, { feature_range, clip, min_, scale_ }, { engine }) {
    const [low = 0, high = 1] = feature_range;
    const scalings = columns.map((_, i) => ({
      centre: 0,
      divisor: 1,
      factor: given(scale_[i]),
      shift: given(min_[i]),
    }));
    const values = columns.map((column) => column.values);
    return engine.maps.scale(values, scalings).map((out, from) => {
      if (clip) {
        for (let row = 0; row < out.length; row++) {
          // A missing value is neither.
          if (out[row]! < low) out[row] = low;
          else if (out[row]! > high) out[row] = high;
        }
      }
      return { feature: numberFeature(columns[from]!.name, out), from };
    });
  },
  verify(state, columns) {
    const { feature_range, clip, n_samples_seen_, ...rest } = fields(state, 'the state');
    const [low, high] = list(feature_range, 'feature_range', 2);
    real(high, 'the end of feature_range', real(low, 'the start of feature_range'));
    flag(clip, 'clip');
    for (const name of ['min_', 'scale_', 'data_min_', 'data_max_', 'data_range_'])
      numbersIn(rest[name], name, columns);
    whole(n_samples_seen_, 'n_samples_seen_');
  },
  attributes: ({ min_, scale_, data_min_, data_max_, data_range_, n_samples_seen_ }) => ({
    min_,
    scale_,
    data_min_,
    data_max_,
    data_range_,
    n_samples_seen_,
  }),
});

/** A range to divide by: 1 where it is next to nothing. Source: scikit-learn's `_handle_zeros_in_scale`. */
const nonZero = (scale: number): number => (scale < 10 * Number.EPSILON ? 1 : scale);

const robust = {
  type: 'object',
  additionalProperties: false,
  properties: {
    with_centering: { description: 'Subtract the median.', type: 'boolean', default: true },
    with_scaling: { description: 'Divide by the quantile range.', type: 'boolean', default: true },
    quantile_range: {
      description: 'Percentages whose quantiles make the scale.',
      type: 'array',
      items: { type: 'number', minimum: 0, maximum: 100 },
      minItems: 2,
      maxItems: 2,
      default: [25, 75],
    },
    unit_variance: {
      description: 'Scale so that normally distributed values have variance 1.',
      type: 'boolean',
      default: false,
    },
  },
} as const;

type RobustState = { readonly center_: Numbers | null; readonly scale_: Numbers | null };

/** scikit-learn's RobustScaler: (x − median) / (quantile − quantile). */
export const robustScaler = transformer<FromSchema<typeof robust>, RobustState>({
  name: 'robust_scaler',
  parameters: robust,
  missing: 'kept',
  infinite: 'refused',
  fit(columns, { with_centering, with_scaling, quantile_range, unit_variance }, tools) {
    const [low = 25, high = 75] = quantile_range;
    if (low > high) {
      const detail = `expected quantile_range to be a percentage and one that is not less, got ${low} and ${high}`;
      throw badParameter(tools, 'quantile_range', detail);
    }
    const { quantile } = tools.engine.distributions.normal();
    const adjust = unit_variance ? quantile(high / 100) - quantile(low / 100) : 1;
    const fractions = [low / 100, 0.5, high / 100];
    const numbers = columns.map(numbersOf);
    tools.engine.ahead.select(numbers, fractions);
    const quantiles = numbers.map((column) => tools.engine.select(column, fractions));
    return {
      center_: with_centering ? quantiles.map(([, median]) => kept(median!)) : null,
      scale_: with_scaling ? quantiles.map(([a, , b]) => kept(nonZero(b! - a!) / adjust)) : null,
    };
  },
  transform(columns, { center_, scale_ }, tools) {
    return standardized(columns, center_, scale_, tools);
  },
  verify(state, columns) {
    const { center_, scale_ } = fields(state, 'the state');
    numbersOrNull(center_, 'center_', columns);
    numbersOrNull(scale_, 'scale_', columns);
  },
  attributes: ({ center_, scale_ }) => ({ center_, scale_ }),
});
