import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureJourney } from './analyze.journey.js';
import { failures, limitTable, machine, ratioTable, resultsJson, type Limit, type Row } from './compare.js';
import { KERNEL_CASES, measureKernels } from './kernels.js';
import { THOROUGH } from './measure.js';
import { withMeasured, type Results } from './readme.js';
import { packageRoot, pythonRivals } from './rivals.js';
import { openStage } from './stage.js';

const USAGE = `npm run bench [-- --rivals] [-- --only name]

  --rivals      also against the Python services: makes bench/rivals/python/.venv where it is missing
  --only name   one kernel family (${[...new Set(KERNEL_CASES.map(({ family }) => family))].join(', ')}) or analyze`;

async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { rivals: { type: 'boolean' }, only: { type: 'string' }, help: { type: 'boolean' } },
  });
  const cases = KERNEL_CASES.filter(({ family }) => values.only === undefined || family === values.only);
  const journey = values.only === undefined || values.only === 'analyze';
  if (values.help === true || (cases.length === 0 && !journey)) {
    console.log(USAGE);
    process.exitCode = values.help === true ? 0 : 2;
    return;
  }
  const { cores, node, date } = machine();
  console.log(`${cores} cores, Node ${node}, ${date}; a ratio says how many times better ours is\n`);
  const rows: Row[] = [];
  const limits: Limit[] = [];
  if (cases.length > 0) {
    rows.push(...(await measureKernels(await openStage(true), cases, THOROUGH, 'target')));
    console.log(`### Kernels\n\n${ratioTable(rows)}\n`);
  }
  if (journey) {
    const measured = await measureJourney(values.rivals === true ? pythonRivals() : null);
    console.log(`### The whole request\n\n${ratioTable(measured.rows)}\n\n${limitTable(measured.limits)}\n`);
    rows.push(...measured.rows);
    limits.push(...measured.limits);
  }
  // A part of the rows says nothing of the rest: only a whole run is kept.
  const whole = values.only === undefined && values.rivals === true;
  if (whole) keep(resultsJson(machine(), rows, limits));
  const missed = rows.some(({ atLeast }) => atLeast !== null) ? failures(rows, limits) : [];
  if (missed.length > 0) console.log(['missed:', ...missed].join('\n- '));
  console.log(
    whole
      ? 'written to bench/results.json and README.md'
      : 'not kept: a run with --rivals and without --only is',
  );
}

function keep(results: string): void {
  writeFileSync(join(packageRoot(), 'bench', 'results.json'), results);
  const readme = join(packageRoot(), 'README.md');
  writeFileSync(readme, withMeasured(readFileSync(readme, 'utf8'), JSON.parse(results) as Results));
}

void run(process.argv.slice(2));
