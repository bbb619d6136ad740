import type { FromSchema } from '../../ports/schema.js';
import { evenly } from './bins.js';
import { type NumberFeature, numberFeature, room } from './column.js';
import { permutation } from '../permutation.js';
import { normalQuantile } from './normal.js';
import { badParameter, type FeatureTools, given, kept, type Made, transformer } from './transformer.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    n_quantiles: {
      description: 'Quantiles that describe a distribution; at most as many as there are rows.',
      type: 'integer',
      minimum: 1,
      maximum: 100_000,
      default: 1000,
    },
    output_distribution: {
      description: 'Distribution of the values that come out.',
      enum: ['uniform', 'normal'],
      default: 'uniform',
    },
    subsample: {
      description: 'Rows that are drawn for the quantiles where there are more; null: all.',
      type: ['integer', 'null'],
      minimum: 1,
      default: 10_000,
    },
    random_state: {
      description: 'Seed of NumPy RandomState for the rows that are drawn.',
      type: 'integer',
      minimum: 0,
      maximum: 4_294_967_295,
      default: 42,
    },
  },
} as const;

type State = {
  readonly output_distribution: string;
  readonly n_quantiles_: number;
  readonly references_: readonly number[];
  /** Of each column, ascending. */
  readonly quantiles: readonly (readonly (number | null)[])[];
};

/** scikit-learn's QuantileTransformer: values by their place in the distribution of their column. */
export const quantileTransformer = transformer<FromSchema<typeof parameters>, State>({
  name: 'quantile_transformer',
  parameters,
  missing: 'kept',
  infinite: 'refused',
  fit(columns, { n_quantiles, output_distribution, subsample, random_state }, tools) {
    const rows = columns[0]?.values.length ?? 0;
    if (subsample !== null && n_quantiles > subsample) {
      const detail = `expected n_quantiles to be at most subsample, ${subsample}, got ${n_quantiles}`;
      throw badParameter(tools, 'n_quantiles', detail);
    }
    if (n_quantiles > rows)
      tools.warn('fewer_quantiles', `n_quantiles ${n_quantiles} is more than the rows: ${rows} are used`);
    const count = Math.max(1, Math.min(n_quantiles, rows));
    const references = count === 1 ? [0] : evenly(0, 1, count - 1);
    const drawn =
      subsample !== null && subsample < rows ? permutation(random_state, rows).subarray(0, subsample) : null;
    return {
      output_distribution,
      n_quantiles_: count,
      references_: references,
      quantiles: columns.map(({ values }) => quantilesOf(values, drawn, references)),
    };
  },
  transform(columns, { output_distribution, references_, quantiles }, tools) {
    return columns.map((column, from): Made => {
      const own = Float64Array.from(quantiles[from]!, given);
      const values = transformed(column, own, references_, output_distribution === 'normal', tools);
      return { feature: numberFeature(column.name, values), from };
    });
  },
  attributes: ({ n_quantiles_, references_, quantiles }) => ({
    n_quantiles_,
    references_,
    quantiles_: references_.map((_, i) => quantiles.map((own) => own[i]!)),
  }),
});

/** NumPy's `nanpercentile`, never falling. */
function quantilesOf(
  values: Float64Array,
  drawn: Uint32Array | null,
  references: readonly number[],
): (number | null)[] {
  const sample = drawn === null ? values : Float64Array.from(drawn, (row) => values[row]!);
  const sorted = sample.filter((value) => value === value).sort();
  let most = -Infinity;
  return references.map((reference) => {
    // NumPy is given percentages, which it divides by 100 again.
    const h = (sorted.length - 1) * ((reference * 100) / 100);
    const low = Math.floor(h);
    const [a, b, t] = [sorted[low] ?? NaN, sorted[Math.min(low + 1, sorted.length - 1)]!, h - low];
    const value = t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
    most = value > most ? value : most;
    return kept(most);
  });
}

/** Of the normal distribution: nearer to the ends than this is at the end. */
const THRESHOLD = 1e-7;
const LEAST = normalQuantile(THRESHOLD - Number.EPSILON);
const MOST = normalQuantile(1 - (THRESHOLD - Number.EPSILON));

function transformed(
  { values }: NumberFeature,
  quantiles: Float64Array,
  references: readonly number[],
  isNormal: boolean,
  { space }: FeatureTools,
): Float64Array {
  const out = room(space, values.length);
  const [low, high] = [quantiles[0]!, quantiles.at(-1)!];
  const placeOf = placer(quantiles, references);
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    const isLow = isNormal ? value - THRESHOLD < low : value === low;
    const isHigh = isNormal ? value + THRESHOLD > high : value === high;
    const place = value !== value ? NaN : isLow ? 0 : isHigh ? 1 : placeOf(value);
    out[row] = isNormal ? Math.min(Math.max(normalQuantile(place), LEAST), MOST) : place;
  }
  return out;
}

/** Buckets for each quantile, in which the search for a value's neighbours begins. */
const BUCKETS = 4;

/**
 * The mean of interpolating among the quantiles from below and from above: they differ at a value that several quantiles
 * have, which gets the middle of their references.
 */
function placer(quantiles: Float64Array, references: readonly number[]): (value: number) => number {
  const last = quantiles.length - 1;
  const [low, high] = [quantiles[0]!, quantiles[last]!];
  const refs = Float64Array.from(references);
  // The first of the quantiles that are equal to each.
  const firsts = new Int32Array(last + 1);
  for (let i = 1; i <= last; i++) firsts[i] = quantiles[i] === quantiles[i - 1] ? firsts[i - 1]! : i;
  const buckets = BUCKETS * (last + 1);
  const scale = high > low ? buckets / (high - low) : 0;
  // Quantiles that are below each bucket: the last of them, and all up to the next bucket's, may be a value's neighbour.
  const below = new Int32Array(buckets + 2);
  for (let i = 0; i <= last; i++) below[Math.floor((quantiles[i]! - low) * scale) + 1]!++;
  for (let bucket = 1; bucket < below.length; bucket++) below[bucket]! += below[bucket - 1]!;
  return (value) => {
    if (value < low) return refs[0]!;
    if (value > high) return refs[last]!;
    const bucket = Math.floor((value - low) * scale);
    let from = below[bucket]! - 1;
    let to = below[bucket + 1]!;
    // The last quantile that is not beyond the value.
    while (to - from > 1) {
      const middle = (from + to) >> 1;
      if (quantiles[middle]! <= value) from = middle;
      else to = middle;
    }
    const [a, b] = [quantiles[from]!, quantiles[from + 1]!];
    if (a === value) return 0.5 * (refs[from]! + refs[firsts[from]!]!);
    const [r, s] = [refs[from]!, refs[from + 1]!];
    const slope = (s - r) / (b - a);
    return 0.5 * (r + (value - a) * slope + (s - (b - value) * slope));
  };
}
