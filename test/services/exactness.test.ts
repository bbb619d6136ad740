import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Service, startService } from '../service.js';
import { figure } from '../operate/figures.js';
import { type KafkaServer, startKafka } from './kafka.js';
import { type PostgresServer, startPostgres } from './postgres.js';

/**
 * Records that come twice, out of order and broken, consumers that are killed, a broker that is restarted: in the end every
 * window is what one pass over the records gives. `RECORDS` (100,000), `KILLS` (50), `SEED`.
 */
const RECORDS = Number(process.env['RECORDS'] ?? 100_000);
const KILLS = Number(process.env['KILLS'] ?? 50);
const SEED = Number(process.env['SEED'] ?? 7);
const PARTITIONS = 6;
const BASE = Date.UTC(2026, 0, 1);
const STEP_MS = 10;
const SIZE_MS = 20_000;
const JITTER_MS = 4000;
const LATENESS_MS = 10_000;

const run = promisify(execFile);

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Row {
  readonly id: string;
  readonly key: string;
  readonly at: number;
  readonly x: number;
  readonly y: number;
}

/** Lines of each partition in order, the rows that count, how many lines are broken. */
function draw(): { lines: string[][]; rows: Row[]; broken: Set<string>; twice: number } {
  const next = random(SEED);
  const lines: string[][] = Array.from({ length: PARTITIONS }, () => []);
  const rows: Row[] = [];
  const broken = new Set<string>();
  let twice = 0;
  const waiting: { readonly line: string; readonly partition: number; readonly due: number }[] = [];
  for (let i = 0; i < RECORDS; i++) {
    const partition = i % PARTITIONS;
    const to = lines[partition]!;
    for (let first = waiting[0]; first !== undefined && first.due <= i; first = waiting[0]) {
      lines[first.partition]!.push(first.line);
      waiting.shift();
    }
    if (next() < 0.002) {
      const line =
        next() < 0.5
          ? `{"id":"b${String(i)}","key":`
          : JSON.stringify({ id: `b${String(i)}`, key: 'k1', at: 'never', x: 1, y: 2 });
      broken.add(line);
      to.push(line);
      continue;
    }
    const row: Row = {
      id: `r${String(i)}`,
      key: `k${String(Math.floor(next() * 5))}`,
      at: BASE + i * STEP_MS + Math.floor((next() - 0.5) * JITTER_MS),
      x: (next() - 0.5) * 10 ** Math.floor(next() * 8),
      y: Math.floor(next() * 1000),
    };
    rows.push(row);
    const line = JSON.stringify(row);
    to.push(line);
    if (next() < 0.02) {
      waiting.push({ line, partition, due: i + 60 });
      twice++;
    }
  }
  for (const { line, partition } of waiting) lines[partition]!.push(line);
  return { lines, rows, broken, twice };
}

const { lines, rows, broken, twice } = draw();
const [from, behind] = [BASE - SIZE_MS, BASE + RECORDS * STEP_MS + 10 * SIZE_MS];

interface Window {
  readonly key: string;
  readonly start: string;
  readonly records: number;
  readonly operations: readonly { readonly results: Record<string, Record<string, number>> }[];
}

interface Status {
  readonly records: { readonly accepted: number; readonly late: number };
}

const definition = (name: string, source: object): object => ({
  name,
  source,
  key: 'key',
  id: 'id',
  window: { type: 'tumbling', size: SIZE_MS, time: 'at', lateness: LATENESS_MS },
  operations: [{ name: 'describe', columns: ['x', 'y'] }],
});

async function ask<T>(url: string, path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(60_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${text}`);
  return (JSON.parse(text) as { results: T }).results;
}

const post = <T>(url: string, path: string, body: string, type = 'application/json'): Promise<T> =>
  ask(url, path, { method: 'POST', headers: { 'content-type': type }, body });

async function windows(url: string, name: string): Promise<Map<string, Window>> {
  const all = new Map<string, Window>();
  for (let after = ''; ;) {
    const page = await ask<{ windows: Window[]; next: number | null }>(
      url,
      `/streams/${name}/windows?limit=1000&from=${String(from)}&to=${String(behind)}${after}`,
    );
    for (const one of page.windows) {
      const id = `${one.key} ${one.start}`;
      // None counted twice: a window is closed once.
      if (all.has(id)) throw new Error(`the window ${id} is there twice`);
      all.set(id, one);
    }
    if (page.next === null) return all;
    after = `&after=${String(page.next)}`;
  }
}

async function produce(
  kafka: KafkaServer,
  topic: string,
  partition: number,
  some: readonly string[],
): Promise<void> {
  const child = spawn('kcat', [
    '-P',
    '-b',
    kafka.brokers,
    '-t',
    topic,
    '-p',
    String(partition),
    '-X',
    'message.timeout.ms=120000',
  ]);
  child.stdin.end(some.join('\n'));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error('kcat could not write');
}

/** What one pass over the rows says, in plain JavaScript. */
function expected(): Map<string, { x: number[]; y: number[] }> {
  const all = new Map<string, { x: number[]; y: number[] }>();
  for (const { key, at, x, y } of rows) {
    const id = `${key} ${new Date(Math.floor(at / SIZE_MS) * SIZE_MS).toISOString()}`;
    const there = all.get(id) ?? { x: [], y: [] };
    there.x.push(x);
    there.y.push(y);
    all.set(id, there);
  }
  return all;
}

function checkColumn(got: Record<string, number> | undefined, values: readonly number[]): void {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const std = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1));
  expect(got?.['count']).toBe(n);
  expect(got?.['min']).toBe(Math.min(...values));
  expect(got?.['max']).toBe(Math.max(...values));
  const scale = Math.max(...values.map(Math.abs));
  expect(Math.abs((got?.['mean'] ?? NaN) - mean)).toBeLessThanOrEqual(1e-12 * scale);
  expect(Math.abs((got?.['std'] ?? NaN) - std)).toBeLessThanOrEqual(1e-12 * scale);
}

let kafka: KafkaServer;
let postgres: PostgresServer | undefined;
beforeAll(async () => {
  kafka = await startKafka();
}, 120_000);
afterAll(async () => {
  await kafka.stop();
  await postgres?.stop();
}, 60_000);

/** Windows by one batch of one process: the same operations, one pass. */
async function onePass(): Promise<Map<string, Window>> {
  const service = await startService({ env: { LANES: '1', MAX_WINDOWS: '1000000' } });
  await post(service.url, '/streams', JSON.stringify(definition('once', { type: 'http' })));
  const body = [
    ...rows.map((row) => JSON.stringify(row)),
    JSON.stringify({ id: 'end', key: 'end', at: behind, x: 0, y: 0 }),
  ];
  await post(service.url, '/streams/once/records', body.join('\n'), 'application/x-ndjson');
  const count = expected().size;
  let got = new Map<string, Window>();
  for (const end = Date.now() + 60_000; got.size < count && Date.now() < end;) {
    await pause(500);
    got = await windows(service.url, 'once');
  }
  await service.stop();
  return got;
}

test.each([
  ['three processes on one PostgreSQL', 3],
  ['one process on SQLite', 1],
])(
  '%s: every window is what one pass gives',
  async (_, processes) => {
    const topic = `exact-${String(processes)}`;
    await kafka.topic(topic, { partitions: PARTITIONS });
    await kafka.topic(`${topic}.dead-letter`, { partitions: 1 });
    const folder = mkdtempSync(join(tmpdir(), 'exactness-'));
    if (processes > 1) postgres = await startPostgres();
    const env = {
      ...kafka.env,
      ...(processes > 1 ? postgres?.env : { DATA_DIR: folder }),
      LANES: '1',
      STREAM_IDLE_MS: '3600000',
      // Short: after a kill the partitions are soon another's, and that one is killed at work.
      KAFKA_SESSION_MS: '3000',
    };
    const services: Service[] = await Promise.all(
      Array.from({ length: processes }, () => startService({ env })),
    );
    const began = performance.now();
    await post(services[0]!.url, '/streams', JSON.stringify(definition('exact', { type: 'kafka', topic })));

    const next = random(SEED + 1);
    const written = lines.map(() => 0);
    const rounds = Math.max(1, KILLS);
    let restarting: Promise<void> | undefined;
    const seen = (): Promise<Status> => ask<Status>(services[0]!.url, '/streams/exact');
    let [before, flowing] = [0, 0];
    for (let round = 1; round <= rounds; round++) {
      const writing = lines.map(async (some, partition) => {
        const to = Math.floor((some.length * round) / rounds);
        const slice = some.slice(written[partition], to);
        written[partition] = to;
        await produce(kafka, topic, partition, slice);
      });
      if (round === Math.ceil(rounds / 2)) {
        // kcat gives up when no broker is there; consumers must not.
        await Promise.all(writing);
        restarting = kafka.restart();
      }
      await pause(500 + next() * 4000);
      if (KILLS > 0) {
        const { accepted } = (await seen()).records;
        if (accepted > before) flowing++;
        before = accepted;
        const which = Math.floor(next() * processes);
        await services[which]!.kill();
        services[which] = await startService({ env });
      }
      await Promise.all(writing);
      await restarting;
    }
    // Behind all windows, in each partition.
    const last = JSON.stringify({ id: 'end', key: 'end', at: behind, x: 0, y: 0 });
    await Promise.all(lines.map((_some, partition) => produce(kafka, topic, partition, [last])));

    const want = expected();
    let got = new Map<string, Window>();
    for (const end = Date.now() + 180_000; got.size < want.size && Date.now() < end;) {
      await pause(1000);
      got = await windows(services[0]!.url, 'exact');
    }
    const seconds = (performance.now() - began) / 1000;
    if (got.size !== want.size) {
      throw new Error(
        `${String(got.size)} of ${String(want.size)} windows: ${JSON.stringify(await seen())}\n${services[0]!.output().slice(-3000)}`,
      );
    }
    let differing = 0;
    const once = await onePass();
    for (const [id, { x, y }] of want) {
      const columns = got.get(id)?.operations[0]?.results;
      expect(got.get(id)?.records).toBe(x.length);
      checkColumn(columns?.['x'], x);
      checkColumn(columns?.['y'], y);
      // Quantiles of the sketch too, bit by bit.
      const single = once.get(id)?.operations[0]?.results;
      for (const column of ['x', 'y']) {
        for (const name of ['count', 'min', '25%', '50%', '75%', 'max']) {
          if (columns?.[column]?.[name] !== single?.[column]?.[name]) differing++;
        }
      }
    }
    expect(differing).toBe(0);

    const { stdout } = await run(
      'kcat',
      [
        '-C',
        '-b',
        kafka.brokers,
        '-t',
        `${topic}.dead-letter`,
        '-e',
        '-q',
        '-o',
        'beginning',
        '-f',
        '%h\t%s\n',
      ],
      { maxBuffer: 2 ** 28 },
    );
    const letters = stdout.split('\n').filter((line) => line !== '');
    const places = new Map(
      letters.map((letter) => [/partition=\d+,offset=\d+/u.exec(letter)?.[0] ?? letter, letter]),
    );
    const dead = new Set([...places.values()].map((letter) => letter.split('\t')[1]));
    expect(letters.every((letter) => /reason=./u.test(letter))).toBe(true);
    expect(dead).toEqual(broken);
    const { records } = await seen();
    expect(records).toMatchObject({ accepted: rows.length + PARTITIONS, late: 0 });
    const of = `${String(processes)} ${processes === 1 ? 'process' : 'processes'}, ${String(RECORDS)} records, ${String(twice)} of them twice, ${String(broken.size)} broken; ${String(KILLS)} kills, ${String(flowing)} of them with records taken since the one before; 1 restart of the broker`;
    figure(
      `windows that are exact: ${of}`,
      `${String(want.size)} of ${String(want.size)}, in ${seconds.toFixed(0)} s`,
      'all',
    );
    console.log(
      `${of}: ${JSON.stringify(records)}; ${String(letters.length)} dead letters, ${String(places.size)} of them different`,
    );
    await Promise.all(services.map((service) => service.stop()));
    rmSync(folder, { recursive: true, force: true });
  },
  // Measured: 5 s a kill, and what there is to be taken behind the last.
  240_000 + 15_000 * KILLS,
);
