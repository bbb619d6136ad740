import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsEngine } from '../src/engine/js/engine.js';
import costs from '../src/engine/wasm/costs.json';
import type { Arena } from '../src/engine/wasm/arena.js';
import { BLOCK } from '../src/engine/wasm/columns.js';
import { wasmEngine } from '../src/engine/wasm/engine.js';
import { type Operation, OPERATIONS, Team } from '../src/engine/wasm/team.js';
import type { Engine, KMeansOptions } from '../src/ports/engine.js';
import type { Numbers } from '../src/ports/tables.js';
import { machine, median } from './compare.js';
import { blobs, column, uniform, unseen } from './data.js';
import { describe, tTest } from './passes.js';
import { packageRoot } from './rivals.js';
import { openKernels, placed } from './stage.js';
import { openTeam, type OpenTeam } from './team.js';

/**
 * What decides whether a task is shared among lanes, measured: nanoseconds a value of each operation on one lane, and from
 * how much work on two lanes are faster than one. Writes src/engine/wasm/costs.json, which says where it comes from.
 */

/** Records what each operation takes. */
class TimedTeam extends Team {
  readonly #spent = new Map<Operation, { values: number; ms: number }>();

  override run(operation: Operation, units: number, values: number, args: readonly number[]): void {
    const started = performance.now();
    super.run(operation, units, values, args);
    const spent = this.#spent.get(operation) ?? { values: 0, ms: 0 };
    spent.ms += performance.now() - started;
    spent.values += values;
    this.#spent.set(operation, spent);
  }

  /** Nanoseconds a value of each operation since the last time. */
  take(): Map<Operation, number> {
    const costs = new Map([...this.#spent].map(([name, { values, ms }]) => [name, (ms * 1e6) / values]));
    this.#spent.clear();
    return costs;
  }
}

const ROUNDS = 7;
const ROWS = 1_000_000;
const QUARTILES = [0.25, 0.5, 0.75];
const OPTIONS: KMeansOptions = { nClusters: 8, randomState: 42, nInit: 1, maxIter: 10, tol: 0 };

/** Does everything once that tasks are made of. */
function everything(engine: Engine, arena: Arena): void {
  const place = (columns: readonly Float64Array[]): Numbers[] =>
    columns.map((values) => column(placed(arena, values)));
  const fit = (columns: readonly Numbers[]): void => {
    arena.scratch(() => engine.kmeans(columns.map(unseen), OPTIONS));
  };
  arena.scratch(() => {
    const few = place(blobs(1, ROWS, 4, 8));
    const fresh = few.map(unseen);
    engine.ahead.moments(fresh, 4);
    engine.ahead.select(fresh, QUARTILES);
    // More quantiles than one pass looks at: all keys.
    engine.select(
      few[0]!,
      Array.from({ length: 21 }, (_, i) => i / 20),
    );
    engine.groups(
      few[0]!,
      Int32Array.from({ length: ROWS }, (_, i) => i % 8),
      8,
    );
    engine.comoments(few);
    engine.order.rank(few[0]!);
    engine.order.pairs(few[0]!, few[1]!);
    engine.silhouette(
      few.map(({ chunks: [chunk] }) => column(chunk!.values.subarray(0, 5_000))),
      [2, 3, 5, 8].map((k) => Int32Array.from({ length: 5_000 }, (_, i) => i % k)),
    );
    engine.distances.sums(few, [0, 0, 0, 0]);
    engine.distances.differences(few[0]!, few[1]!);
    engine.distances.chiSquare(
      few.map(({ chunks: [chunk] }) => chunk!.values),
      { sums: [1, 1, 1, 1] },
    );
    const plain = few.map(({ chunks: [chunk] }) => chunk!.values);
    const near = plain.map((values) => values.subarray(0, 20_000));
    const order = engine.neighbours.arrange(near);
    const columns = near.map((values) => Float64Array.from(order, (row) => values[row]!));
    engine.neighbours.nearest({ columns, order }, near, { count: 5, metric: 'euclidean' }, () => undefined);
    const scaling = { centre: 1, divisor: 3, factor: 2, shift: -1 };
    engine.maps.gaps(plain);
    engine.maps.scale(
      plain,
      plain.map(() => scaling),
    );
    engine.maps.multiply(plain, plain);
    engine.maps.project(
      plain,
      [0, 0, 0, 0],
      [
        [1, 2, 3, 4],
        [4, 3, 2, 1],
      ],
    );
    const quantiles = Float64Array.from({ length: 1000 }, (_, i) => i / 50 - 10);
    const references = Array.from(quantiles, (_, i) => i / 999);
    engine.maps.shares(plain[0]!, { quantiles, references, isNormal: false });
    engine.maps.powers(engine.maps.logarithms(plain), [0.7, 0.7, 0.7, 0.7]);
    const { values: series } = few[0]!.chunks[0]!;
    engine.windows.diff(series, 1);
    engine.windows.rolling(series, { window: 50, least: 50, aggregate: 'std' });
    engine.windows.rolling(series, { window: 50, least: 50, aggregate: 'min' });
    engine.windows.fading(series, { alpha: 0.1, adjust: true });
    const bytes = new Uint8Array(Int32Array.from({ length: ROWS }, (_, i) => i).buffer);
    engine.widen({ storage: 'int32', bytes, validity: null, bitOffset: 0, length: ROWS });
    fit(few);
    fit(few.map(({ chunks: [chunk] }) => column(chunk!.values.subarray(0, 10_000))));
  });
  arena.scratch(() => {
    fit(place(blobs(2, 300_000, 16, 8)));
  });
}

function costOfValues(): Record<Operation, number> {
  const { kernels, arena } = openKernels();
  const team = new TimedTeam(kernels, arena);
  const engine = wasmEngine(kernels, arena, team);
  everything(engine, arena);
  team.take();
  const rounds = Array.from({ length: ROUNDS }, () => {
    everything(engine, arena);
    return team.take();
  });
  const entries = OPERATIONS.map((name) => {
    const cost = median(rounds.map((round) => round.get(name) ?? NaN));
    if (!(cost > 0)) throw new Error(`expected ${name} to be among what was measured`);
    return [name, Number(cost.toPrecision(2))] as const;
  });
  return Object.fromEntries(entries) as Record<Operation, number>;
}

const PAIRS = 41;
/** The leader is busy with something else for so long, and helpers fall asleep, as between most tasks of a request. */
const BUSY_MS = 0.5;
/** More blocks than it can take. */
const MOST_BLOCKS = 64;

/** Work in nanoseconds from which two lanes are faster than one in three pairs of four: blocks of one column. */
function shareFrom(two: OpenTeam, alone: OpenTeam, nsPerValue: number): number {
  const values = uniform(3, MOST_BLOCKS * BLOCK);
  const prepare = ({ arena, engine }: OpenTeam): ((rows: number) => number) => {
    const placedValues = placed(arena, values);
    return (rows) => {
      const fresh = column(placedValues.subarray(0, rows));
      for (const end = performance.now() + BUSY_MS; performance.now() < end;);
      const started = performance.now();
      engine.moments(fresh, 2);
      return performance.now() - started;
    };
  };
  const [shared, single] = [prepare(two), prepare(alone)];
  for (let i = 0; i < 200; i++) {
    shared(BLOCK * 2);
    single(BLOCK * 2);
  }
  for (let blocks = 2; blocks <= MOST_BLOCKS; blocks++) {
    let won = 0;
    for (let pair = 0; pair < PAIRS; pair++) if (shared(blocks * BLOCK) < single(blocks * BLOCK)) won++;
    if (won >= PAIRS * 0.75) return Math.round((blocks * BLOCK * nsPerValue) / 1000) * 1000;
  }
  throw new Error('expected two lanes to be faster than one somewhere');
}

/** Microseconds of the smallest answer on either engine: ten rows of two columns. */
async function tenRows(): Promise<{ wasmUs: number; jsUs: number }> {
  const { kernels, arena } = openKernels();
  const timeOf = (engine: Engine, columns: readonly Numbers[]): number => {
    const answer = (): void => {
      arena.scratch(() => {
        describe(engine, columns);
        tTest(engine, columns[0]!, 0);
        engine.kmeans(columns.map(unseen), { ...OPTIONS, nClusters: 3 });
      });
    };
    for (let i = 0; i < 2000; i++) answer();
    const times = Array.from({ length: 15 }, () => {
      const started = performance.now();
      for (let i = 0; i < 200; i++) answer();
      return ((performance.now() - started) * 1000) / 200;
    });
    return Number(median(times).toPrecision(2));
  };
  const data = [uniform(5, 10), uniform(6, 10)];
  const inArena = data.map((values) => column(placed(arena, values)));
  const onHeap = data.map((values) => column(values));
  return {
    wasmUs: timeOf(wasmEngine(kernels, arena), inArena),
    jsUs: timeOf(await jsEngine(), onHeap),
  };
}

/** Measures, and writes the file that the engine reads. Returns what it wrote. */
export async function measureCosts(): Promise<string> {
  const nsPerValue = costOfValues();
  const [two, alone] = [await openTeam(2, { sharedFrom: 0 }), await openTeam(1)];
  const sharedFromNs = shareFrom(two, alone, nsPerValue.moments);
  await Promise.all([two.close(), alone.close()]);
  const measured: typeof costs = {
    origin: { command: 'npm run bench -- --costs', ...machine() },
    sharedFromNs,
    nsPerValue,
    tenRows: await tenRows(),
  };
  const text = `${JSON.stringify(measured, null, 2)}\n`;
  writeFileSync(join(packageRoot(), 'src', 'engine', 'wasm', 'costs.json'), text);
  return text;
}
