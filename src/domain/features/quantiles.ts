import type { FromSchema } from '../../ports/schema.js';
import { fields, list, numbers, oneOf, real, whole, wrong } from '../checks.js';
import { evenly } from './bins.js';
import { type NumberFeature, numberFeature, numbersOf } from './column.js';
import { permutation } from '../permutation.js';
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
      quantiles: columns.map((column) => quantilesOf(column, drawn, references, tools)),
    };
  },
  transform(columns, { output_distribution, references_, quantiles }, tools) {
    return columns.map((column, from): Made => {
      const values = tools.engine.maps.shares(column.values, {
        quantiles: Float64Array.from(quantiles[from]!, given),
        references: references_,
        isNormal: output_distribution === 'normal',
      });
      return { feature: numberFeature(column.name, values), from };
    });
  },
  verify(state, columns) {
    const { output_distribution, n_quantiles_, references_, quantiles } = fields(state, 'the state');
    oneOf(output_distribution, 'output_distribution', parameters.properties.output_distribution.enum);
    const count = whole(n_quantiles_, 'n_quantiles_', 1, 100_000);
    let last = 0;
    for (const one of list(references_, 'references_', count)) last = real(one, 'a reference', last, 1);
    list(quantiles, 'quantiles', columns).forEach((entry, i) => {
      const own = numbers(entry, `quantiles[${i}]`, count);
      // All are null where the column had no value.
      if (own.every((one) => one === null)) return;
      own.forEach((one, place) => {
        if (one === null || (place > 0 && one < own[place - 1]!))
          throw wrong(`quantiles[${i}] to ascend`, one);
      });
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
  column: NumberFeature,
  drawn: Uint32Array | null,
  references: readonly number[],
  { engine, space }: FeatureTools,
): (number | null)[] {
  const { values } = column;
  const sample =
    drawn === null
      ? column
      : numberFeature(
          '',
          Float64Array.from(drawn, (row) => values[row]!),
        );
  return space.scratch(() => percentilesOf(engine.order.sort(numbersOf(sample)), references));
}

function percentilesOf(sorted: Float64Array, references: readonly number[]): (number | null)[] {
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
