import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureJourney } from './analyze.journey.js';
import { measureShares } from './bounds.js';
import {
  failures,
  figure,
  limitTable,
  machine,
  ratioTable,
  resultsJson,
  type Limit,
  type Row,
} from './compare.js';
import { measureCosts } from './costs.js';
import { startDirect, type DirectPython } from './direct.js';
import { growthTable, laneTable, steep } from './growth.js';
import { KERNEL_CASES, measureKernels } from './kernels.js';
import { ceilingTable, measureCeilings, openProbe } from './machine.js';
import { THOROUGH } from './measure.js';
import { measurePython } from './python.js';
import { withMeasured, withStatistics, type Results } from './readme.js';
import { packageRoot, pythonRivals, type PythonRivals } from './rivals.js';
import { measureScaling } from './scaling.js';
import { measureLinearModels } from './linear-models.js';
import { measureNeighbourModels } from './neighbour-models.js';
import { measureStatistics } from './statistics.js';
import { shareFailures, shareTable } from './shares.js';
import { openStage, withSeats } from './stage.js';

const FAMILIES: readonly string[] = [...new Set(KERNEL_CASES.map(({ family }) => family))];
const PARTS = ['analyze', 'machine', 'python', 'statistics', 'scaling'] as const;
type Part = (typeof PARTS)[number];

const USAGE = `npm run bench [-- --rivals] [-- --scaling] [-- --only name] [-- --costs]

  --rivals      everything, also against Python: makes bench/rivals/python/.venv where it is missing
  --scaling     also how times grow with rows, columns, clusters and lanes
  --costs       nothing but what a value costs and from where lanes share: writes src/engine/wasm/costs.json
  --only name   one kernel family (${FAMILIES.join(', ')}), or
                analyze   the whole request, with --rivals against the Python services
                machine   the machine's limits, and the kernels' shares of them
                python    against pandas, SciPy, scikit-learn and DuckDB called directly
                statistics  tests, correlations, transformers and models against SciPy, pandas and scikit-learn
                scaling   as --scaling, alone`;

/** What was measured so far. */
interface Report {
  readonly rows: Row[];
  readonly limits: Limit[];
  /** What has a form of its own, under its key in bench/results.json. */
  readonly more: Record<string, unknown>;
  /** What is not as it should be, beside rows and limits. */
  readonly missed: string[];
}

async function kernels(report: Report, only: string | undefined): Promise<void> {
  const cases = KERNEL_CASES.filter(({ family }) => only === undefined || family === only);
  const stage = await openStage(true);
  const rows = await measureKernels(stage, cases, THOROUGH, 'target');
  await stage.close();
  console.log(`### Kernels\n\n${ratioTable(rows)}\n`);
  report.rows.push(...rows);
}

async function share(report: Report): Promise<void> {
  await withSeats(async (seats) => {
    const probe = await openProbe(Math.max(2, ...seats.map(({ lanes }) => lanes)));
    try {
      const ceilings = await measureCeilings(probe);
      const shares = await measureShares(seats, probe);
      console.log(`### The machine\n\n${ceilingTable(ceilings)}\n`);
      console.log(`### Share of the machine's limit\n\n${shareTable(shares)}\n`);
      Object.assign(report.more, { ceilings, shares });
      report.missed.push(...shareFailures(shares));
    } finally {
      await probe.close();
    }
  });
}

/** A Python that falls over is told, and everything else is measured all the same. */
async function direct(
  report: Report,
  rivals: PythonRivals,
  parts: Readonly<Record<'python' | 'statistics', boolean>>,
): Promise<void> {
  let python: DirectPython | undefined;
  try {
    python = await startDirect(rivals);
    const { versions, threads } = python;
    const rows = await againstPython(python, parts);
    const names = Object.entries(versions).map(([name, version]) => `${name} ${version ?? '(none)'}`);
    console.log(`### Python called directly: ${names.join(', ')}\n\n${ratioTable(rows)}\n`);
    report.rows.push(...rows);
    Object.assign(report.more, { python: { versions, threads } });
  } catch (error) {
    report.missed.push(`Python called directly: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await python?.stop();
  }
}

const againstPython = (
  python: DirectPython,
  parts: Readonly<Record<'python' | 'statistics', boolean>>,
): Promise<Row[]> =>
  withSeats(async (seats) => {
    const told = ({ group, name, rivalName, ratio, error }: Row): void => {
      console.error(`${group}: ${name}, ${rivalName}: ${error ?? `${figure(ratio)} ×`}`);
    };
    const seat = seats.at(-1)!;
    return [
      ...(parts.python ? await measurePython(seat, python, told) : []),
      ...(parts.statistics ? await measureStatistics(seat, python, told) : []),
      ...(parts.statistics ? await measureLinearModels(seat, python, told) : []),
      ...(parts.statistics ? await measureNeighbourModels(seat, python, told) : []),
    ];
  });

async function scale(report: Report): Promise<void> {
  const { tables, lanes, rows } = await withSeats(measureScaling);
  console.log('### How times grow\n');
  for (const one of tables) console.log(`${one.name}\n\n${growthTable(one)}\n`);
  console.log(`${laneTable(lanes)}\n`);
  if (rows.length > 0) console.log(`${ratioTable(rows)}\n`);
  report.rows.push(...rows);
  Object.assign(report.more, { growth: tables, lanes });
  report.missed.push(...steep(tables));
}

async function journey(report: Report, rivals: PythonRivals | null): Promise<void> {
  const { rows, limits } = await measureJourney(rivals);
  console.log(`### The whole request\n\n${ratioTable(rows)}\n\n${limitTable(limits)}\n`);
  report.rows.push(...rows);
  report.limits.push(...limits);
}

async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rivals: { type: 'boolean', default: false },
      scaling: { type: 'boolean', default: false },
      costs: { type: 'boolean', default: false },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { only } = values;
  const known = only === undefined || [...FAMILIES, ...PARTS].includes(only);
  if (values.help || !known) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  if (values.costs) {
    console.log(await measureCosts());
    return;
  }
  const wanted = (part: Part, byDefault: boolean): boolean =>
    only === undefined ? byDefault : only === part;
  const { cores, node, date } = machine();
  console.log(`${cores} cores, Node ${node}, ${date}; a ratio says how many times better ours is\n`);
  const report: Report = { rows: [], limits: [], more: {}, missed: [] };
  const started = Date.now();
  const rivals = values.rivals || only === 'python' || only === 'statistics' ? pythonRivals() : null;

  if (only === undefined || FAMILIES.includes(only)) await kernels(report, only);
  if (wanted('machine', values.rivals)) await share(report);
  const parts = { python: wanted('python', values.rivals), statistics: wanted('statistics', values.rivals) };
  if ((parts.python || parts.statistics) && rivals !== null) await direct(report, rivals, parts);
  if (wanted('scaling', values.rivals || values.scaling)) await scale(report);
  if (wanted('analyze', true)) await journey(report, rivals);

  const { rows, limits, more } = report;
  // A part of the rows says nothing of the rest: only a whole run is kept.
  const whole = only === undefined && values.rivals;
  if (parts.statistics && rivals !== null) keepStatistics(rows.filter(({ group }) => group === 'statistics'));
  if (whole)
    keep(
      resultsJson(
        machine(),
        rows.filter(({ group }) => group !== 'statistics'),
        limits,
        more,
      ),
    );
  const missed = [
    ...(rows.some(({ atLeast }) => atLeast !== null) ? failures(rows, limits) : []),
    ...report.missed,
  ];
  if (missed.length > 0) console.log(['missed:', ...missed].join('\n- '));
  console.log(`measured in ${((Date.now() - started) / 60_000).toFixed(1)} minutes`);
  console.log(
    whole
      ? 'written to bench/results.json and README.md'
      : `not kept: a run with --rivals and without --only is${parts.statistics ? ', and the statistics are' : ''}`,
  );
}

/** Writes a file of results, and the README's table of it. */
function keepAs(name: string, results: string, written: (readme: string, results: Results) => string): void {
  writeFileSync(join(packageRoot(), 'bench', name), results);
  const readme = join(packageRoot(), 'README.md');
  writeFileSync(readme, written(readFileSync(readme, 'utf8'), JSON.parse(results) as Results));
}

const keep = (results: string): void => {
  keepAs('results.json', results, withMeasured);
};

/** The statistics endpoints are a run of their own, with a file and a table of their own. */
function keepStatistics(rows: readonly Row[]): void {
  if (rows.length > 0) keepAs('statistics.json', resultsJson(machine(), rows, []), withStatistics);
}

void run(process.argv.slice(2));
