import { FURTHER_ESTIMATORS } from '../src/domain/models/further-estimators.js';
import type { Estimator, Features, Prediction, State, Target } from '../src/domain/models/estimator.js';
import { Notes } from '../src/domain/notes.js';
import { UNWATCHED } from '../src/domain/progress.js';
import type { Numbers } from '../src/ports/tables.js';
import type { Row } from './compare.js';
import { normal } from './data.js';
import type { DirectPython } from './direct.js';
import { duel, withColumns } from './python.js';
import type { Seat } from './stage.js';

const ROWS = 100_000;
const COLUMNS = 16;
const GRID = 2 ** 14;

/**
 * Sixteen columns of numbers that float32 holds, as scikit-learn rounds them to, further apart than the 1e-7 that it takes
 * for equal; a number and three classes of them.
 */
function drawn(): Float64Array[] {
  const columns = Array.from({ length: COLUMNS }, (_, j) =>
    normal(41 + j, ROWS).map((x) => Math.round(x * GRID) / GRID),
  );
  const [a, b, c, d, e] = columns;
  const told = normal(99, ROWS).map(
    (noise, row) =>
      a![row]! * b![row]! + Math.sin(2 * c![row]!) + d![row]! + 0.5 * e![row]! ** 2 + 0.5 * noise,
  );
  return [...columns, told, told.map((value) => (value < -0.5 ? 0 : value < 1 ? 1 : 2))];
}

interface Contest {
  readonly estimator: string;
  readonly what: 'fit' | 'predict';
  /** Rows that are fitted; what is predicted are all. */
  readonly rows: number;
  readonly columns: number;
  readonly atLeast: number;
  /** Of the mean of what is predicted. */
  readonly agree: number;
}

/** Of predictions: the same trees, but for splits that are equally good, which rounding tells apart. */
const NEAR = 1e-3;
const CONTESTS: readonly Contest[] = [
  ...(['random_forest_classifier', 'random_forest_regressor'] as const).flatMap((estimator) =>
    (['fit', 'predict'] as const).map((what): Contest => ({
      estimator,
      what,
      rows: 20_000,
      columns: COLUMNS,
      atLeast: 3,
      agree: NEAR,
    })),
  ),
  ...(['decision_tree_classifier', 'decision_tree_regressor'] as const).map((estimator): Contest => ({
    ...{ estimator, what: 'fit', rows: ROWS, columns: COLUMNS, atLeast: 3, agree: NEAR },
  })),
  { estimator: 'isolation_forest', what: 'predict', rows: ROWS, columns: 8, atLeast: 3, agree: 1e-9 },
];

function estimatorOf(name: string): Estimator {
  const one = FURTHER_ESTIMATORS.find((each) => each.name === name);
  if (one === undefined) throw new RangeError(`no estimator ${name}`);
  return one;
}

const defaultsOf = ({ parameters }: Estimator): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries((parameters as { properties: Record<string, { default: unknown }> }).properties).map(
      ([key, { default: value }]) => [key, value],
    ),
  );

const toolsOf = ({ engine, arena }: Seat) => ({
  ...{ engine, space: arena, notes: new Notes() },
  pointer: (parameter: string) => `/pipeline/0/${parameter}`,
  checkpoint: () => undefined,
  progress: UNWATCHED,
});

const featuresOf = (columns: readonly Float64Array[], width: number, rows: number): Features => ({
  names: columns.slice(0, width).map((_, j) => `x${j}`),
  columns: columns.slice(0, width).map((values) => values.subarray(0, rows)),
  rows,
});

function targetOf(estimator: string, columns: readonly Float64Array[], rows: number): Target | undefined {
  if (estimator === 'isolation_forest') return undefined;
  if (estimator.endsWith('regressor'))
    return { kind: 'numbers', values: columns[COLUMNS]!.subarray(0, rows) };
  return {
    kind: 'classes',
    codes: Int32Array.from(columns[COLUMNS + 1]!.subarray(0, rows)),
    classes: [0, 1, 2],
  };
}

/** Nothing but the mean of what is said. */
function meanOf(prediction: Prediction): number {
  const said =
    prediction.kind === 'classes'
      ? prediction.codes
      : prediction.kind === 'labels'
        ? prediction.labels
        : prediction.kind === 'numbers'
          ? prediction.values
          : [];
  let sum = 0;
  for (const value of said) sum += value;
  return sum / said.length;
}

function contest(seat: Seat, columns: readonly Numbers[], one: Contest): () => readonly number[] {
  const values = columns.map(({ chunks }) => chunks[0]!.values);
  const estimator = estimatorOf(one.estimator);
  const fit = (): State =>
    seat.arena.scratch(() =>
      estimator.fit({
        ...toolsOf(seat),
        features: featuresOf(values, one.columns, one.rows),
        target: targetOf(one.estimator, values, one.rows),
        parameters: defaultsOf(estimator),
      }),
    );
  if (one.what === 'fit')
    return () => Array.from((fit()['feature_importances_'] as Float64Array).subarray(0, 5));
  const state = fit();
  const all = featuresOf(values, one.columns, ROWS);
  return () => seat.arena.scratch(() => [meanOf(estimator.predict(state, all, toolsOf(seat)))]);
}

/** Trees and forests over a seat, fitted and asked, against scikit-learn called directly. */
export async function measureTreeModels(
  seat: Seat,
  python: DirectPython,
  told: (row: Row) => void,
): Promise<Row[]> {
  return withColumns(seat, python, drawn(), async (columns) => {
    const rows: Row[] = [];
    for (const one of CONTESTS) {
      const { estimator, what, atLeast, agree, columns: width } = one;
      const size = what === 'fit' ? one.rows : ROWS;
      const target = estimator.endsWith('regressor') ? 0 : estimator.endsWith('classifier') ? 1 : -1;
      const row = await duel(python, {
        group: 'models',
        name: `${estimator}, ${what}, ${size.toLocaleString('en')} × ${width}`,
        rivalName: 'scikit-learn',
        ...{ atLeast, agree },
        operation: {
          what: 'trees',
          name: 'x',
          options: { estimator, call: what, rows: one.rows, columns: width, target },
        },
        ours: contest(seat, columns, one),
      });
      rows.push(row);
      told(row);
    }
    return rows;
  });
}
