import type { TableLimits } from '../../ports/limits.js';
import { pca as transformer } from '../features/pca.js';
import { isNumber, type NumberFeature } from '../features/column.js';
import type { FeatureTools } from '../features/transformer.js';
import { estimator, type EstimatorTools, type Features, type State as Learnt } from './estimator.js';

type State = Learnt & { readonly fitted: Learnt[string] };

/** scikit-learn's PCA as the last step of a pipeline: rows in components. The transformer of `/analytics/features` does it. */
export const pca = estimator<unknown, State>({
  name: 'pca',
  task: 'decomposition',
  description: 'Rows in the directions of greatest variance.',
  parameters: transformer.parameters,
  fit: ({ features, parameters, ...tools }) => ({
    fitted: transformer.fit(columnsOf(features), parameters, featureTools(tools)),
  }),
  predict({ fitted }, features, tools) {
    const made = transformer.transform(columnsOf(features), fitted, featureTools(tools));
    const columns = made.map(({ feature }) => feature).filter(isNumber);
    return {
      kind: 'columns',
      names: columns.map(({ name }) => name),
      columns: columns.map(({ values }) => values),
    };
  },
  verify({ fitted }, { features }) {
    transformer.verify?.(fitted ?? null, features);
  },
  attributes: ({ fitted }) => transformer.attributes(fitted),
});

const columnsOf = ({ names, columns }: Features): NumberFeature[] =>
  columns.map((values, i) => ({ name: names[i] ?? `x${i}`, type: 'number', values }));

/** Components are never more than the columns, which were limited when they came. */
const limits: TableLimits = {
  rows: Infinity,
  cells: Infinity,
  columns: Infinity,
  nameBytes: Infinity,
  depth: Infinity,
  decodedBytes: Infinity,
  ratio: Infinity,
  ratioFrom: Infinity,
};

const featureTools = ({ engine, space, notes, pointer }: EstimatorTools): FeatureTools => ({
  engine,
  space,
  limits,
  warn: (code, detail, column) => {
    notes.warn(code, detail, column);
  },
  pointer: (parameter = '') => pointer(parameter),
});
