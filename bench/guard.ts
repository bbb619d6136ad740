import { appendFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  exitCode,
  failures,
  limitTable,
  machine,
  ratioTable,
  resultsJson,
  type Limit,
  type Row,
} from './compare.js';
import { KERNEL_CASES, measureKernels } from './kernels.js';
import { measureLimits } from './limits.js';
import { BRIEF } from './measure.js';
import { openStage } from './stage.js';

/** Floors that do not depend on the machine: each case that has one, and the limits. */
export async function measureGuard(): Promise<{ rows: Row[]; limits: Limit[] }> {
  const limits = await measureLimits();
  const stage = await openStage(false);
  const cases = KERNEL_CASES.filter(({ floor }) => floor !== undefined);
  return { rows: await measureKernels(stage, cases, BRIEF, 'floor'), limits };
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
