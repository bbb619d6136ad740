import { at, postJson, type Service, startService } from '../service.js';

/** The seed's own two tests: test_processor.py and test_api.py. */
describe('the seed', () => {
  let service: Service;
  const data = [{ val: 1 }, { val: 2 }, { val: 3 }];
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  test('test_perform_analysis', async () => {
    const { json } = await postJson(`${service.url}/analytics/analyze`, { data });
    expect(Object.keys(at(json, 'results') ?? {})).toEqual(['summary', 'clusters', 'stat_tests']);
  });

  test('test_analyze_data', async () => {
    const reply = await postJson(`${service.url}/analytics/analyze`, { data });
    expect(reply.status).toBe(200);
    expect(at(reply.json, 'status')).toBe('success');
  });

  test('the answer of api.md, to the digit', async () => {
    const { json } = await postJson(`${service.url}/analytics/analyze`, { data });
    expect(at(json, 'results', 'summary')).toEqual({
      val: { count: 3, mean: 2, std: 1, min: 1, '25%': 1.5, '50%': 2, '75%': 2.5, max: 3 },
    });
    expect(at(json, 'results', 'clusters')).toEqual({ val: { 0: 2, 1: 3, 2: 1 } });
    expect(at(json, 'results', 'stat_tests', 't_stat')).toBeCloseTo(3.4641016151377553, 14);
    expect(at(json, 'results', 'stat_tests', 'p_value')).toBeCloseTo(0.07417990022744853, 14);
    expect(at(json, 'details', 'columns')).toEqual([{ name: 'val', type: 'number', missing: 0 }]);
    expect(at(json, 'details', 'kmeans')).toEqual({
      n_clusters: 3,
      centers: [[2], [3], [1]],
      sizes: [1, 1, 1],
      inertia: 0,
      n_iter: 1,
    });
    expect(at(json, 'details', 't_test', 'df')).toBe(2);
    expect(at(json, 'details', 't_test', 'log10_p')).toBeCloseTo(-1.1297, 4);
  });
});
