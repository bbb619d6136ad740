import type { Estimator, Features, Prediction, State, Target } from '../src/domain/models/estimator.js';
import { FURTHER_ESTIMATORS } from '../src/domain/models/further-estimators.js';
import { Notes } from '../src/domain/notes.js';
import { UNWATCHED } from '../src/domain/progress.js';
import type { Row } from './compare.js';
import { blobs, normal } from './data.js';
import type { DirectPython } from './direct.js';
import { duel, withColumns } from './python.js';
import type { Seat } from './stage.js';

interface Contest {
  readonly estimator: string;
  readonly what: 'fit' | 'predict';
  /** Rows of the fit, and behind them those that are asked about; 0: the rows of the fit. */
  readonly rows: number;
  readonly asked: number;
  readonly columns: number;
  readonly parameters: Readonly<Record<string, number>>;
  /** In clusters, or one cloud. */
  readonly groups: number;
  readonly agree: number;
}

const AT_LEAST = 3;

const neighbours = (columns: number): Contest => ({
  estimator: 'k_neighbors_classifier',
  what: 'predict',
  ...{ rows: 20_000, asked: 10_000, columns, parameters: { n_neighbors: 5 }, groups: 1, agree: 1e-9 },
});

const CONTESTS: readonly Contest[] = [
  neighbours(4),
  neighbours(16),
  {
    estimator: 'kmeans',
    what: 'predict',
    ...{ rows: 1_000_000, asked: 0, columns: 4, parameters: { n_clusters: 8 }, groups: 8, agree: 1e-5 },
  },
  {
    estimator: 'mini_batch_kmeans',
    what: 'fit',
    ...{ rows: 200_000, asked: 0, columns: 8, parameters: { n_clusters: 8 }, groups: 8, agree: 1e-6 },
  },
  {
    estimator: 'dbscan',
    what: 'fit',
    ...{ rows: 20_000, asked: 0, columns: 2, parameters: { eps: 0.3 }, groups: 5, agree: 0 },
  },
];

const defaultsOf = ({ parameters }: Estimator): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries((parameters as { properties: Record<string, { default: unknown }> }).properties).map(
      ([key, { default: value }]) => [key, value],
    ),
  );

function estimatorOf(name: string): Estimator {
  const found = FURTHER_ESTIMATORS.find((one) => one.name === name);
  if (found === undefined) throw new RangeError(`no estimator ${name}`);
  return found;
}

const featuresOf = (columns: readonly Float64Array[], from: number, to: number): Features => ({
  names: columns.map((_, j) => `x${j}`),
  columns: columns.map((values) => values.subarray(from, to)),
  rows: to - from,
});

function meanOf(prediction: Prediction): number {
  const said =
    prediction.kind === 'classes' ? prediction.codes : prediction.kind === 'labels' ? prediction.labels : [];
  let sum = 0;
  for (const value of said) sum += value;
  return sum / said.length;
}

/** Of a fit, what scikit-learn has under the same names. */
function figuresOf(state: State): number[] {
  if ('inertia_' in state) return [state['n_steps_'], state['inertia_']].map(Number);
  const labels = state['labels_'] as Int32Array;
  return [Number(state['n_clusters_']), labels.filter((label) => label < 0).length];
}

function contest(seat: Seat, values: readonly Float64Array[], one: Contest): () => readonly number[] {
  const estimator = estimatorOf(one.estimator);
  const tools = {
    ...{ engine: seat.engine, space: seat.arena, notes: new Notes() },
    pointer: (parameter: string) => `/pipeline/0/${parameter}`,
    checkpoint: () => undefined,
    progress: UNWATCHED,
  };
  const columns = values.slice(0, one.columns);
  const codes = Int32Array.from(values[one.columns]!.subarray(0, one.rows));
  const target: Target = { kind: 'classes', codes, classes: [0, 1] };
  const features = featuresOf(columns, 0, one.rows);
  const parameters = { ...defaultsOf(estimator), ...one.parameters };
  const fit = (): State =>
    seat.arena.scratch(() => estimator.fit({ ...tools, features, target, parameters }));
  if (one.what === 'fit') return () => figuresOf(fit());
  const state = fit();
  const asked = one.asked === 0 ? features : featuresOf(columns, one.rows, one.rows + one.asked);
  return () => seat.arena.scratch(() => [meanOf(estimator.predict(state, asked, tools))]);
}

/** The columns, and behind them two classes that the first tells something of. */
function drawn({ rows, asked, columns, groups }: Contest): Float64Array[] {
  const length = rows + asked;
  const made = groups === 1 ? [] : blobs(71, length, columns, groups);
  for (let j = made.length; j < columns; j++) made.push(normal(71 + j, length));
  const noise = normal(97, length);
  return [...made, made[0]!.map((value, row) => (value + noise[row]! > 0 ? 1 : 0))];
}

/** Neighbours and clusterings over a seat, against scikit-learn called directly. */
export async function measureNeighbourModels(
  seat: Seat,
  python: DirectPython,
  told: (row: Row) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const one of CONTESTS) {
    const { estimator, what, rows: fitted, asked, columns: width, parameters, agree } = one;
    const number = (value: number): string => value.toLocaleString('en');
    const size = asked === 0 ? number(fitted) : `${number(asked)} of ${number(fitted)}`;
    const row = await withColumns(seat, python, drawn(one), (columns) =>
      duel(python, {
        group: 'models',
        name: `${estimator}, ${what}, ${size} × ${width}`,
        rivalName: 'scikit-learn',
        atLeast: AT_LEAST,
        agree,
        operation: {
          what: 'neighbours',
          name: 'x',
          options: { estimator, call: what, rows: fitted, columns: width, ...parameters },
        },
        ours: contest(
          seat,
          columns.map(({ chunks }) => chunks[0]!.values),
          one,
        ),
      }),
    );
    rows.push(row);
    told(row);
  }
  return rows;
}
