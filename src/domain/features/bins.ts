import type { FromSchema } from '../../ports/schema.js';
import { refuseColumns } from '../../ports/limits.js';
import { fields, list, numbers, oneOf, whole, wrong } from '../checks.js';
import { type NumberFeature, numberFeature, numbersOf, room } from './column.js';
import { pythonFloat } from './names.js';
import { kmeansOfColumn } from './segments.js';
import { badParameter, type FeatureTools, given, kept, type Made, transformer } from './transformer.js';

const bins = { type: 'integer', minimum: 2, maximum: 1000 } as const;

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    n_bins: {
      description: 'Bins, of all columns or of each.',
      anyOf: [bins, { type: 'array', items: bins }],
      default: 5,
    },
    encode: {
      description: 'The number of the bin, or a column of 0 and 1 for each bin.',
      enum: ['ordinal', 'onehot-dense'],
      default: 'onehot-dense',
    },
    strategy: {
      description:
        'Bins of equal width (`uniform`), of equal counts (`quantile`), or about centres (`kmeans`).',
      enum: ['uniform', 'quantile', 'kmeans'],
      default: 'quantile',
    },
  },
} as const;

type State = {
  readonly encode: string;
  /** Of each column; null at the ends: the column is constant, and its one bin has none. */
  readonly bin_edges_: readonly (readonly (number | null)[])[];
  readonly n_bins_: readonly number[];
};

/** scikit-learn's KBinsDiscretizer, over the whole sample. */
export const kBinsDiscretizer = transformer<FromSchema<typeof parameters>, State>({
  name: 'k_bins_discretizer',
  parameters,
  missing: 'refused',
  infinite: 'refused',
  fit(columns, { n_bins, encode, strategy }, tools) {
    const wanted = typeof n_bins === 'number' ? columns.map(() => n_bins) : n_bins;
    if (wanted.length !== columns.length) {
      const detail = `expected n_bins to be a number or one for each of ${columns.length} columns, got ${wanted.length}`;
      throw badParameter(tools, 'n_bins', detail);
    }
    const edges = columns.map((column, i) => edgesOf(column, wanted[i]!, strategy, tools));
    return {
      encode,
      bin_edges_: edges.map((own) => own.map(kept)),
      n_bins_: edges.map((own) => own.length - 1),
    };
  },
  transform(columns, { encode, bin_edges_, n_bins_ }, tools) {
    if (encode !== 'ordinal') {
      const made = n_bins_.reduce((sum, count) => sum + count, 0);
      refuseColumns(made, tools.pointer('n_bins'), tools.limits);
    }
    return columns.flatMap((column, from): Made[] => {
      const places = tools.engine.maps.places(column.values, bin_edges_[from]!.slice(1, -1).map(given));
      if (encode === 'ordinal') return [{ feature: numberFeature(column.name, places), from }];
      return Array.from({ length: n_bins_[from]! }, (_, bin): Made => {
        const out = room(tools.space, places.length);
        for (let row = 0; row < out.length; row++) {
          const place = places[row]!;
          out[row] = place === bin ? 1 : place === place ? 0 : NaN;
        }
        return { feature: numberFeature(`${column.name}_${pythonFloat(bin)}`, out), from };
      });
    });
  },
  verify(state, columns) {
    const { encode, bin_edges_, n_bins_ } = fields(state, 'the state');
    oneOf(encode, 'encode', parameters.properties.encode.enum);
    const counts = list(n_bins_, 'n_bins_', columns);
    list(bin_edges_, 'bin_edges_', columns).forEach((entry, i) => {
      const edges = numbers(entry, `bin_edges_[${i}]`);
      whole(counts[i], `n_bins_[${i}]`, edges.length - 1, edges.length - 1);
      if (edges.length < 2) throw wrong(`bin_edges_[${i}] to have at least two edges`, entry);
      // Those between the ends are looked for.
      edges.slice(1, -1).forEach((edge, place, inner) => {
        if (edge === null || (place > 0 && edge < inner[place - 1]!))
          throw wrong(`bin_edges_[${i}] to ascend`, edge);
      });
    });
  },
  attributes: ({ bin_edges_, n_bins_ }) => ({ bin_edges_, n_bins_ }),
});

/** Bins narrower than this are left out. */
const NARROW = 1e-8;

function edgesOf(column: NumberFeature, bins: number, strategy: string, tools: FeatureTools): number[] {
  const numbers = numbersOf(column);
  const { min, max, mean, m2, count } = tools.engine.moments(numbers, 2);
  if (!(min < max)) {
    tools.warn('constant_column', 'all values are equal: one bin', column.name);
    return [-Infinity, Infinity];
  }
  const uniform = evenly(min, max, bins);
  if (strategy === 'uniform') return uniform;
  const edges =
    strategy === 'quantile'
      ? tools.engine.select(
          numbers,
          evenly(0, 100, bins).map((percentage) => percentage / 100),
        )
      : aroundCenters(column.values, uniform, mean, m2 / count);
  const wide = edges.filter((edge, i) => i === 0 || edge - edges[i - 1]! > NARROW);
  if (wide.length < edges.length) {
    const detail = `${edges.length - wide.length} of ${bins} bins are too narrow (at most ${NARROW}): left out`;
    tools.warn('fewer_bins', detail, column.name);
  }
  return wide;
}

/** NumPy's `linspace`: `parts` + 1 numbers from `start` to `stop`. */
export function evenly(start: number, stop: number, parts: number): number[] {
  const step = (stop - start) / parts;
  return Array.from({ length: parts + 1 }, (_, i) => (i === parts ? stop : i * step + start));
}

/** Edges half-way between the centres of k-means, which starts from the middles of uniform bins. */
function aroundCenters(
  values: Float64Array,
  uniform: readonly number[],
  mean: number,
  variance: number,
): number[] {
  // About the mean, as scikit-learn does: the sums keep their digits.
  const centred = values.filter((value) => value === value).map((value) => value - mean);
  const initial = uniform.slice(1).map((edge, i) => (edge + uniform[i]!) * 0.5 - mean);
  const centers = kmeansOfColumn(centred, initial, variance * 1e-4)
    .map((center) => center + mean)
    .sort();
  return [
    uniform[0]!,
    ...Array.from(centers.subarray(1), (center, i) => (center + centers[i]!) * 0.5),
    uniform.at(-1)!,
  ];
}
