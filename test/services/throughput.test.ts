import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { bound, figure } from '../operate/figures.js';
import { at, type JsonValue, postJson, ROOT, send, type Service, startService } from '../service.js';
import { type KafkaServer, startKafka } from './kafka.js';

/**
 * One topic read by a consumer that only counts, by the service up to stored windows, and by aiokafka with pandas up to the
 * same windows: in turns, each by itself, medians. `RATE_RECORDS` (200,000), `RATE_ROUNDS` (3).
 */
const RECORDS = Number(process.env['RATE_RECORDS'] ?? 200_000);
const ROUNDS = Number(process.env['RATE_ROUNDS'] ?? 3);
const PARTITIONS = 3;
const BASE = Date.UTC(2026, 0, 1);
const STEP_MS = 5;
const SIZE_MS = 10_000;
const WINDOWS = Math.ceil((RECORDS * STEP_MS) / SIZE_MS);
const ALL = RECORDS + PARTITIONS;
const PYTHON = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'analytics-service/aiokafka/bin/python',
);

const run = promisify(execFile);
let kafka: KafkaServer;
let service: Service;
beforeAll(async () => {
  if (!existsSync(PYTHON)) throw new Error(`there is no ${PYTHON}: run .ci/services aiokafka`);
  kafka = await startKafka();
  service = await startService({ env: kafka.env });
}, 120_000);
afterAll(async () => {
  await service.stop();
  await kafka.stop();
}, 60_000);

async function fill(topic: string): Promise<void> {
  await kafka.topic(topic, { partitions: PARTITIONS });
  const lines: string[][] = Array.from({ length: PARTITIONS }, () => []);
  for (let i = 0; i < RECORDS; i++) {
    const row = { at: BASE + i * STEP_MS, a: i % 997, b: Math.sin(i) * 100, c: 1 / (1 + (i % 31)) };
    lines[i % PARTITIONS]?.push(JSON.stringify(row));
  }
  // Behind all windows.
  const last = JSON.stringify({ at: BASE + WINDOWS * SIZE_MS + SIZE_MS, a: 0, b: 0, c: 0 });
  for (const [partition, some] of lines.entries()) {
    const child = spawn('kcat', ['-P', '-b', kafka.brokers, '-t', topic, '-p', String(partition)]);
    child.stdin.end([...some, last].join('\n'));
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
  }
}

async function bare(topic: string): Promise<number> {
  const script = join(__dirname, 'kafka/bare.cjs');
  const { stdout } = await run(process.execPath, [script, kafka.brokers, topic, String(ALL)], {
    timeout: 120_000,
  });
  return Number(at(JSON.parse(stdout) as JsonValue, 'seconds'));
}

async function ours(topic: string, name: string): Promise<number> {
  const began = performance.now();
  const made = await postJson(`${service.url}/streams`, {
    name,
    source: { type: 'kafka', topic },
    window: { type: 'tumbling', size: SIZE_MS, time: 'at' },
    operations: [{ name: 'describe', columns: ['a', 'b', 'c'] }],
  });
  expect(made.status).toBe(201);
  const url = `${service.url}/streams/${name}`;
  const between = (from: number): string =>
    `${url}/windows?from=${String(from)}&to=${String(BASE + WINDOWS * SIZE_MS)}&limit=1000`;
  // They are closed in order.
  for (const end = Date.now() + 120_000; ;) {
    const { json } = await send(between(BASE + (WINDOWS - 1) * SIZE_MS), { method: 'GET' });
    if (at(json, 'results', 'windows', 0) !== undefined) break;
    if (Date.now() > end)
      throw new Error(`the last window is not there: ${(await send(url, { method: 'GET' })).text}`);
    await pause(25);
  }
  const seconds = (performance.now() - began) / 1000;
  const { json } = await send(between(BASE), { method: 'GET' });
  const windows = at(json, 'results', 'windows');
  if (!Array.isArray(windows)) throw new Error('no windows');
  expect(windows).toHaveLength(WINDOWS);
  const counts = windows.map((window) => Number(at(window, 'records')));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(RECORDS);
  await send(url, { method: 'DELETE' });
  return seconds;
}

async function python(topic: string): Promise<number> {
  const script = join(ROOT, 'bench/rivals/aiokafka/consume.py');
  const { stdout } = await run(PYTHON, [script, kafka.brokers, topic, String(ALL), String(SIZE_MS)], {
    timeout: 240_000,
  });
  const said = JSON.parse(stdout) as JsonValue;
  expect(said).toMatchObject({ windows: WINDOWS, records: RECORDS });
  return Number(at(said, 'seconds'));
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

test('from topic to windows: at least half as fast as reading alone, five times as fast as in Python', async () => {
  await fill('rate');
  // Code that is not compiled yet is no one's rate.
  await ours('rate', 'warm');
  const seconds = { bare: [] as number[], ours: [] as number[], python: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    seconds.bare.push(await bare('rate'));
    seconds.ours.push(await ours('rate', `round-${String(round)}`));
    seconds.python.push(await python('rate'));
  }
  const rate = (some: readonly number[]): number => RECORDS / median(some);
  const [alone, taken, rival] = [rate(seconds.bare), rate(seconds.ours), rate(seconds.python)];
  const shown = (value: number): string => `${String(Math.round(value / 1000))} thousand records/s`;
  figure('a consumer that only counts', shown(alone), '');
  figure('a stream, from topic to stored windows', shown(taken), '');
  figure('aiokafka and pandas, the same windows', shown(rival), '');
  figure('stream / consumer that only counts', taken / alone, '≥ 0.5');
  figure('stream / aiokafka and pandas', taken / rival, '≥ 5');
  console.log(JSON.stringify(seconds));
  bound(taken / alone).toBeGreaterThanOrEqual(0.5);
  bound(taken / rival).toBeGreaterThanOrEqual(5);
}, 900_000);
