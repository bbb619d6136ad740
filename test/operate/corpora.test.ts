/** Every file of the corpora of broken input sent to one running service, to several endpoints, as what it may be taken for. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  at,
  FILE_TYPE,
  JSON_TYPE,
  postJson,
  type Reply,
  ROOT,
  send,
  type Service,
  startService,
  STREAM_TYPE,
} from '../service.js';
import { figure } from './figures.js';

const CORPORA = {
  'arrow-hostile': [STREAM_TYPE, FILE_TYPE],
  'arrow-fuzz-file': [STREAM_TYPE, FILE_TYPE],
  'arrow-fuzz-stream': [STREAM_TYPE, FILE_TYPE],
  'csv-fuzz': [{ 'content-type': 'text/csv' }],
  'json-parsing': [JSON_TYPE, { 'content-type': 'application/x-ndjson' }],
} as const;
const PATHS = [
  '/analytics/analyze',
  '/analytics/describe',
  '/analytics/profile',
  '/analytics/features?steps=[{"name":"standard_scaler"}]',
  '/models?name=hostile&target=y&pipeline=[{"name":"linear_regression"}]',
  '/models/kept/predict',
];
const ROWS = Array.from({ length: 20 }, (_, i) => ({ a: i, b: (i * 7) % 5, y: 2 * i + 1 }));
/** The service's own limit is 30 s; a broken file takes no time. */
const DEADLINE_MS = 5000;
/** What a client's file may be answered with: OpenAPI names them for these endpoints. */
const DOCUMENTED = new Set([200, 201, 400, 404, 413, 415, 422]);

let service: Service;
beforeAll(async () => {
  service = await startService({ env: { LANES: '2' } });
  const fitted = await postJson(`${service.url}/models`, {
    data: ROWS,
    options: { name: 'kept', target: 'y', pipeline: [{ name: 'linear_regression' }] },
  });
  expect(fitted.status).toBe(201);
});

test('the service answers each in words and lives', async () => {
  const requests = Object.entries(CORPORA).flatMap(([corpus, types]) => {
    const folder = join(ROOT, 'test', 'corpora', corpus);
    return readdirSync(folder).flatMap((file) => {
      const body = readFileSync(join(folder, file));
      return types.flatMap((type) =>
        PATHS.map((path) => ({ file: `${corpus}/${file}`, headers: type, path, body })),
      );
    });
  });
  const strange: string[] = [];
  const times: number[] = [];
  const statuses = new Map<number, number>();
  const client = async (): Promise<void> => {
    for (let one = requests.pop(); one !== undefined; one = requests.pop()) {
      const { file, headers, path, body } = one;
      const started = performance.now();
      const reply: Reply | string = await send(service.url + encodeURI(path), {
        headers: { ...headers, 'x-request-deadline-ms': String(DEADLINE_MS) },
        body,
      }).catch((error: unknown) => String(error));
      times.push(performance.now() - started);
      if (typeof reply === 'string') {
        strange.push(`${file} to ${path}: ${reply}`);
        continue;
      }
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      const told = reply.status < 300 || typeof at(reply.json, 'code') === 'string';
      if (!DOCUMENTED.has(reply.status) || !told)
        strange.push(`${file} to ${path}: ${reply.status} ${reply.text.slice(0, 200)}`);
    }
  };
  const count = requests.length;
  await Promise.all(Array.from({ length: 4 }, client));
  const slowest = Math.max(...times);
  const seen = [...statuses].sort(([a], [b]) => a - b).map(([status, n]) => `${status}: ${n}`);
  figure(`corpora: answers that are not documented, of ${count} (${seen.join(', ')})`, strange.length, '0');
  figure('corpora: slowest answer, ms', slowest, `< ${DEADLINE_MS}`);
  expect(strange).toEqual([]);
  expect(slowest).toBeLessThan(DEADLINE_MS);
  expect(service.output()).not.toContain('lane ended');
  expect((await postJson(`${service.url}/models/kept/predict`, { data: [{ a: 1, b: 1 }] })).status).toBe(200);
  expect(await service.stop()).toBe(0);
}, 120_000);
