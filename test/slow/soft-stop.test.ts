/** How soon what is large is stopped, and what watching costs. */
import { body, openLanes, watch, type Watched } from '../engine/watched.js';

// Times on a machine that others use, too: a bound that is passed once is looked at again.
jest.retryTimes(2, { logErrorsBeforeRetry: true });

const withoutSilhouette = ({ json }: Watched): unknown => ({ ...json.results, silhouette: undefined });

test('1,000,000 × 8, a thousand clusters: stopped within 400 ms, with an iteration that was whole', async () => {
  const lanes = openLanes('wasm', 2);
  const large = body(1_000_000, 8);
  const asked = { n_clusters: 1000, tol: 0, max_iter: 50 };
  const seeding = await watch(
    lanes,
    'cluster',
    large,
    asked,
    ({ stage, done = 0 }) => stage === 'seeding' && done > 20,
  );
  expect(seeding.error).toMatchObject({ code: 'slow_request' });
  expect(seeding.stopMs).toBeLessThan(400);
  for (const when of [2, 4]) {
    const stopped = await watch(
      lanes,
      'cluster',
      large,
      asked,
      ({ stage, done = 0 }) => stage === 'kmeans' && done >= when,
    );
    expect(stopped.stopMs).toBeLessThan(400);
    expect(stopped.json.meta.partial).toBe(true);
    const iterations = stopped.json.results['n_iter'];
    const short = await watch(lanes, 'cluster', large, { ...asked, max_iter: iterations }, null);
    expect(withoutSilhouette(stopped)).toEqual(withoutSilhouette(short));
  }
  await lanes.close();
}, 900_000);

test('1,000,000 × 4: watching costs a fiftieth at most', async () => {
  const lanes = openLanes('wasm', 1);
  const large = body(1_000_000, 4);
  const asked = { n_clusters: 8, tol: 0, max_iter: 60 };
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < 9; round++) {
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    for (const watched of order) {
      const { ms, error } = await watch(lanes, 'cluster', large, asked, watched === 1 ? undefined : null);
      expect(error).toBeUndefined();
      if (round > 0) times[watched as 0 | 1].push(ms);
    }
  }
  const [alone, seen] = times.map((all) => Math.min(...all)) as [number, number];
  console.log(
    `watched ${seen.toFixed(1)} ms, alone ${alone.toFixed(1)} ms, ratio ${(seen / alone).toFixed(4)}`,
  );
  expect(seen / alone).toBeLessThan(1.02);
  await lanes.close();
}, 300_000);
