import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the figures of one run are gathered; reporter.cjs prints them as a table at its end. */
const FILE = join(__dirname, '..', '..', 'dist', 'operate', 'figures.jsonl');

/** Notes a figure that was measured, beside what was asked of it. The caller expects it, too: this only says it. */
export function figure(what: string, value: number | string, asked: string): void {
  mkdirSync(dirname(FILE), { recursive: true });
  const shown = typeof value === 'number' ? String(Number(value.toPrecision(4))) : value;
  appendFileSync(FILE, `${JSON.stringify({ what, value: shown, asked })}\n`);
}
