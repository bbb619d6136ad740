import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, postJson, send, type Service, startService, STREAM_TYPE } from '../service.js';

const IRIS = readFileSync(join(__dirname, '..', 'golden', 'iris.arrows'));
const EXPECTED = JSON.parse(readFileSync(join(__dirname, '..', 'golden', 'iris.json'), 'utf8')) as {
  expected: { kmeans: { labels: number[]; n_iter: number }; stat_tests: { t_stat: number } };
};

describe.each([
  ['node --jitless', { nodeFlags: ['--jitless'] }, /this host has no WebAssembly/u],
  ['ENGINE=js', { env: { ENGINE: 'js' } }, /ENGINE=js/u],
])('%s serves correct answers by the js engine', (_name, options, reason) => {
  let service: Service;
  beforeAll(async () => {
    service = await startService(options);
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  test('and says so in the log, in /health/ready and in meta.engine', async () => {
    expect(service.output()).toMatch(/engine js \(/u);
    const ready = await send(`${service.url}/health/ready`, { method: 'GET' });
    expect(at(ready.json, 'engine')).toBe('js');
    expect(at(ready.json, 'reason')).toMatch(reason);
  });

  test('with the labels of scikit-learn, from Arrow', async () => {
    const reply = await send(`${service.url}/analytics/analyze?labels=true`, {
      headers: STREAM_TYPE,
      body: IRIS,
    });
    expect([reply.status, at(reply.json, 'meta', 'engine')]).toEqual([200, 'js']);
    const { kmeans, stat_tests } = EXPECTED.expected;
    expect(at(reply.json, 'details', 'kmeans', 'labels')).toEqual(kmeans.labels);
    expect(at(reply.json, 'details', 'kmeans', 'n_iter')).toBe(kmeans.n_iter);
    expect(at(reply.json, 'results', 'stat_tests', 't_stat')).toBeCloseTo(stat_tests.t_stat, 9);
  });

  test('from JSON, also a body of several hundred kilobytes', async () => {
    const values = Array.from({ length: 30_000 }, (_, i) => (i * 7919) % 1000);
    const reply = await postJson(`${service.url}/analytics/describe`, { columns: { a: values } });
    expect(at(reply.json, 'results', 'a', 'mean')).toBeCloseTo(499.5, 9);
  });
});

test('the engine option where only js is: wasm → 422, js → 200', async () => {
  const service = await startService({ nodeFlags: ['--jitless'] });
  const ask = (engine: string): ReturnType<typeof postJson> =>
    postJson(`${service.url}/analytics/analyze`, { data: [{ a: 1 }], options: { engine } });
  const wasm = await ask('wasm');
  expect([wasm.status, at(wasm.json, 'code')]).toEqual([422, 'engine_unavailable']);
  expect((await ask('js')).status).toBe(200);
  expect(await service.stop()).toBe(0);
});

test('ENGINE=wasm where it cannot run: a clear refusal to start', async () => {
  const start = startService({ nodeFlags: ['--jitless'], env: { ENGINE: 'wasm' } });
  await expect(start).rejects.toThrow(/cannot start: ENGINE=wasm, but this host has no WebAssembly/u);
});

test('wrong settings: every one is named', async () => {
  const start = startService({ env: { LANES: '0', ENGINE: 'gpu' } });
  await expect(start).rejects.toThrow(/invalid environment: .*ENGINE.*|invalid environment: .*LANES.*/u);
});
