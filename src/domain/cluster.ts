import type { Engine, KMeansOptions, KMeansResult } from '../ports/engine.js';
import type { Json } from '../ports/formats.js';
import { Problem } from '../ports/problem.js';
import type { FromSchema } from '../ports/schema.js';
import { Stopped } from '../ports/progress.js';
import type { Numbers } from '../ports/tables.js';
import { chooseClusters, selectionDetails } from './candidates.js';
import { areBounded, dropMissing, labelList, noteFewer } from './clusters.js';
import { columnDetails, refuseMissing, type Selection, selectColumns } from './columns.js';
import { completeRows, pickRows, type Scaling, standardised } from './complete.js';
import { endpoint, type Question, type Result } from './endpoint.js';
import type { Notes } from './notes.js';
import * as shared from './options.js';
import { permutation } from './permutation.js';

const nullable = { type: ['number', 'null'] } as const;
const count = { type: ['integer', 'null'] } as const;

const options = {
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: {
    columns: shared.columns,
    n_clusters: {
      description: 'Clusters; `auto`: the number of `k_range` with the best silhouette.',
      anyOf: [{ type: 'integer', minimum: 1, maximum: 100_000 }, { enum: ['auto'] }],
      default: 3,
    },
    k_range: {
      description: 'Fewest and most clusters that `auto` tries.',
      type: 'array',
      items: { type: 'integer', minimum: 2, maximum: 100 },
      minItems: 2,
      maxItems: 2,
      default: [2, 10],
    },
    ...shared.kmeans,
    scale: {
      description:
        'Standardise the columns first, as StandardScaler does; centers stay in the original units.',
      anyOf: [{ type: 'boolean' }, { enum: ['standard'] }],
      default: false,
    },
    labels: {
      description: 'Put the label of every row into `results.labels`.',
      type: 'boolean',
      default: false,
    },
    nan_policy: shared.nan_policy,
    engine: shared.engine,
  },
} as const;
type Options = FromSchema<typeof options>;

/** Rows up to which all are taken for silhouettes and for the choice of a number: their time is that of all pairs. */
export const MOST_PAIRED = 20_000;

/** `POST /analytics/cluster`: scikit-learn's KMeans, with a silhouette, and the number of clusters by it. */
export const cluster = endpoint<Options>({
  name: 'cluster',
  path: '/analytics/cluster',
  summary: 'Clusters of the rows, how well they are apart, and how many there are',
  description: `scikit-learn's KMeans over the complete rows of the numeric columns, with its labels for the same \`random_state\`, and its \`silhouette_score\`. Beyond ${MOST_PAIRED} rows the silhouette, and what \`auto\` tries, are those of the rows that \`RandomState(random_state).permutation(n)[:${MOST_PAIRED}]\` names. With \`scale\`, inertia and silhouette are those of the standardised columns.`,
  options,
  results: {
    type: 'object',
    required: ['n_clusters', 'centers', 'sizes', 'inertia', 'n_iter', 'silhouette'],
    properties: {
      n_clusters: count,
      centers: {
        description: 'A row a cluster, the numeric columns in order, in their own units.',
        type: ['array', 'null'],
        items: { type: 'array', items: nullable },
      },
      sizes: { type: ['array', 'null'], items: { type: 'integer' } },
      inertia: nullable,
      n_iter: count,
      silhouette: nullable,
      labels: { description: 'Null for a row left out.', type: 'array', items: count },
    },
  },
  details: {
    type: 'object',
    properties: {
      columns: shared.columnDetailsSchema,
      scale: {
        type: 'object',
        description: 'What the columns were standardised with.',
        properties: {
          mean: { type: 'array', items: { type: 'number' } },
          scale: { type: 'array', items: { type: 'number' } },
        },
      },
      selection: {
        type: 'object',
        description:
          'What `auto` tried: on how many rows, each number, the chosen one, the bend of the inertias.',
        properties: {
          rows: { type: 'integer' },
          candidates: {
            type: 'array',
            items: {
              type: 'object',
              properties: { n_clusters: { type: 'integer' }, silhouette: nullable, inertia: nullable },
            },
          },
          chosen: { type: 'integer' },
          elbow: count,
        },
      },
    },
  },
  answersArrow: true,
  example: {
    data: [
      { x: 1, y: 2 },
      { x: 1.5, y: 1.8 },
      { x: 8, y: 8 },
      { x: 9, y: 11 },
    ],
    options: { n_clusters: 'auto', k_range: [2, 3], labels: true },
  },
  run(question) {
    const { table, options: given, pointer, engine, notes } = question;
    const selection = selectColumns(table, given.columns, pointer, notes);
    const range = rangeOf(given, pointer);
    if (given.nan_policy === 'raise') refuseMissing(selection, engine, pointer);
    const result = canCluster(selection, given, engine, notes) ? clustered(selection, range, question) : null;
    return result ?? nothing(selection, question);
  },
});

/** Whether the columns can be clustered at all; if not, a warning says why. */
function canCluster({ numbers }: Selection, { nan_policy }: Options, engine: Engine, notes: Notes): boolean {
  if (numbers.length === 0) {
    notes.warn('no_numeric_column', 'no numeric column: no clusters');
    return false;
  }
  return dropMissing(numbers, nan_policy, engine, notes) && areBounded(numbers, engine, notes);
}

/** The answer where there are no clusters. */
function nothing(
  selection: Selection,
  { options: { labels }, engine }: Question<Options>,
  selectionOf?: Json,
): Result {
  const none = new Int32Array(selection.rows).fill(-1);
  const fields = ['n_clusters', 'centers', 'sizes', 'inertia', 'n_iter', 'silhouette'];
  return {
    results: {
      ...Object.fromEntries(fields.map((field) => [field, null])),
      labels: labels ? labelList(none) : undefined,
    },
    details: { columns: columnDetails(selection, engine), selection: selectionOf },
    columns: selection.all.length,
    appended: { name: 'cluster', values: none },
  };
}

/** Null, with a warning, where there are too few complete rows. */
function clustered(
  selection: Selection,
  range: readonly [number, number],
  question: Question<Options>,
): Result | null {
  const { options: given, engine, space, notes } = question;
  const own = selection.numbers.map(({ numbers }) => numbers);
  const complete = completeRows(own, engine, space);
  // Of as many rows as clusters no silhouette is defined, which `auto` chooses by.
  const least = typeof given.n_clusters === 'number' ? given.n_clusters : range[0] + 1;
  if (complete.count < least) {
    notes.warn('too_few_rows', `expected at least ${least} rows without missing values: no clusters`);
    return null;
  }
  const scaled = given.scale === false ? undefined : standardised(complete.columns, engine, space);
  const columns = scaled?.columns ?? complete.columns;
  const sample = sampleOf(columns, complete.count, given.random_state, question);
  const outcome =
    typeof given.n_clusters === 'number'
      ? fixed(columns, sample, given.n_clusters, fitOptions(given), engine)
      : automatic(columns, sample, range, fitOptions(given), question);
  const { fit, silhouette, selectionOf } = outcome;
  if (fit === null) return nothing(selection, question, selectionOf);
  noteFewer(fit, notes);
  const labels = tableLabels(fit.labels, complete.rows, selection.rows);
  return {
    results: {
      n_clusters: fit.sizes.length,
      centers: centersOf(fit, columns.length, scaled?.scaling, notes),
      sizes: fit.sizes,
      inertia: notes.finite(fit.inertia, 'inertia'),
      n_iter: fit.nIter,
      silhouette: notes.finite(silhouette, 'silhouette'),
      labels: given.labels ? labelList(labels) : undefined,
    },
    details: {
      columns: columnDetails(selection, engine),
      scale: scaled === undefined ? undefined : { ...scaled.scaling },
      selection: selectionOf,
    },
    columns: selection.all.length,
    appended: { name: 'cluster', values: labels },
  };
}

type FitOptions = Omit<KMeansOptions, 'nClusters'>;

const fitOptions = (given: Options): FitOptions => ({
  randomState: given.random_state,
  nInit: given.n_init,
  maxIter: given.max_iter,
  tol: given.tol,
});

/** Throws 422 `invalid_option` for a range that ends before it begins. */
function rangeOf({ k_range }: Options, pointer: (option: string) => string): [number, number] {
  const [from, to] = [k_range[0]!, k_range[1]!];
  if (from <= to) return [from, to];
  const detail = `expected k_range to be the fewest and the most clusters, got ${from} and ${to}`;
  throw Problem.at(pointer('k_range'), 'invalid_option', detail);
}

/** Rows that are gone by in pairs: all, or a sample of them and which they are. */
interface Sample {
  readonly columns: readonly Numbers[];
  readonly count: number;
  readonly rows: Uint32Array | null;
}

function sampleOf(
  columns: readonly Numbers[],
  rows: number,
  seed: number,
  { space, notes }: Pick<Question<Options>, 'space' | 'notes'>,
): Sample {
  if (rows <= MOST_PAIRED) return { columns, count: rows, rows: null };
  const drawn = permutation(seed, rows).subarray(0, MOST_PAIRED);
  notes.warn('silhouette_sampled', `silhouette of ${MOST_PAIRED} of ${rows} rows, drawn with random_state`);
  return { columns: pickRows(columns, drawn, space), count: MOST_PAIRED, rows: drawn };
}

interface Outcome {
  /** Null where it was stopped when no more than a choice was made. */
  readonly fit: KMeansResult | null;
  readonly silhouette: number;
  readonly selectionOf?: Json;
}

function fixed(
  columns: readonly Numbers[],
  sample: Sample,
  nClusters: number,
  options: FitOptions,
  engine: Engine,
): Outcome {
  const fit = engine.kmeans(columns, { ...options, nClusters });
  if (fit === null) throw new RangeError(`expected at least ${nClusters} rows`);
  const labels = sample.rows === null ? fit.labels : Int32Array.from(sample.rows, (row) => fit.labels[row]!);
  return { fit, silhouette: engine.silhouette(sample.columns, [labels])[0]! };
}

function automatic(
  columns: readonly Numbers[],
  sample: Sample,
  [from, to]: readonly [number, number],
  options: FitOptions,
  { engine, notes, progress }: Pick<Question<Options>, 'engine' | 'notes' | 'progress'>,
): Outcome {
  const most = Math.min(to, sample.count - 1);
  if (most < to) {
    const detail = `numbers of clusters up to ${most} tried: a silhouette needs more rows than clusters`;
    notes.warn('too_few_rows', detail);
  }
  const choice = chooseClusters(sample.columns, from, most, options, engine, progress, notes);
  const selectionOf = selectionDetails(choice, sample.count, notes);
  const { chosen } = choice;
  if (chosen === null) return { fit: null, silhouette: NaN, selectionOf };
  if (sample.rows === null) return { fit: chosen.fit, silhouette: chosen.silhouette, selectionOf };
  try {
    return { ...fixed(columns, sample, chosen.nClusters, options, engine), selectionOf };
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    notes.partial('stopped when the number of clusters was chosen, before the rows had clusters');
    return { fit: null, silhouette: NaN, selectionOf };
  }
}

/** In the columns' own units. */
function centersOf(
  { centers, sizes }: KMeansResult,
  columns: number,
  scaling: Scaling | undefined,
  notes: Notes,
): Json {
  return sizes.map((_, cluster) =>
    Array.from({ length: columns }, (_unused, column) => {
      const center = centers[cluster * columns + column]!;
      const own = scaling === undefined ? center : center * scaling.scale[column]! + scaling.mean[column]!;
      return notes.finite(own, `center of cluster ${cluster}`);
    }),
  );
}

/** Labels of all rows, −1 for those that took no part. */
function tableLabels(labels: Int32Array, rows: Int32Array | null, length: number): Int32Array {
  if (rows === null) return labels;
  const all = new Int32Array(length).fill(-1);
  rows.forEach((row, i) => {
    all[row] = labels[i]!;
  });
  return all;
}
