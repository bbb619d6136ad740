import { at, postJson, type Service, startService } from '../service.js';
import { expectStatus, K } from './talk.js';

const ROWS = 40_000;

describe('a fit that takes too long', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ env: { LANES: '1' } });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
    expect(service.output()).not.toMatch(/a lane ended|"level":"error"/u);
  });

  test.each([
    ['random_forest_regressor', { n_estimators: 2000 }],
    ['isolation_forest', { n_estimators: 10_000 }],
    ['k_neighbors_regressor', {}],
    ['kmeans', { n_clusters: 500, n_init: 1000 }],
  ])(
    '%s: 504 in time, nothing is stored, and the lane is free',
    async (name, parameters) => {
      // Numbers without order, the same in every run.
      const noise = (of: number): number[] =>
        Array.from(
          { length: ROWS },
          (_, i) => Math.sin((i + 1) * of) * 1e4 - Math.floor(Math.sin((i + 1) * of) * 1e4),
        );
      const isSupervised = name.endsWith('regressor');
      const body = {
        name,
        columns: { a: noise(1), b: noise(2), c: noise(3), d: noise(5), ...(isSupervised && { y: noise(7) }) },
        pipeline: [{ name, ...parameters }],
        ...(isSupervised && { target: 'y', validation: { cv: 50 } }),
      };
      const started = performance.now();
      const reply = await postJson(`${service.url}/models`, body, { 'x-request-deadline-ms': '700' });
      expectStatus(reply, 504);
      expect(at(reply.json, 'code')).toBe('deadline_exceeded');
      expect(performance.now() - started).toBeLessThan(3000);
      const after = performance.now();
      expectStatus(await postJson(`${service.url}/analytics/describe`, { columns: K }), 200);
      expect(performance.now() - after).toBeLessThan(5000);
      expect((await fetch(`${service.url}/models/${name}`)).status).toBe(404);
    },
    30_000,
  );
});
