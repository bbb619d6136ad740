import type { EngineName } from '../../ports/engine.js';
import { FORMATS, OTHER_FORMATS } from '../../ports/formats.js';
import type { RequestSeen } from '../../ports/observe.js';
import type { Point, Reading } from './readings.js';
import { routeLabel, ROUTES } from './routes.js';

/** How a request ended, for those who ask whether the service is well. */
export const OUTCOMES = ['ok', 'client_error', 'gone', 'refused', 'deadline', 'server_error'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** `refused` is what may be asked again later: 429 and 503. */
export function outcomeOf(status: number): Outcome {
  if (status < 400) return 'ok';
  if (status === 499) return 'gone';
  if (status === 429 || status === 503) return 'refused';
  if (status < 500) return 'client_error';
  return status === 504 ? 'deadline' : 'server_error';
}

const ENGINES: readonly EngineName[] = ['wasm', 'js'];
/** Of a body that no lane had: it was refused, or there was none. */
const NONE = 'none';

/** Sums by the values of one label. All of them are known before, and there from the start: nothing else is added. */
class Sums {
  readonly #sums: Map<string, number>;

  constructor(
    readonly label: string,
    values: readonly string[],
  ) {
    this.#sums = new Map(values.map((value) => [value, 0]));
  }

  add(value: string, amount = 1): void {
    const sum = this.#sums.get(value);
    if (sum !== undefined) this.#sums.set(value, sum + amount);
  }

  points(): readonly Point[] {
    return [...this.#sums].map(([value, sum]) => [sum, { [this.label]: value }]);
  }
}

export interface Tally {
  readonly add: (seen: RequestSeen) => void;
  readonly readings: readonly Reading[];
}

/** Counts requests from the start on, before anything collects. `codes`: every code that a problem can have. */
export function tally(codes: readonly string[]): Tally {
  const requests = new Sums('route', ROUTES);
  const seconds = new Sums('route', ROUTES);
  const problems = new Sums('code', codes);
  const engines = new Sums('engine', ENGINES);
  const rows = new Sums('format', [...FORMATS, ...OTHER_FORMATS]);
  const received = new Sums('format', [...FORMATS, ...OTHER_FORMATS, NONE]);
  const phases = new Sums('phase', ['decode', 'compute', 'encode']);
  let sent = 0;
  const counter = (name: string, unit: string, description: string, sums: Sums): Reading => ({
    kind: 'counter',
    name,
    unit,
    description,
    read: () => sums.points(),
  });
  return {
    add({ route, durationMs, code, bytesIn, bytesOut, work }) {
      const label = routeLabel(route);
      requests.add(label);
      seconds.add(label, durationMs / 1000);
      if (code !== undefined) problems.add(code);
      received.add(work?.format ?? NONE, bytesIn);
      sent += bytesOut;
      if (work === undefined) return;
      engines.add(work.engine);
      rows.add(work.format, work.rows);
      phases.add('decode', work.decodeMs / 1000);
      phases.add('compute', work.computeMs / 1000);
      phases.add('encode', work.encodeMs / 1000);
    },
    readings: [
      counter('analytics.route.requests', '{request}', 'Requests that are over, by route.', requests),
      counter(
        'analytics.route.duration',
        's',
        'Time of requests, from headers to answer, by route.',
        seconds,
      ),
      counter('analytics.problems', '{problem}', 'Answers that were a problem, by its code.', problems),
      counter('analytics.engine.requests', '{request}', 'Requests that a lane computed, by engine.', engines),
      counter('analytics.rows', '{row}', 'Rows of tables that came in, by format of the body.', rows),
      counter(
        'analytics.received',
        'By',
        'Bytes of bodies as they were sent, by format; none: no lane had it.',
        received,
      ),
      counter('analytics.work', 's', 'Time of lanes, by what they did.', phases),
      {
        kind: 'counter',
        name: 'analytics.sent',
        unit: 'By',
        description: 'Bytes of answers whose length was known.',
        read: () => [[sent]],
      },
    ],
  };
}
