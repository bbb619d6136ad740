import { setTimeout as pause } from 'node:timers/promises';
import type { JsonValue, Service } from '../service.js';

export type Line = Readonly<Record<string, JsonValue>>;

/** The lines of a service's log. Throws where it printed anything else. */
export const linesOf = (service: Pick<Service, 'output'>): Line[] =>
  service
    .output()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

const TRIES = 200;
const LOOK_MS = 25;

/** The first line that is so, waited for. */
export async function lineOf(
  service: Pick<Service, 'output'>,
  which: (line: Line) => boolean,
): Promise<Line> {
  for (let i = 0; i < TRIES; i++) {
    const found = linesOf(service).find(which);
    if (found !== undefined) return found;
    await pause(LOOK_MS);
  }
  throw new Error(`expected a line, got ${service.output().slice(-2000)}`);
}
