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

/**
 * What a bound of time or memory is held to: on a machine that does nothing else. Where others share it
 * (OPERATE_TIMINGS=printed, as in CI) such bounds fail for their sake; the table says then which were missed, and only what
 * no neighbour can change is expected: what was answered, lost, reset, and how the process ended.
 */
const HELD = process.env['OPERATE_TIMINGS'] !== 'printed';

interface Bound {
  toBeLessThan(most: number): void;
  toBeLessThanOrEqual(most: number): void;
  toBeGreaterThanOrEqual(least: number): void;
}

const PRINTED: Bound = {
  toBeLessThan: () => undefined,
  toBeLessThanOrEqual: () => undefined,
  toBeGreaterThanOrEqual: () => undefined,
};

/** Expects a timing or an amount of memory. */
export const bound = (value: number): Bound => (HELD ? expect(value) : PRINTED);
