/** Jobs that are watched and stopped, on the service's own lanes. */
import type { Lanes, ProgressStep } from '../../src/ports/lanes.js';
import { Problem } from '../../src/ports/problem.js';
import { body, openLanes, watch, type Watched } from './watched.js';

// A stop has its time: on a machine that others use, too, one that is late is looked at again.
jest.retryTimes(3, { logErrorsBeforeRetry: true });

const results = ({ json }: Watched): Readonly<Record<string, unknown>> => json.results;
const codes = ({ json }: Watched): string[] => json.meta.warnings.map(({ code }) => code);
const at =
  (stage: string, done = 1) =>
  (step: ProgressStep): boolean =>
    step.stage === stage && (step.done ?? 0) >= done;

function expectPartial(watched: Watched, complete = false): void {
  expect(watched.error).toBeUndefined();
  expect(watched.answer!.partial).toBe(complete ? undefined : true);
  expect(watched.json.meta.partial).toBe(complete ? undefined : true);
  expect(codes(watched).includes('partial_result')).toBe(!complete);
}

describe.each(['wasm', 'js'] as const)('%s', (engine) => {
  const rows = engine === 'wasm' ? 60_000 : 4_000;
  const table = body(rows, 4);
  let lanes: Lanes;
  beforeAll(() => {
    lanes = openLanes(engine, 2);
  });
  afterAll(() => lanes.close());

  test('watched or not, the same result; steps go forward', async () => {
    const options = { n_clusters: 40, n_init: 2, tol: 0, max_iter: 12, labels: true };
    const quiet = await watch(lanes, 'cluster', table, options, null);
    const { steps, times, json, answer } = await watch(lanes, 'cluster', table, options);
    expect(json.meta.result_sha256).toBe(quiet.json.meta.result_sha256);
    expect(quiet.steps).toEqual([]);
    expect(answer!.partial).toBeUndefined();
    expect(steps[0]).toEqual({ stage: 'decode', done: rows, total: rows, rows });
    const seen = steps.map((step) => [step.stage, step['run'] ?? 1, step.done ?? 0] as const);
    const order = ['decode', 'seeding', 'kmeans', 'silhouette'];
    const places = seen.map(([stage, run, done]) => {
      const late = stage === 'silhouette' ? 99 : Number(run);
      return late * 1e6 + order.indexOf(stage) * 1e4 + done;
    });
    expect(places.slice(1)).toEqual(places.slice(1).toSorted((a, b) => a - b));
    expect(steps.at(-1)!.stage).toBe('silhouette');
    // Some ten a second, and one more of each of six stages.
    expect(steps.length).toBeLessThan(20 + (times.at(-1)! - times[0]!) / 90);
    const fits = steps.filter(({ stage }) => stage === 'kmeans');
    expect(fits.length).toBeGreaterThan(0);
    for (const step of fits) {
      expect(step).toMatchObject({ runs: 2, of: 12, total: 24, n_clusters: 40 });
      expect(step['inertia']).toBeGreaterThan(0);
      expect(step['shift']).toBeGreaterThanOrEqual(0);
    }
  }, 60_000);

  test('k-means that is stopped is that of fewer iterations, and says so', async () => {
    const options = { n_clusters: 40, tol: 0, max_iter: 100_000, labels: true };
    const stopped = await watch(lanes, 'cluster', table, options, at('kmeans', 2));
    expect(stopped.error).toBeUndefined();
    // Without a stop it may have converged by then.
    const iterations = results(stopped)['n_iter'];
    const short = await watch(lanes, 'cluster', table, { ...options, max_iter: iterations }, null);
    if (stopped.answer!.partial === true) expectPartial(stopped);
    const { silhouette, ...of } = results(stopped);
    expect(silhouette === null || silhouette === results(short)['silhouette']).toBe(true);
    expect(of).toEqual(omit(results(short), 'silhouette'));
    expect(stopped.stopMs).toBeLessThan(1000);
  }, 60_000);

  test('before there is anything: nothing, and the lane goes on', async () => {
    const gone = await watch(lanes, 'cluster', table, { n_clusters: 600 }, at('seeding'));
    expect((gone.error as Problem).code).toBe('slow_request');
    expect(gone.stopMs).toBeLessThan(700);
    expect((await watch(lanes, 'describe', table, {})).answer!.partial).toBeUndefined();
  });

  test('the summary of an analysis stays', async () => {
    const stopped = await watch(lanes, 'analyze', table, { n_clusters: 600 }, at('seeding'));
    expectPartial(stopped);
    expect(Object.keys(results(stopped)['summary'] as object)).toHaveLength(4);
    expect(results(stopped)['clusters']).toEqual({});
    expect(stopped.json.details['kmeans']).toBeNull();
  });

  test('a choice of the number of clusters keeps those that were tried', async () => {
    const small = body(5_000, 4);
    const options = { n_clusters: 'auto', k_range: [2, 60], n_init: 20 };
    const stopped = await watch(lanes, 'cluster', small, options, at('candidates', 2));
    expectPartial(stopped);
    expect(results(stopped)['n_clusters']).toBeNull();
    const { candidates, chosen } = stopped.json.details['selection'] as {
      candidates: { n_clusters: number; inertia: number }[];
      chosen: null;
    };
    expect(chosen).toBeNull();
    expect(candidates.length).toBeGreaterThanOrEqual(2);
    const most = candidates.length + 1;
    const some = await watch(
      lanes,
      'cluster',
      small,
      { ...options, k_range: [2, Math.max(2, most - 1)] },
      null,
    );
    const whole = (some.json.details['selection'] as { candidates: { inertia: number }[] }).candidates;
    expect(candidates[0]!.inertia).toBe(whole[0]!.inertia);
  }, 60_000);

  test('a batch of tests keeps those that are done', async () => {
    const small = body(engine === 'wasm' ? 60_000 : 20_000, 4);
    const tests = Array.from({ length: 400 }, () => ({ name: 'spearmanr', columns: ['c0', 'c2'] }));
    const options = { tests, adjust: 'bonferroni' };
    const stopped = await watch(lanes, 'tests', small, options, at('tests'));
    expectPartial(stopped);
    const given = results(stopped)['tests'] as ({ p_adjusted: number } | null)[];
    expect(given).toHaveLength(400);
    const done = given.findIndex((one) => one === null);
    expect(done).toBeGreaterThan(0);
    expect(given.slice(done).every((one) => one === null)).toBe(true);
    const fewer = await watch(lanes, 'tests', small, { ...options, tests: tests.slice(0, done) }, null);
    expect(given.slice(0, done)).toEqual(results(fewer)['tests']);
  }, 60_000);

  test.each(['random_forest_regressor', 'isolation_forest'])(
    '%s keeps its first trees, and is not stored',
    async (name) => {
      const small = body(2_000, 4);
      const fit = (n_estimators: number): unknown => ({
        name: 'wood',
        pipeline: [{ name, n_estimators, columns: ['c1', 'c2', 'c3'] }],
        ...(name === 'isolation_forest' ? {} : { target: 'c0' }),
      });
      const stopped = await watch(lanes, 'models.fit', small, fit(10_000), at('trees'));
      if (stopped.error === undefined) {
        expectPartial(stopped);
        expect(stopped.answer!.model).toBeUndefined();
        const [, trees] = /first (\d+) of/u.exec(
          stopped.json.meta.warnings.map(({ detail }) => detail).join(),
        )!;
        const fewer = await watch(lanes, 'models.fit', small, fit(Number(trees)), null);
        expect(results(stopped)).toEqual(results(fewer));
        expect(fewer.answer!.model).toBeDefined();
      } else expect((stopped.error as Problem).code).toBe('slow_request');
    },
    60_000,
  );

  test('profiles and extended descriptions keep whole columns', async () => {
    const wide = body(engine === 'wasm' ? 400_000 : 100_000, 20);
    const all = await watch(lanes, 'describe', wide, { extended: true }, null);
    const some = await watch(lanes, 'describe', wide, { extended: true }, at('column_blocks'));
    expectPartial(some);
    const names = Object.keys(results(some));
    expect(names.length).toBeGreaterThanOrEqual(1);
    expect(names.length).toBeLessThan(20);
    for (const name of names) expect(results(some)[name]).toEqual(results(all)[name]);

    const profile = await watch(lanes, 'profile', wide, {}, null);
    const part = await watch(lanes, 'profile', wide, {}, at('columns'));
    expectPartial(part);
    const of = (one: Watched): Readonly<Record<string, unknown>> =>
      results(one)['columns'] as Record<string, unknown>;
    for (const name of Object.keys(of(part))) expect(of(part)[name]).toEqual(of(profile)[name]);
    expect(results(part)).toMatchObject({ duplicates: null, overview: { duplicate_rows: null } });
  }, 60_000);
});

const omit = (object: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));

describe('a queue', () => {
  test('what waits is stopped at once', async () => {
    const lanes = openLanes('wasm', 1);
    const table = body(100_000, 4);
    const long = watch(lanes, 'cluster', table, { n_clusters: 100, n_init: 20 }, at('kmeans'));
    const stop = new AbortController();
    const landing = lanes.land({ bytes: table.length });
    landing.write(table);
    const job = {
      endpoint: 'describe',
      format: 'arrow',
      query: [],
      accept: 'json',
      requestId: 'second',
    } as const;
    const second = lanes.run(
      landing,
      { ...job, receiveMs: 0, waitMs: 0 },
      60_000,
      new AbortController().signal,
      {
        stop: stop.signal,
        progress: () => undefined,
      },
    );
    stop.abort();
    await expect(second).rejects.toMatchObject({ code: 'slow_request' });
    expectPartial(await long);
    await lanes.close();
  });
});
