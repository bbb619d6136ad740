import { freemem } from 'node:os';
import type { Engine } from '../src/ports/engine.js';
import type { Numbers } from '../src/ports/tables.js';
import { failedRow, type Row } from './compare.js';
import { column, mulberry32, unseen } from './data.js';
import { growthOf, type GrowthTable, type LaneTimes, type Point } from './growth.js';
import { compareRuns, fastestTime, type Run } from './measure.js';
import { describe } from './passes.js';
import type { Seat } from './stage.js';

/** How times grow: against rows, columns, centres and lanes, over uniform noise, which keeps k-means busy. */

const ROW_SIZES = [1e3, 3e3, 1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7, 3e7];
const COLUMN_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const K_SIZES = [2, 4, 8, 16, 32, 64, 128, 256];
const COLUMNS = 4;
const FIXED_ROWS = 100_000;
const K = 8;
const ITERATIONS = 10;
const QUARTILES = [0.25, 0.5, 0.75];

const SAMPLE_MS = 30;

/** More than this a size may not need: what a request of 4 GiB leaves beside its data. */
const MOST_BYTES = 3e9;
/** What k-means keeps a row beside the data: label, nearest distance, and two bounds or what candidates would make. */
const ROW_STATE = 36;

/** Whether a k-means of so many rows and columns fits into the memory of a request, and into what this machine has left. */
export function fits(rows: number, columns: number, freeBytes: number): boolean {
  const bytes = rows * (columns * 8 + ROW_STATE);
  return bytes <= MOST_BYTES && bytes <= freeBytes * 0.8;
}

/** Columns of uniform noise straight in the arena, where the largest would else be there twice. */
function noise(seat: Seat, columns: number, rows: number): Numbers[] {
  return Array.from({ length: columns }, (_, i) => {
    const next = mulberry32(981 + i);
    const values = seat.arena.float64At(seat.arena.take(rows * 8), rows);
    for (let row = 0; row < rows; row++) values[row] = next();
    return column(values);
  });
}

/** The first rows of columns in one chunk. */
const firstRows = (columns: readonly Numbers[], rows: number): Numbers[] =>
  columns.map(({ chunks }) => column(chunks[0]!.values.subarray(0, rows)));

/** A fit of exactly so many iterations: the tolerance is off and noise does not settle in them. */
function fit({ engine, arena }: Seat, columns: readonly Numbers[], k: number): Run {
  const options = { nClusters: k, randomState: 42, nInit: 1, maxIter: ITERATIONS, tol: 0 };
  return () =>
    arena.scratch(() => {
      const { nIter, inertia } = engine.kmeans(columns.map(unseen), options)!;
      if (nIter !== ITERATIONS) throw new Error(`expected ${ITERATIONS} iterations, got ${nIter}`);
      return inertia;
    });
}

const moments = ({ moments: of }: Engine, [first]: readonly Numbers[]): Run => {
  return () => of(unseen(first!), 2).m2;
};
const select = ({ select: of }: Engine, [first]: readonly Numbers[]): Run => {
  return () => of(first!, QUARTILES)[1]!;
};

/** Times of one question; a size that cannot be measured is left out, with a line that says why. */
async function against(
  name: string,
  by: string,
  unit: string,
  sizes: readonly number[],
  question: (size: number) => { run: Run; units: number },
): Promise<GrowthTable> {
  const points: Point[] = [];
  const units: number[] = [];
  for (const size of sizes) {
    try {
      const asked = question(size);
      points.push({ size, takes: await fastestTime(asked.run, SAMPLE_MS) });
      units.push(asked.units);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      console.log(`left out: ${name}, ${by} ${size.toLocaleString('en')}: ${reason}`);
    }
  }
  return growthOf({ name, by, unit, units, points });
}

async function byRows(seat: Seat): Promise<GrowthTable[]> {
  const sizes = ROW_SIZES.filter((rows) => fits(rows, COLUMNS, freemem()));
  if (sizes.length < ROW_SIZES.length) {
    console.log(`left out: more than ${sizes.at(-1)!.toLocaleString('en')} rows, for want of memory`);
  }
  const all = noise(seat, COLUMNS, sizes.at(-1)!);
  const one = (name: string, unit: string, scale: number, run: (columns: Numbers[]) => Run) =>
    against(name, 'rows', unit, sizes, (rows) => ({ run: run(firstRows(all, rows)), units: rows * scale }));
  return [
    await one('moments to the variance, 1 column', 'row', 1, (columns) => moments(seat.engine, columns)),
    await one('quartiles, 1 column', 'row', 1, (columns) => select(seat.engine, columns)),
    await one(
      `k-means, ${COLUMNS} columns, k = ${K}, ${ITERATIONS} iterations`,
      'row·iteration',
      10,
      (columns) => fit(seat, columns, K),
    ),
  ];
}

async function byColumns(seat: Seat): Promise<GrowthTable[]> {
  const all = noise(seat, COLUMN_SIZES.at(-1)!, FIXED_ROWS);
  const one = (name: string, unit: string, scale: number, run: (columns: Numbers[]) => Run) =>
    against(name, 'columns', unit, COLUMN_SIZES, (columns) => ({
      run: run(all.slice(0, columns)),
      units: columns * FIXED_ROWS * scale,
    }));
  return [
    await one('moments and quartiles, 100,000 rows', 'row·column', 1, (columns) => () => {
      return describe(seat.engine, columns)[0]!;
    }),
    await one(
      `k-means, 100,000 rows, k = ${K}, ${ITERATIONS} iterations`,
      'row·column·iteration',
      ITERATIONS,
      (columns) => fit(seat, columns, K),
    ),
  ];
}

async function byCentres(seat: Seat): Promise<GrowthTable[]> {
  const columns = noise(seat, COLUMNS, FIXED_ROWS);
  const name = `k-means, 100,000 × ${COLUMNS}, ${ITERATIONS} iterations`;
  const units = (k: number): number => k * FIXED_ROWS * ITERATIONS;
  return [
    await against(name, 'k', 'row·centre·iteration', K_SIZES, (k) => ({
      run: fit(seat, columns, k),
      units: units(k),
    })),
  ];
}

/** What lanes are asked to share, over data of their own arena. */
const SHARED: readonly {
  readonly name: string;
  readonly atLeast: number | null;
  readonly run: (seat: Seat) => Run;
}[] = [
  {
    name: `k-means, 1,000,000 × 16, k = 32, ${ITERATIONS} iterations`,
    atLeast: 1.8,
    run: (seat) => fit(seat, noise(seat, 16, 1_000_000), 32),
  },
  {
    name: 'describe, 1,000,000 × 4',
    atLeast: null,
    run: (seat) => {
      const columns = noise(seat, 4, 1_000_000);
      return () => describe(seat.engine, columns)[0]!;
    },
  },
  {
    name: 'moments to the variance, 30,000,000 rows',
    atLeast: null,
    run: (seat) => moments(seat.engine, noise(seat, 1, 30_000_000)),
  },
];

/** Times with each number of lanes, and of the more lanes the ratio over the first, pair by pair. */
async function byLanes(seats: readonly Seat[]): Promise<{ lanes: LaneTimes[]; rows: Row[] }> {
  const lanes: LaneTimes[] = [];
  const rows: Row[] = [];
  for (const { name, atLeast, run } of SHARED) {
    const tops = seats.map(({ arena }) => arena.top);
    const runs = seats.map((seat) => ({ lanes: seat.lanes, run: run(seat) }));
    const points: LaneTimes['points'][number][] = [];
    for (const one of runs) {
      points.push({ lanes: one.lanes, takes: await fastestTime(one.run, SAMPLE_MS) });
    }
    lanes.push({ name, points });
    const [first, ...more] = runs;
    for (const one of more) {
      const about = { group: 'scaling', name: `${name}: ${one.lanes} lanes`, rivalName: 'one lane', atLeast };
      try {
        const options = { pairs: 5, sampleMs: 100, warmMs: 100, attempts: 3 };
        rows.push({
          ...about,
          ...(await compareRuns(one.run, first!.run, options)),
          unit: 'ms',
          error: null,
        });
      } catch (error) {
        rows.push(failedRow(about, error));
      }
    }
    seats.forEach(({ arena }, i) => {
      arena.reset(tops[i]!);
    });
  }
  return { lanes, rows };
}

export interface Scaling {
  readonly tables: readonly GrowthTable[];
  readonly lanes: readonly LaneTimes[];
  readonly rows: readonly Row[];
}

/** Rows, columns and k with the most lanes there are; lanes with each number of them. */
export async function measureScaling(seats: readonly [Seat, ...Seat[]]): Promise<Scaling> {
  const seat = seats.at(-1)!;
  const tables: GrowthTable[] = [];
  for (const part of [byColumns, byCentres, byRows]) {
    const { top } = seat.arena;
    tables.push(...(await part(seat)));
    seat.arena.reset(top);
  }
  return { tables, ...(await byLanes(seats)) };
}
