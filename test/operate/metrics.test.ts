/** What metrics cost: series for Prometheus to keep, time of a scrape, time of a request. */
import { PROBLEM_CODES } from '../../src/adapters/http/problems.js';
import { startMetrics } from '../../src/adapters/telemetry/metrics.js';
import { ROUTES } from '../../src/adapters/telemetry/routes.js';
import { FORMATS, OTHER_FORMATS } from '../../src/ports/formats.js';
import type { RequestSeen } from '../../src/ports/observe.js';
import { postJson, send, type Service, startService } from '../service.js';
import { parseExposition, seriesOf } from '../telemetry/exposition.js';
import { bound, figure } from './figures.js';

const SCRAPES = 300;
const RECORDED = 100_000;
const ROWS = 1_000;

const quantile = (times: readonly number[], p: number): number =>
  times.toSorted((a, b) => a - b)[Math.floor(p * (times.length - 1))] ?? NaN;

const state = {
  lanes: 2,
  busy: 1,
  waiting: 0,
  waitingBytes: 0,
  waitingMs: 0,
  arenas: 2,
  arenaBytes: 0,
  reservedBytes: 0,
  lost: 0,
  available: true,
};

/** Every route with every status, every format with every engine, every code. */
function* everything(): Generator<RequestSeen> {
  const seen: RequestSeen = {
    requestId: 'r',
    route: '/analytics/analyze',
    method: 'POST',
    status: 200,
    code: undefined,
    durationMs: 12,
    bytesIn: 1000,
    bytesOut: 1000,
    caller: undefined,
    model: undefined,
    work: undefined,
    traceId: undefined,
    spanId: undefined,
  };
  for (const route of ROUTES)
    for (const status of [200, 422, 429, 499, 500, 503, 504, 507]) yield { ...seen, route, status };
  for (const code of PROBLEM_CODES) yield { ...seen, status: 500, code: code as RequestSeen['code'] };
  for (const format of [...FORMATS, ...OTHER_FORMATS])
    for (const engine of ['wasm', 'js'] as const)
      yield {
        ...seen,
        work: { format, engine, rows: ROWS, waitMs: 1, decodeMs: 1, computeMs: 1, encodeMs: 1 },
      };
}

describe('metrics', () => {
  const metrics = startMetrics({
    version: '0',
    engine: 'wasm',
    lanes: { state: () => state, most: 2, memoryBudget: 1 },
    memoryLimit: 1,
    codes: PROBLEM_CODES,
    onError: (error) => {
      throw error;
    },
  });
  afterAll(() => metrics.shutdown());

  test('series, after every route was hit with every outcome', async () => {
    for (const seen of everything()) metrics.request(seen);
    const { body } = await metrics.scrape();
    const count = seriesOf(parseExposition(body)).length;
    figure('series of /metrics, every route with every outcome', count, '≤ 200');
    expect(count).toBeLessThanOrEqual(200);
  });

  describe('of a running service', () => {
    let service: Service;
    beforeAll(async () => {
      service = await startService();
    });
    afterAll(async () => {
      expect(await service.stop()).toBe(0);
    });

    test('time of a scrape', async () => {
      const url = `${service.url}/metrics`;
      const times: number[] = [];
      for (let i = 0; i < SCRAPES; i++) {
        const started = performance.now();
        expect((await send(url, { method: 'GET' })).status).toBe(200);
        times.push(performance.now() - started);
      }
      const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
      figure('scrape of /metrics, p50 / p99', `${p50.toFixed(1)} ms / ${p99.toFixed(1)} ms`, 'p50 < 50 ms');
      bound(p50).toBeLessThan(50);
    }, 60_000);

    test('time that a request takes longer for being counted', async () => {
      const list = [...everything()];
      const record = (): number => {
        const started = performance.now();
        for (let i = 0; i < RECORDED; i++) metrics.request(list[i % list.length]!);
        return ((performance.now() - started) / RECORDED) * 1000;
      };
      record();
      const microseconds = quantile([record(), record(), record()], 0.5);

      const columns = {
        a: Array.from({ length: ROWS }, Math.random),
        b: Array.from({ length: ROWS }, Math.random),
      };
      const times: number[] = [];
      for (let i = 0; i < 200; i++) {
        const started = performance.now();
        expect((await postJson(`${service.url}/analytics/describe`, { columns })).status).toBe(200);
        times.push(performance.now() - started);
      }
      const share = microseconds / (quantile(times, 0.5) * 1000);
      figure('recording of one request', `${microseconds.toFixed(2)} µs`, '< 50 µs');
      figure(`the same, of a request of ${ROWS} rows`, `${(share * 100).toFixed(2)} %`, '< 1 %');
      bound(microseconds).toBeLessThan(50);
      bound(share).toBeLessThan(0.01);
    }, 60_000);
  });
});
