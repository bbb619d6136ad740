/** The wall clock of a running service jumps: nothing hangs, nothing fails, no duration is negative. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at, JSON_TYPE, type JsonValue, postJson, send, type Service, startService } from '../service.js';
import { figure } from './figures.js';
import { pause } from './lanes.js';

const HOUR = 3_600_000;
const STEPS = [HOUR, 0, -HOUR, 24 * HOUR, -24 * HOUR, 0];
const ROWS = Array.from({ length: 50 }, (_, i) => ({ a: i, b: (i * 7) % 5, y: 2 * i + 1 }));

const folder = mkdtempSync(join(tmpdir(), 'clock-'));
const file = join(folder, 'ahead');
const set = (ms: number): void => {
  writeFileSync(`${file}.new`, String(ms));
  renameSync(`${file}.new`, file);
};
/** The text at a place; empty where there is none. */
const textAt = (value: JsonValue, ...path: readonly string[]): string => {
  const found = at(value, ...path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
};

const spans: JsonValue[] = [];
let collector: Server;
let service: Service;
beforeAll(async () => {
  set(0);
  collector = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const told = JSON.parse(Buffer.concat(parts).toString()) as JsonValue;
      const scopes = (at(told, 'resourceSpans', 0, 'scopeSpans') ?? []) as JsonValue[];
      for (const scope of scopes) spans.push(...((at(scope, 'spans') ?? []) as JsonValue[]));
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  service = await startService({
    env: {
      ...{ CLOCK_FILE: file, LANES: '2', KEEP_ALIVE_MS: '2000', UPLOAD_GRACE_MS: '500' },
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      ...{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_BSP_SCHEDULE_DELAY: '100' },
    },
    nodeFlags: ['--require', join(__dirname, 'clock.cjs')],
  });
});
afterAll(() => {
  collector.close();
  rmSync(folder, { recursive: true, force: true });
});

test('by an hour and by a day, forward and back', async () => {
  const wrong: string[] = [];
  const created: string[] = [];
  let answered = 0;
  let longest = 0;
  const state = { over: false };
  const client = async (): Promise<void> => {
    while (!state.over) {
      const started = performance.now();
      const reply = await postJson(`${service.url}/analytics/describe`, { data: ROWS }).catch(String);
      longest = Math.max(longest, performance.now() - started);
      const timings = typeof reply === 'string' ? undefined : at(reply.json, 'meta', 'timings_ms');
      const isRight = Object.values((timings ?? { none: -1 }) as Record<string, number>).every(
        (ms) => ms >= 0 && ms < 10_000,
      );
      if (typeof reply === 'string' || reply.status !== 200 || !isRight)
        wrong.push(typeof reply === 'string' ? reply : reply.text.slice(0, 200));
      else answered++;
    }
  };
  const clients = Array.from({ length: 3 }, client);
  for (const step of STEPS) {
    // One that runs across the step: neither its deadline nor its upload is over before its time.
    const body = JSON.stringify({ data: ROWS });
    const across = send(`${service.url}/analytics/describe`, {
      headers: { ...JSON_TYPE, 'content-length': String(body.length), 'x-request-deadline-ms': '20000' },
      body: [Buffer.from(body)],
    });
    set(step);
    expect((await across).status).toBe(200);
    await pause(150);
    const fitted = await postJson(`${service.url}/models`, {
      data: ROWS,
      options: { name: 'stepped', target: 'y', pipeline: [{ name: 'linear_regression' }] },
    });
    expect(fitted.status).toBe(201);
    created.push(textAt(fitted.json, 'results', 'created'));
    // `created` is what the clock said then.
    expect(Math.abs(Date.parse(created.at(-1)!) - Date.now() - step)).toBeLessThan(30_000);
  }
  state.over = true;
  await Promise.all(clients);
  const listed = await send(`${service.url}/models/stepped/versions`, { method: 'GET' });
  const versions = at(listed.json, 'results', 'versions') as JsonValue[];
  // The order of versions is that of their numbers, whatever the clock said.
  expect(versions.map((one) => at(one, 'version'))).toEqual(STEPS.map((_, i) => STEPS.length - i));
  expect(versions.map((one) => at(one, 'created'))).toEqual(created.toReversed());
  const newest = await send(`${service.url}/models/stepped`, { method: 'GET' });
  expect(at(newest.json, 'results', 'version')).toBe(STEPS.length);
  await pause(500);
  expect(await service.stop()).toBe(0);
  const nanos = (span: JsonValue, key: string): bigint => BigInt(textAt(span, key));
  const negative = spans.filter((span) => nanos(span, 'endTimeUnixNano') < nanos(span, 'startTimeUnixNano'));
  // A span of a lane lies within that of its request, by the same clock.
  const servers = new Map(spans.map((span) => [textAt(span, 'spanId'), span]));
  const strayed = spans.filter((span) => {
    const parent = servers.get(textAt(span, 'parentSpanId'));
    if (parent === undefined) return false;
    const ms = Number(nanos(span, 'startTimeUnixNano') - nanos(parent, 'startTimeUnixNano')) / 1e6;
    return Math.abs(ms) > 60_000;
  });
  const what = `clock steps of ± 1 h and ± 1 day beside ${answered} requests`;
  figure(`${what}: failures`, wrong.length, '0');
  figure(`${what}: slowest answer, ms`, longest, '< 10000');
  figure(`${what}: negative durations among ${spans.length} spans`, negative.length, '0');
  figure(`${what}: spans away from their request by more than a minute`, strayed.length, '0');
  expect(wrong).toEqual([]);
  expect(answered).toBeGreaterThan(20);
  expect(longest).toBeLessThan(10_000);
  expect(spans.length).toBeGreaterThan(100);
  expect(negative).toEqual([]);
  expect(strayed.length).toBe(0);
}, 120_000);
