import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { fields, flag, list, numbers, whole } from '../checks.js';
import { type NumberFeature, numberFeature, numbersOf } from './column.js';
import { type Eigen, symmetricEigen } from './eigen.js';
import { singularOf } from './singular.js';
import { badParameter, type FeatureTools, given, kept, type Made, transformer } from './transformer.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    n_components: {
      description: 'Components to keep; below 1 the share of variance that they explain; null: all.',
      type: ['number', 'null'],
      minimum: 0,
      default: null,
    },
    whiten: { description: 'Give components variance 1.', type: 'boolean', default: false },
    svd_solver: {
      description:
        'By singular values (`full`) or by the eigenvalues of the covariances; `auto` as scikit-learn, but never randomized.',
      enum: ['auto', 'full', 'covariance_eigh'],
      default: 'auto',
    },
  },
} as const;

type Row = readonly (number | null)[];
type State = {
  readonly whiten: boolean;
  readonly components_: readonly Row[];
  readonly explained_variance_: Row;
  readonly explained_variance_ratio_: Row;
  readonly singular_values_: Row;
  readonly mean_: Row;
  readonly n_components_: number;
  readonly n_samples_: number;
  readonly noise_variance_: number | null;
};

/** Columns that a fit takes at most: its time grows with their third power. */
const MOST_COLUMNS = 1000;

/** scikit-learn's PCA: `pca0`, `pca1`, … in falling order of variance, with the signs of its `svd_flip`. */
export const pca = transformer<FromSchema<typeof parameters>, State>({
  name: 'pca',
  parameters,
  missing: 'refused',
  infinite: 'refused',
  fit(columns, { n_components, whiten, svd_solver }, tools) {
    const d = columns.length;
    const n = columns[0]!.values.length;
    if (d > MOST_COLUMNS) {
      const detail = `expected at most ${MOST_COLUMNS} columns for pca, got ${d}`;
      throw Problem.at(tools.pointer('columns'), 'too_many_columns', detail);
    }
    const most = Math.min(n, d);
    refuseComponents(n_components, n, d, tools);
    const solver = svd_solver === 'auto' ? solverOf(n, d) : svd_solver;
    const { values, vectors, means } =
      solver === 'full' ? bySingularValues(columns, tools) : byCovariance(columns, tools);
    const variances = Array.from(values.subarray(0, most), (value) => Math.max(value, 0));
    // Eigenvalues of more columns than rows: those behind are zeros.
    const total = variances.reduce((sum, value) => sum + value, 0);
    const ratios = variances.map((value) => value / total);
    const count = countOf(n_components, ratios, most);
    const rest = variances.slice(count);
    return {
      whiten,
      components_: vectors.slice(0, count).map((vector) => Array.from(flipped(vector), kept)),
      explained_variance_: variances.slice(0, count).map(kept),
      explained_variance_ratio_: ratios.slice(0, count).map(kept),
      singular_values_: variances.slice(0, count).map((value) => kept(Math.sqrt(value * (n - 1)))),
      mean_: means.map(kept),
      n_components_: count,
      n_samples_: n,
      noise_variance_:
        rest.length === 0 ? 0 : kept(rest.reduce((sum, value) => sum + value, 0) / rest.length),
    };
  },
  transform(columns, { whiten, components_, explained_variance_, mean_ }, { engine: { maps } }) {
    const weights = components_.map((component, i) => {
      // scikit-learn's floor under what is divided by.
      const scale = whiten ? Math.max(Math.sqrt(given(explained_variance_[i])), Number.EPSILON) : 1;
      return component.map((weight) => given(weight) / scale);
    });
    const values = columns.map((column) => column.values);
    return maps
      .project(values, mean_.map(given), weights)
      .map((scores, i): Made => ({ feature: numberFeature(`pca${i}`, scores), from: 0 }));
  },
  verify(state, columns) {
    const { whiten, components_, n_components_, n_samples_, mean_, ...rest } = fields(state, 'the state');
    flag(whiten, 'whiten');
    const count = whole(n_components_, 'n_components_', 1, columns);
    list(components_, 'components_', count).forEach((one, i) => numbers(one, `components_[${i}]`, columns));
    for (const name of ['explained_variance_', 'explained_variance_ratio_', 'singular_values_'])
      numbers(rest[name], name, count);
    numbers(mean_, 'mean_', columns);
    whole(n_samples_, 'n_samples_');
    numbers([rest['noise_variance_'] ?? null], 'noise_variance_');
  },
  attributes(state) {
    const { components_, explained_variance_, explained_variance_ratio_, singular_values_ } = state;
    const { mean_, n_components_, n_samples_, noise_variance_ } = state;
    return {
      components_,
      explained_variance_,
      explained_variance_ratio_,
      singular_values_,
      mean_,
      n_components_,
      n_samples_,
      noise_variance_,
    };
  },
});

function refuseComponents(wanted: number | null, n: number, d: number, tools: FeatureTools): void {
  if (wanted === null) return;
  if (wanted > 1 && !Number.isInteger(wanted)) {
    const detail = `expected n_components to be whole, or a share of the variance below 1, got ${wanted}`;
    throw badParameter(tools, 'n_components', detail);
  }
  if (wanted > Math.min(n, d)) {
    const detail = `expected n_components to be at most ${Math.min(n, d)}, for ${n} rows of ${d} columns, got ${wanted}`;
    throw badParameter(tools, 'n_components', detail);
  }
  if (wanted === 0)
    throw badParameter(tools, 'n_components', 'expected n_components to be more than 0, got 0');
}

/** scikit-learn's choice; what it solves with random numbers is solved exactly here. */
const solverOf = (n: number, d: number): 'full' | 'covariance_eigh' =>
  n >= 10 * d || Math.max(n, d) > 500 ? 'covariance_eigh' : 'full';

/** How many components are kept: of a share, the first that together explain more. */
function countOf(wanted: number | null, ratios: readonly number[], most: number): number {
  if (wanted === null) return most;
  if (wanted >= 1) return wanted;
  let sum = 0;
  const place = ratios.findIndex((ratio) => (sum += ratio) > wanted);
  return place < 0 ? most : place + 1;
}

/** Variances and axes, falling, with the columns' means. */
interface Solved extends Eigen {
  readonly means: readonly number[];
}

function bySingularValues(columns: readonly NumberFeature[], { engine }: FeatureTools): Solved {
  const numbers = columns.map(numbersOf);
  engine.ahead.moments(numbers, 2);
  const means = numbers.map((column) => engine.moments(column, 2).mean);
  const centred = columns.map(({ values }, i) => Float64Array.from(values, (value) => value - means[i]!));
  const n = centred[0]!.length;
  const { values, vectors } = singularOf(centred);
  return { values: values.map((value) => value ** 2 / (n - 1)), vectors, means };
}

function byCovariance(columns: readonly NumberFeature[], { engine }: FeatureTools): Solved {
  const d = columns.length;
  const n = columns[0]!.values.length;
  const { c, means } = engine.comoments(columns.map(numbersOf));
  const covariances = Float64Array.from(c, (sum) => sum / (n - 1));
  return { ...symmetricEigen(covariances, d), means: columns.map((_, i) => means[i * d + i]!) };
}

/** With the sign that makes the entry of the greatest size positive, the first of equals. Source: scikit-learn's `svd_flip`. */
function flipped(vector: Float64Array): Float64Array {
  const top = vector.reduce((best, x, i) => (Math.abs(x) > Math.abs(vector[best]!) ? i : best), 0);
  return vector[top]! < 0 ? vector.map((x) => -x) : vector;
}
