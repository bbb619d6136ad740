import { LINEAR_ESTIMATORS } from '../src/domain/models/linear-estimators.js';
import { FURTHER_ESTIMATORS } from '../src/domain/models/further-estimators.js';
import type {
  Estimator,
  EstimatorTools,
  Features,
  Prediction,
  State,
  Target,
} from '../src/domain/models/estimator.js';
import { Notes } from '../src/domain/notes.js';
import { UNWATCHED } from '../src/domain/progress.js';
import type { Numbers } from '../src/ports/tables.js';
import type { Row } from './compare.js';
import { normal } from './data.js';
import type { DirectPython } from './direct.js';
import { duel, withColumns } from './python.js';
import type { Seat } from './stage.js';

const COLUMNS = 16;
/** Classes of the targets, behind the columns: 0 of numbers. */
const CLASSES = [0, 2, 3, 5];

/** Sixteen columns; numbers, two, three and five classes that they tell something of. */
function drawn(rows: number): Float64Array[] {
  const columns = Array.from({ length: COLUMNS }, (_, j) => normal(41 + j, rows));
  const [near, far] = [normal(83, rows), normal(89, rows)];
  const told = new Float64Array(rows);
  for (let j = 0; j < 8; j++)
    for (let row = 0; row < rows; row++) told[row]! += (columns[j]![row]! * (j + 1)) / 8;
  const noisy = told.map((value, row) => value + 2 * far[row]!);
  columns.push(
    told.map((value, row) => value + near[row]!),
    noisy.map((value) => (value > 0 ? 1 : 0)),
    noisy.map((value) => (value < -1 ? 0 : value < 1 ? 1 : 2)),
    noisy.map((value) => Math.min(4, Math.max(0, Math.floor(value + 2.5)))),
  );
  return columns;
}

interface Contest {
  readonly estimator: string;
  /** `predict`: also the probabilities of classes. */
  readonly call: 'fit' | 'predict';
  readonly rows: number;
  readonly classes: number;
  readonly parameters: Readonly<Record<string, number>>;
  readonly atLeast: number;
  /** Of the coefficients or the predictions; a loose one where scikit-learn stops early. */
  readonly agree: number;
}

const MILLION = { rows: 1_000_000, classes: 0, parameters: {} } as const;
const TENTH = { ...MILLION, rows: 100_000, agree: 1e-2 } as const;

const CONTESTS: readonly Contest[] = [
  { ...MILLION, estimator: 'linear_regression', call: 'fit', atLeast: 3, agree: 1e-7 },
  { ...MILLION, estimator: 'ridge', call: 'fit', parameters: { alpha: 1 }, atLeast: 2, agree: 1e-7 },
  { ...MILLION, estimator: 'lasso', call: 'fit', parameters: { alpha: 0.1 }, atLeast: 3, agree: 1e-7 },
  { ...MILLION, estimator: 'elastic_net', call: 'fit', parameters: { alpha: 0.1 }, atLeast: 3, agree: 1e-7 },
  { ...MILLION, estimator: 'logistic_regression', call: 'fit', classes: 2, atLeast: 3, agree: 1e-2 },
  { ...MILLION, estimator: 'logistic_regression', call: 'fit', classes: 3, atLeast: 3, agree: 1e-2 },
  { ...MILLION, estimator: 'linear_regression', call: 'predict', atLeast: 1, agree: 1e-7 },
  { ...TENTH, estimator: 'logistic_regression', call: 'fit', classes: 2, atLeast: 2 },
  { ...TENTH, estimator: 'logistic_regression', call: 'fit', classes: 5, atLeast: 2 },
  { ...TENTH, estimator: 'linear_regression', call: 'predict', atLeast: 1 },
  { ...TENTH, estimator: 'logistic_regression', call: 'predict', classes: 2, atLeast: 3 },
  { ...TENTH, estimator: 'logistic_regression', call: 'predict', classes: 5, atLeast: 3 },
  { ...TENTH, estimator: 'gaussian_nb', call: 'predict', classes: 2, atLeast: 3, agree: 1e-7 },
  { ...TENTH, estimator: 'gaussian_nb', call: 'predict', classes: 5, atLeast: 3, agree: 1e-7 },
];

function estimatorOf(name: string): Estimator {
  const one = [...LINEAR_ESTIMATORS, ...FURTHER_ESTIMATORS].find((each) => each.name === name);
  if (one === undefined) throw new RangeError(`no estimator ${name}`);
  return one;
}

const toolsOf = ({ engine, arena }: Seat): EstimatorTools => ({
  engine,
  space: arena,
  notes: new Notes(),
  pointer: (parameter) => `/pipeline/0/${parameter}`,
  checkpoint: () => undefined,
  progress: UNWATCHED,
});

function featuresOf(columns: readonly Numbers[]): Features {
  const values = columns.slice(0, COLUMNS).map(({ chunks }) => chunks[0]!.values);
  return { names: values.map((_, j) => `x${j}`), columns: values, rows: values[0]!.length };
}

/** A fit to be made, as often as is wanted. */
function fitOf(
  seat: Seat,
  columns: readonly Numbers[],
  { estimator, classes, parameters }: Contest,
): () => State {
  const one = estimatorOf(estimator);
  const properties = (one.parameters as { properties: Record<string, { default: unknown }> }).properties;
  const defaults = Object.fromEntries(
    Object.entries(properties).map(([key, { default: value }]) => [key, value]),
  );
  const { values } = columns[COLUMNS + CLASSES.indexOf(classes)]!.chunks[0]!;
  const target: Target =
    classes === 0
      ? { kind: 'numbers', values }
      : {
          kind: 'classes',
          codes: new Int32Array(values),
          classes: Array.from({ length: classes }, (_, code) => code),
        };
  const features = featuresOf(columns);
  const lesson = { features, target, parameters: { ...defaults, ...parameters } };
  return () => seat.arena.scratch(() => one.fit({ ...toolsOf(seat), ...lesson }));
}

/** The first eight numbers: probabilities, where there are classes. */
function figures(prediction: Prediction): number[] {
  if (prediction.kind === 'numbers') return [...prediction.values.subarray(0, 8)];
  if (prediction.kind === 'classes') return [...prediction.probabilities!.subarray(0, 8)];
  throw new TypeError('expected numbers or classes');
}

/** What is measured: the eight first coefficients, or predictions from what a fit before has learnt. */
function ours(seat: Seat, columns: readonly Numbers[], contest: Contest): () => number[] {
  const fit = fitOf(seat, columns, contest);
  if (contest.call === 'fit') return () => [...(fit()['coef_'] as Float64Array).subarray(0, 8)];
  const state = fit();
  const { predict } = estimatorOf(contest.estimator);
  const features = featuresOf(columns);
  return () => seat.arena.scratch(() => figures(predict(state, features, toolsOf(seat))));
}

/** Linear models and naive Bayes over a seat, against scikit-learn called directly. */
export async function measureLinearModels(
  seat: Seat,
  python: DirectPython,
  told: (row: Row) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const size of new Set(CONTESTS.map((contest) => contest.rows)))
    await withColumns(seat, python, drawn(size), async (columns) => {
      for (const contest of CONTESTS.filter((each) => each.rows === size)) {
        const { estimator, call, classes, parameters, atLeast, agree } = contest;
        const of = classes === 0 ? '' : `, ${classes} classes`;
        const row = await duel(python, {
          group: 'models',
          name: `${estimator}, ${call}, ${size.toLocaleString('en')} × ${COLUMNS}${of}`,
          rivalName: 'scikit-learn',
          atLeast,
          agree,
          operation: {
            what: 'linear',
            name: 'x',
            options: {
              estimator,
              call,
              target: CLASSES.indexOf(classes),
              columns: COLUMNS,
              ...parameters,
            },
          },
          ours: ours(seat, columns, contest),
        });
        rows.push(row);
        told(row);
      }
    });
  return rows;
}
