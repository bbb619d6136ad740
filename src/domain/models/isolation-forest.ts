import type { Engine } from '../../ports/engine.js';
import { Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { estimator, type Features, type Lesson } from './estimator.js';
import { growIsolationTree, pathLength } from './isolation-tree.js';
import { seed } from './parameters.js';
import { RandomState } from '../random-state.js';
import { choose, integer, memberSeeds } from './draws.js';
import { nodeStore, type Trees } from './tree-nodes.js';
import { verifyIsolation } from './tree-state.js';
import { noteFewerTrees } from './random-forest.js';
import { refuseFraction } from './tree-parameters.js';

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    n_estimators: { description: 'Trees.', type: 'integer', minimum: 1, maximum: 10_000, default: 100 },
    max_samples: {
      description:
        'Rows drawn for a tree, without replacement: a number from 2 on, up to 1 a share; `auto`: 256, or all where there are fewer.',
      anyOf: [{ type: 'number', exclusiveMinimum: 0, maximum: 1_000_000_000 }, { enum: ['auto'] }],
      default: 'auto',
    },
    contamination: {
      description: 'Share of the rows fitted that is taken as outliers; `auto`: those that score below −0.5.',
      anyOf: [{ type: 'number', exclusiveMinimum: 0, maximum: 0.5 }, { enum: ['auto'] }],
      default: 'auto',
    },
    random_state: seed,
  },
} as const;
type Parameters = FromSchema<typeof parameters>;

/** `offset_`: rows whose score is less are outliers. `max_samples_`: rows that each tree drew. */
type State = { readonly trees: Trees; readonly offset_: number; readonly max_samples_: number };

/**
 * scikit-learn's IsolationForest, with its draws: 1 for a row like the others, −1 for an outlier, and as `scores` its
 * `decision_function`, below 0 for outliers.
 * Source: F. T. Liu, K. M. Ting, Z.-H. Zhou, "Isolation Forest", ICDM 2008.
 */
export const isolationForest = estimator<Parameters, State>({
  name: 'isolation_forest',
  task: 'outliers',
  description: 'Outliers: rows that few random splits part from the others.',
  parameters,
  fit({ features, parameters: given, ...tools }) {
    const size = rowsDrawn(given, features.rows, tools);
    const nodes = nodeStore(1, tools.pointer);
    const maxDepth = Math.ceil(Math.log2(Math.max(size, 2)));
    let done = 0;
    for (const member of memberSeeds(given.random_state, given.n_estimators)) {
      tools.checkpoint();
      if (tools.progress.stopping()) break;
      const samples = drawnRows(new RandomState(member), features.rows, size);
      // The tree's own seed is the first number of the member's.
      const own = integer(new RandomState(member), 0x7fffffff);
      growIsolationTree(features.columns, samples, maxDepth, own, nodes);
      tools.progress.tell({ stage: 'trees', done: ++done, total: given.n_estimators });
    }
    noteFewerTrees(done, given.n_estimators, tools.notes);
    const trees = nodes.finish();
    if (given.contamination === 'auto') return { trees, offset_: -0.5, max_samples_: size };
    const scores = scoresOf({ trees, offset_: 0, max_samples_: size }, features, tools.engine);
    return { trees, offset_: percentile(scores, given.contamination), max_samples_: size };
  },
  predict(state, features, { engine }) {
    const scores = scoresOf(state, features, engine).map((score) => score - state.offset_);
    const labels = new Int32Array(scores.length);
    for (let row = 0; row < labels.length; row++) labels[row] = scores[row]! < 0 ? -1 : 1;
    return { kind: 'labels', labels, scores };
  },
  verify: verifyIsolation,
  attributes: ({ offset_, max_samples_ }) => ({ offset_, max_samples_ }),
});

function rowsDrawn(
  { max_samples }: Parameters,
  rows: number,
  tools: Pick<Lesson<unknown>, 'pointer' | 'notes'>,
): number {
  if (max_samples === 'auto') return Math.min(256, rows);
  if (max_samples > 1) {
    refuseFraction(max_samples, 'max_samples', tools);
    if (max_samples > rows)
      tools.notes.warn(
        'max_samples',
        `max_samples ${max_samples} is more than the ${rows} rows: all are drawn`,
      );
    return Math.min(max_samples, rows);
  }
  const share = Math.trunc(max_samples * rows);
  if (share > 0) return share;
  const detail = `expected max_samples to be at least one of ${rows} rows, got ${max_samples}`;
  throw Problem.at(tools.pointer('max_samples'), 'invalid_option', detail);
}

/** Rows that are drawn, ascending: scikit-learn's `sample_without_replacement`, in its three ways by the share. */
function drawnRows(random: RandomState, rows: number, size: number): Int32Array {
  const share = size / rows;
  if (share > 0.01 && share < 0.99) return choose(random, rows, size).sort();
  if (share < 0.2) {
    const drawn = new Set<number>();
    while (drawn.size < size) drawn.add(integer(random, rows));
    return Int32Array.from(drawn).sort();
  }
  const drawn = Int32Array.from({ length: size }, (_, i) => i);
  for (let row = size; row < rows; row++) {
    const place = integer(random, row + 1);
    if (place < size) drawn[place] = row;
  }
  return drawn.sort();
}

/** −2^(−mean path / path expected): from −1, alone at once, to 0. */
function scoresOf({ trees, max_samples_ }: State, { columns }: Features, engine: Engine): Float64Array {
  const paths = engine.trees.traverse(trees, columns);
  const expected = trees.roots.length * pathLength(max_samples_);
  return paths.map((path) => -(2 ** -(expected === 0 ? 1 : path / expected)));
}

/** NumPy's `percentile` of share `q`, linear. */
function percentile(scores: Float64Array, q: number): number {
  const sorted = Float64Array.from(scores).sort();
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  const high = sorted[Math.min(Math.floor(at) + 1, sorted.length - 1)]!;
  const t = at - Math.floor(at);
  return t < 0.5 ? low + (high - low) * t : high - (high - low) * (1 - t);
}
