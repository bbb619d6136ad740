import type { KMeansOptions } from '../src/ports/engine.js';
import type { Numbers } from '../src/ports/tables.js';
import { failedRow, geometricRow, sameFigures, type Row } from './compare.js';
import { blobs, column, normal, uniform, unseen } from './data.js';
import type { DirectPython, Operation, Timed } from './direct.js';
import { alternate, callsFor, clockOf, pairsFor, untilSteady, warm, type Measured } from './measure.js';
import { allMoments, describe, sumMinMax, tTest } from './passes.js';
import { placed, type Seat } from './stage.js';

const ROWS = 1_000_000;
const LONG_ROWS = 30_000_000;
const GROUP = 'python';
const AGREE = 1e-9;
const SAMPLE_MS = 100;
const WARM_MS = 200;
/** Threads of OpenBLAS and OpenMP spin some hundredths of a second before they sleep. */
const REST_MS = 50;

const CELL_AT_LEAST = 1.3;
const CELLS_AT_LEAST = 3;

const millions = (rows: number): string => rows.toLocaleString('en');
const total = (figures: readonly number[]): number => figures.reduce((sum, value) => sum + value, 0);

/** A row to be measured: figures of ours are those of the rival, or the row has no numbers. */
export interface Duel {
  /** Relative difference allowed between the figures, 1e-9 where it is not said. */
  readonly agree?: number;
  readonly group?: string;
  readonly name: string;
  readonly rivalName: string;
  readonly atLeast: number | null;
  readonly operation: Operation;
  readonly ours: () => readonly number[];
  /** Those of our figures that the rival has too. */
  readonly shared?: (figures: readonly number[]) => readonly number[];
}

/** What came of the rival's call, and milliseconds a call when warm: what takes its time is not called twice for that. */
async function warmRival(python: DirectPython, operation: Operation): Promise<Timed> {
  const first = await python.run(operation, 1);
  if (first.ms > 1000) return first;
  const { ms } = await python.run(operation, 1);
  return { ...first, ms: Math.min(first.ms, ms) };
}

/** The same of ours. */
async function warmOurs(ours: () => readonly number[]): Promise<Timed> {
  const start = performance.now();
  const figures = ours();
  const ms = performance.now() - start;
  return { figures, ms: ms > 1000 ? ms : await warm(() => total(ours()), WARM_MS) };
}

/** Both sides in turn, which are warm by now, until the ratio is steady. */
async function measured(
  ours: () => readonly number[],
  ourMs: number,
  python: DirectPython,
  operation: Operation,
  theirMs: number,
): Promise<Measured> {
  const slowest = Math.max(ourMs, theirMs);
  const turns = {
    pairs: pairsFor(slowest),
    ourCalls: callsFor(ourMs, SAMPLE_MS),
    rivalCalls: callsFor(theirMs, SAMPLE_MS),
    restMs: REST_MS,
  };
  const rival = async (calls: number): Promise<number> => (await python.run(operation, calls)).ms;
  const sample = () =>
    alternate(
      clockOf(() => total(ours())),
      rival,
      turns,
    );
  return untilSteady(sample, 'lower', slowest > 1000 ? 2 : 4);
}

export async function duel(python: DirectPython, one: Duel): Promise<Row> {
  const { name, rivalName, atLeast, operation, ours, agree = AGREE, group = GROUP } = one;
  const about = { group, name, rivalName, atLeast };
  try {
    const { figures, ms } = await warmRival(python, operation);
    const warmed = await warmOurs(ours);
    const own = one.shared?.(warmed.figures) ?? warmed.figures;
    if (!sameFigures(own, figures, agree)) {
      throw new Error(
        `expected the same result on both sides, got ${own.join(' ')} and ${figures.join(' ')}`,
      );
    }
    const row = await measured(ours, warmed.ms, python, operation, ms);
    return { ...about, ...row, unit: 'ms', error: null };
  } catch (error) {
    return failedRow(about, error);
  }
}

/** Hands the columns to both, measures, and takes them away from both. */
export async function withColumns<T>(
  seat: Seat,
  python: DirectPython,
  values: readonly Float64Array[],
  use: (columns: readonly Numbers[]) => Promise<T>,
): Promise<T> {
  const { top } = seat.arena;
  try {
    await python.load('x', values);
    return await use(values.map((one) => column(placed(seat.arena, one))));
  } finally {
    seat.arena.reset(top);
    await python.forget();
  }
}

const duels = async (python: DirectPython, list: readonly Duel[]): Promise<Row[]> => {
  const rows: Row[] = [];
  for (const one of list) rows.push(await duel(python, one));
  return rows;
};

const table = (seat: Seat, python: DirectPython): Promise<Row[]> =>
  withColumns(seat, python, blobs(901, ROWS, 4, 3), (columns) => {
    const { engine } = seat;
    const rivalName = 'pandas';
    const summary: Duel = {
      name: 'describe, 1,000,000 × 4',
      rivalName,
      atLeast: 6,
      operation: { what: 'describe', name: 'x' },
      ours: () => describe(engine, columns),
    };
    const moments: Duel = {
      name: 'mean, std, min, max, skew, kurtosis, 1,000,000 × 4',
      rivalName,
      atLeast: 25,
      operation: { what: 'moments', name: 'x' },
      ours: () => allMoments(engine, columns),
    };
    const summarize: Duel = {
      ...summary,
      rivalName: 'DuckDB SUMMARIZE',
      atLeast: null,
      operation: { what: 'summarize', name: 'x' },
      // Quantiles are DuckDB's estimates; of the seven figures of a column it has mean, deviation, minimum, maximum.
      shared: (figures) => figures.filter((_, i) => [0, 1, 2, 6].includes(i % 7)),
    };
    const known = typeof python.versions.duckdb === 'string';
    if (!known) console.log('DuckDB is not installed there: measuring without it');
    return duels(python, known ? [summary, moments, summarize] : [summary, moments]);
  });

const test = (seat: Seat, python: DirectPython): Promise<Row[]> =>
  withColumns(seat, python, [normal(902, ROWS)], ([first]) =>
    duels(python, [
      {
        name: 'one-sample t-test, 1,000,000',
        rivalName: 'SciPy',
        atLeast: 5,
        operation: { what: 'ttest', name: 'x', options: { popmean: 0 } },
        ours: () => tTest(seat.engine, first!, 0),
        shared: (figures) => figures.slice(0, 2),
      },
    ]),
  );

const orders = (seat: Seat, python: DirectPython): Promise<Row[]> => {
  const x = normal(904, ROWS);
  const y = normal(905, ROWS).map((value, i) => value + x[i]! / 3);
  return withColumns(seat, python, [x, y], ([first, second]) => {
    const { arena, engine } = seat;
    const few = (values: Float64Array): number[] =>
      Array.from({ length: ROWS / 1000 }, (_, i) => values[i * 1000]!);
    const scratch = (figures: () => number[]) => (): number[] => arena.scratch(figures);
    return duels(python, [
      {
        name: 'sort, 1,000,000',
        rivalName: 'NumPy',
        atLeast: 3,
        operation: { what: 'sort', name: 'x' },
        ours: scratch(() => few(engine.order.sort(first!))),
      },
      {
        name: 'ranks, 1,000,000',
        rivalName: 'SciPy',
        atLeast: 3,
        operation: { what: 'ranks', name: 'x' },
        ours: scratch(() => few(engine.order.rank(first!).ranks)),
      },
      {
        name: "pairs for Kendall's τ, 1,000,000",
        rivalName: 'SciPy',
        atLeast: 3,
        operation: { what: 'kendall', name: 'x' },
        ours: scratch(() => {
          const { concordant, discordant, tiedX, tiedY } = engine.order.pairs(first!, second!);
          const total = (ROWS * (ROWS - 1)) / 2;
          return [(concordant - discordant) / Math.sqrt(total - tiedX) / Math.sqrt(total - tiedY)];
        }),
      },
    ]);
  });
};

const long = (seat: Seat, python: DirectPython): Promise<Row[]> =>
  withColumns(seat, python, [uniform(903, LONG_ROWS)], ([first]) =>
    duels(
      python,
      (['NumPy', 'pandas'] as const).map((rivalName) => ({
        name: `sum, min, max, ${millions(LONG_ROWS)}`,
        rivalName,
        atLeast: null,
        operation: { what: `${rivalName.toLowerCase()}_extent`, name: 'x' },
        ours: () => sumMinMax(seat.engine, first!),
      })),
    ),
  );

interface Cell {
  readonly columns: number;
  readonly kind: 'clustered' | 'uniform';
  readonly k: number;
}

export const CELLS: readonly Cell[] = [4, 16].flatMap((columns) =>
  (['clustered', 'uniform'] as const).flatMap((kind) => [3, 8, 32].map((k) => ({ columns, kind, k }))),
);

const cellValues = ({ columns, kind, k }: Cell): Float64Array[] =>
  kind === 'clustered'
    ? blobs(7, ROWS, columns, k)
    : Array.from({ length: columns }, (_, i) => uniform(11 + i, ROWS));

/** A whole fit, the same start and the same rule to stop. Of scikit-learn's two algorithms the faster one counts. */
async function kmeansCell(seat: Seat, python: DirectPython, cell: Cell): Promise<Row> {
  const { columns: width, kind, k } = cell;
  const name = `k-means, ${millions(ROWS)} × ${width} ${kind}, k = ${k}`;
  const about = { group: GROUP, name, rivalName: 'scikit-learn', atLeast: CELL_AT_LEAST };
  try {
    return await withColumns(seat, python, cellValues(cell), async (columns) => {
      const operation = (algorithm: string): Operation => ({
        what: 'kmeans',
        name: 'x',
        options: { k, algorithm },
      });
      const lloyd = await warmRival(python, operation('lloyd'));
      const elkan = await warmRival(python, operation('elkan'));
      const [algorithm, { ms }] =
        lloyd.ms <= elkan.ms ? (['lloyd', lloyd] as const) : (['elkan', elkan] as const);
      const options: KMeansOptions = { nClusters: k, randomState: 42, nInit: 1, maxIter: 300, tol: 1e-4 };
      const fit = (): number[] =>
        seat.arena.scratch(() => {
          const { nIter, inertia } = seat.engine.kmeans(columns.map(unseen), options)!;
          return [nIter, inertia];
        });
      const own = await warmOurs(fit);
      const row = await measured(fit, own.ms, python, operation(algorithm), ms);
      if (!sameFigures(own.figures, lloyd.figures, AGREE)) {
        const [ours, theirs] = [own.figures, lloyd.figures].map(
          ([iterations, inertia]) => `${iterations!} and ${inertia!}`,
        );
        console.log(`warning: ${name}: n_iter and inertia are ${ours!}, scikit-learn's ${theirs!}`);
      }
      return { ...about, rivalName: `scikit-learn, ${algorithm}`, ...row, unit: 'ms', error: null };
    });
  } catch (error) {
    return failedRow(about, error);
  }
}

/**
 * Ours over a seat, against Python's libraries called directly; the targets are what was asked for. It takes minutes, so
 * every row is `told` when it is measured.
 */
export async function measurePython(
  seat: Seat,
  python: DirectPython,
  told: (row: Row) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  const add = (more: readonly Row[]): void => {
    rows.push(...more);
    more.forEach(told);
  };
  for (const part of [table, test, orders, long]) add(await part(seat, python));
  const cells: Row[] = [];
  for (const cell of CELLS) {
    cells.push(await kmeansCell(seat, python, cell));
    add(cells.slice(-1));
  }
  const mean = {
    group: GROUP,
    name: `k-means, geometric mean of the ${cells.length} above`,
    rivalName: 'scikit-learn',
    atLeast: CELLS_AT_LEAST,
  };
  add([geometricRow(cells, mean)]);
  return rows;
}
