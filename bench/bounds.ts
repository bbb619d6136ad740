import type { Numbers } from '../src/ports/tables.js';
import { PRUNED_FROM } from '../src/engine/wasm/kmeans.js';
import { column, mulberry32, uniform, unseen } from './data.js';
import { PROBE_TURNS, READ_BYTES, TURN_FLOPS, type Probe } from './machine.js';
import { alternate, callsFor, clockOf, warm, type Clock, type Run } from './measure.js';
import { sumMinMax } from './passes.js';
import { failedShare, shareOf, steadyShare, type Share, type Work } from './shares.js';
import { placed, type Seat } from './stage.js';

/** Kernels beside what the machine can do at best: reading memory, multiplying and adding. */

const ROWS = 30_000_000;
const GROUPS = 8;
const QUARTILES = [0.25, 0.5, 0.75];
/** The share asked for of the pass that does least with a value. */
const LEAST_SHARE = 0.7;

const WARM_MS = 200;
const SAMPLE_MS = 100;
const PAIRS = 7;
const ATTEMPTS = 3;
/** The other side's threads may still spin. */
const REST_MS = 20;

interface Bounded {
  readonly name: string;
  readonly work: Work;
  readonly atLeast?: number;
  /** Rows too few to be shared among lanes. */
  readonly oneLane?: boolean;
  /** Makes what has to be there; the arena is reset afterwards. `long` is a column of ROWS without gaps. */
  readonly prepare: (seat: Seat, long: Numbers) => Clock;
}

const overLong = (
  name: string,
  bytes: number,
  assumed: string,
  prepare: (seat: Seat, long: Numbers) => Run,
  atLeast?: number,
): Bounded => ({
  name: `${name}, ${ROWS.toLocaleString('en')} rows`,
  work: { bound: 'memory', amount: bytes * ROWS, assumed: `${assumed}, ${bytes} bytes a row` },
  ...(atLeast === undefined ? {} : { atLeast }),
  prepare: (seat, long) => clockOf(prepare(seat, long)),
});

/** Fewer rows than those from which bounds prune: all distances are computed. */
const PLAIN = { rows: Math.min(16_000, PRUNED_FROM - 1), columns: 16, k: 32 };
/** A fit of many iterations less one of few is iterations alone, without the start and the inertia. */
const MANY = 22;
const FEW = 2;

function plainAssignments(seat: Seat): Clock {
  const { rows, columns, k } = PLAIN;
  const data = Array.from({ length: columns }, (_, i) => column(placed(seat.arena, uniform(951 + i, rows))));
  const fit = (maxIter: number): Clock =>
    clockOf(() =>
      seat.arena.scratch(() => {
        const options = { nClusters: k, randomState: 42, nInit: 1, maxIter, tol: 0 };
        const { nIter, inertia } = seat.engine.kmeans(data.map(unseen), options)!;
        if (nIter !== maxIter) throw new Error(`expected ${maxIter} iterations, got ${nIter}`);
        return inertia;
      }),
    );
  const [many, few] = [fit(MANY), fit(FEW)];
  return async (calls) => (await many(calls)) - (await few(calls));
}

const BOUNDED: readonly Bounded[] = [
  overLong(
    'sum, min, max',
    8,
    'one reading',
    ({ engine }, long) =>
      () =>
        sumMinMax(engine, long)[0]!,
    LEAST_SHARE,
  ),
  overLong(
    'moments to the variance',
    8,
    'one reading',
    ({ engine }, long) =>
      () =>
        engine.moments(unseen(long), 2).m2,
  ),
  overLong(
    'moments to the fourth',
    8,
    'one reading',
    ({ engine }, long) =>
      () =>
        engine.moments(unseen(long), 4).m4,
  ),
  overLong(`means of ${GROUPS} groups`, 12, 'value and label', ({ engine, arena }, long) => {
    const labels = arena.int32At(arena.take(ROWS * 4), ROWS);
    const next = mulberry32(961);
    for (let row = 0; row < ROWS; row++) labels[row] = Math.floor(next() * GROUPS);
    return () => engine.groups(long, labels, GROUPS)[0]!;
  }),
  overLong(
    'quartiles',
    8,
    'one reading',
    ({ engine }, long) =>
      () =>
        engine.select(long, QUARTILES)[1]!,
  ),
  {
    name: `k-means, plain assignment, ${PLAIN.rows.toLocaleString('en')} × ${PLAIN.columns}, k = ${PLAIN.k}`,
    work: {
      bound: 'arithmetic',
      amount: 3 * PLAIN.rows * PLAIN.columns * PLAIN.k * (MANY - FEW),
      assumed: `${MANY - FEW} iterations; subtract, multiply, add for each row, column and centre`,
    },
    oneLane: true,
    prepare: plainAssignments,
  },
];

/** What the machine does in a call of the probe, in the same unit as the work, on so many threads. */
function ceilingOf({ bound }: Work, probe: Probe, threads: number): { clock: Clock; amount: number } {
  if (bound === 'memory') {
    return { clock: async (calls) => (await probe.read(threads, calls)) / calls, amount: READ_BYTES };
  }
  return {
    clock: async (calls) => (await probe.multiplyAdd(threads, calls * PROBE_TURNS)) / calls,
    amount: TURN_FLOPS * PROBE_TURNS * threads,
  };
}

async function measureShare(
  { name, work, prepare }: Bounded,
  atLeast: number | null,
  seat: Seat,
  long: Numbers,
  probe: Probe,
): Promise<Share> {
  const about = { name, ...work, threads: seat.lanes, atLeast };
  const { top } = seat.arena;
  try {
    const ours = prepare(seat, long);
    const { clock, amount } = ceilingOf(work, probe, seat.lanes);
    const turns = {
      pairs: PAIRS,
      ourCalls: callsFor(await warm(() => ours(1), WARM_MS), SAMPLE_MS),
      rivalCalls: callsFor(await warm(() => clock(1), WARM_MS), SAMPLE_MS),
      restMs: REST_MS,
    };
    const sample = async (): Promise<Share> => shareOf(about, await alternate(ours, clock, turns), amount);
    let best = await sample();
    for (let attempt = 1; attempt < ATTEMPTS && !steadyShare(best); attempt++) {
      const next = await sample();
      if (!(next.spread >= best.spread)) best = next;
    }
    return best;
  } catch (error) {
    return failedShare(about, error);
  } finally {
    seat.arena.reset(top);
  }
}

/** Every kernel on every number of lanes; what is asked for is asked of the most lanes. */
export async function measureShares(seats: readonly Seat[], probe: Probe): Promise<Share[]> {
  const shares: Share[] = [];
  const values = uniform(962, ROWS);
  for (const seat of seats) {
    const { top } = seat.arena;
    const long = column(placed(seat.arena, values));
    const last = seat === seats.at(-1);
    for (const one of BOUNDED) {
      if (one.oneLane === true && seat !== seats[0]) continue;
      shares.push(await measureShare(one, last ? (one.atLeast ?? null) : null, seat, long, probe));
    }
    seat.arena.reset(top);
  }
  return shares;
}
