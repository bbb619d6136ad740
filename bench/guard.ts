import { appendFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import {
  exitCode,
  failedRow,
  failures,
  limitTable,
  machine,
  ratioTable,
  resultsJson,
  type Limit,
  type Row,
} from './compare.js';
import { column, uniform, unseen } from './data.js';
import { KERNEL_CASES, measureKernels } from './kernels.js';
import { measureLimits } from './limits.js';
import { BRIEF, compareRuns, type Run } from './measure.js';
import { allMoments } from './passes.js';
import { openOneLane, openStage, placed, type Seat } from './stage.js';
import { openTeam } from './team.js';

/** Floors that do not depend on the machine: each case that has one, two lanes over one, and the limits. */
export async function measureGuard(): Promise<{ rows: Row[]; limits: Limit[] }> {
  const limits = await measureLimits();
  const stage = await openStage(false);
  const cases = KERNEL_CASES.filter(({ floor }) => floor !== undefined);
  const rows = await measureKernels(stage, cases, BRIEF, 'floor');
  return { rows: [...rows, ...(await measureTwoLanes())], limits };
}

/**
 * Two cores may be halves of one, and others work on them too: 1.3 is what is left then of the 1.8 to 1.95 measured on two
 * quiet ones. A machine of one core has nothing to measure.
 */
const TWO_LANES = 1.3;

const SHARED: readonly { readonly name: string; readonly run: (seat: Seat) => Run }[] = [
  {
    name: 'k-means, 200,000 × 16, k = 32, 10 iterations',
    run: ({ arena, engine }) => {
      const data = Array.from({ length: 16 }, (_, i) => column(placed(arena, uniform(971 + i, 200_000))));
      const options = { nClusters: 32, randomState: 42, nInit: 1, maxIter: 10, tol: 0 };
      return () => arena.scratch(() => engine.kmeans(data.map(unseen), options)!.inertia);
    },
  },
  {
    name: 'moments to the fourth, 1,000,000 × 4',
    run: ({ arena, engine }) => {
      const data = Array.from({ length: 4 }, (_, i) => column(placed(arena, uniform(981 + i, 1_000_000))));
      return () => allMoments(engine, data)[0]!;
    },
  },
];

async function measureTwoLanes(): Promise<Row[]> {
  if (availableParallelism() < 2) return [];
  const rows: Row[] = [];
  for (const { name, run } of SHARED) {
    const about = { group: 'lanes', name: `${name}: 2 lanes`, rivalName: 'one lane', atLeast: TWO_LANES };
    const [one, two] = [openOneLane(), await openTeam(2)];
    try {
      rows.push({ ...about, ...(await compareRuns(run(two), run(one), BRIEF)), unit: 'ms', error: null });
    } catch (error) {
      rows.push(failedRow(about, error));
    } finally {
      await two.close();
    }
  }
  return rows;
}

/**
 * Measures, prints the tables, and says last what failed. Returns the exit code.
 * `--summary FILE` appends the tables to FILE, `--json FILE` writes the figures.
 */
export async function guard(args: string[], measure: typeof measureGuard): Promise<0 | 1> {
  const { values } = parseArgs({ args, options: { summary: { type: 'string' }, json: { type: 'string' } } });
  const started = Date.now();
  const { rows, limits } = await measure();
  const { cores, node, date } = machine();
  const report = [
    `## Bench guard, ${cores} cores, Node ${node}, ${date}`,
    ratioTable(rows),
    limitTable(limits),
  ].join('\n\n');
  console.log(`${report}\n\nmeasured in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  const failed = failures(rows, limits);
  const verdict =
    failed.length === 0 ? 'bench guard: passed' : ['bench guard: failed', ...failed].join('\n- ');
  console.log(verdict);
  if (values.summary !== undefined) appendFileSync(values.summary, `${report}\n\n${verdict}\n`);
  if (values.json !== undefined) writeFileSync(values.json, resultsJson(machine(), rows, limits));
  return exitCode(rows, limits);
}

if (require.main === module) {
  void guard(process.argv.slice(2), measureGuard).then((code) => {
    process.exitCode = code;
  });
}
