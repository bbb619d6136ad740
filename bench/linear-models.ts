import { LINEAR_ESTIMATORS } from '../src/domain/models/estimators-a.js';
import type { State, Target } from '../src/domain/models/estimator.js';
import { Notes } from '../src/domain/notes.js';
import type { Numbers } from '../src/ports/tables.js';
import type { Row } from './compare.js';
import { normal } from './data.js';
import type { DirectPython } from './direct.js';
import { duel, withColumns } from './python.js';
import type { Seat } from './stage.js';

const ROWS = 1_000_000;
const COLUMNS = 16;

/** Sixteen columns; numbers, two and three classes that they tell something of. */
function drawn(): Float64Array[] {
  const columns = Array.from({ length: COLUMNS }, (_, j) => normal(41 + j, ROWS));
  const [near, far] = [normal(83, ROWS), normal(89, ROWS)];
  const told = new Float64Array(ROWS);
  for (let j = 0; j < 8; j++)
    for (let row = 0; row < ROWS; row++) told[row]! += (columns[j]![row]! * (j + 1)) / 8;
  const noisy = told.map((value, row) => value + 2 * far[row]!);
  columns.push(
    told.map((value, row) => value + near[row]!),
    noisy.map((value) => (value > 0 ? 1 : 0)),
    noisy.map((value) => (value < -1 ? 0 : value < 1 ? 1 : 2)),
  );
  return columns;
}

interface Contest {
  readonly estimator: string;
  readonly target: number;
  readonly parameters: Readonly<Record<string, number>>;
  readonly atLeast: number;
  /** Of the coefficients; a loose one where scikit-learn stops early. */
  readonly agree: number;
}

const CONTESTS: readonly Contest[] = [
  { estimator: 'linear_regression', target: 0, parameters: {}, atLeast: 3, agree: 1e-7 },
  { estimator: 'ridge', target: 0, parameters: { alpha: 1 }, atLeast: 2, agree: 1e-7 },
  { estimator: 'lasso', target: 0, parameters: { alpha: 0.1 }, atLeast: 3, agree: 1e-7 },
  { estimator: 'elastic_net', target: 0, parameters: { alpha: 0.1 }, atLeast: 3, agree: 1e-7 },
  { estimator: 'logistic_regression', target: 1, parameters: {}, atLeast: 0.5, agree: 1e-2 },
  { estimator: 'logistic_regression', target: 2, parameters: {}, atLeast: 0.8, agree: 1e-2 },
];

function fit(seat: Seat, columns: readonly Numbers[], { estimator, target, parameters }: Contest): State {
  const one = LINEAR_ESTIMATORS.find(({ name }) => name === estimator);
  if (one === undefined) throw new RangeError(`no estimator ${estimator}`);
  const properties = (one.parameters as { properties: Record<string, { default: unknown }> }).properties;
  const defaults = Object.fromEntries(
    Object.entries(properties).map(([key, { default: value }]) => [key, value]),
  );
  const values = columns.map(({ chunks }) => chunks[0]!.values);
  const wanted = values[COLUMNS + target]!;
  const learnt: Target =
    target === 0
      ? { kind: 'numbers', values: wanted }
      : { kind: 'classes', codes: Int32Array.from(wanted), classes: target === 1 ? [0, 1] : [0, 1, 2] };
  return seat.arena.scratch(() =>
    one.fit({
      engine: seat.engine,
      space: seat.arena,
      notes: new Notes(),
      pointer: (parameter) => `/pipeline/0/${parameter}`,
      checkpoint: () => undefined,
      features: {
        names: values.slice(0, COLUMNS).map((_, j) => `x${j}`),
        columns: values.slice(0, COLUMNS),
        rows: ROWS,
      },
      target: learnt,
      parameters: { ...defaults, ...parameters },
    }),
  );
}

/** Fits of linear models over a seat, against scikit-learn called directly. */
export async function measureLinearModels(
  seat: Seat,
  python: DirectPython,
  told: (row: Row) => void,
): Promise<Row[]> {
  return withColumns(seat, python, drawn(), async (columns) => {
    const rows: Row[] = [];
    for (const contest of CONTESTS) {
      const { estimator, target, parameters, atLeast, agree } = contest;
      const classes = target === 0 ? '' : `, ${target + 1} classes`;
      const row = await duel(python, {
        group: 'models',
        name: `${estimator}, ${ROWS.toLocaleString('en')} × ${COLUMNS}${classes}`,
        rivalName: 'scikit-learn',
        atLeast,
        agree,
        operation: {
          what: 'linear',
          name: 'x',
          options: { estimator, target, columns: COLUMNS, ...parameters },
        },
        ours: () => [...(fit(seat, columns, contest)['coef_'] as Float64Array).subarray(0, 8)],
      });
      rows.push(row);
      told(row);
    }
    return rows;
  });
}
