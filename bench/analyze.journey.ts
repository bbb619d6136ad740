import { makeTable, tableToIPC } from 'apache-arrow';
import {
  failedRow,
  median,
  pairedRatio,
  type Better,
  type Limit,
  type Row,
  type Samples,
} from './compare.js';
import { blobs } from './data.js';
import { measurePairs, untilSteady, type Run } from './measure.js';
import type { PythonRivals } from './rivals.js';
import { startOurs, startPython, throughput, type Service } from './service.js';

const PATH = '/analytics/analyze';
const ARROW = 'application/vnd.apache.arrow.stream';
const JSON_ROWS = 'application/json';
const LARGE = 1_000_000;
const SMALL = 1_000;
const CONNECTIONS = 8;
const ROUND_MS = 1500;

/** Four columns of three clusters: what the seed's three centres are for. */
const columnsOf = (rows: number): Record<string, Float64Array> => {
  const [a, b, c, d] = blobs(901, rows, 4, 3);
  return { a: a!, b: b!, c: c!, d: d! };
};

export function arrowBody(columns: Record<string, Float64Array>): Uint8Array {
  return tableToIPC(makeTable(columns), 'stream');
}

/** The same rows as the seed takes them. Written in parts: one string of a million rows would be near V8's limit. */
export function jsonBody(columns: Record<string, Float64Array>): Uint8Array {
  const names = Object.keys(columns);
  const rows = columns[names[0]!]!.length;
  const parts: Buffer[] = [Buffer.from('{"data":[')];
  for (let from = 0; from < rows; from += 10_000) {
    const lines: string[] = [];
    for (let row = from; row < Math.min(rows, from + 10_000); row++) {
      lines.push(`{${names.map((name) => `"${name}":${columns[name]![row]!}`).join(',')}}`);
    }
    parts.push(Buffer.from(`${from === 0 ? '' : ','}${lines.join(',')}`));
  }
  parts.push(Buffer.from(']}'));
  return Buffer.concat(parts);
}

async function analysed(service: Service, type: string, body: Uint8Array): Promise<unknown> {
  const answer = await service.post(PATH, type, body);
  const text = answer.body.toString();
  if (answer.status !== 200) {
    throw new Error(`${service.name}: expected 200, got ${answer.status}: ${text.slice(0, 200)}`);
  }
  return (JSON.parse(text) as { results: unknown }).results;
}

/** Whether two answers have the same keys and the same numbers to nine digits. */
export function sameResults(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') {
    return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([key, value]) => sameResults(value, right.get(key)));
}

interface Contest {
  readonly name: string;
  readonly unit: string;
  readonly better: Better;
  readonly atLeast: number | null;
  readonly rivalName: string;
  readonly sample: () => Promise<Samples>;
}

async function rowOf({ name, unit, better, atLeast, rivalName, sample }: Contest): Promise<Row> {
  const about = { group: 'analyze', name, rivalName, atLeast };
  try {
    return { ...about, ...(await untilSteady(sample, better, 2)), unit, error: null };
  } catch (error) {
    return failedRow(about, error);
  }
}

const answering = (service: Service, type: string, body: Uint8Array): Run => {
  return async () => (await service.post(PATH, type, body)).status;
};

const times = (ours: Run, rival: Run): Promise<Samples> =>
  measurePairs(ours, rival, { pairs: 5, sampleMs: 800, warmMs: 0, attempts: 1 });

const WARM_ROUNDS = 4;

async function rates(ours: Run, rival: Run): Promise<Samples> {
  const rate = (send: Run): Promise<number> => throughput(CONNECTIONS, ROUND_MS, async () => send());
  // Compilers of ours are at it for some seconds.
  for (let round = 0; round < WARM_ROUNDS; round++) {
    await rate(ours);
    await rate(rival);
  }
  const samples: { ours: number[]; rival: number[] } = { ours: [], rival: [] };
  for (let pair = 0; pair < 5; pair++) {
    samples.ours.push(await rate(ours));
    samples.rival.push(await rate(rival));
  }
  return samples;
}

/** Peak memory of a process that has answered one request. */
async function memoryOf(start: () => Promise<Service>, type: string, body: Uint8Array): Promise<number> {
  const service = await start();
  try {
    await analysed(service, type, body);
    return service.peakMemory();
  } finally {
    await service.stop();
  }
}

/** Checks that all of them answer the same, then measures them in turn. */
async function measureAgainst(
  ours: Service,
  seed: Service,
  arrowService: Service,
  bodies: { arrow: Uint8Array; json: Uint8Array; small: Uint8Array },
): Promise<Row[]> {
  const { arrow, json, small } = bodies;
  const expected = await analysed(seed, JSON_ROWS, json);
  const answers: [string, unknown][] = [
    ['ours, Arrow', await analysed(ours, ARROW, arrow)],
    ['ours, JSON', await analysed(ours, JSON_ROWS, json)],
    [arrowService.name, await analysed(arrowService, ARROW, arrow)],
  ];
  for (const [who, results] of answers) {
    if (!sameResults(results, expected))
      console.log(`warning: ${who} answers something else than ${seed.name}`);
  }
  const inTime = { unit: 'ms', better: 'lower' as const };
  const contests: Contest[] = [
    {
      ...inTime,
      name: '1,000,000 × 4 as Arrow',
      rivalName: seed.name,
      atLeast: 25,
      sample: () => times(answering(ours, ARROW, arrow), answering(seed, JSON_ROWS, json)),
    },
    {
      ...inTime,
      name: '1,000,000 × 4 as Arrow',
      rivalName: arrowService.name,
      atLeast: 3,
      sample: () => times(answering(ours, ARROW, arrow), answering(arrowService, ARROW, arrow)),
    },
    {
      ...inTime,
      name: '1,000,000 × 4 as JSON',
      rivalName: seed.name,
      atLeast: 10,
      sample: () => times(answering(ours, JSON_ROWS, json), answering(seed, JSON_ROWS, json)),
    },
    {
      name: `1,000 × 4 as JSON, ${CONNECTIONS} connections`,
      unit: 'requests/s',
      better: 'higher',
      rivalName: seed.name,
      atLeast: 15,
      sample: () => rates(answering(ours, JSON_ROWS, small), answering(seed, JSON_ROWS, small)),
    },
  ];
  const rows: Row[] = [];
  for (const contest of contests) rows.push(await rowOf(contest));
  return rows;
}

/**
 * POST /analytics/analyze over the wire: ours against the two Python services where they are there, else against itself.
 * Every service runs in its own process on this machine; bodies are made beforehand from the same rows.
 */
export async function measureJourney(python: PythonRivals | null): Promise<{ rows: Row[]; limits: Limit[] }> {
  const columns = columnsOf(LARGE);
  const bodies = { arrow: arrowBody(columns), json: jsonBody(columns), small: jsonBody(columnsOf(SMALL)) };
  const open: Service[] = [];
  const opened = async (start: () => Promise<Service>): Promise<Service> => {
    const service = await start();
    open.push(service);
    return service;
  };
  const rows: Row[] = [];
  try {
    const ours = await opened(startOurs);
    if (python === null) {
      const [arrow, json] = [answering(ours, ARROW, bodies.arrow), answering(ours, JSON_ROWS, bodies.json)];
      const about = { name: '1,000,000 × 4 as Arrow', rivalName: 'ours, as JSON', atLeast: null };
      rows.push(await rowOf({ ...about, unit: 'ms', better: 'lower', sample: () => times(arrow, json) }));
    } else {
      const seed = await opened(() => startPython(python, 'seed_service'));
      const arrowService = await opened(() => startPython(python, 'arrow_service'));
      rows.push(...(await measureAgainst(ours, seed, arrowService, bodies)));
    }
  } finally {
    await Promise.all(open.map((service) => service.stop()));
  }
  return {
    rows: [...rows, ...(await memoryRows(python, bodies.json))],
    limits: [await arrowMemory(bodies.arrow), await startLimit(bodies.small)],
  };
}

async function memoryRows(python: PythonRivals | null, json: Uint8Array): Promise<Row[]> {
  if (python === null || process.platform !== 'linux') return [];
  const ours = await memoryOf(startOurs, JSON_ROWS, json);
  const rival = await memoryOf(() => startPython(python, 'seed_service'), JSON_ROWS, json);
  const ratio = pairedRatio({ ours: [ours], rival: [rival] }, 'lower');
  const about = { group: 'analyze', name: 'peak memory, 1,000,000 × 4 as JSON', rivalName: 'Python, JSON' };
  return [{ ...about, ...ratio, unit: 'MB', attempts: 1, atLeast: 2, error: null }];
}

async function arrowMemory(arrow: Uint8Array): Promise<Limit> {
  const value = await memoryOf(startOurs, ARROW, arrow);
  const atMost = Math.round((arrow.byteLength * 3) / 1e6 + 100);
  return { name: 'peak memory, 1,000,000 × 4 as Arrow', unit: 'MB', value, atMost };
}

const STARTS = 5;

/** From the start of the process to its first answer. */
async function startLimit(small: Uint8Array): Promise<Limit> {
  const times: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const started = performance.now();
    const service = await startOurs();
    try {
      await analysed(service, JSON_ROWS, small);
      times.push(performance.now() - started);
    } finally {
      await service.stop();
    }
  }
  return { name: 'process start to first answer', unit: 'ms', value: median(times), atMost: 1000 };
}
